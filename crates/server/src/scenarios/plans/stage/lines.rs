//! Logging in and out, and lines that end.

use yanshu_protocol::{Code, Command, Event, OpenSession, Serial, SessionCommand};

use super::super::super::Peer;
use super::super::cast::Device;
use super::super::desk::Token;
use super::super::model::Opened;
use super::super::step::Wait;
use super::{Checked, Stage, refusal, same};
use crate::clock::Clock;

/// A login under way.
pub(super) struct Arrival {
    device: Device,
    peer: Peer,
    details: OpenSession,
    serial: Serial,
}

impl Stage {
    /// Lines the server knows of.
    pub(in super::super) fn lines(&self) -> usize {
        self.desks.iter().map(|desk| usize::from(desk.peer.is_some()) + desk.ghosts.len()).sum()
    }

    pub(super) async fn open(&mut self, device: Device, resume: bool) -> Checked {
        let mut peer = self.world.connect_as(device.client().name(), device.subprotocol());
        if !resume {
            self.desk(device).forget();
        }
        let token = self.desk(device).token.clone();
        let mut details = OpenSession {
            reconnect: token.is_some(),
            last_unread_notice: self.desk(device).unread_until,
            last_patch: self.desk(device).patches_until.filter(|_| device.is_modern()),
            ..OpenSession::default()
        };
        let mut refused = None;
        if let Some(token) = &token {
            refused = self.is_refused(token);
            details.token = Some(token.token.clone());
            let reply = peer.open(details.clone()).await;
            same("a return", refusal(&reply.event), refused)?;
            if refused.is_none() {
                self.opened(device, &reply.event, &details)?;
                self.desks[device.index()].opened(&self.model, &reply);
            }
        }
        if refused == Some(Code::SessionRequired) {
            // An SDK gives up: the app had logged out (W-459).
            self.desk(device).forget();
            peer.hang_up();
            self.world.until_connections(self.lines()).await;
            return Ok(());
        }
        if token.is_none() || refused.is_some() {
            self.logins += 1;
            self.desk(device).login = self.logins;
            let details =
                OpenSession { token: None, config: device.config(), device: device.id(), ..details };
            let reply = peer.open(details.clone()).await;
            self.opened(device, &reply.event, &details)?;
            self.desks[device.index()].opened(&self.model, &reply);
        }
        self.desk(device).peer = Some(peer);
        self.drop_replaced(device).await;
        Ok(())
    }

    /// A login that nobody waits for yet, as if for the first time.
    pub(super) fn begin_arrival(&mut self, device: Device) -> Arrival {
        self.desk(device).forget();
        let mut peer = self.world.connect_as(device.client().name(), device.subprotocol());
        let details = OpenSession { config: device.config(), device: device.id(), ..OpenSession::default() };
        let serial = peer.tell(Command::Session(SessionCommand::Open(Box::new(details.clone()))));
        Arrival { device, peer, details, serial }
    }

    pub(super) async fn end_arrival(&mut self, arrival: Arrival) -> Checked {
        let Arrival { device, mut peer, details, serial } = arrival;
        let reply = peer.reply_to(serial).await;
        self.logins += 1;
        self.desk(device).login = self.logins;
        self.opened(device, &reply.event, &details)?;
        self.desks[device.index()].opened(&self.model, &reply);
        self.desk(device).peer = Some(peer);
        (self.arrived, self.arrived_amid) = (None, Some(device));
        Ok(())
    }

    fn is_refused(&self, token: &Token) -> Option<Code> {
        match () {
            () if token.expires_at <= self.model.now => Some(Code::SessionTokenExpired),
            () if token.ended => Some(Code::SessionRequired),
            () => None,
        }
    }

    fn opened(&mut self, device: Device, reply: &Event, details: &OpenSession) -> Checked {
        let Event::SessionOpened { token, ttl_seconds } = reply else {
            return Err(format!("no session for {device:?}: {reply:?}"));
        };
        let expires_at = self.model.now.plus_millis(i64::from(*ttl_seconds) * 1000);
        let desk = self.desk(device);
        desk.token = Some(Token { token: token.clone(), expires_at, ended: false });
        let how = Opened { login: desk.login, patches_until: details.last_patch };
        self.model.open(device, how);
        self.arrived = Some((device, details.last_unread_notice));
        Ok(())
    }

    /// The dead line of the same token is not served any more (W-128); the rest of it goes too.
    async fn drop_replaced(&mut self, device: Device) {
        let desk = self.desk(device);
        let login = desk.login;
        let replaced: Vec<_> = desk.ghosts.extract_if(.., |(of, _)| *of == login).collect();
        replaced.iter().for_each(|(_, peer)| peer.hang_up());
        self.world.until_connections(self.lines()).await;
    }

    pub(super) async fn log_out(&mut self, device: Device) -> Checked {
        let desk = self.desk(device);
        let Some(mut peer) = desk.peer.take() else { return Ok(()) };
        if let Some(token) = &mut desk.token {
            token.ended = true;
        }
        let reply = peer.ask(Command::Session(SessionCommand::Close)).await.event;
        same("a logout", reply, Event::SessionClosed(None))?;
        self.model.logged_out(device);
        peer.hang_up();
        self.world.until_connections(self.lines()).await;
        Ok(())
    }

    /// The server notices that a line is dead: the one in use, or else one that was cut before.
    pub(super) async fn hang_up(&mut self, device: Device) -> Checked {
        let desk = self.desk(device);
        let (peer, ghost) = match desk.peer.take() {
            Some(peer) => (peer, false),
            None if desk.ghosts.is_empty() => return Ok(()),
            None => (desk.ghosts.remove(0).1, true),
        };
        peer.hang_up();
        self.world.until_connections(self.lines()).await;
        self.model.lost(device, ghost);
        Ok(())
    }

    pub(super) fn cut(&mut self, device: Device) -> Checked {
        let desk = self.desk(device);
        if let Some(peer) = desk.peer.take() {
            peer.cut();
            let login = desk.login;
            desk.ghosts.push((login, peer));
            self.model.cut(device);
        }
        Ok(())
    }

    /// Every line that was cut shows to be dead.
    pub(super) async fn drop_ghosts(&mut self) -> Checked {
        for device in Device::all() {
            while !self.desk(device).ghosts.is_empty() {
                let (_, peer) = self.desk(device).ghosts.remove(0);
                peer.hang_up();
                self.world.until_connections(self.lines()).await;
                self.model.lost(device, true);
            }
        }
        Ok(())
    }

    /// Time passes; whoever is connected gives a sign of life.
    pub(super) async fn wait(&mut self, wait: Wait) -> Checked {
        self.world.clock.advance(wait.millis());
        self.model.now = self.world.clock.now();
        self.listen(None).await?;
        match wait.shows_dead_lines() {
            true => self.drop_ghosts().await,
            false => Ok(()),
        }
    }
}
