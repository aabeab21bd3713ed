//! Who is connected, in which chat room, and what is told on return.

use yanshu_protocol::{ConversationKind, Timestamp};

use super::super::cast::{Client, Device, Style};
use super::super::heard::Heard;
use super::Model;

/// How long a device has to come back into its room (B-380), and how old an edit may be to be told (W-362).
const REJOIN_MILLIS: i64 = 30 * 60 * 1000;
const PATCHES_MILLIS: i64 = 30 * 24 * 60 * 60 * 1000;

#[derive(Debug)]
pub(super) struct Session {
    pub(super) device: Device,
    /// What its token stands for.
    login: u64,
    /// Which opening of a session this is.
    number: u64,
    /// Its line is dead, and the server does not know.
    pub(super) ghost: bool,
    pub(super) room: Option<usize>,
}

/// Where a device is, or was when it was lost. Those that do not say which they are are one.
#[derive(Debug)]
pub(super) struct Place {
    room: usize,
    /// The session that is there.
    number: u64,
    lost_at: Option<Timestamp>,
}

/// How a session was opened.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Opened {
    /// What its token stands for: an earlier session of the same token makes room (W-128).
    pub(in super::super) login: u64,
    /// Up to when edits are known.
    pub(in super::super) patches_until: Option<Timestamp>,
}

fn spot(device: Device) -> (Client, Option<Device>) {
    (device.client(), device.is_modern().then_some(device))
}

impl Model {
    /// A session is open, and has been told what it missed.
    pub(in super::super) fn open(&mut self, device: Device, how: Opened) {
        self.sessions.retain(|session| session.device != device || session.login != how.login);
        self.opened += 1;
        let number = self.opened;
        let room = self.place_to_return_to(device);
        if let Some(room) = room {
            self.places.insert(spot(device), Place { room, number, lost_at: None });
        }
        self.sessions.push(Session { device, login: how.login, number, ghost: false, room });
        let mut told = Vec::new();
        if device.style() != Style::Unread {
            told.extend(self.missed(device));
        }
        if device.is_modern() {
            told.extend(how.patches_until.into_iter().flat_map(|until| self.missed_patches(device, until)));
        }
        self.expected.entry(device).or_default().extend(told);
    }

    fn place_to_return_to(&self, device: Device) -> Option<usize> {
        let place = self.places.get(&spot(device))?;
        let in_time = place.lost_at.is_none_or(|lost_at| lost_at >= self.now.plus_millis(-REJOIN_MILLIS));
        let welcome = !self.talks[place.room].blocked.contains(&device.client());
        (in_time && welcome).then_some(place.room)
    }

    fn missed(&self, device: Device) -> Vec<Heard> {
        let client = device.client();
        let told = (0..self.talks.len()).filter(|&talk| {
            let known = device.is_modern() || self.talks[talk].kind != ConversationKind::Temporary;
            known && self.living(talk).is_ok()
        });
        let heard = |talk: usize| {
            self.talks[talk].missed_by(client).into_iter().map(move |what| Heard { talk: Some(talk), what })
        };
        told.flat_map(heard).collect()
    }

    /// W-360 to W-362
    fn missed_patches(&self, device: Device, until: Timestamp) -> Vec<Heard> {
        let after = until.max(self.now.plus_millis(-PATCHES_MILLIS));
        let mut told = Vec::new();
        for (number, talk) in self.talks.iter().enumerate() {
            if !talk.includes(device.client()) || self.living(number).is_err() {
                continue;
            }
            let mut patched: Vec<_> = talk
                .messages
                .iter()
                .filter(|said| said.patched.is_some_and(|(at, by)| at > after && by != device))
                .collect();
            patched.sort_by_key(|said| said.patched);
            told.extend(patched.iter().map(|said| Heard { talk: Some(number), what: said.as_patch() }));
        }
        told
    }

