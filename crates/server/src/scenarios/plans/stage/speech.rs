//! Sending, changing, receiving, reading.

use yanshu_protocol::{
    AckMessages, Code, Command, Content, Event, Mentions, MessageAck, PatchRequest, ReadMark, SendMessage,
};

use super::super::super::{plain_message, text};
use super::super::cast::{Client, Device};
use super::super::desk::Unanswered;
use super::super::model::Said;
use super::super::step::{How, Talk};
use super::{Checked, Stage, code, refusal, same};

impl Stage {
    fn may_send(&self, client: Client, talk: Talk) -> Result<(), Code> {
        self.model.living(talk)?.may_send(client)
    }

    fn message(&self, talk: Talk, text: &str, how: How) -> SendMessage {
        SendMessage {
            transient: how == How::Transient,
            receipt: how == How::Receipt,
            mentions: Mentions {
                all: false,
                clients: mentioned(how).iter().map(|client| client.id()).collect(),
            },
            ..plain_message(&self.model.talks[talk].id, text)
        }
    }

    pub(super) async fn send(&mut self, device: Device, talk: Talk, how: How) -> Checked {
        let word = self.word();
        let keyed = how != How::Transient && self.words.is_multiple_of(2);
        let may = self.may_send(device.client(), talk);
        let message =
            SendMessage { resend_key: keyed.then(|| word.clone()), ..self.message(talk, &word, how) };
        let peer = self.peer(device);
        if how == How::Transient && !device.is_modern() {
            // 2015 has no answer to it (B-213).
            peer.tell(Command::Send(Box::new(message)));
            if may.is_ok() {
                self.model.called_out(device, talk, word);
            }
            return Ok(());
        }
        let ack = peer.send_message(message).await;
        same("the answer to a message", code(&ack.reject), may.err())?;
        match (may, how) {
            (Err(_), _) => {}
            (Ok(()), How::Transient) => self.model.called_out(device, talk, word),
            (Ok(()), _) => {
                if keyed {
                    self.desk(device).last_sent =
                        Some((talk, ack.message.clone(), ack.timestamp, word.clone()));
                }
                self.keep(device, talk, &ack, word, how);
            }
        }
        Ok(())
    }

    /// A message was accepted and not there before.
    fn keep(&mut self, device: Device, talk: Talk, ack: &MessageAck, word: String, how: How) {
        let conversation = self.model.talks[talk].id.clone();
        self.desk(device).learn(&conversation, &ack.message, word.clone());
        let said = Said {
            id: ack.message.clone(),
            at: ack.timestamp,
            from: device.client(),
            text: word,
            receipt: how == How::Receipt,
            mentions: mentioned(how),
            recalled: false,
            patched: None,
        };
        self.model.said(device, talk, said);
    }

    /// B-195
    pub(super) async fn repeat(&mut self, device: Device) -> Checked {
        let Some((talk, id, at, word)) = self.desk(device).last_sent.clone() else { return Ok(()) };
        self.send_keyed(device, Unanswered { talk, text: word, kept: Some((id, at)) }).await
    }

    /// Sends a message that the server may have.
    async fn send_keyed(&mut self, device: Device, sent: Unanswered) -> Checked {
        let Unanswered { talk, text, kept } = sent;
        let may = self.may_send(device.client(), talk);
        let message = SendMessage { resend_key: Some(text.clone()), ..self.message(talk, &text, How::Plain) };
        let ack = self.peer(device).send_message(message).await;
        same("the answer to a message sent again", code(&ack.reject), may.err())?;
        match (may, kept) {
            (Ok(()), Some(first)) => same("a message sent again", (ack.message, ack.timestamp), first),
            (Ok(()), None) => {
                self.keep(device, talk, &ack, text, How::Plain);
                Ok(())
            }
            (Err(_), _) => Ok(()),
        }
    }

    /// A device is back and has messages without an answer.
    pub(super) async fn send_again(&mut self, device: Device) -> Checked {
        if !self.is_online(device) {
            return Ok(());
        }
        for sent in std::mem::take(&mut self.desk(device).unanswered) {
            self.send_keyed(device, sent).await?;
        }
        self.listen(Some(device)).await
    }

