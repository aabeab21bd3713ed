//! The store itself: starts the threads and hands questions and changes to them.

use std::fs::File;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};
use yanshu_protocol::{AppId, ClientId, ConversationId, MessageId, Restriction, Tag, Timestamp};

use crate::ids::IdSource;
use crate::store::{
    CommitPoint, Conversation, ConversationSearch, Cursor, HistoryPage, MissedMessages, NoticePage, Reading,
    ReceiptRequest, ReceiptTimes, Roster, SessionEnd, Store, StoredMessage, StoredWill, Subscription,
    TagHolder, UnreadState, Write,
};

use super::checkpoint::Checkpointer;
use super::file::{self, OpenError};
use super::read::{
    conversations, cursors, history, messages, notices, order, patches, search, sessions, subscriptions,
    unread,
};
use super::readers::Lane;
use super::recent::Recent;
use super::write::Memory;
use super::write::filing::{self, Filing};
use super::writer::{Caps, Message, Writer, refuse};

/// How much the store takes at once and remembers.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// Changes that may wait; more make [`Store::submit`] wait.
    pub(crate) queue: usize,
    /// Most changes in one commit.
    pub(crate) batch_count: usize,
    /// Most bytes of content in one commit, roughly.
    pub(crate) batch_bytes: usize,
    /// Threads that read conversations and messages.
    pub(crate) readers: usize,
    /// Threads that search.
    pub(crate) searchers: usize,
    /// Conversations whose state the writer remembers; about 200 bytes each.
    pub(crate) remembered: usize,
    /// Places of messages that gather in memory before they are filed in the index; about 200 bytes each, and
    /// up to twice as many.
    pub(crate) recent: usize,
    /// Page cache of the writer, in KiB; taken as it is used.
    pub(crate) cache_kib: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            queue: 4_096,
            batch_count: 1_024,
            batch_bytes: 4 * 1_024 * 1_024,
            readers: 3,
            searchers: 2,
            remembered: 50_000,
            recent: 16_384,
            cache_kib: 64 * 1_024,
        }
    }
}

/// A store in one file. When it is dropped, what was submitted is still committed.
#[derive(Debug)]
pub(crate) struct SqliteStore {
    quick: Option<Lane>,
    slow: Option<Lane>,
    writes: Option<mpsc::Sender<Message>>,
    threads: Vec<JoinHandle<()>>,
    /// Kept as long as any thread may touch the folder.
    _lock: File,
}

impl SqliteStore {
    /// Opens the store in a folder, making or upgrading it if need be.
    pub(crate) fn open(folder: &Path, options: &Options, ids: Arc<IdSource>) -> Result<Self, OpenError> {
        let lock = file::lock(folder)?;
        let mut connection = file::writing(folder, options.cache_kib)?;
        filing::recover(&mut connection)?;
        let recent = Arc::new(Recent::default());
        let gate = Arc::new(Mutex::new(()));
        let (checkpointer, nudge) = Checkpointer::new(file::checkpointing(folder)?, Arc::clone(&gate));
        let (quick, mut threads) = Lane::start(folder, "store-read", options.readers, &recent)?;
        let (slow, searchers) = Lane::start(folder, "store-search", options.searchers, &recent)?;
        threads.extend(searchers);
        let (writes, queue) = mpsc::channel(options.queue);
        let writer = Writer {
            connection,
            memory: Memory::new(ids, options.remembered, Filing::new(recent, options.recent)),
            caps: Caps { count: options.batch_count, bytes: options.batch_bytes },
            gate,
            nudge,
        };
        threads.push(spawn(folder, "store-checkpoint", move || checkpointer.run())?);
        threads.push(spawn(folder, "store-write", move || writer.run(queue))?);
        Ok(Self { quick: Some(quick), slow: Some(slow), writes: Some(writes), threads, _lock: lock })
    }

    fn quick(&self) -> &Lane {
        self.quick.as_ref().expect("the lanes are there until the store is dropped")
    }

    fn slow(&self) -> &Lane {
        self.slow.as_ref().expect("the lanes are there until the store is dropped")
    }

    fn writes(&self) -> &mpsc::Sender<Message> {
        self.writes.as_ref().expect("the queue is there until the store is dropped")
    }
}

fn spawn(
    folder: &Path,
    name: &str,
    work: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>, OpenError> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map_err(|cause| OpenError::Folder { folder: folder.to_owned(), cause })
}

