//! Who is connected, by session, by client and by chat room: maps that must agree, so they live and change
//! together.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use smallvec::SmallVec;
use yanshu_protocol::codec::{self, Dialect};
use yanshu_protocol::frame::Opcode;
use yanshu_protocol::{AppId, ClientId, ConversationId};
use yanshu_session::{Actor, Capabilities, SessionKey};

use super::room::Room;
use crate::gateway::link::Link;
use crate::gateway::outbox::{Admission, Frame, Head, Outbox, Rank};

/// A session with its way out. What every delivery looks at is here, not a pointer away.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) key: SessionKey,
    pub(super) capabilities: Capabilities,
    pub(super) dialect: Dialect,
    pub(super) actor: Arc<Actor>,
    pub(super) link: Arc<Link>,
    /// What names the client in front of a shared body.
    head: Head,
    /// What is done with pushes to many. A session starts without them, keeps them while what it missed is
    /// read, and then gets them at once.
    intake: Mutex<Intake>,
}

#[derive(Debug)]
enum Intake {
    Ignored,
    /// Bounded like the connection's outbox, where it goes next: more would not be taken there either.
    Kept(Box<Outbox>),
    Open,
}

impl Session {
    pub(super) fn new(actor: Arc<Actor>, link: Arc<Link>) -> Self {
        Self {
            key: actor.key,
            capabilities: actor.capabilities,
            dialect: link.dialect,
            head: Head::from_slice(&codec::recipient_head(link.dialect, &actor.client)),
            actor,
            link,
            intake: Mutex::new(Intake::Ignored),
        }
    }

    /// Pushes what many get.
    pub(super) fn push(&self, body: &Bytes, rank: Rank) {
        match &mut *self.intake.lock() {
            Intake::Ignored => {}
            Intake::Kept(kept) => {
                // The head is put in front on the way out.
                let frame = Frame { head: Head::new(), body: body.clone(), opcode: Opcode::Binary, rank };
                if kept.push(frame, self.link.bounds()) == Admission::Overflow {
                    self.link.overflow();
                }
            }
            Intake::Open => self.push_now(body, rank),
        }
    }

    /// Pushes what only this session gets.
    pub(super) fn push_now(&self, body: &Bytes, rank: Rank) {
        self.link.push_shared(&self.head, body, rank);
    }

    /// Whether pushes to many reach it, now or when what it missed has been told.
    pub(super) fn is_receiving(&self) -> bool {
        !matches!(*self.intake.lock(), Intake::Ignored)
    }

    pub(super) fn hold(&self) {
        let mut intake = self.intake.lock();
        if matches!(*intake, Intake::Ignored) {
            *intake = Intake::Kept(Box::default());
        }
    }

    pub(super) fn release(&self) {
        let mut intake = self.intake.lock();
        if let Intake::Kept(kept) = std::mem::replace(&mut *intake, Intake::Open) {
            for frame in kept.into_frames() {
                self.push_now(&frame.body, frame.rank);
            }
        }
    }
}

/// The sessions of one client; nearly always one.
type OfClient = SmallVec<[Arc<Session>; 1]>;

/// Sessions by client.
type ByClient = HashMap<ClientId, OfClient>;

#[derive(Debug, Default)]
pub(super) struct Sessions {
    by_key: HashMap<SessionKey, Arc<Session>>,
    by_client: HashMap<AppId, ByClient>,
    rooms: HashMap<AppId, HashMap<ConversationId, Room>>,
    /// The room of each session that is in one: at most one (W-149).
    places: HashMap<SessionKey, ConversationId>,
}

impl Sessions {
    pub(super) fn get(&self, key: SessionKey) -> Option<&Arc<Session>> {
        self.by_key.get(&key)
    }

    pub(super) fn of(&self, app: &AppId, client: &ClientId) -> &[Arc<Session>] {
        self.by_client.get(app).and_then(|clients| clients.get(client)).map_or(&[], |of| of.as_slice())
    }

