//! Chat rooms: who is in one now (W-147 to W-156, B-374 to B-393).

use yanshu_protocol::{
    ClientId, Code, ConversationId, ConversationKind, Event, MembersChanged, Reject, Timestamp,
};
use yanshu_session::Actor;

use super::Service;
use super::members::only_itself;
use crate::config::OnePer;
use crate::store::{RoomPresence, StoreError, Write};

impl Service {
    /// Puts the session into a room, out of any other, and remembers it for the case of a lost connection.
    pub(super) async fn enter_room(&self, actor: &Actor, room: &ConversationId) -> Result<(), Reject> {
        if self.settings(&actor.app).room.one_per == OnePer::Client {
            for session in self.bus.sessions_of(&actor.app, &actor.client).await {
                let elsewhere = self.bus.room_of(session.key).await.is_some_and(|other| other != *room);
                if session.key != actor.key && elsewhere {
                    self.bus.leave_room(session.key).await;
                }
            }
        }
        if !self.bus.enter_room(actor.key, room).await {
            return Err(Code::SessionRequired.into());
        }
        self.note_room(actor, Some(room.clone()), None).await;
        Ok(())
    }

    /// The client joins a room (W-212).
    pub(super) async fn join_room(
        &self,
        actor: &Actor,
        room: &ConversationId,
        members: Vec<ClientId>,
    ) -> Result<Event, Reject> {
        self.only_itself_or_invited(actor, &members)?;
        for client in &members {
            if *client == actor.client {
                self.enter_room(actor, room).await?;
                continue;
            }
            for session in self.bus.sessions_of(&actor.app, client).await {
                self.bus.enter_room(session.key, room).await;
            }
        }
        Ok(Event::MembersAdded(self.changed(room, members)))
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
                    self.bus.leave_room(session.key).await;
                }
            }
        }
        if members.contains(&actor.client) {
            self.note_room(actor, None, None).await;
        }
        Ok(Event::MembersRemoved(self.changed(room, members)))
    }

    /// 2015 let anyone bring others in; later nobody (B-385).
    fn only_itself_or_invited(&self, actor: &Actor, members: &[ClientId]) -> Result<(), Reject> {
        if only_itself(actor, members) || self.settings(&actor.app).room.allow_invite {
            return Ok(());
        }
        Err(Code::NormalConversationRequired.into())
    }

    fn changed(&self, room: &ConversationId, allowed: Vec<ClientId>) -> MembersChanged {
        MembersChanged {
            conversation: room.clone(),
            updated_at: self.clock.now(),
            allowed,
            failed: Vec::new(),
        }
    }

    /// Logging out leaves the room for good (B-19).
    pub(super) async fn forget_room(&self, actor: &Actor) {
        self.note_room(actor, None, None).await;
    }

    /// The session is lost while in a room: from now on it has so long to come back (B-381).
    pub(super) async fn keep_room(&self, actor: &Actor, room: ConversationId) {
        self.note_room(actor, Some(room), Some(self.clock.now())).await;
    }

    /// The room that a session comes back into, if it was lost there and comes in time (B-380).
    pub(crate) async fn room_to_return_to(
        &self,
        actor: &Actor,
    ) -> Result<Option<ConversationId>, StoreError> {
        let window = self.settings(&actor.app).room.rejoin_seconds;
        let since = self.clock.now().plus_millis(-i64::from(window).saturating_mul(1000));
        let room = self.store.room_to_return_to(&actor.app, &actor.client, device(actor), since).await?;
        let Some(room) = room else { return Ok(None) };
        let roster = self.rosters.get(&*self.store, &actor.app, &room, self.clock.now()).await?;
        Ok(roster.filter(|roster| roster.kind == ConversationKind::Room).map(|_| room))
    }

    /// The session is there again.
    pub(super) async fn remember_return(&self, actor: &Actor) {
        if actor.returns_to.is_some() {
            self.note_room(actor, actor.returns_to.clone(), None).await;
        }
    }

    /// Waits until it is kept: who has left must not be put back because it returns at once.
    async fn note_room(&self, actor: &Actor, room: Option<ConversationId>, lost_at: Option<Timestamp>) {
        let presence = RoomPresence {
            app: actor.app.clone(),
            client: actor.client.clone(),
            device: device(actor).to_owned(),
            room,
            lost_at,
        };
        if let Err(error) = self.commit(|done| Write::SetRoom(Box::new(presence), done)).await {
            tracing::warn!(%error, "a room presence was not noted");
        }
    }
}

/// An unknown device is one device: it is all that is known of it (W-95).
fn device(actor: &Actor) -> &str {
    actor.device.as_ref().map_or("", |device| device.as_str())
}