impl Drop for SqliteStore {
    /// Waits for the threads, so that the folder is free when the store is gone.
    fn drop(&mut self) {
        // Without senders the queues end.
        (self.quick, self.slow, self.writes) = (None, None, None);
        for thread in self.threads.drain(..) {
            // A completion may hold the last handle: then this is the writer, which must not wait for itself.
            if thread.thread().id() != std::thread::current().id() && thread.join().is_err() {
                tracing::error!("a thread of the store panicked");
            }
        }
    }
}

impl Store for SqliteStore {
    fn submit(&self, write: Write) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            if let Err(mpsc::error::SendError(Message::Write(write))) =
                self.writes().send(Message::Write(write)).await
            {
                refuse(write);
            }
        })
    }

    fn conversation<'a>(
        &'a self,
        app: &'a AppId,
        id: &'a ConversationId,
        now: Timestamp,
    ) -> Reading<'a, Option<Conversation>> {
        let (app, id) = (app.clone(), id.clone());
        self.quick().ask(move |reader| conversations::conversation(reader, &app, &id, now))
    }

    fn roster<'a>(
        &'a self,
        app: &'a AppId,
        id: &'a ConversationId,
        now: Timestamp,
    ) -> Reading<'a, Option<Roster>> {
        let (app, id) = (app.clone(), id.clone());
        self.quick().ask(move |reader| conversations::roster(reader, &app, &id, now))
    }

    fn search<'a>(&'a self, app: &'a AppId, search: ConversationSearch) -> Reading<'a, Vec<Conversation>> {
        let app = app.clone();
        self.slow().ask(move |reader| search::search(reader, &app, &search))
    }

    fn count<'a>(&'a self, app: &'a AppId, search: ConversationSearch) -> Reading<'a, u64> {
        let app = app.clone();
        self.slow().ask(move |reader| search::count(reader, &app, &search))
    }

    fn history<'a>(&'a self, app: &'a AppId, page: HistoryPage) -> Reading<'a, Vec<StoredMessage>> {
        let app = app.clone();
        self.quick().ask(move |reader| history::page(reader, &app, &page))
    }

    fn history_with_times<'a>(
        &'a self,
        app: &'a AppId,
        page: HistoryPage,
    ) -> Reading<'a, Vec<(StoredMessage, ReceiptTimes)>> {
        let app = app.clone();
        self.quick().ask(move |reader| history::page_with_times(reader, &app, &page))
    }

    fn message<'a>(
        &'a self,
        app: &'a AppId,
        conversation: &'a ConversationId,
        id: &'a MessageId,
        hint: Option<Timestamp>,
        viewer: Option<&'a ClientId>,
    ) -> Reading<'a, Option<StoredMessage>> {
        let (app, conversation, id) = (app.clone(), conversation.clone(), id.clone());
        let viewer = viewer.cloned();
        self.quick()
            .ask(move |reader| messages::message(reader, &app, &conversation, &id, hint, viewer.as_ref()))
    }

    fn last_messages<'a>(
        &'a self,
        app: &'a AppId,
        conversations: Vec<ConversationId>,
        viewer: Option<&'a ClientId>,
    ) -> Reading<'a, Vec<StoredMessage>> {
        let (app, viewer) = (app.clone(), viewer.cloned());
        self.quick().ask(move |reader| messages::last(reader, &app, &conversations, viewer.as_ref()))
    }

    fn receipt_requests<'a>(
        &'a self,
        app: &'a AppId,
        conversation: &'a ConversationId,
        reader: &'a ClientId,
        after: Timestamp,
        to: Timestamp,
    ) -> Reading<'a, Vec<ReceiptRequest>> {
        let (app, conversation, client) = (app.clone(), conversation.clone(), reader.clone());
        self.quick()
            .ask(move |reader| messages::receipt_requests(reader, &app, &conversation, &client, after, to))
    }

    fn cursor<'a>(
        &'a self,
        app: &'a AppId,
        conversation: &'a ConversationId,
        client: &'a ClientId,
    ) -> Reading<'a, Cursor> {
        let (app, conversation, client) = (app.clone(), conversation.clone(), client.clone());
        self.quick().ask(move |reader| cursors::cursor(reader, &app, &conversation, &client))
    }

    fn cursors<'a>(
        &'a self,
        app: &'a AppId,
        conversation: &'a ConversationId,
    ) -> Reading<'a, Vec<(ClientId, Cursor)>> {
        let (app, conversation) = (app.clone(), conversation.clone());
        self.quick().ask(move |reader| cursors::cursors(reader, &app, &conversation))
    }

    fn unread<'a>(
        &'a self,
        app: &'a AppId,
        client: &'a ClientId,
        changed_after: Option<Timestamp>,
        max_conversations: usize,
        max_count: u32,
        until: CommitPoint,
        now: Timestamp,
    ) -> Reading<'a, Vec<UnreadState>> {
        let (app, client) = (app.clone(), client.clone());
        self.quick().ask(move |reader| {
            unread::unread(reader, &app, &client, changed_after, max_conversations, max_count, until, now)
        })
    }

    fn unread_in<'a>(
        &'a self,
        app: &'a AppId,
        client: &'a ClientId,
        conversation: &'a ConversationId,
        max_count: u32,
        now: Timestamp,
    ) -> Reading<'a, Option<UnreadState>> {
        let (app, client, conversation) = (app.clone(), client.clone(), conversation.clone());
        self.quick()
            .ask(move |reader| unread::unread_in(reader, &app, &client, &conversation, max_count, now))
    }

    fn missed<'a>(
        &'a self,
        app: &'a AppId,
        client: &'a ClientId,
        max_conversations: usize,
        max_messages: usize,
        until: CommitPoint,
        now: Timestamp,
    ) -> Reading<'a, Vec<MissedMessages>> {
        let (app, client) = (app.clone(), client.clone());
        self.quick().ask(move |reader| {
            unread::missed(reader, &app, &client, max_conversations, max_messages, until, now)
        })
    }

    fn patched_since<'a>(
        &'a self,
        app: &'a AppId,
        client: &'a ClientId,
        device: Option<&'a str>,
        after: Timestamp,
        limit: usize,
        now: Timestamp,
    ) -> Reading<'a, Vec<StoredMessage>> {
        let (app, client, device) = (app.clone(), client.clone(), device.map(str::to_owned));
        self.quick()
            .ask(move |reader| patches::since(reader, &app, &client, device.as_deref(), after, limit, now))
    }

    fn memberships<'a>(
        &'a self,
        app: &'a AppId,
        client: &'a ClientId,
        conversations: Vec<ConversationId>,
        now: Timestamp,
    ) -> Reading<'a, Vec<bool>> {
        let (app, client) = (app.clone(), client.clone());
        self.quick().ask(move |reader| conversations::memberships(reader, &app, &client, &conversations, now))
    }

    fn subscriptions_among<'a>(
        &'a self,
        app: &'a AppId,
        client: &'a ClientId,
        conversations: Vec<ConversationId>,
    ) -> Reading<'a, Vec<Option<Subscription>>> {
        let (app, client) = (app.clone(), client.clone());
        self.quick().ask(move |reader| subscriptions::among(reader, &app, &client, &conversations))
    }

    fn subscribed<'a>(
        &'a self,
        app: &'a AppId,
        conversation: &'a ConversationId,
        clients: Vec<ClientId>,
    ) -> Reading<'a, Vec<bool>> {
        let (app, conversation) = (app.clone(), conversation.clone());
        self.quick().ask(move |reader| subscriptions::subscribed(reader, &app, &conversation, &clients))
    }

    fn subscribers<'a>(
        &'a self,
        app: &'a AppId,
        conversation: &'a ConversationId,
        after: Option<ClientId>,
        limit: usize,
    ) -> Reading<'a, Vec<(ClientId, Timestamp)>> {
        let (app, conversation) = (app.clone(), conversation.clone());
        self.quick()
            .ask(move |reader| subscriptions::subscribers(reader, &app, &conversation, after.as_ref(), limit))
    }

    fn subscriber_count<'a>(&'a self, app: &'a AppId, conversation: &'a ConversationId) -> Reading<'a, u64> {
        let (app, conversation) = (app.clone(), conversation.clone());
        self.quick().ask(move |reader| subscriptions::count(reader, &app, &conversation))
    }

    fn subscriptions<'a>(
        &'a self,
        app: &'a AppId,
        client: &'a ClientId,
        after: Option<(Timestamp, ConversationId)>,
        newest_first: bool,
        limit: usize,
    ) -> Reading<'a, Vec<(ConversationId, Timestamp)>> {
        let (app, client) = (app.clone(), client.clone());
        self.quick().ask(move |reader| {
            subscriptions::of_client(reader, &app, &client, after.as_ref(), newest_first, limit)
        })
    }

    fn restricted<'a>(
        &'a self,
        app: &'a AppId,
        conversation: &'a ConversationId,
        restriction: Restriction,
        offset: usize,
        limit: usize,
    ) -> Reading<'a, Vec<ClientId>> {
        let (app, conversation) = (app.clone(), conversation.clone());
        self.quick()
            .ask(move |reader| order::restricted(reader, &app, &conversation, restriction, offset, limit))
    }

    fn restricted_among<'a>(
        &'a self,
        app: &'a AppId,
        conversation: &'a ConversationId,
        restriction: Restriction,
        clients: Vec<ClientId>,
    ) -> Reading<'a, Vec<ClientId>> {
        let (app, conversation) = (app.clone(), conversation.clone());
        self.quick()
            .ask(move |reader| order::restricted_among(reader, &app, &conversation, restriction, clients))
    }

    fn blocked_conversations<'a>(
        &'a self,
        app: &'a AppId,
        client: &'a ClientId,
        offset: usize,
        limit: usize,
    ) -> Reading<'a, Vec<ConversationId>> {
        let (app, client) = (app.clone(), client.clone());
        self.quick().ask(move |reader| order::blocked_conversations(reader, &app, &client, offset, limit))
    }

    fn notices<'a>(
        &'a self,
        app: &'a AppId,
        client: &'a ClientId,
        after: Timestamp,
        limit: usize,
        now: Timestamp,
    ) -> Reading<'a, NoticePage> {
        let (app, client) = (app.clone(), client.clone());
        self.quick().ask(move |reader| notices::reliable(reader, &app, &client, after, limit, now))
    }

    fn droppable_notices<'a>(
        &'a self,
        app: &'a AppId,
        client: &'a ClientId,
        after: Timestamp,
        limit: usize,
        now: Timestamp,
    ) -> Reading<'a, NoticePage> {
        let (app, client) = (app.clone(), client.clone());
        self.quick().ask(move |reader| notices::droppable(reader, &app, &client, after, limit, now))
    }

    fn notices_kept_since(&self) -> Reading<'_, Timestamp> {
        self.quick().ask(notices::kept_since)
    }

    fn kicked_at<'a>(&'a self, app: &'a AppId, client: &'a ClientId) -> Reading<'a, Option<Timestamp>> {
        let (app, client) = (app.clone(), client.clone());
        self.quick().ask(move |reader| sessions::kicked_at(reader, &app, &client))
    }

    fn session_end<'a>(&'a self, app: &'a AppId, session: &'a str) -> Reading<'a, Option<SessionEnd>> {
        let (app, session) = (app.clone(), session.to_owned());
        self.quick().ask(move |reader| sessions::end(reader, &app, &session))
    }

    fn tag_holder<'a>(
        &'a self,
        app: &'a AppId,
        client: &'a ClientId,
        tag: &'a Tag,
        now: Timestamp,
    ) -> Reading<'a, Option<TagHolder>> {
        let (app, client, tag) = (app.clone(), client.clone(), tag.clone());
        self.quick().ask(move |reader| sessions::tag_holder(reader, &app, &client, &tag, now))
    }

    fn room_to_return_to<'a>(
        &'a self,
        app: &'a AppId,
        client: &'a ClientId,
        device: &'a str,
        since: Timestamp,
    ) -> Reading<'a, Option<ConversationId>> {
        let (app, client, device) = (app.clone(), client.clone(), device.to_owned());
        self.quick().ask(move |reader| sessions::room_to_return_to(reader, &app, &client, &device, since))
    }

    fn will<'a>(&'a self, app: &'a AppId, client: &'a ClientId) -> Reading<'a, Option<StoredWill>> {
        let (app, client) = (app.clone(), client.clone());
        self.quick().ask(move |reader| sessions::will(reader, &app, &client))
    }

    fn wills(&self) -> Reading<'_, Vec<StoredWill>> {
        self.quick().ask(sessions::wills)
    }

    fn close(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            let (closed, done) = oneshot::channel();
            if self.writes().send(Message::Close(closed)).await.is_ok() {
                // An error means that the writer has ended, which is what was asked for.
                drop(done.await);
            }
        })
    }
}
