//! Changes, and what comes of them.

use std::sync::Arc;

use yanshu_protocol::{
    AppId, Attributes, ClientId, Code, Content, ConversationId, ConversationKind, DeviceId, Mentions,
    MessageId, Reject, Role, Tag, Timestamp, UniqueId,
};

use super::{
    Conversation, KeptReceipt, RestrictOutcome, RestrictRequest, RoleOutcome, Roster, StoreError,
    StoredMessage,
};
use crate::query::Update;

/// Called once, on the committing thread, in commit order, when a change is durable or has failed. It hands
/// on, and waits for nothing but room in the queue it hands on to.
pub(crate) struct Completion<T>(Box<dyn FnOnce(Result<T, WriteError>) + Send>);

impl<T> Completion<T> {
    pub(crate) fn new(then: impl FnOnce(Result<T, WriteError>) + Send + 'static) -> Self {
        Self(Box::new(then))
    }

    /// A completion that only wakes a waiting task.
    pub(crate) fn waiter() -> (Self, tokio::sync::oneshot::Receiver<Result<T, WriteError>>)
    where
        T: Send + 'static,
    {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        // A waiter that has gone no longer wants to know.
        (Self::new(move |result| drop(sender.send(result))), receiver)
    }

    pub(crate) fn call(self, result: Result<T, WriteError>) {
        (self.0)(result);
    }
}

impl<T> std::fmt::Debug for Completion<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Completion")
    }
}

/// Why a change was not made. Nothing of it is kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WriteError {
    /// The conversation (or message) does not exist or has expired.
    #[error("not found")]
    NotFound,
    /// The conversation would have more members than allowed.
    #[error("the conversation is full")]
    Full,
    /// A list would have more entries than allowed.
    #[error("the list is full")]
    ListFull,
    /// Only the sender may change a message.
    #[error("not the sender's message")]
    NotOwner,
    /// The change itself cannot be made.
    #[error(transparent)]
    Refused(#[from] Reject),
    /// The engine failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A change to what is kept.
#[derive(Debug)]
pub(crate) enum Write {
    /// Keeps a message; assigns its id and its time, which is greater than any before it in the conversation.
    Append(Box<Draft>, Completion<Appended>),
    /// Keeps one message, with one id and one time, in the thread of each of some clients of a service
    /// conversation. Gives them in the order asked.
    Direct(Box<Draft>, Vec<ClientId>, Completion<Vec<Arc<StoredMessage>>>),
    /// Makes a conversation, or finds the unique one.
    Create(Box<NewConversation>, Completion<Created>),
    /// Adds and removes members.
    ChangeMembers(Box<MembersRequest>, Completion<MembersOutcome>),
    /// Silences or blocks clients, or lets them speak or be in the conversation again. Who is blocked leaves.
    Restrict(Box<RestrictRequest>, Completion<RestrictOutcome>),
    /// Makes a member a manager, or a plain member again. Refused for the creator (4324), for who is no member
    /// (4317) and if there are `max_managers` already (4322).
    SetRole {
        app: AppId,
        conversation: ConversationId,
        client: ClientId,
        role: Role,
        by: ClientId,
        max_managers: usize,
        now: Timestamp,
        done: Completion<RoleOutcome>,
    },
    /// Puts conversations on the client's own list of those to which it may not be added, or takes them off
    /// (B-135). Gives those that exist, in the order asked.
    BlockConversations {
        app: AppId,
        client: ClientId,
        conversations: Vec<ConversationId>,
        lift: bool,
        /// Most conversations on the list.
        limit: usize,
        now: Timestamp,
        done: Completion<Vec<ConversationId>>,
    },
    /// Changes attributes.
    UpdateAttributes(Box<UpdateRequest>, Completion<AttributesUpdated>),
    /// Sets whether a member mutes a conversation; gives the new time of change. A client that is not a
    /// member changes nothing.
    SetMuted {
        app: AppId,
        conversation: ConversationId,
        client: ClientId,
        muted: bool,
        now: Timestamp,
        done: Completion<Timestamp>,
    },
    /// Edits or recalls a message.
    Patch(Box<PatchDraft>, Completion<Patched>),
    /// Moves cursors forward; one that would go back stays.
    MoveCursors(Vec<CursorMove>, Completion<()>),
    /// Keeps receipts for senders that could not be told (W-303).
    KeepReceipts(Vec<KeptReceipt>, Completion<()>),
    /// Keeps a will in place of the client's earlier one.
    SaveWill(Box<StoredWill>, Completion<()>),
    /// Forgets the client's will if this session deposited it.
    ClearWill { app: AppId, client: ClientId, session: String, done: Completion<()> },
    /// Notes which room a device is in, or that it left.
    SetRoom(Box<RoomPresence>, Completion<()>),
    /// After a start: devices that were in a room when the server ended were last seen now.
    RoomsLost { now: Timestamp, done: Completion<()> },
    /// Notes how a session ended, until its token would have expired.
    EndSession { app: AppId, session: String, end: SessionEnd, until: Timestamp, done: Completion<()> },
    /// Notes that the app took a client offline.
    NoteKick { app: AppId, client: ClientId, now: Timestamp, done: Completion<()> },
    /// Notes who holds a tag.
    HoldTag(Box<TagHolder>, Completion<()>),
    /// Changes nothing: tells a place in the order of changes. Costs no commit of its own.
    Mark(Completion<CommitPoint>),
    /// Deletes a conversation with all that belongs to it. Nobody finds it any more; its rows go in portions.
    DeleteConversation { app: AppId, conversation: ConversationId, done: Completion<()> },
    /// Forgets what has expired at `now`: temporary conversations and deleted ones with all that belongs to them,
    /// resend keys of messages before `resend_keys_before` (some live up to twice as long), rooms of devices lost
    /// before `rooms_lost_before`, notices from before `notices_before`, session ends, tag holds and times of silence,
    /// and what apps do not want kept. Does a bounded portion, so that nobody waits for it.
    Expire {
        now: Timestamp,
        resend_keys_before: Timestamp,
        rooms_lost_before: Timestamp,
        notices_before: Timestamp,
        /// What apps do not want kept. Looked for again when these times have moved on by an hour.
        policies: Vec<(AppId, Retention)>,
        done: Completion<Forgotten>,
    },
}

/// What an app does not want kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Retention {
    /// Messages from before this time (B-513).
    pub(crate) messages_before: Option<Timestamp>,
    /// Conversations, other than temporary ones, without a message or a change since this time (B-514).
    pub(crate) idle_before: Option<Timestamp>,
}

