//! Sockets: one port for discovery, HTTP and WebSocket, and everyone who is connected to it.
//!
//! This room owns the listener, the HTTP phase of a socket, the one task of each connection, what waits to be
//! sent to it, and the registry of the sessions on this node. It knows frames and codecs, drives the pure
//! state machine of `session`, and hands every command to the [`Domain`]. It may touch the bus's traits;
//! it knows no store and no rule of conversations.

mod answer;
mod connection;
mod core;
mod cors;
mod discovery;
mod drain;
mod http;
mod link;
mod listener;
mod memory;
mod order;
mod outbox;
mod registry;
mod settings;
#[cfg(test)]
mod tests;
mod throttle;
mod upgrade;
mod wire;

use std::fmt::Debug;
use std::net::IpAddr;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use yanshu_protocol::{AppId, ConversationId, Event, Reject, SessionToken, Timestamp};
use yanshu_session::{Actor, Call, OpenRequest, Opened, Profile, SessionKey};

pub use self::core::Gateway;
pub use memory::{MemoryEnd, MemoryWire};
pub(crate) use registry::Registry;
pub(crate) use settings::Settings;
pub use wire::{Hello, Wire};

/// Takes the answer to a command. May be called on any thread; it only encodes and queues, so the caller
/// flushes the bus afterwards. Dropped without a call, it answers with a fault of the server.
pub(crate) type Respond = Box<dyn FnOnce(Result<Event, Reject>) + Send>;

/// What commands are carried out by.
pub(crate) trait Domain: Send + Sync + Debug + 'static {
    /// The app that gave out a token, if it is one of a session.
    fn app_of(&self, token: &SessionToken) -> Option<AppId>;

    /// Decides whether a session may open, and ends those it displaces. Does not register it: that happens
    /// together with queuing the answer, so that nothing overtakes it (W-84).
    fn open(
        &self,
        request: OpenRequest,
        connection: ConnectionInfo,
        key: SessionKey,
    ) -> BoxFuture<'_, Result<Opened, Reject>>;

    /// The session is registered and its answer queued: now come missed messages, unread notices, missed
    /// patches and the return to a room (W-114).
    fn opened<'a>(&'a self, actor: &'a Arc<Actor>, resume: &'a Resume) -> BoxFuture<'a, ()>;

    /// The client logs out. The session is registered until this is done.
    fn close<'a>(&'a self, actor: &'a Arc<Actor>) -> BoxFuture<'a, ()>;

    /// The connection is gone without a logout. The session is registered until this is done.
    fn lost<'a>(&'a self, actor: &'a Arc<Actor>, why: Loss) -> BoxFuture<'a, ()>;

    /// Carries out a command. Resolves when a write is accepted in its order, or a read is answered.
    fn call(&self, call: Call, respond: Respond) -> BoxFuture<'_, ()>;

    /// The answer to a message that is refused for its rate: it needs an id and a time (W-265).
    fn refuse_message(&self, conversation: ConversationId, reject: Reject) -> Event;
}

/// The connection a session is opened on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConnectionInfo {
    pub(crate) id: u64,
    pub(crate) profile: Profile,
    pub(crate) ip: Option<IpAddr>,
    /// The page it was opened from, if a browser said so.
    pub(crate) origin: Option<Box<str>>,
}

/// What a returning client knows already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Resume {
    pub(crate) last_unread_notice: Option<Timestamp>,
    pub(crate) last_patch: Option<Timestamp>,
}

/// How a connection was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    /// The client closed it without logging out.
    Closed,
    /// The line broke.
    Broken,
    /// Nothing was heard, or nothing could be sent, for too long.
    Silent,
    /// The client took in too little of what waited for it.
    Slow,
    /// The client did what is not allowed.
    Abuse,
    /// This node is leaving.
    Leaving,
}
