//! A device: its line, and what it remembers as an SDK does.

use std::collections::{BTreeMap, BTreeSet};

use yanshu_protocol::{
    ConversationId, ConversationKind, Event, MessageId, Outbound, SessionToken, Timestamp,
};

use super::super::{Peer, text};
use super::cast::Device;
use super::model::{Model, Talk};

/// Edits older than this are not told on return (W-362).
const PATCHES_MILLIS: i64 = 30 * 24 * 60 * 60 * 1000;

pub(super) struct Desk {
    pub(super) device: Device,
    pub(super) peer: Option<Peer>,
    /// Lines that are dead, which the server does not know; with the login each belongs to.
    pub(super) ghosts: Vec<(u64, Peer)>,
    pub(super) login: u64,
    pub(super) token: Option<Token>,
    /// Messages to send again when it is back.
    pub(super) unanswered: Vec<Unanswered>,
    /// What it sent last with a key.
    pub(super) last_sent: Option<(usize, MessageId, Timestamp, String)>,
    /// Up to when it knows what is unread, and what was edited.
    pub(super) unread_until: Option<Timestamp>,
    pub(super) patches_until: Option<Timestamp>,
    counts: BTreeMap<ConversationId, u32>,
    /// Counts it cannot know: a recall takes back what counted, or not; and who was taken out and in again while
    /// it was away starts from nothing without a notice.
    unsure: BTreeSet<ConversationId>,
    /// When it was last there.
    seen_at: Timestamp,
    texts: BTreeMap<MessageId, (ConversationId, String)>,
}

#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) token: SessionToken,
    pub(super) expires_at: Timestamp,
    /// Its session was logged out.
    pub(super) ended: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Unanswered {
    pub(super) talk: usize,
    pub(super) text: String,
    /// What came of it, if it was kept.
    pub(super) kept: Option<(MessageId, Timestamp)>,
}

impl Desk {
    pub(super) fn new(device: Device) -> Self {
        Self {
            device,
            peer: None,
            ghosts: Vec::new(),
            login: 0,
            token: None,
            unanswered: Vec::new(),
            last_sent: None,
            unread_until: None,
            patches_until: None,
            counts: BTreeMap::new(),
            unsure: BTreeSet::new(),
            seen_at: Timestamp::default(),
            texts: BTreeMap::new(),
        }
    }

    /// Starts as if the app had just been installed.
    pub(super) fn forget(&mut self) {
        self.token = None;
        self.unread_until = None;
        self.patches_until = None;
    }

    /// A session is open, from now on as the reply says.
    pub(super) fn opened(&mut self, model: &Model, reply: &Outbound) {
        for talk in &model.talks {
            let joined = talk.seats.get(&self.device.client()).is_some_and(|seat| seat.since > self.seen_at);
            if joined {
                self.unsure.insert(talk.id.clone());
            }
        }
        self.seen_at = model.now;
        if self.unread_until.is_none() {
            self.counts.clear();
            self.unsure.clear();
        }
        if self.patches_until.is_none_or(|until| until < model.now.plus_millis(-PATCHES_MILLIS)) {
            self.texts.clear();
        }
        self.patches_until = self.patches_until.max(reply.server_time);
    }

    /// It is still there.
    pub(super) fn seen(&mut self, now: Timestamp) {
        self.seen_at = now;
    }

    /// Takes in what it was told.
    pub(super) fn take_in(&mut self, event: &Event) {
        match event {
            Event::Message(message) if !message.transient => {
                self.learn(&message.conversation, &message.id, text(&message.content));
                let counts =
                    message.kind != ConversationKind::Room && message.from != self.device.client().id();
                if counts {
                    let count = self.counts.entry(message.conversation.clone()).or_default();
                    *count = (*count + 1).min(100);
                }
            }
            Event::Unread { conversations, notified_at } => {
                self.unread_until = Some(*notified_at);
                for tuple in conversations {
                    self.unsure.remove(&tuple.conversation);
                    self.counts.insert(tuple.conversation.clone(), tuple.count);
                }
            }
            Event::Patch(patch) => {
                self.patches_until = self.patches_until.max(Some(patch.patched_at));
                self.learn(&patch.conversation, &patch.message, text(&patch.content));
                if patch.recall {
                    self.unsure.insert(patch.conversation.clone());
                }
            }
            Event::Joined { conversation, .. } | Event::Left { conversation, .. } => {
                self.counts.remove(conversation);
                self.unsure.remove(conversation);
            }
            _ => {}
        }
    }

    /// What it knows a message to say.
    pub(super) fn learn(&mut self, conversation: &ConversationId, message: &MessageId, text: String) {
        self.texts.insert(message.clone(), (conversation.clone(), text));
    }

    /// Whether what it believes is so, however long it was away.
    pub(super) fn compare(&self, model: &Model) -> Result<(), String> {
        let client = self.device.client();
        for (number, talk) in model.talks.iter().enumerate() {
            if !talk.includes(client) || model.living(number).is_err() {
                continue;
            }
            self.compare_texts(talk)?;
            let counted = self.counts.get(&talk.id).copied().unwrap_or(0);
            let waiting = talk.waiting_for(client).count;
            let knows = self.device.style() == super::cast::Style::Unread && !self.unsure.contains(&talk.id);
            if knows && counted != waiting {
                return Err(format!("{:?} counts {counted} in {number}, and {waiting} wait", self.device));
            }
        }
        Ok(())
    }

    fn compare_texts(&self, talk: &Talk) -> Result<(), String> {
        let Some(seat) = talk.seats.get(&self.device.client()).filter(|_| self.device.is_modern()) else {
            return Ok(());
        };
        // What was said before it joined anew may have been changed while it was out.
        for said in talk.messages.iter().filter(|said| said.at > seat.floor) {
            match self.texts.get(&said.id) {
                Some((_, known)) if *known != said.text => {
                    return Err(format!("{:?} knows {known:?} for {said:?}", self.device));
                }
                _ => {}
            }
        }
        Ok(())
    }
}
