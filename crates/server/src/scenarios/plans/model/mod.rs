//! What must hold, in plain data: who is in what, what was said, how far everyone is, who is connected, and
//! what each device must hear of each step. It knows no server and does nothing by itself; it is told what was
//! asked and which ids and times the server gave, and says what has to come of it.

mod members;
mod sessions;
mod speech;
mod talk;

use std::collections::{BTreeMap, BTreeSet};

use yanshu_protocol::{Code, ConversationId, ConversationKind, Timestamp};

use super::cast::{Client, Device, Style};
use super::heard::{Heard, What};

pub(super) use members::Outcome;
pub(super) use sessions::Opened;
pub(super) use talk::{PUSHED, Position, Said, Talk};

#[derive(Debug)]
pub(super) struct Model {
    pub(super) now: Timestamp,
    roles: bool,
    pub(super) talks: Vec<Talk>,
    /// Conversations to which nobody may add a client.
    avoided: BTreeSet<(Client, usize)>,
    /// As the server sees them.
    sessions: Vec<sessions::Session>,
    places: BTreeMap<(Client, Option<Device>), sessions::Place>,
    opened: u64,
    expected: BTreeMap<Device, Vec<Heard>>,
    notes: BTreeMap<Client, Notes>,
}

/// What a client can ask for later, whether or not it was there (W-384).
#[derive(Debug, Clone, Default)]
struct Notes {
    /// What happened to itself.
    reliable: Vec<Heard>,
    /// What happened to others where it is a member, and receipts.
    droppable: Vec<Heard>,
}

/// Who of those it is for is able to hear something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ears {
    All,
    Modern,
    Legacy,
    Unread,
}

impl Model {
    pub(super) fn new(now: Timestamp, roles: bool) -> Self {
        Self {
            now,
            roles,
            talks: Vec::new(),
            avoided: BTreeSet::new(),
            sessions: Vec::new(),
            places: BTreeMap::new(),
            opened: 0,
            expected: BTreeMap::new(),
            notes: BTreeMap::new(),
        }
    }

    /// What a client missed at most, in conversations that are not over (W-462): of itself, and of others.
    pub(super) fn notes(&self, client: Client) -> (Vec<Heard>, Vec<Heard>) {
        let Notes { mut reliable, mut droppable } = self.notes.get(&client).cloned().unwrap_or_default();
        for notes in [&mut reliable, &mut droppable] {
            notes.retain(|note| note.talk.is_some_and(|talk| self.living(talk).is_ok()));
        }
        (reliable, droppable)
    }

    /// The number of a conversation.
    pub(super) fn number(&self, id: &ConversationId) -> Option<usize> {
        self.talks.iter().position(|talk| talk.id == *id)
    }

    /// A conversation that is not over.
    pub(super) fn living(&self, talk: usize) -> Result<&Talk, Code> {
        let talk = &self.talks[talk];
        match talk.expires_at.is_none_or(|end| end > self.now) {
            true => Ok(talk),
            false => Err(Code::ConversationNotFound),
        }
    }

    /// What a device must have heard since the last time.
    pub(super) fn take_expected(&mut self, device: Device) -> Vec<Heard> {
        self.expected.remove(&device).unwrap_or_default()
    }

    /// Every session of these clients hears something of a conversation.
    fn tell(&mut self, clients: &[Client], except: Option<Device>, ears: Ears, talk: usize, what: &What) {
        self.note(clients, talk, what);
        // Of temporary conversations 2015 knew nothing (W-102).
        let old = self.talks[talk].kind != ConversationKind::Temporary;
        for session in &self.sessions {
            let device = session.device;
            let hears = clients.contains(&device.client())
                && except != Some(device)
                && ears.hear(device)
                && (old || device.is_modern());
            if hears && !session.ghost {
                let heard = Heard { talk: Some(talk), what: what.clone() };
                self.expected.entry(device).or_default().push(heard);
            }
        }
    }

    /// Every session in a chat room does.
    fn tell_room(&mut self, except: Option<Device>, ears: Ears, talk: usize, what: &What) {
        for session in &self.sessions {
            let device = session.device;
            let hears = session.room == Some(talk) && except != Some(device) && ears.hear(device);
            if hears && !session.ghost {
                let heard = Heard { talk: Some(talk), what: what.clone() };
                self.expected.entry(device).or_default().push(heard);
            }
        }
    }

    /// Keeps what is kept of what some clients are told.
    fn note(&mut self, clients: &[Client], talk: usize, what: &What) {
        for client in clients {
            let notes = self.notes.entry(*client).or_default();
            let note = || Heard { talk: Some(talk), what: what.clone() };
            match what {
                What::Joined { .. } | What::Restricted { .. } => notes.reliable.push(note()),
                What::Left { .. } => {
                    // What happened there before does not concern it any more.
                    let is_receipt = |note: &Heard| matches!(note.what, What::Receipt { .. });
                    notes.droppable.retain(|note| note.talk != Some(talk) || is_receipt(note));
                    notes.reliable.push(note());
                }
                What::MembersJoined { .. }
                | What::MembersLeft { .. }
                | What::MembersRestricted { .. }
                | What::RoleChanged { .. }
                | What::Renamed { .. } => notes.droppable.push(note()),
                What::Message { .. } | What::Patch { .. } | What::Receipt { .. } | What::Unread(_) => {}
                What::Other(event) => panic!("no step causes {event:?}"),
            }
        }
    }

    /// All members, or all who are in the room.
    fn tell_all(&mut self, except: Option<Device>, ears: Ears, talk: usize, what: &What) {
        if self.talks[talk].has_members() {
            let members = self.talks[talk].members.clone();
            self.tell(&members, except, ears, talk, what);
        } else {
            self.tell_room(except, ears, talk, what);
        }
    }
}

impl Ears {
    fn hear(self, device: Device) -> bool {
        match self {
            Self::All => true,
            Self::Modern => device.is_modern(),
            Self::Legacy => !device.is_modern(),
            Self::Unread => device.style() == Style::Unread,
        }
    }
}
