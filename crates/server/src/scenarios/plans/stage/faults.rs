//! Servers that stop, and messages that are under way when something breaks.

use std::collections::BTreeMap;

use yanshu_protocol::{Command, SendMessage};

use super::super::super::{plain_message, text};
use super::super::cast::Device;
use super::super::desk::Unanswered;
use super::super::model::Said;
use super::super::step::{Fault, Talk};
use super::{Checked, Stage, same};
use crate::clock::Clock;

impl Stage {
    pub(super) async fn restart(&mut self) -> Checked {
        self.drop_ghosts().await?;
        self.model.all_lost();
        self.world.restart().await;
        self.all_offline();
        Ok(())
    }

    /// As if the power had failed.
    pub(super) async fn kill(&mut self) -> Checked {
        self.model.all_lost();
        self.world.kill().await;
        self.all_offline();
        self.take_over_cursors().await
    }

    fn all_offline(&mut self) {
        for desk in &mut self.desks {
            desk.peer = None;
            desk.ghosts.clear();
        }
        self.model.now = self.world.clock.now();
    }

    /// The latest acknowledgements may be lost with the server, so that something comes again: nothing else.
    async fn take_over_cursors(&mut self) -> Checked {
        for talk in &mut self.model.talks {
            for (client, seat) in &mut talk.seats {
                let kept = self.world.cursor(&talk.id, &client.id()).await;
                let (delivered, read) = (kept.delivered.unwrap_or_default(), kept.read.unwrap_or_default());
                same("what was read, after a crash", read, seat.has_read())?;
                let before = seat.floor.max(seat.delivered);
                if delivered < seat.floor || delivered > before {
                    return Err(format!("{client:?} received up to {before:?}, kept is {delivered:?}"));
                }
                seat.delivered = delivered;
            }
        }
        Ok(())
    }

    pub(super) async fn interrupt(&mut self, device: Device, talk: Talk, fault: Fault) -> Checked {
        let word = self.word();
        let conversation = self.model.talks[talk].id.clone();
        let peer = self.peer(device);
        let message = SendMessage { resend_key: Some(word.clone()), ..plain_message(&conversation, &word) };
        peer.tell(Command::Send(Box::new(message)));
        tokio::task::yield_now().await;
        match fault {
            Fault::HangUp => {
                let peer = self.desk(device).peer.take().expect("it is online");
                peer.hang_up();
                self.world.until_connections(self.lines()).await;
                self.model.lost(device, false);
            }
            Fault::Restart => self.restart().await?,
            Fault::Kill => self.kill().await?,
        }
        let kept = self.take_over_message(device, talk, &word).await?;
        self.desk(device).unanswered.push(Unanswered { talk, text: word, kept });
        Ok(())
    }

    /// Whether the message was kept or not is a race. Either it is the newest of all, or there is none.
    async fn take_over_message(
        &mut self,
        device: Device,
        talk: Talk,
        word: &str,
    ) -> Result<Option<(yanshu_protocol::MessageId, yanshu_protocol::Timestamp)>, String> {
        let found = &self.model.talks[talk];
        let stored = self.world.stored(&found.id).await;
        let known: BTreeMap<_, _> = found.messages.iter().map(|said| (&said.id, said)).collect();
        let mut new = stored.iter().filter(|message| !known.contains_key(&message.id));
        let (first, second) = (new.next(), new.next());
        same("messages nobody sent", second.map(|message| text(&message.content)), None)?;
        let Some(message) = first else { return Ok(None) };
        same("a message under way", text(&message.content), word.to_owned())?;
        let may = self.model.living(talk).and_then(|talk| talk.may_send(device.client()));
        same("whether it could be sent", may, Ok(()))?;
        let said = Said {
            id: message.id.clone(),
            at: message.timestamp,
            from: device.client(),
            text: word.to_owned(),
            receipt: false,
            mentions: None,
            recalled: false,
            patched: None,
        };
        let kept = (said.id.clone(), said.at);
        let conversation = self.model.talks[talk].id.clone();
        self.desk(device).learn(&conversation, &said.id, word.to_owned());
        self.model.said(device, talk, said);
        Ok(Some(kept))
    }
}