    /// The order is the server's to say: that of the times it gave. Everyone must then hear this order.
    pub(super) async fn burst(&mut self, sends: &[(Device, Talk)], arriving: Option<Device>) -> Checked {
        let mut arriving = arriving.filter(|device| !self.is_online(*device));
        let mut arrival = None;
        let mut under_way = Vec::new();
        for (device, talk) in sends.iter().copied() {
            if !self.is_online(device) {
                continue;
            }
            if under_way.len() == sends.len() / 2 {
                arrival = arriving.take().map(|device| self.begin_arrival(device));
            }
            let (talk, word) = (self.talk(talk), self.word());
            let message = Box::new(self.message(talk, &word, How::Plain));
            let peer = self.peer(device);
            under_way.push((device, talk, word, peer.tell(Command::Send(message))));
        }
        if let Some(arrival) = arrival {
            self.end_arrival(arrival).await?;
        }
        let mut accepted = Vec::new();
        for (device, talk, word, serial) in under_way {
            let may = self.may_send(device.client(), talk);
            let peer = self.peer(device);
            let Event::MessageAck(ack) = peer.reply_to(serial).await.event else {
                return Err("a message got another answer".to_owned());
            };
            same("the answer to one of many", code(&ack.reject), may.err())?;
            if may.is_ok() {
                accepted.push((ack, device, talk, word));
            }
        }
        accepted.sort_by_key(|(ack, ..)| (ack.timestamp, ack.message.clone()));
        for (ack, device, talk, word) in accepted {
            self.keep(device, talk, &ack, word, How::Plain);
        }
        Ok(())
    }

    pub(super) async fn patch(
        &mut self,
        device: Device,
        talk: Talk,
        message: usize,
        recall: bool,
    ) -> Checked {
        let count = self.model.talks[talk].messages.len();
        if count == 0 || !device.is_modern() {
            return Ok(());
        }
        let message = self.pick(device, talk, message);
        let found = &self.model.talks[talk];
        let (conversation, said) = (found.id.clone(), found.messages[message].clone());
        let may = self.model.living(talk).and_then(|talk| talk.may_patch(device.client(), message, recall));
        let word = (!recall).then(|| self.word());
        let request = PatchRequest {
            conversation: conversation.clone(),
            message: said.id.clone(),
            timestamp: Some(said.at),
            recall,
            content: word.as_ref().map(|word| Content::Text(word.as_str().into())),
            mentions: Mentions::default(),
        };
        let reply = self.peer(device).ask(Command::Patch(vec![request])).await.event;
        same("the answer to a change", refusal(&reply), may.err())?;
        let (Ok(true), Event::Patched { at }) = (may, &reply) else { return Ok(()) };
        let now = word.clone().unwrap_or_else(|| text(&Content::recalled()));
        self.desk(device).learn(&conversation, &said.id, now);
        self.model.patched(device, talk, message, word, *at);
        Ok(())
    }

    /// A message to change: mostly, if there is one, of the client itself.
    fn pick(&self, device: Device, talk: Talk, message: usize) -> usize {
        let messages = self.model.talks[talk].messages.iter().enumerate();
        let own = |(_, said): &(usize, &Said)| message.is_multiple_of(2) && said.from == device.client();
        let own: Vec<_> = messages.filter(own).map(|(place, _)| place).collect();
        let count = self.model.talks[talk].messages.len();
        match own.len() {
            0 => count - 1 - message % count,
            own_count => own[own_count - 1 - message / 2 % own_count],
        }
    }

    pub(super) fn acknowledge(&mut self, device: Device, talk: Talk, message: usize, as_range: bool) {
        let count = self.model.talks[talk].messages.len();
        if count == 0 {
            return;
        }
        let message = count - 1 - message % count;
        let found = &self.model.talks[talk];
        let (conversation, said) = (found.id.clone(), found.messages[message].clone());
        let acked = match as_range {
            true => AckMessages::Range { conversation, from: None, to: said.at },
            false => AckMessages::One { conversation, message: said.id },
        };
        self.peer(device).tell(Command::Ack(acked));
        self.model.acknowledged(device.client(), talk, message);
    }

    pub(super) fn read(&mut self, device: Device, talk: Talk) {
        let found = &self.model.talks[talk];
        let Some(last) = found.messages.last() else { return };
        let mark = ReadMark {
            conversation: found.id.clone(),
            message: Some(last.id.clone()),
            timestamp: Some(last.at),
        };
        self.peer(device).tell(Command::Read(vec![mark]));
        self.model.read(device.client(), talk);
    }
}

fn mentioned(how: How) -> Option<Client> {
    match how {
        How::Mentioning(client) => Some(client),
        How::Plain | How::Receipt | How::Transient => None,
    }
}
