//! A cluster of one node.

use std::future::ready;
use std::sync::Arc;

use yanshu_protocol::{AppId, ClientId, ConversationId, Reject};
use yanshu_session::SessionKey;

use super::{Asking, Bus, Node, Push, SessionInfo};

/// Hands everything to the one node there is.
#[derive(Debug)]
pub(crate) struct LocalBus {
    node: Arc<dyn Node>,
}

impl LocalBus {
    pub(crate) fn new(node: Arc<dyn Node>) -> Self {
        Self { node }
    }
}

impl Bus for LocalBus {
    fn publish(&self, push: Push) -> Option<Asking<'_, ()>> {
        self.node.deliver(push)
    }

    fn flush(&self, most: usize) -> bool {
        self.node.flush(most)
    }

    fn hold(&self, key: SessionKey) {
        self.node.hold(key);
    }

    fn release(&self, key: SessionKey) {
        self.node.release(key);
    }

    fn online<'a>(&'a self, app: &'a AppId, clients: &'a [ClientId]) -> Asking<'a, Vec<bool>> {
        Box::pin(ready(clients.iter().map(|client| self.node.online(app, client)).collect()))
    }

    fn sessions_of<'a>(&'a self, app: &'a AppId, client: &'a ClientId) -> Asking<'a, Vec<SessionInfo>> {
        Box::pin(ready(self.node.sessions_of(app, client)))
    }

    fn receiving<'a>(
        &'a self,
        app: &'a AppId,
        client: Option<&'a ClientId>,
    ) -> Asking<'a, Vec<(ClientId, SessionKey)>> {
        Box::pin(ready(self.node.receiving(app, client)))
    }

    fn probe(&self, key: SessionKey, within_ms: u64) -> Asking<'_, bool> {
        self.node.probe(key, within_ms)
    }

    fn end_session(&self, key: SessionKey, reason: Option<Reject>) -> Asking<'_, bool> {
        Box::pin(ready(self.node.end_session(key, reason)))
    }

    fn enter_room<'a>(&'a self, key: SessionKey, room: &'a ConversationId) -> Asking<'a, bool> {
        Box::pin(ready(self.node.enter_room(key, room)))
    }

    fn leave_room(&self, key: SessionKey) -> Asking<'_, Option<ConversationId>> {
        Box::pin(ready(self.node.leave_room(key)))
    }

    fn room_of(&self, key: SessionKey) -> Asking<'_, Option<ConversationId>> {
        Box::pin(ready(self.node.room_of(key)))
    }

    fn room_count<'a>(&'a self, app: &'a AppId, room: &'a ConversationId) -> Asking<'a, usize> {
        Box::pin(ready(self.node.room_count(app, room)))
    }

    fn room_members<'a>(
        &'a self,
        app: &'a AppId,
        room: &'a ConversationId,
        limit: usize,
    ) -> Asking<'a, Vec<ClientId>> {
        Box::pin(ready(self.node.room_members(app, room, limit)))
    }
}