/// What was forgotten in one portion.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Forgotten {
    /// Roughly how many rows; there may be more to do as long as it is not 0.
    pub(crate) work: u64,
    /// Idle conversations that are gone with it.
    pub(crate) conversations: Vec<(AppId, ConversationId)>,
}

/// A place in the order of changes: every message appended before it is at most this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CommitPoint(pub(crate) i64);

/// A message to be kept.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) app: AppId,
    pub(crate) conversation: ConversationId,
    pub(crate) from: ClientId,
    pub(crate) content: Content,
    pub(crate) mentions: Mentions,
    pub(crate) receipt: bool,
    /// A repeat by the same sender in the same conversation gives the first message (W-274).
    pub(crate) resend_key: Option<String>,
    /// In a service conversation: the one client that the message passes to or from; all subscribers get any
    /// other.
    pub(crate) thread: Option<ClientId>,
    /// From then on it is neither unread nor missed, but stays in history (B-148).
    pub(crate) valid_till: Option<Timestamp>,
    /// Now, by the server's clock; the assigned time is this or later.
    pub(crate) now: Timestamp,
}

/// What came of an append.
#[derive(Debug, Clone)]
pub(crate) struct Appended {
    pub(crate) message: Arc<StoredMessage>,
    /// The message was there before: acknowledge, but deliver nothing.
    pub(crate) repeated: bool,
}

/// A conversation to be made.
#[derive(Debug, Clone)]
pub(crate) struct NewConversation {
    pub(crate) app: AppId,
    pub(crate) id: ConversationId,
    pub(crate) kind: ConversationKind,
    pub(crate) creator: ClientId,
    /// Distinct, in order.
    pub(crate) members: Vec<ClientId>,
    pub(crate) attributes: Attributes,
    /// With one, an existing conversation of the same app and kind with this id (for temporary ones: not
    /// yet expired) is returned in place of a new one (W-176, W-179).
    pub(crate) unique_id: Option<UniqueId>,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) now: Timestamp,
}

/// What came of a creation.
#[derive(Debug, Clone)]
pub(crate) struct Created {
    pub(crate) conversation: Conversation,
    pub(crate) existing: bool,
}

/// Members to add and remove.
#[derive(Debug, Clone)]
pub(crate) struct MembersRequest {
    pub(crate) app: AppId,
    pub(crate) conversation: ConversationId,
    pub(crate) add: Vec<ClientId>,
    pub(crate) remove: Vec<ClientId>,
    pub(crate) by: ClientId,
    /// Most members allowed after the change; any number may subscribe to a service conversation.
    pub(crate) limit: usize,
    /// The creator is not removed (W-241).
    pub(crate) keep_owner: bool,
    /// A refused id refuses all (W-104).
    pub(crate) whole: bool,
    pub(crate) now: Timestamp,
}

