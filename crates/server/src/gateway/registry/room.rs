//! One chat room: its sessions in an order that stands still, so that a fan-out can go through them in
//! portions while others come and go.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use yanshu_protocol::ClientId;
use yanshu_session::SessionKey;

use super::sessions::Session;

/// The sessions in a chat room.
#[derive(Debug, Default)]
pub(super) struct Room {
    sessions: BTreeMap<SessionKey, Arc<Session>>,
    /// How many sessions each client has here.
    clients: HashMap<ClientId, u32>,
}

impl Room {
    pub(super) fn add(&mut self, session: &Arc<Session>) {
        if self.sessions.insert(session.key, Arc::clone(session)).is_none() {
            *self.clients.entry(session.actor.client.clone()).or_default() += 1;
        }
    }

    pub(super) fn remove(&mut self, session: &Session) {
        if self.sessions.remove(&session.key).is_none() {
            return;
        }
        let client = &session.actor.client;
        match self.clients.get_mut(client) {
            Some(sessions) if *sessions > 1 => *sessions -= 1,
            _ => drop(self.clients.remove(client)),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }

    /// The sessions that come after this one, in the order in which they were opened.
    pub(super) fn after(&self, key: Option<SessionKey>) -> impl Iterator<Item = &Arc<Session>> {
        let start = key.map_or(Bound::Unbounded, Bound::Excluded);
        self.sessions.range((start, Bound::Unbounded)).map(|(_, session)| session)
    }

    /// Everyone here, once each.
    pub(super) fn clients(&self) -> impl ExactSizeIterator<Item = &ClientId> {
        self.clients.keys()
    }
}
