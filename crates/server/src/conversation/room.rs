//! Chat rooms: who is in one now (W-147 to W-156, B-374 to B-393).

use yanshu_protocol::{
    AppId, ClientId, Code, ConversationId, ConversationKind, DeviceId, Event, MembersChanged, Reject,
    Timestamp,
};
use yanshu_session::Actor;

use super::Service;
use super::members::only_itself;
use super::standing::{self, Refused};
use crate::bus::SessionInfo;
use crate::config::OnePer;
use crate::store::{RoomPresence, Roster, StoreError, Write};

impl Service {
    /// Puts the session into a room, out of any other, and remembers it for the case of a lost connection.
    pub(super) async fn enter_room(&self, actor: &Actor, room: &ConversationId) -> Result<(), Reject> {
        if self.settings(&actor.app).room.one_per == OnePer::Client {
            for session in self.bus.sessions_of(&actor.app, &actor.client).await {
                let elsewhere = self.bus.room_of(session.key).await.is_some_and(|other| other != *room);
                if session.key != actor.key && elsewhere {
                    self.take_out(&actor.app, &actor.client, &session).await;
                }
            }
        }
        if !self.bus.enter_room(actor.key, room).await {
            return Err(Code::SessionRequired.into());
        }
        self.note_room(actor.into(), Some(room.clone()), None).await;
        Ok(())
    }

    /// The client joins a room (W-212).
    pub(super) async fn join_room(
        &self,
        actor: &Actor,
        roster: &Roster,
        room: &ConversationId,
        members: Vec<ClientId>,
    ) -> Result<Event, Reject> {
        self.only_itself_or_invited(actor, &members)?;
        let blocked = members.iter().filter(|client| roster.order.blocked.contains(*client));
        let refused: Refused = blocked.map(|client| (client.clone(), Code::BlockedByConversation)).collect();
        if !actor.capabilities.partial_failures() {
            standing::none_refused(&refused)?;
        }
        let members = standing::without(members, &refused);
        for client in &members {
            if *client == actor.client {
                self.enter_room(actor, room).await?;
                continue;
            }
            for session in self.bus.sessions_of(&actor.app, client).await {
                if self.bus.enter_room(session.key, room).await {
                    let seat = RoomSeat { app: &actor.app, client, device: session.device.as_ref() };
                    self.note_room(seat, Some(room.clone()), None).await;
                }
            }
        }
        Ok(Event::MembersAdded(self.changed(room, members, refused)))
    }

    /// The client leaves a room.
    pub(super) async fn quit_room(
        &self,
        actor: &Actor,
        room: &ConversationId,
        members: Vec<ClientId>,
    ) -> Result<Event, Reject> {
        self.only_itself_or_invited(actor, &members)?;
        for client in &members {
            for session in self.bus.sessions_of(&actor.app, client).await {
                let own = *client != actor.client || session.key == actor.key;
                if own && self.bus.room_of(session.key).await.as_ref() == Some(room) {
                    self.take_out(&actor.app, client, &session).await;
                }
            }
        }
        Ok(Event::MembersRemoved(self.changed(room, members, Vec::new())))
    }

    /// Takes a session out of its room for good: it is not put back when it returns (B-382).
    async fn take_out(&self, app: &AppId, client: &ClientId, session: &SessionInfo) {
        self.bus.leave_room(session.key).await;
        self.forget_room(RoomSeat { app, client, device: session.device.as_ref() }).await;
    }

    /// 2015 let anyone bring others in; later nobody (B-385).
    fn only_itself_or_invited(&self, actor: &Actor, members: &[ClientId]) -> Result<(), Reject> {
        if only_itself(actor, members) || self.settings(&actor.app).room.allow_invite {
            return Ok(());
        }
        Err(Code::NormalConversationRequired.into())
    }

    fn changed(&self, room: &ConversationId, allowed: Vec<ClientId>, refused: Refused) -> MembersChanged {
        MembersChanged {
            conversation: room.clone(),
            updated_at: self.clock.now(),
            allowed,
            failed: standing::failures(refused),
        }
    }

    /// Logging out leaves the room for good (B-19).
    pub(super) async fn forget_room(&self, seat: RoomSeat<'_>) {
        self.note_room(seat, None, None).await;
    }

    /// The session is lost while in a room: from now on it has so long to come back (B-381). Where the device
    /// is back already, what holds is where that session is.
    pub(super) async fn keep_room(&self, actor: &Actor, room: ConversationId) {
        let sessions = self.bus.sessions_of(&actor.app, &actor.client).await;
        let is_back = |session: &SessionInfo| session.key > actor.key && session.device == actor.device;
        if !sessions.iter().any(is_back) {
            self.note_room(actor.into(), Some(room), Some(self.clock.now())).await;
        }
    }

    /// The room that a session comes back into, if it was lost there and comes in time (B-380).
    pub(crate) async fn room_to_return_to(
        &self,
        actor: &Actor,
    ) -> Result<Option<ConversationId>, StoreError> {
        let window = self.settings(&actor.app).room.rejoin_seconds;
        let since = self.clock.now().plus_millis(-i64::from(window).saturating_mul(1000));
        let room = self
            .store
            .room_to_return_to(&actor.app, &actor.client, device(actor.device.as_ref()), since)
            .await?;
        let Some(room) = room else { return Ok(None) };
        let roster = self.rosters.get(&*self.store, &actor.app, &room, self.clock.now()).await?;
        let welcome = |roster: &Roster| {
            roster.kind == ConversationKind::Room && !roster.order.blocked.contains(&actor.client)
        };
        Ok(roster.is_some_and(|roster| welcome(&roster)).then_some(room))
    }

    /// The session is there again.
    pub(super) async fn remember_return(&self, actor: &Actor) {
        if actor.returns_to.is_some() {
            self.note_room(actor.into(), actor.returns_to.clone(), None).await;
        }
    }

    /// Waits until it is kept: who has left must not be put back because it returns at once.
    async fn note_room(&self, seat: RoomSeat<'_>, room: Option<ConversationId>, lost_at: Option<Timestamp>) {
        let presence = RoomPresence {
            app: seat.app.clone(),
            client: seat.client.clone(),
            device: device(seat.device).to_owned(),
            room,
            lost_at,
        };
        if let Err(error) = self.commit(|done| Write::SetRoom(Box::new(presence), done)).await {
            tracing::warn!(%error, "a room presence was not noted");
        }
    }
}

/// A device of a client, which can be in one chat room.
#[derive(Debug, Clone, Copy)]
pub(super) struct RoomSeat<'a> {
    pub(super) app: &'a AppId,
    pub(super) client: &'a ClientId,
    pub(super) device: Option<&'a DeviceId>,
}

impl<'a> From<&'a Actor> for RoomSeat<'a> {
    fn from(actor: &'a Actor) -> Self {
        Self { app: &actor.app, client: &actor.client, device: actor.device.as_ref() }
    }
}

/// An unknown device is one device: it is all that is known of it (W-95).
fn device(device: Option<&DeviceId>) -> &str {
    device.map_or("", DeviceId::as_str)
}
