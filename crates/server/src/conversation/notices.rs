//! What a client missed of what happened while it was away, as it asks for it later (W-380 to W-386, R-36 to R-39).

use yanshu_protocol::{
    AppId, ClientId, ConversationId, ConversationKind, Event, Outbound, Receipt, Reject, Timestamp,
};

use super::Service;
use crate::store::{KeptReceipt, Notice, NoticePage, Noticed, ReceiptRequest, Write, WriteError};

/// Events of the past, ascending in time.
#[derive(Debug, Clone, Default)]
pub(crate) struct Missed {
    pub(crate) events: Vec<Outbound>,
    /// There are more after these.
    pub(crate) more: bool,
}

impl Service {
    /// What happened to the client itself after a time. Conversations that are gone are left out: an SDK could not
    /// find them any more (W-462).
    pub(crate) async fn reliable_notices(
        &self,
        app: &AppId,
        client: &ClientId,
        after: Timestamp,
        limit: usize,
    ) -> Result<Missed, Reject> {
        let page = self.store.notices(app, client, after, limit, self.clock.now()).await?;
        Ok(self.as_told(page, client, true))
    }

    /// What happened to others in the client's conversations, and receipts; and whether that is not all of it, so
    /// that what the client knows of its conversations cannot be trusted (W-381).
    pub(crate) async fn droppable_notices(
        &self,
        app: &AppId,
        client: &ClientId,
        after: Timestamp,
        limit: usize,
    ) -> Result<(Missed, bool), Reject> {
        let page = self.store.droppable_notices(app, client, after, limit, self.clock.now()).await?;
        let incomplete = page.more || after < self.store.notices_kept_since().await?;
        Ok((self.as_told(page, client, false), incomplete))
    }

    fn as_told(&self, page: NoticePage, client: &ClientId, permanent: bool) -> Missed {
        let now = self.clock.now();
        let told = |notice: Notice| Outbound {
            client: Some(client.clone()),
            serial: None,
            server_time: Some(notice.at),
            permanent,
            event: event(notice, client, now),
        };
        Missed { events: page.notices.into_iter().map(told).collect(), more: page.more }
    }

    /// Keeps receipts for those senders that are not online now (W-303).
    pub(super) async fn keep_receipts(
        &self,
        app: &AppId,
        receipts: impl Iterator<Item = KeptReceipt>,
    ) -> Result<(), WriteError> {
        let receipts: Vec<KeptReceipt> = receipts.collect();
        let senders: Vec<ClientId> = receipts.iter().map(|receipt| receipt.sender.clone()).collect();
        let online = self.bus.online(app, &senders).await;
        let missed: Vec<KeptReceipt> = receipts
            .into_iter()
            .zip(online)
            .filter_map(|(receipt, online)| (!online).then_some(receipt))
            .collect();
        if missed.is_empty() {
            return Ok(());
        }
        self.commit(|done| Write::KeepReceipts(missed, done)).await
    }
}

/// A request that is fulfilled, as it is kept.
pub(super) fn kept(
    app: &AppId,
    request: &ReceiptRequest,
    conversation: &ConversationId,
    from: &ClientId,
    at: Timestamp,
    read: bool,
) -> KeptReceipt {
    KeptReceipt {
        app: app.clone(),
        sender: request.sender.clone(),
        conversation: conversation.clone(),
        message: request.message.clone(),
        at,
        from: from.clone(),
        read,
    }
}

/// The event that was pushed to those online then.
fn event(notice: Notice, client: &ClientId, now: Timestamp) -> Event {
    let Notice { at, conversation, kind, expires_at, by, what } = notice;
    // Only receipts come from nobody, and they name who received.
    let by = by.unwrap_or_else(|| client.clone());
    let in_room = kind == ConversationKind::Room;
    let ttl_seconds = expires_at.map(|end| {
        let left = end.millis_since(now).max(0);
        i32::try_from(left / 1000).unwrap_or(i32::MAX)
    });
    match what {
        Noticed::Joined => Event::Joined { conversation, by, at, ttl_seconds },
        Noticed::Left => Event::Left { conversation, by, at },
        Noticed::Restricted { restriction, lifted } => {
            Event::Restricted { restriction, lifted, conversation, by, in_room }
        }
        Noticed::MembersJoined { members } => {
            Event::MembersJoined { conversation, members, by, at, ttl_seconds }
        }
        Noticed::MembersLeft { members } => Event::MembersLeft { conversation, members, by, at },
        Noticed::Updated { attr, modified } => Event::ConversationUpdated {
            conversation,
            updated_at: at,
            by: Some(by),
            changes: Some((attr, modified)),
        },
        Noticed::RoleChanged { member, role } => Event::MemberRoleChanged { conversation, member, role, by },
        Noticed::MembersRestricted { restriction, lifted, members } => {
            Event::MembersRestricted { restriction, lifted, conversation, members, by, in_room }
        }
        Noticed::Receipt { message, at, from, read } => {
            Event::Receipt(Receipt { conversation, message, at, from, read })
        }
    }
}