    /// The clients of an app, to look up many of them.
    pub(super) fn clients(&self, app: &AppId) -> Option<&ByClient> {
        self.by_client.get(app)
    }

    pub(super) fn room(&self, app: &AppId, room: &ConversationId) -> Option<&Room> {
        self.rooms.get(app)?.get(room)
    }

    pub(super) fn room_of(&self, key: SessionKey) -> Option<&ConversationId> {
        self.places.get(&key)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }

    pub(super) fn add(&mut self, session: Arc<Session>) {
        let Actor { app, client, .. } = &*session.actor;
        add(self.by_client.entry(app.clone()).or_default(), client, &session);
        self.by_key.insert(session.key, session);
        self.check_invariants();
    }

    /// Takes a session out, if it is there; a newer one of the same client stays.
    pub(super) fn remove(&mut self, key: SessionKey) -> Option<Arc<Session>> {
        self.leave_room(key);
        let session = self.by_key.remove(&key)?;
        let Actor { app, client, .. } = &*session.actor;
        if let Some(clients) = self.by_client.get_mut(app) {
            remove(clients, client, key);
            if clients.is_empty() {
                self.by_client.remove(app);
            }
        }
        self.check_invariants();
        Some(session)
    }

    /// Puts a session into a room, out of the one it was in. Gives whether the session is there.
    pub(super) fn enter_room(&mut self, key: SessionKey, room: &ConversationId) -> bool {
        let Some(session) = self.by_key.get(&key).cloned() else { return false };
        if self.places.get(&key) == Some(room) {
            return true;
        }
        self.leave_room(key);
        let rooms = self.rooms.entry(session.actor.app.clone()).or_default();
        rooms.entry(room.clone()).or_default().add(&session);
        self.places.insert(key, room.clone());
        self.check_invariants();
        true
    }

    pub(super) fn leave_room(&mut self, key: SessionKey) -> Option<ConversationId> {
        let place = self.places.remove(&key)?;
        let session = self.by_key.get(&key)?;
        if let Some(rooms) = self.rooms.get_mut(&session.actor.app) {
            if let Some(room) = rooms.get_mut(&place) {
                room.remove(session);
                if room.is_empty() {
                    rooms.remove(&place);
                }
            }
            if rooms.is_empty() {
                self.rooms.remove(&session.actor.app);
            }
        }
        self.check_invariants();
        Some(place)
    }

    /// What the maps must agree on. Only small worlds are checked: the cost is that of all of them.
    fn check_invariants(&self) {
        if !cfg!(test) || self.by_key.len() > 64 {
            return;
        }
        let listed: usize = self.by_client.values().flat_map(HashMap::values).map(SmallVec::len).sum();
        assert_eq!(listed, self.by_key.len(), "every session is listed once under its client");
        for (key, session) in &self.by_key {
            assert_eq!((session.key, session.actor.key), (*key, *key));
            let listed = self.of(&session.actor.app, &session.actor.client);
            assert!(listed.iter().any(|listed| listed.key == *key), "{key:?} is under its client");
        }
        let present = self.rooms.values().flat_map(HashMap::values).flat_map(|room| room.after(None));
        assert_eq!(present.count(), self.places.len(), "every session in a room has one place");
        for (key, place) in &self.places {
            let actor = &self.by_key[key].actor;
            let room = self.room(&actor.app, place).expect("a place is a room");
            assert!(room.after(None).any(|present| present.key == *key));
            assert!(room.clients().any(|present| *present == actor.client));
        }
    }
}

fn add(clients: &mut ByClient, client: &ClientId, session: &Arc<Session>) {
    clients.entry(client.clone()).or_default().push(Arc::clone(session));
}

fn remove(clients: &mut ByClient, client: &ClientId, key: SessionKey) {
    if let Some(of) = clients.get_mut(client) {
        of.retain(|session| session.key != key);
        if of.is_empty() {
            clients.remove(client);
        }
    }
}