    /// Conversations that an unread notice at login must name: those that changed since the last one, or, for
    /// a device that knows of none, those in which something waits (W-310, W-311).
    pub(in super::super) fn must_be_noticed(&self, client: Client, since: Option<Timestamp>) -> Vec<usize> {
        let changed = |&talk: &usize| {
            let found = &self.talks[talk];
            let unread = found.unread_by(client);
            let newest = unread.last().map(|said| said.at);
            match (since, found.seats.get(&client)) {
                (_, None) => false,
                (None, _) => newest.is_some(),
                (Some(since), Some(seat)) => newest.is_some_and(|at| at > since) || seat.read_at > since,
            }
        };
        (0..self.talks.len()).filter(|&talk| self.living(talk).is_ok()).filter(changed).collect()
    }

    /// Whether the server takes a client for connected.
    pub(super) fn is_connected(&self, client: Client) -> bool {
        self.sessions.iter().any(|session| session.device.client() == client)
    }

    /// The room a device is in.
    pub(super) fn room_of(&self, device: Device) -> Option<usize> {
        self.sessions.iter().find(|session| session.device == device && !session.ghost)?.room
    }

    /// How many clients are in a room now (B-389).
    pub(in super::super) fn clients_in(&self, talk: usize) -> usize {
        let present = |client: &Client| {
            self.sessions
                .iter()
                .any(|session| session.room == Some(talk) && session.device.client() == *client)
        };
        Client::all().filter(present).count()
    }

    pub(super) fn enter(&mut self, device: Device, talk: usize) {
        let session = self.session(device);
        session.room = Some(talk);
        let place = Place { room: talk, number: session.number, lost_at: None };
        self.places.insert(spot(device), place);
    }

    pub(super) fn quit(&mut self, device: Device, talk: usize) {
        let session = self.session(device);
        if session.room == Some(talk) {
            session.room = None;
            self.places.remove(&spot(device));
        }
    }

    /// Who is blocked is out, and was not lost there.
    pub(super) fn expel(&mut self, talk: usize, clients: &[Client]) {
        for session in &mut self.sessions {
            if session.room == Some(talk) && clients.contains(&session.device.client()) {
                session.room = None;
            }
        }
        self.places.retain(|(client, _), place| place.room != talk || !clients.contains(client));
    }

    fn session(&mut self, device: Device) -> &mut Session {
        let found = self.sessions.iter_mut().find(|session| session.device == device && !session.ghost);
        found.expect("the device is online")
    }

    /// The line is dead, and the server does not know.
    pub(in super::super) fn cut(&mut self, device: Device) {
        self.session(device).ghost = true;
    }

    /// The server has noticed that a line is dead: the one in use, or the oldest that was cut.
    pub(in super::super) fn lost(&mut self, device: Device, ghost: bool) {
        let is_it = |session: &Session| session.device == device && session.ghost == ghost;
        let place = self.sessions.iter().position(is_it);
        let session = self.sessions.remove(place.expect("the device has such a line"));
        self.leave_behind(&session);
    }

    /// Every line is dead.
    pub(in super::super) fn all_lost(&mut self) {
        for session in std::mem::take(&mut self.sessions) {
            self.leave_behind(&session);
        }
    }

    /// From now on the device has so long to come back: unless a later session has taken its place, or left.
    fn leave_behind(&mut self, session: &Session) {
        let place = self.places.get_mut(&spot(session.device));
        if let Some(place) = place.filter(|place| place.number == session.number) {
            place.lost_at = Some(self.now);
        }
    }

    /// Whether the client is in a conversation that is not over.
    pub(in super::super) fn is_member(&self, client: Client, talk: usize) -> bool {
        self.living(talk).is_ok_and(|talk| talk.includes(client))
    }

    /// B-18, B-19
    pub(in super::super) fn logged_out(&mut self, device: Device) {
        self.sessions.retain(|session| session.device != device || session.ghost);
        self.places.remove(&spot(device));
    }
}
