//! The sessions connected to this node, and the delivery to them. The bus's one [`Node`].
//!
//! Locks: the maps first, a link's outbox second. Nothing is written to a socket under the lock of the maps.

mod ceiling;
mod fanout;
mod room;
mod sessions;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::RwLock;
use yanshu_protocol::{AppId, ClientId, ConversationId, Event, Outbound, Reject};
use yanshu_session::{Actor, SessionKey};

use super::link::{FlushList, Link};
use super::settings::Settings;
use crate::apps::Apps;
use crate::bus::{Asking, Audience, Node, Push, SessionInfo};
use crate::clock::Clock;
use ceiling::Ceilings;
use fanout::Encoded;
use sessions::{Session, Sessions};

/// Sessions of a room that a push is queued for before others get their turn, those who log in among them:
/// about a tenth of a millisecond.
const PORTION: usize = 512;

/// The sessions of this node.
#[derive(Debug)]
pub(crate) struct Registry {
    clock: Arc<dyn Clock>,
    list: Arc<FlushList>,
    keys: AtomicU64,
    apps: Arc<Apps>,
    ceilings: Ceilings,
    sessions: RwLock<Sessions>,
}

impl Registry {
    pub(crate) fn new(settings: &Settings, clock: Arc<dyn Clock>, apps: Arc<Apps>) -> Arc<Self> {
        Arc::new(Self {
            clock,
            list: Arc::new(FlushList::new(settings.bounds)),
            keys: AtomicU64::new(1),
            apps,
            ceilings: Ceilings::default(),
            sessions: RwLock::default(),
        })
    }

    pub(super) fn flush_list(&self) -> Arc<FlushList> {
        Arc::clone(&self.list)
    }

    /// A key no session has had.
    pub(super) fn next_key(&self) -> SessionKey {
        SessionKey(self.keys.fetch_add(1, Ordering::Relaxed))
    }

    /// How many sessions are open.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.sessions.read().len()
    }

    /// Registers a session and queues the answer to its open, as one: no push overtakes the answer (W-84).
    /// A session that it replaces on its connection leaves in silence and hands over its room (W-100).
    pub(super) fn admit(
        &self,
        actor: Arc<Actor>,
        link: &Arc<Link>,
        answer: &Outbound,
        replaced: Option<SessionKey>,
    ) {
        let key = actor.key;
        let session = Arc::new(Session::new(actor, Arc::clone(link)));
        let mut sessions = self.sessions.write();
        let room = replaced.and_then(|key| {
            let room = sessions.room_of(key).cloned();
            sessions.remove(key);
            room
        });
        sessions.add(session);
        if let Some(room) = room {
            sessions.enter_room(key, &room);
        }
        link.answer(answer);
    }

    /// Takes a session out. Gives whether it was there: nobody ended it before.
    pub(super) fn remove(&self, key: SessionKey) -> bool {
        self.sessions.write().remove(key).is_some()
    }

    pub(super) fn contains(&self, key: SessionKey) -> bool {
        self.sessions.read().get(key).is_some()
    }

    /// Queues a push for the next sessions of its room, those after `last`; gives the last one it was queued
    /// for if more may follow.
    fn deliver_portion(
        &self,
        encoded: &mut Encoded,
        ceiling: u32,
        last: Option<SessionKey>,
    ) -> Option<SessionKey> {
        let sessions = self.sessions.read();
        let Audience::Room(room) = &encoded.push.to else { return None };
        let present = sessions.room(&encoded.push.app, room)?.after(last);
        let (mut count, mut last) = (0, last);
        for session in present.take(PORTION) {
            encoded.push_to(session);
            (count, last) = (count + 1, Some(session.key));
        }
        self.ceilings.delivered(&encoded.push, ceiling, std::mem::take(&mut encoded.count));
        last.filter(|_| count == PORTION)
    }

    async fn deliver_rest(&self, mut encoded: Encoded, ceiling: u32, mut last: SessionKey) {
        loop {
            tokio::task::yield_now().await;
            match self.deliver_portion(&mut encoded, ceiling, Some(last)) {
                Some(more) => last = more,
                None => return,
            }
        }
    }
}

