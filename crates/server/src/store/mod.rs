//! What is kept, and in which order. This room owns the [`Store`] trait, the types it speaks and the
//! conformance suite every engine passes; the engines live in folders below it.
//!
//! All changes go through one ordered queue ([`Store::submit`]). The engine commits them in batches and, on
//! the committing thread and in commit order, calls the completion of each, so that what depends on order
//! (replies, caches, fan-out) can rely on it. Reads see every change whose completion was called.
//!
//! It may touch its engine and the pure room `query`; it knows no session, no socket and no bus.

#[cfg(test)]
mod conformance;
mod measure;
mod notice;
mod order;
mod sqlite;
mod thread;
mod types;
mod write;

pub use measure::{appends_per_second, subscribe_many};
pub(crate) use notice::{KeptReceipt, Notice, NoticePage, Noticed};
pub(crate) use order::{Order, RestrictOutcome, RestrictRequest, RoleOutcome};
pub(crate) use sqlite::{Options, SqliteStore};
pub(crate) use thread::thread_id;
pub(crate) use types::{
    Conversation, ConversationSearch, Cursor, HistoryPage, Interval, Member, MissedMessages, ReceiptRequest,
    ReceiptTimes, Roster, StoredMessage, Subscription, UnreadState,
};
pub(crate) use write::{
    Appended, AttributesUpdated, CommitPoint, Completion, Created, CursorMove, Draft, Forgotten,
    MembersOutcome, MembersRequest, NewConversation, PatchDraft, Patched, Retention, RoomPresence,
    SessionEnd, StoredWill, TagHolder, UpdateRequest, Write, WriteError,
};

use std::future::Future;
use std::pin::Pin;

use yanshu_protocol::{AppId, ClientId, ConversationId, MessageId, Restriction, Tag, Timestamp};

/// A read in progress.
pub(crate) type Reading<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// A fault of the engine. The cause is logged where it happens; clients learn only that there was one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StoreError {
    /// The engine failed or is shutting down.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// A search passed its time or step limit (W-196).
    #[error("the query is too costly: {0}")]
    TooCostly(String),
}

