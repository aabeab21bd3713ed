//! Who is online, and how something reaches them wherever they are connected.
//!
//! This room owns the [`Bus`] seam. The domain speaks to the bus; the bus speaks to nodes. Alone, a node is
//! the whole cluster ([`LocalBus`]). It may touch sessions' keys and events; it knows no socket, no store and
//! no rule of conversations.

mod local;

pub(crate) use local::LocalBus;

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use yanshu_protocol::{AppId, ClientId, ConversationId, DeviceId, Event, Reject, Tag, Timestamp};
use yanshu_session::SessionKey;

/// An answer from the cluster.
pub(crate) type Asking<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Something to be told to the sessions it is addressed to.
#[derive(Debug, Clone)]
pub(crate) struct Push {
    pub(crate) app: AppId,
    pub(crate) to: Audience,
    /// A session that is left out: the one that caused it, where it is told otherwise.
    pub(crate) except: Option<SessionKey>,
    /// What a session must be able to handle to be told at all.
    pub(crate) needs: Needs,
    /// A reliable notification, marked as such for sessions that keep them (W-74).
    pub(crate) permanent: bool,
    pub(crate) server_time: Timestamp,
    /// 1 high, 2 normal, 3 low. Only chat-room messages are ever below high (B-268).
    pub(crate) priority: u8,
    pub(crate) event: Event,
}

/// Whom a push is for.
#[derive(Debug, Clone)]
pub(crate) enum Audience {
    /// Every session of these clients.
    Clients(Arc<[ClientId]>),
    /// Every session now in this chat room.
    Room(ConversationId),
    /// These sessions.
    Sessions(Arc<[SessionKey]>),
    /// One session, also before and while its pushes are kept (see [`Bus::hold`]).
    Session(SessionKey),
}

/// What a session must be able to handle to be told something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Needs {
    /// Edits and recalls (W-101).
    pub(crate) patches: bool,
    /// Temporary conversations (W-102).
    pub(crate) temporary_conversations: bool,
    /// Anything newer than the JSON of 2015 (B-79).
    pub(crate) modern: bool,
    /// Unread notices (W-313).
    pub(crate) unread_notices: bool,
    /// Delivery receipts in conversations of more than two (W-301).
    pub(crate) group_receipts: bool,
}

/// A session somewhere in the cluster, as far as others need to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SessionInfo {
    pub(crate) key: SessionKey,
    pub(crate) session: String,
    pub(crate) tag: Option<Tag>,
    pub(crate) device: Option<DeviceId>,
    /// The connection it is on: a second open of the same client there replaces it (W-100).
    pub(crate) connection: u64,
}

/// The cluster as the domain sees it. `publish` and `flush` are called by the one dispatcher of the node, so
/// what is published in order arrives in order.
pub(crate) trait Bus: Send + Sync + Debug + 'static {
    /// Tells everyone it is for. Frames may wait for the next [`Bus::flush`]. Where many are to be told, it
    /// gives what is left to do, in portions that delay nobody; nothing else may be published before that is
    /// done, or some would hear things in another order.
    #[must_use]
    fn publish(&self, push: Push) -> Option<Asking<'_, ()>>;

    /// Sends what waits, to at most `most` connections, and says whether more wait. Called when nothing more
    /// is ready, so that many frames share one write; in portions, so that a large fan-out delays nobody.
    fn flush(&self, most: usize) -> bool;

    /// From now on keeps what is published for a session. Before this a session gets only what is addressed
    /// to it alone: so what it missed comes first, and nothing comes twice or out of order.
    fn hold(&self, key: SessionKey);

    /// Delivers what was kept, and from now on everything at once.
    fn release(&self, key: SessionKey);

    /// Which of these clients have a session, in the order given.
    fn online<'a>(&'a self, app: &'a AppId, clients: &'a [ClientId]) -> Asking<'a, Vec<bool>>;

    /// The sessions of a client.
    fn sessions_of<'a>(&'a self, app: &'a AppId, client: &'a ClientId) -> Asking<'a, Vec<SessionInfo>>;

    /// The sessions that get what is published now, with their clients: those of one client, or of a whole app.
    fn receiving<'a>(
        &'a self,
        app: &'a AppId,
        client: Option<&'a ClientId>,
    ) -> Asking<'a, Vec<(ClientId, SessionKey)>>;

    /// Whether the session's connection answers a ping within `within_ms` (W-124).
    fn probe(&self, key: SessionKey, within_ms: u64) -> Asking<'_, bool>;

    /// Ends a session: with a reason it is told (W-138), without one it is replaced in silence (W-127).
    /// Gives whether it was there.
    fn end_session(&self, key: SessionKey, reason: Option<Reject>) -> Asking<'_, bool>;

    /// Puts a session into a chat room, out of the one it was in (W-149). Gives whether the session is there.
    fn enter_room<'a>(&'a self, key: SessionKey, room: &'a ConversationId) -> Asking<'a, bool>;

    /// Takes a session out of its chat room and gives the room.
    fn leave_room(&self, key: SessionKey) -> Asking<'_, Option<ConversationId>>;

    /// The chat room a session is in.
    fn room_of(&self, key: SessionKey) -> Asking<'_, Option<ConversationId>>;

    /// How many distinct clients are in a chat room (B-389).
    fn room_count<'a>(&'a self, app: &'a AppId, room: &'a ConversationId) -> Asking<'a, usize>;

    /// Some of the clients in a chat room, at most `limit`.
    fn room_members<'a>(
        &'a self,
        app: &'a AppId,
        room: &'a ConversationId,
        limit: usize,
    ) -> Asking<'a, Vec<ClientId>>;
}

/// The sessions connected to this node. The gateway's registry is the one implementation; every method
/// returns at once, except the probe.
pub(crate) trait Node: Send + Sync + Debug + 'static {
    fn deliver(&self, push: Push) -> Option<Asking<'_, ()>>;
    fn flush(&self, most: usize) -> bool;
    fn hold(&self, key: SessionKey);
    fn release(&self, key: SessionKey);
    fn online(&self, app: &AppId, client: &ClientId) -> bool;
    fn sessions_of(&self, app: &AppId, client: &ClientId) -> Vec<SessionInfo>;
    fn receiving(&self, app: &AppId, client: Option<&ClientId>) -> Vec<(ClientId, SessionKey)>;
    fn probe(&self, key: SessionKey, within_ms: u64) -> Asking<'_, bool>;
    fn end_session(&self, key: SessionKey, reason: Option<Reject>) -> bool;
    fn enter_room(&self, key: SessionKey, room: &ConversationId) -> bool;
    fn leave_room(&self, key: SessionKey) -> Option<ConversationId>;
    fn room_of(&self, key: SessionKey) -> Option<ConversationId>;
    fn room_count(&self, app: &AppId, room: &ConversationId) -> usize;
    fn room_members(&self, app: &AppId, room: &ConversationId, limit: usize) -> Vec<ClientId>;
}
