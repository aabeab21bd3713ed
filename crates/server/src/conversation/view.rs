//! Conversations as query results show them (W-197).

use std::collections::HashMap;

use yanshu_protocol::{
    AppId, ClientId, ConversationId, ConversationKind, ConversationView, LastMessage, Subscription, Timestamp,
};

use super::Service;
use crate::store::{Conversation, StoreError, StoredMessage};

/// What of a conversation is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown {
    pub(super) compact: bool,
    pub(super) with_last_message: bool,
}

impl Service {
    /// The views of stored conversations, for a client.
    pub(super) async fn views(
        &self,
        app: &AppId,
        asker: &ClientId,
        conversations: Vec<Conversation>,
        shown: Shown,
    ) -> Result<Vec<ConversationView>, StoreError> {
        let mut last: HashMap<ConversationId, LastMessage> = HashMap::new();
        if shown.with_last_message {
            let readable = conversations
                .iter()
                .filter(|conversation| {
                    let spoken = conversation.last_message_at.is_some();
                    // What a service said to one client moves no time of the conversation.
                    (spoken || conversation.kind == ConversationKind::Service)
                        && may_read(conversation, asker)
                })
                .map(|conversation| conversation.id.clone())
                .collect();
            for message in self.store.last_messages(app, readable, Some(asker)).await? {
                last.insert(message.conversation.clone(), last_message(message));
            }
        }
        let now = self.clock.now();
        let mut subscriptions = self.subscriptions_of(app, asker, &conversations).await?;
        let view = |conversation: Conversation| {
            let last_message = last.remove(&conversation.id);
            let subscription = subscriptions.remove(&conversation.id);
            view(conversation, shown, now, last_message, subscription)
        };
        Ok(conversations.into_iter().map(view).collect())
    }

    /// How the asker stands to those that are services (W-159).
    async fn subscriptions_of(
        &self,
        app: &AppId,
        asker: &ClientId,
        conversations: &[Conversation],
    ) -> Result<HashMap<ConversationId, Subscription>, StoreError> {
        let services: Vec<ConversationId> = conversations
            .iter()
            .filter(|conversation| conversation.kind == ConversationKind::Service)
            .map(|conversation| conversation.id.clone())
            .collect();
        if services.is_empty() {
            return Ok(HashMap::new());
        }
        let found = self.store.subscriptions_among(app, asker, services.clone()).await?;
        let shown = found.into_iter().map(|found| Subscription {
            joined_at: found.map(|found| found.since),
            muted: found.is_some_and(|found| found.muted),
        });
        Ok(services.into_iter().zip(shown).collect())
    }
}

/// What a conversation is to the app itself, which is in none.
pub(super) fn plain(conversation: Conversation, now: Timestamp) -> ConversationView {
    view(conversation, Shown { compact: false, with_last_message: false }, now, None, None)
}

/// The words of a conversation one is not in do not leak into query results (W-195).
fn may_read(conversation: &Conversation, asker: &ClientId) -> bool {
    match conversation.kind {
        ConversationKind::Normal | ConversationKind::Temporary => {
            conversation.members.iter().any(|member| member.client == *asker)
        }
        ConversationKind::Room | ConversationKind::Service => true,
    }
}

fn view(
    conversation: Conversation,
    shown: Shown,
    now: Timestamp,
    last_message: Option<LastMessage>,
    subscription: Option<Subscription>,
) -> ConversationView {
    let seconds_left = seconds_left(&conversation, now).map(i64::from);
    let muted = || {
        let muted = conversation.members.iter().filter(|member| member.muted);
        muted.map(|member| member.client.clone()).collect()
    };
    ConversationView {
        muted_by: (!shown.compact).then(muted),
        members: (!shown.compact)
            .then(|| conversation.members.iter().map(|member| member.client.clone()).collect()),
        id: conversation.id,
        kind: conversation.kind,
        creator: conversation.creator,
        created_at: conversation.created_at,
        updated_at: conversation.updated_at,
        last_message_at: conversation.last_message_at,
        unique_id: conversation.unique_id,
        attributes: conversation.attributes,
        seconds_left,
        subscription,
        last_message,
    }
}

/// How long a temporary conversation still lives, in whole seconds, rounded up.
pub(super) fn seconds_left(conversation: &Conversation, now: Timestamp) -> Option<i32> {
    let left = conversation.expires_at?.millis_since(now).max(0);
    Some(i32::try_from((left + 999) / 1000).unwrap_or(i32::MAX))
}

/// A stored message as the last one of its conversation.
pub(super) fn last_message(message: StoredMessage) -> LastMessage {
    LastMessage {
        id: message.id,
        from: message.from,
        timestamp: message.timestamp,
        content: message.content,
        patched_at: message.patched_at,
        mentions: message.mentions,
    }
}