/// What came of a change of members. New members start with nothing unread.
#[derive(Debug, Clone)]
pub(crate) struct MembersOutcome {
    /// Those who really joined or left, in the order asked.
    pub(crate) changed: Vec<ClientId>,
    /// The creator that is to be kept (4324); those who would join but are blocked, or have blocked the
    /// conversation (4548, W-366, B-135).
    pub(crate) refused: Vec<(ClientId, Code)>,
    /// Unchanged if nobody joined or left.
    pub(crate) updated_at: Timestamp,
    /// After the change.
    pub(crate) roster: Roster,
}

/// Attributes to change.
#[derive(Debug, Clone)]
pub(crate) struct UpdateRequest {
    pub(crate) app: AppId,
    pub(crate) conversation: ConversationId,
    pub(crate) update: Update,
    /// The changes as they were asked for; the members are to hear of them.
    pub(crate) changes: Attributes,
    /// Who asks. Of a change by nobody no notice is kept.
    pub(crate) by: Option<ClientId>,
    /// Largest size of all attributes as JSON text, in bytes.
    pub(crate) max_bytes: usize,
    pub(crate) now: Timestamp,
}

/// What came of an update.
#[derive(Debug, Clone)]
pub(crate) struct AttributesUpdated {
    pub(crate) updated_at: Timestamp,
    /// The complete new value of each touched top-level property that still exists (W-220).
    pub(crate) modified: Attributes,
}

/// An edit or recall.
#[derive(Debug, Clone)]
pub(crate) struct PatchDraft {
    pub(crate) app: AppId,
    pub(crate) conversation: ConversationId,
    pub(crate) message: MessageId,
    pub(crate) hint: Option<Timestamp>,
    /// In a service conversation: the client between which and the service the message passed, if it was not
    /// one to all subscribers.
    pub(crate) thread: Option<ClientId>,
    /// Who asks; must be the sender.
    pub(crate) editor: ClientId,
    /// The editor's device, so that it is not told of its own edit later (W-361).
    pub(crate) device: Option<DeviceId>,
    /// The new content; `None` recalls. Text for a binary message is its new bytes: one SDK cannot say it
    /// otherwise (W-345).
    pub(crate) content: Option<Content>,
    pub(crate) mentions: Mentions,
    /// Oldest message that may still be changed, if there is an edit window (B-240).
    pub(crate) not_before: Option<Timestamp>,
    pub(crate) now: Timestamp,
}

/// What came of a patch. Patch times strictly grow within a conversation (W-359).
#[derive(Debug, Clone)]
pub(crate) struct Patched {
    pub(crate) message: Arc<StoredMessage>,
    /// The message was recalled before and is recalled again: nothing changed (W-350).
    pub(crate) unchanged: bool,
}

/// A step forward of one client in one conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CursorMove {
    pub(crate) app: AppId,
    pub(crate) conversation: ConversationId,
    pub(crate) client: ClientId,
    pub(crate) delivered: Option<Timestamp>,
    pub(crate) read: Option<Timestamp>,
    /// When it happened, for the receipt times of history.
    pub(crate) at: Timestamp,
    /// Whether receipt times are shown for this conversation, which has two members (W-336).
    pub(crate) keep_times: bool,
}

/// A message to be sent when its client is lost. One per client (W-277).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredWill {
    pub(crate) app: AppId,
    pub(crate) client: ClientId,
    /// The session that deposited it.
    pub(crate) session: String,
    pub(crate) conversation: ConversationId,
    pub(crate) id: MessageId,
    pub(crate) content: Content,
    pub(crate) mentions: Mentions,
}

/// Which room a client's device is in. An unknown device is the empty text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RoomPresence {
    pub(crate) app: AppId,
    pub(crate) client: ClientId,
    pub(crate) device: String,
    /// `None` forgets it.
    pub(crate) room: Option<ConversationId>,
    /// When the device was lost; `None` while it is there. It can only be lost where it was noted to be.
    pub(crate) lost_at: Option<Timestamp>,
}

/// How a session ended, where its token has to know (W-121, W-459).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SessionEnd {
    /// It logged out.
    Closed,
    /// Another device took its tag.
    Conflict,
    /// The app took it offline.
    Kicked,
}

/// The device that holds a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TagHolder {
    pub(crate) app: AppId,
    pub(crate) client: ClientId,
    pub(crate) tag: Tag,
    pub(crate) device: Option<DeviceId>,
    /// The holder's session.
    pub(crate) session: String,
    /// When its token expires, and with it the hold.
    pub(crate) until: Timestamp,
}