/// Everything the domain needs kept. Every key carries the app.
pub(crate) trait Store: Send + Sync + std::fmt::Debug + 'static {
    /// Queues a change; waits while the queue is full. Changes queued one after another by one task are
    /// committed in that order.
    fn submit(&self, write: Write) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;

    /// One conversation with its members, temporary ones included unless they have expired at `now`.
    fn conversation<'a>(
        &'a self,
        app: &'a AppId,
        id: &'a ConversationId,
        now: Timestamp,
    ) -> Reading<'a, Option<Conversation>>;

    /// The part of a conversation that sending needs.
    fn roster<'a>(
        &'a self,
        app: &'a AppId,
        id: &'a ConversationId,
        now: Timestamp,
    ) -> Reading<'a, Option<Roster>>;

    /// Conversations that meet a condition, sorted and cut as asked. Never temporary ones (W-185).
    fn search<'a>(&'a self, app: &'a AppId, search: ConversationSearch) -> Reading<'a, Vec<Conversation>>;

    /// How many conversations meet the condition, whatever its limit and skip (B-334).
    fn count<'a>(&'a self, app: &'a AppId, search: ConversationSearch) -> Reading<'a, u64>;

    /// A page of history, in ascending order of (time, id).
    fn history<'a>(&'a self, app: &'a AppId, page: HistoryPage) -> Reading<'a, Vec<StoredMessage>>;

    /// The same page, with when each message was first received and read by others than its sender (W-336). A
    /// service conversation has no such times.
    fn history_with_times<'a>(
        &'a self,
        app: &'a AppId,
        page: HistoryPage,
    ) -> Reading<'a, Vec<(StoredMessage, ReceiptTimes)>>;

    /// One message; `hint` is its time if the asker knows it. Of the messages between a service conversation
    /// and one client, only the viewer's are found.
    fn message<'a>(
        &'a self,
        app: &'a AppId,
        conversation: &'a ConversationId,
        id: &'a MessageId,
        hint: Option<Timestamp>,
        viewer: Option<&'a ClientId>,
    ) -> Reading<'a, Option<StoredMessage>>;

    /// The newest message of each of these conversations that has one, as the viewer sees it.
    fn last_messages<'a>(
        &'a self,
        app: &'a AppId,
        conversations: Vec<ConversationId>,
        viewer: Option<&'a ClientId>,
    ) -> Reading<'a, Vec<StoredMessage>>;

    /// Messages sent with the wish for a receipt, after `after` and up to and including `to`, not by
    /// `reader`, ascending.
    fn receipt_requests<'a>(
        &'a self,
        app: &'a AppId,
        conversation: &'a ConversationId,
        reader: &'a ClientId,
        after: Timestamp,
        to: Timestamp,
    ) -> Reading<'a, Vec<ReceiptRequest>>;

    /// Where one client is: as far as its cursor moved, at least where it was when it joined. The default
    /// for a client that is no member.
    fn cursor<'a>(
        &'a self,
        app: &'a AppId,
        conversation: &'a ConversationId,
        client: &'a ClientId,
    ) -> Reading<'a, Cursor>;

    /// The cursors of all members, as far as they moved: joining alone is no receipt.
    fn cursors<'a>(
        &'a self,
        app: &'a AppId,
        conversation: &'a ConversationId,
    ) -> Reading<'a, Vec<(ClientId, Cursor)>>;

    /// The client's conversations with unread messages, newest activity first, at most
    /// `max_conversations`, each count at most `max_count`. With `changed_after`, only those whose state
    /// changed after it, also if nothing is unread in them (W-310, W-311). Messages behind `until` in the
    /// order of changes are left out: they are delivered as they come.
    #[expect(
        clippy::too_many_arguments,
        reason = "each is a bound of its own; a struct would only name them twice"
    )]
    fn unread<'a>(
        &'a self,
        app: &'a AppId,
        client: &'a ClientId,
        changed_after: Option<Timestamp>,
        max_conversations: usize,
        max_count: u32,
        until: CommitPoint,
        now: Timestamp,
    ) -> Reading<'a, Vec<UnreadState>>;

    /// The unread state of one conversation; `None` if the client is not a member.
    fn unread_in<'a>(
        &'a self,
        app: &'a AppId,
        client: &'a ClientId,
        conversation: &'a ConversationId,
        max_count: u32,
        now: Timestamp,
    ) -> Reading<'a, Option<UnreadState>>;

    /// The newest messages of others that the client has not acknowledged, ascending, at most
    /// `max_messages` in each of at most `max_conversations` with the newest activity (B-272, B-277).
    /// Messages behind `until` are left out, as in [`Store::unread`].
    fn missed<'a>(
        &'a self,
        app: &'a AppId,
        client: &'a ClientId,
        max_conversations: usize,
        max_messages: usize,
        until: CommitPoint,
        now: Timestamp,
    ) -> Reading<'a, Vec<MissedMessages>>;

    /// Messages of the client's conversations that were edited or recalled after `after`, in order of the
    /// change, at most `limit` (W-360, W-362). The client's own edits are left out if they were made on
    /// `device` (W-361), and so is everything in conversations that have expired at `now`.
    fn patched_since<'a>(
        &'a self,
        app: &'a AppId,
        client: &'a ClientId,
        device: Option<&'a str>,
        after: Timestamp,
        limit: usize,
        now: Timestamp,
    ) -> Reading<'a, Vec<StoredMessage>>;

    /// In which of these conversations the client is a member, in the order given.
    fn memberships<'a>(
        &'a self,
        app: &'a AppId,
        client: &'a ClientId,
        conversations: Vec<ConversationId>,
        now: Timestamp,
    ) -> Reading<'a, Vec<bool>>;

    /// How a client stands to each of these conversations, in the order given: `None` if it does not subscribe
    /// or the conversation is no service conversation (W-159).
    fn subscriptions_among<'a>(
        &'a self,
        app: &'a AppId,
        client: &'a ClientId,
        conversations: Vec<ConversationId>,
    ) -> Reading<'a, Vec<Option<Subscription>>>;

    /// How a client stands to a service conversation.
    fn subscription<'a>(
        &'a self,
        app: &'a AppId,
        client: &'a ClientId,
        conversation: &'a ConversationId,
    ) -> Reading<'a, Option<Subscription>> {
        let among = self.subscriptions_among(app, client, vec![conversation.clone()]);
        Box::pin(async move { Ok(among.await?.pop().flatten()) })
    }

    /// Subscribers of a service conversation and since when they are, in order of their ids, behind one of them
    ///
    fn subscribers<'a>(
        &'a self,
        app: &'a AppId,
        conversation: &'a ConversationId,
        after: Option<ClientId>,
        limit: usize,
    ) -> Reading<'a, Vec<(ClientId, Timestamp)>>;

    /// Which of these clients subscribe to a service conversation, in the order given.
    fn subscribed<'a>(
        &'a self,
        app: &'a AppId,
        conversation: &'a ConversationId,
        clients: Vec<ClientId>,
    ) -> Reading<'a, Vec<bool>>;

    /// How many subscribe.
    fn subscriber_count<'a>(&'a self, app: &'a AppId, conversation: &'a ConversationId) -> Reading<'a, u64>;

    /// The service conversations a client subscribes to and since when, in order of (time, id) or in the reverse,
    /// behind one of them.
    fn subscriptions<'a>(
        &'a self,
        app: &'a AppId,
        client: &'a ClientId,
        after: Option<(Timestamp, ConversationId)>,
        newest_first: bool,
        limit: usize,
    ) -> Reading<'a, Vec<(ConversationId, Timestamp)>>;

    /// A part of one of the conversation's lists, in order of entry: who is silenced for ever, or blocked.
    fn restricted<'a>(
        &'a self,
        app: &'a AppId,
        conversation: &'a ConversationId,
        restriction: Restriction,
        offset: usize,
        limit: usize,
    ) -> Reading<'a, Vec<ClientId>>;

    /// Those of some clients that are on such a list, in the order given.
    fn restricted_among<'a>(
        &'a self,
        app: &'a AppId,
        conversation: &'a ConversationId,
        restriction: Restriction,
        clients: Vec<ClientId>,
    ) -> Reading<'a, Vec<ClientId>>;

    /// A part of the client's own list of conversations to which it may not be added, in order of entry.
    fn blocked_conversations<'a>(
        &'a self,
        app: &'a AppId,
        client: &'a ClientId,
        offset: usize,
        limit: usize,
    ) -> Reading<'a, Vec<ConversationId>>;

    /// Notices of what concerned the client itself after a time: that it joined, left, was restricted or is so
    /// no more (W-384). Only of conversations that exist at `now` (W-462).
    fn notices<'a>(
        &'a self,
        app: &'a AppId,
        client: &'a ClientId,
        after: Timestamp,
        limit: usize,
        now: Timestamp,
    ) -> Reading<'a, NoticePage>;

    /// All other notices after a time: receipts of the client's messages, and what concerned all members of its
    /// conversations since it is one of them.
    fn droppable_notices<'a>(
        &'a self,
        app: &'a AppId,
        client: &'a ClientId,
        after: Timestamp,
        limit: usize,
        now: Timestamp,
    ) -> Reading<'a, NoticePage>;

    /// All notices from this time on are kept (W-381).
    fn notices_kept_since(&self) -> Reading<'_, Timestamp>;

    /// When the app last took the client offline.
    fn kicked_at<'a>(&'a self, app: &'a AppId, client: &'a ClientId) -> Reading<'a, Option<Timestamp>>;

    /// How a session ended, if it did and the record is still kept (W-121).
    fn session_end<'a>(&'a self, app: &'a AppId, session: &'a str) -> Reading<'a, Option<SessionEnd>>;

    /// Who holds a tag, if anyone does and the hold has not expired at `now` (W-126).
    fn tag_holder<'a>(
        &'a self,
        app: &'a AppId,
        client: &'a ClientId,
        tag: &'a Tag,
        now: Timestamp,
    ) -> Reading<'a, Option<TagHolder>>;

    /// The chat room a client's device is in, or was in when it was lost, if not before `since` (B-380).
    fn room_to_return_to<'a>(
        &'a self,
        app: &'a AppId,
        client: &'a ClientId,
        device: &'a str,
        since: Timestamp,
    ) -> Reading<'a, Option<ConversationId>>;

    /// The will a client deposited last.
    fn will<'a>(&'a self, app: &'a AppId, client: &'a ClientId) -> Reading<'a, Option<StoredWill>>;

    /// All deposited will messages, for the start of the server.
    fn wills(&self) -> Reading<'_, Vec<StoredWill>>;

    /// Finishes every queued change, then stops.
    fn close(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}
