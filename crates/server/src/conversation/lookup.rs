//! Small questions about conversations: how many, who, am I in, how far are the others.

use yanshu_protocol::{
    ClientId, Code, ConversationId, ConversationKind, Event, PeerReadState, Reject, Timestamp,
};
use yanshu_session::Actor;

use super::Service;
use crate::store::Cursor;

/// Clients named of a chat room, by default and at most (W-230).
const ROOM_MEMBERS: usize = 50;

impl Service {
    /// Members, or the clients now in a chat room (W-229).
    pub(super) async fn member_count(&self, actor: &Actor, id: ConversationId) -> Result<Event, Reject> {
        let roster = self.roster(&actor.app, &id).await?;
        let count = match roster.kind {
            ConversationKind::Room => self.bus.room_count(&actor.app, &id).await,
            ConversationKind::Service => {
                let count = self.store.subscriber_count(&actor.app, &id).await?;
                usize::try_from(count).unwrap_or(usize::MAX)
            }
            ConversationKind::Normal | ConversationKind::Temporary => roster.members.len(),
        };
        Ok(Event::MemberCount { conversation: id, count: i32::try_from(count).unwrap_or(i32::MAX) })
    }

    /// Some of the clients in a chat room (W-230, W-231).
    pub(super) async fn room_members(
        &self,
        actor: &Actor,
        id: ConversationId,
        limit: Option<i32>,
    ) -> Result<Event, Reject> {
        let roster = self.roster(&actor.app, &id).await?;
        if roster.kind != ConversationKind::Room {
            return Err(Code::TransientConversationRequired.into());
        }
        let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(ROOM_MEMBERS);
        let members = self.bus.room_members(&actor.app, &id, limit.min(ROOM_MEMBERS)).await;
        Ok(Event::RoomMembers { conversation: id, members })
    }

    /// In which of these the client is: as a member, or, for a chat room, with this session (W-232).
    pub(super) async fn is_member(&self, actor: &Actor, ids: Vec<ConversationId>) -> Result<Event, Reject> {
        let room = self.bus.room_of(actor.key).await;
        let stored = self.store.memberships(&actor.app, &actor.client, ids.clone(), self.clock.now()).await?;
        let answers = ids.into_iter().zip(stored);
        let answers = answers.map(|(id, member)| {
            let present = member || room.as_ref() == Some(&id);
            (id, present)
        });
        Ok(Event::IsMember(answers.collect()))
    }

    /// How far the other members have received and read (W-233 to W-235).
    pub(super) async fn max_read(
        &self,
        actor: &Actor,
        id: ConversationId,
        each_member: bool,
    ) -> Result<Event, Reject> {
        let roster = self.roster(&actor.app, &id).await?;
        self.flush_cursors().await?;
        let cursors = self.store.cursors(&actor.app, &id).await?;
        let others =
            || cursors.iter().filter(|(client, _)| *client != actor.client && roster.includes(client));
        let newest =
            |time: fn(&Cursor) -> Option<Timestamp>| others().filter_map(|(_, cursor)| time(cursor)).max();
        let all = PeerReadState {
            delivered: newest(|cursor| cursor.delivered),
            read: newest(|cursor| cursor.read),
        };
        let each = each_member.then(|| others().map(peer_state).collect());
        Ok(Event::MaxRead { conversation: id, all, each })
    }
}

fn peer_state((client, cursor): &(ClientId, Cursor)) -> (ClientId, PeerReadState) {
    (client.clone(), PeerReadState { delivered: cursor.delivered, read: cursor.read })
}
