//! What is said, changed, received and read.

use yanshu_protocol::{Content, Timestamp};

use super::super::super::text;
use super::super::cast::{Client, Device};
use super::super::heard::{Heard, What};
use super::talk::Said;
use super::{Ears, Model};

impl Model {
    /// A message was accepted and kept.
    pub(in super::super) fn said(&mut self, device: Device, talk: usize, said: Said) {
        let heard = What::Message {
            id: Some(said.id.clone()),
            from: said.from,
            text: said.text.clone(),
            offline: false,
            more: false,
        };
        self.talks[talk].messages.push(said);
        self.tell_all(Some(device), Ears::All, talk, &heard);
    }

    /// A message was accepted for those who are there (B-210).
    pub(in super::super) fn called_out(&mut self, device: Device, talk: usize, text: String) {
        let from = device.client();
        let heard = What::Message { id: None, from, text, offline: false, more: false };
        self.tell_all(Some(device), Ears::All, talk, &heard);
    }

    /// A message was edited, or recalled if there is no text (B-242 to B-247).
    pub(in super::super) fn patched(
        &mut self,
        device: Device,
        talk: usize,
        message: usize,
        edit: Option<String>,
        at: Timestamp,
    ) {
        let said = &mut self.talks[talk].messages[message];
        said.recalled = edit.is_none();
        said.text = edit.unwrap_or_else(|| text(&Content::recalled()));
        said.mentions = None;
        said.patched = Some((at, device));
        let what = said.as_patch();
        self.tell_all(Some(device), Ears::Modern, talk, &what);
    }

    /// A client has received a message and with it all before (W-294 to W-301).
    pub(in super::super) fn acknowledged(&mut self, client: Client, talk: usize, message: usize) {
        let Ok(found) = self.living(talk) else { return };
        let to = found.messages[message].at;
        let Some(seat) = self.talks[talk].seats.get_mut(&client) else { return };
        let before = seat.floor.max(seat.delivered);
        if to <= before {
            return;
        }
        seat.delivered = to;
        let found = &self.talks[talk];
        let ears = if found.members.len() <= 2 { Ears::All } else { Ears::Legacy };
        let between_two = found.members.len() <= 2;
        let wanted = wanted(&found.messages, client, before, to);
        if let Some(newest) = wanted.last().filter(|_| between_two) {
            self.keep_receipt(newest, client, talk, false);
        }
        for said in wanted {
            let what = What::Receipt { id: said.id, from: client, read: false };
            self.tell(&[said.from], None, ears, talk, &what);
        }
    }

    /// For a sender that is not there (W-303).
    fn keep_receipt(&mut self, said: &Said, from: Client, talk: usize, read: bool) {
        if !self.is_connected(said.from) {
            let what = What::Receipt { id: said.id.clone(), from, read };
            self.notes.entry(said.from).or_default().droppable.push(Heard { talk: Some(talk), what });
        }
    }

    /// A client has read everything in a conversation (W-299, W-316 to W-318).
    pub(in super::super) fn read(&mut self, client: Client, talk: usize) {
        let Ok(found) = self.living(talk) else { return };
        let (to, unread_before) = (found.last_at(), found.unread_by(client).len());
        let now = self.now;
        let Some(seat) = self.talks[talk].seats.get_mut(&client) else { return };
        let before = seat.has_read();
        if to <= before {
            return;
        }
        (seat.read, seat.read_at) = (to, now);
        let found = &self.talks[talk];
        let newest = wanted(&found.messages, client, before, to).pop().filter(|_| found.members.len() <= 2);
        if unread_before > 0 {
            let what = What::Unread(found.waiting_for(client));
            self.tell(&[client], None, Ears::Unread, talk, &what);
        }
        if let Some(said) = newest {
            self.keep_receipt(&said, client, talk, true);
            let what = What::Receipt { id: said.id, from: client, read: true };
            self.tell(&[said.from], None, Ears::Modern, talk, &what);
        }
    }
}

/// Messages of others between two times whose senders want a receipt.
fn wanted(messages: &[Said], reader: Client, after: Timestamp, to: Timestamp) -> Vec<Said> {
    let wants = |said: &&Said| said.receipt && said.from != reader && said.at > after && said.at <= to;
    messages.iter().filter(wants).cloned().collect()
}

impl Said {
    pub(super) fn as_patch(&self) -> What {
        What::Patch { id: self.id.clone(), text: self.text.clone(), recall: self.recalled }
    }
}
