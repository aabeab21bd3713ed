//! One conversation, as it must be.

use std::collections::{BTreeMap, BTreeSet};

use yanshu_protocol::{Code, ConversationId, ConversationKind, MessageId, Role, Timestamp};

use super::super::cast::{Client, Device};
use super::super::heard::{Waiting, What};

/// What a client that was away is sent of one conversation (B-272).
pub(in super::super) const PUSHED: usize = 20;

/// Most messages that count as unread (B-290).
const MOST_UNREAD: usize = 100;

#[derive(Debug, Clone)]
pub(in super::super) struct Talk {
    pub(in super::super) id: ConversationId,
    pub(in super::super) kind: ConversationKind,
    pub(in super::super) creator: Client,
    pub(in super::super) name: Option<String>,
    pub(in super::super) expires_at: Option<Timestamp>,
    /// The members it was made with, if it is the one conversation of these.
    pub(in super::super) founders: Option<BTreeSet<Client>>,
    /// In order of joining.
    pub(in super::super) members: Vec<Client>,
    pub(in super::super) seats: BTreeMap<Client, Seat>,
    pub(in super::super) managers: BTreeSet<Client>,
    /// In order of entry.
    pub(in super::super) silenced: Vec<Client>,
    pub(in super::super) blocked: Vec<Client>,
    pub(in super::super) messages: Vec<Said>,
}

/// How far a member is.
#[derive(Debug, Clone, Copy, Default)]
pub(in super::super) struct Seat {
    /// The newest message when it joined: nothing before counts.
    pub(in super::super) floor: Timestamp,
    pub(in super::super) delivered: Timestamp,
    pub(in super::super) read: Timestamp,
    /// When it read.
    pub(in super::super) read_at: Timestamp,
    /// When it joined.
    pub(in super::super) since: Timestamp,
}

/// A member, what it received and what it read.
pub(in super::super) type Position = (Client, Option<Timestamp>, Option<Timestamp>);

/// A message that is kept.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Said {
    pub(in super::super) id: MessageId,
    pub(in super::super) at: Timestamp,
    pub(in super::super) from: Client,
    pub(in super::super) text: String,
    pub(in super::super) receipt: bool,
    pub(in super::super) mentions: Option<Client>,
    pub(in super::super) recalled: bool,
    /// When it was changed last, and on which device.
    pub(in super::super) patched: Option<(Timestamp, Device)>,
}

impl Seat {
    pub(in super::super) fn has_read(&self) -> Timestamp {
        self.floor.max(self.read)
    }

    pub(in super::super) fn has_received(&self) -> Timestamp {
        self.floor.max(self.read).max(self.delivered)
    }
}

impl Talk {
    pub(in super::super) fn includes(&self, client: Client) -> bool {
        self.members.contains(&client)
    }

    pub(in super::super) fn has_members(&self) -> bool {
        self.kind != ConversationKind::Room
    }

    pub(in super::super) fn last_at(&self) -> Timestamp {
        self.messages.last().map_or_else(Timestamp::default, |said| said.at)
    }

    /// Everybody is in a chat room as far as roles go.
    pub(super) fn role(&self, client: Client) -> Option<Role> {
        match () {
            () if self.has_members() && !self.includes(client) => None,
            () if self.creator == client => Some(Role::Owner),
            () if self.managers.contains(&client) => Some(Role::Manager),
            () => Some(Role::Member),
        }
    }

    /// B-126, B-187, W-366
    pub(in super::super) fn may_send(&self, client: Client) -> Result<(), Code> {
        match () {
            () if self.blocked.contains(&client) => Err(Code::BlockedByConversation),
            () if self.has_members() && !self.includes(client) => Err(Code::InvalidMessagingTarget),
            () if self.silenced.contains(&client) => Err(Code::Silenced),
            () => Ok(()),
        }
    }

    /// Whether there is something to change; the sender alone may change it (B-239, B-241, W-350).
    pub(in super::super) fn may_patch(
        &self,
        client: Client,
        message: usize,
        recall: bool,
    ) -> Result<bool, Code> {
        let said = &self.messages[message];
        match (said.from == client, said.recalled, recall) {
            (false, ..) => Err(Code::MessageOwnershipRequired),
            (true, true, false) => Err(Code::MessageNotFound),
            (true, recalled, _) => Ok(!recalled),
        }
    }

    /// What counts as unread for a client: what others said after its place and did not recall (W-308, W-309).
    pub(in super::super) fn unread_by(&self, client: Client) -> Vec<&Said> {
        let Some(seat) = self.seats.get(&client) else { return Vec::new() };
        let counts = |said: &&Said| said.at > seat.has_read() && said.from != client && !said.recalled;
        let unread: Vec<_> = self.messages.iter().filter(counts).collect();
        unread[unread.len().saturating_sub(MOST_UNREAD)..].to_vec()
    }

    /// The same as a notice tells it (W-306, W-318).
    pub(in super::super) fn waiting_for(&self, client: Client) -> Waiting {
        let unread = self.unread_by(client);
        Waiting {
            count: u32::try_from(unread.len()).unwrap(),
            mentioned: unread.iter().any(|said| said.mentions == Some(client)),
            last: unread.last().copied().or(self.messages.last()).map(|said| said.id.clone()),
        }
    }

    /// What a client is sent that gets the messages themselves (B-272, W-290).
    pub(in super::super) fn missed_by(&self, client: Client) -> Vec<What> {
        let Some(seat) = self.seats.get(&client) else { return Vec::new() };
        let missed = |said: &&Said| said.at > seat.has_received() && said.from != client;
        let missed: Vec<_> = self.messages.iter().filter(missed).collect();
        let missed = &missed[missed.len().saturating_sub(PUSHED)..];
        let last = missed.len().saturating_sub(1);
        let told = missed.iter().enumerate().map(|(place, said)| What::Message {
            id: Some(said.id.clone()),
            from: said.from,
            text: said.text.clone(),
            offline: true,
            more: place < last,
        });
        told.collect()
    }

    /// How far the others are by what they did themselves: joining is neither receiving nor reading (W-234).
    pub(in super::super) fn positions_of_others(&self, client: Client) -> Vec<Position> {
        let others = self.members.iter().filter(|member| **member != client);
        let position = |member: &Client| {
            let seat = self.seats[member];
            let moved = |to: Timestamp| Some(to).filter(|to| *to > seat.floor);
            (*member, moved(seat.delivered), moved(seat.read))
        };
        others.map(position).collect()
    }

    pub(super) fn join(&mut self, client: Client, now: Timestamp) {
        self.members.push(client);
        self.seats.insert(client, Seat { floor: self.last_at(), since: now, ..Seat::default() });
    }

    pub(super) fn leave(&mut self, client: Client) {
        self.members.retain(|member| *member != client);
        self.seats.remove(&client);
        self.managers.remove(&client);
    }
}