impl Node for Registry {
    fn deliver(&self, push: Push) -> Option<Asking<'_, ()>> {
        let ceiling = self.apps.ceiling(&push.app);
        if !self.ceilings.admits(&push, ceiling, self.clock.steady()) {
            return None;
        }
        let mut encoded = Encoded::new(push);
        if let Audience::Room(_) = encoded.push.to {
            let last = self.deliver_portion(&mut encoded, ceiling, None)?;
            return Some(Box::pin(self.deliver_rest(encoded, ceiling, last)));
        }
        let sessions = self.sessions.read();
        match &encoded.push.to {
            Audience::Clients(clients) => {
                let (clients, app) = (Arc::clone(clients), &encoded.push.app);
                let connected = sessions.clients(app)?;
                for client in clients.iter() {
                    for session in connected.get(client).into_iter().flatten() {
                        encoded.push_to(session);
                    }
                }
            }
            Audience::Sessions(keys) => {
                let keys = Arc::clone(keys);
                for session in keys.iter().filter_map(|key| sessions.get(*key)) {
                    encoded.push_to(session);
                }
            }
            Audience::Session(key) => {
                if let Some(session) = sessions.get(*key) {
                    encoded.push_alone(session);
                }
            }
            Audience::Room(_) => {}
        }
        self.ceilings.delivered(&encoded.push, ceiling, encoded.count);
        None
    }

    fn flush(&self, most: usize) -> bool {
        self.list.flush(most)
    }

    fn hold(&self, key: SessionKey) {
        if let Some(session) = self.sessions.read().get(key) {
            session.hold();
        }
    }

    fn release(&self, key: SessionKey) {
        if let Some(session) = self.sessions.read().get(key) {
            session.release();
        }
    }

    fn online(&self, app: &AppId, client: &ClientId) -> bool {
        !self.sessions.read().of(app, client).is_empty()
    }

    fn sessions_of(&self, app: &AppId, client: &ClientId) -> Vec<SessionInfo> {
        let sessions = self.sessions.read();
        let info = |session: &Arc<Session>| SessionInfo {
            key: session.key,
            session: session.actor.session.clone(),
            tag: session.actor.tag.clone(),
            device: session.actor.device.clone(),
            connection: session.link.id,
        };
        sessions.of(app, client).iter().map(info).collect()
    }

    fn receiving(&self, app: &AppId, client: Option<&ClientId>) -> Vec<(ClientId, SessionKey)> {
        let sessions = self.sessions.read();
        let named = |session: &Arc<Session>| {
            session.is_receiving().then(|| (session.actor.client.clone(), session.key))
        };
        match client {
            Some(client) => sessions.of(app, client).iter().filter_map(named).collect(),
            None => {
                let clients = sessions.clients(app).into_iter().flat_map(|clients| clients.values());
                clients.flatten().filter_map(named).collect()
            }
        }
    }

    fn probe(&self, key: SessionKey, within_ms: u64) -> Asking<'_, bool> {
        let sign = self.sessions.read().get(key).map(|session| session.link.probe());
        Box::pin(async move {
            match sign {
                Some(sign) => tokio::time::timeout(Duration::from_millis(within_ms), sign)
                    .await
                    .is_ok_and(|sign| sign.is_ok()),
                None => false,
            }
        })
    }

    fn end_session(&self, key: SessionKey, reason: Option<Reject>) -> bool {
        let Some(session) = self.sessions.write().remove(key) else { return false };
        if let Some(reason) = reason {
            session.link.answer(&Outbound {
                client: Some(session.actor.client.clone()),
                serial: None,
                server_time: Some(self.clock.now()),
                permanent: false,
                event: Event::SessionClosed(Some(reason)),
            });
        }
        session.link.session_ended(key);
        true
    }

    fn enter_room(&self, key: SessionKey, room: &ConversationId) -> bool {
        self.sessions.write().enter_room(key, room)
    }

    fn leave_room(&self, key: SessionKey) -> Option<ConversationId> {
        self.sessions.write().leave_room(key)
    }

    fn room_of(&self, key: SessionKey) -> Option<ConversationId> {
        self.sessions.read().room_of(key).cloned()
    }

    fn room_count(&self, app: &AppId, room: &ConversationId) -> usize {
        self.sessions.read().room(app, room).map_or(0, |room| room.clients().len())
    }

    fn room_members(&self, app: &AppId, room: &ConversationId, limit: usize) -> Vec<ClientId> {
        let sessions = self.sessions.read();
        sessions.room(app, room).into_iter().flat_map(|room| room.clients().take(limit).cloned()).collect()
    }
}
