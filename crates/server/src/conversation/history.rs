//! Reading what was said (W-321 to W-341).

use yanshu_protocol::{
    Code, ConversationId, ConversationKind, Event, HistoryItem, HistoryQuery, Point, Reject,
};
use yanshu_session::Actor;

use super::Service;
use crate::store::{HistoryPage, Interval, ReceiptTimes, StoreError, StoredMessage};

impl Service {
    pub(super) async fn history(&self, actor: &Actor, query: HistoryQuery) -> Result<Event, Reject> {
        let conversation = query.conversation;
        let roster = self.roster(&actor.app, &conversation).await?;
        let kind = roster.kind;
        let with_members = matches!(kind, ConversationKind::Normal | ConversationKind::Temporary);
        if with_members && !roster.includes(&actor.client) {
            return Err(Code::ConversationLogRejected.into());
        }
        let settings = self.settings(&actor.app);
        let page = HistoryPage {
            viewer: Some(actor.client.clone()),
            start: self.interval(actor, &conversation, query.start).await?,
            stop: self.interval(actor, &conversation, query.stop).await?,
            direction: query.direction,
            // Zero asks for nothing; a negative number is no number (B-298).
            limit: query
                .limit
                .and_then(|limit| usize::try_from(limit).ok())
                .unwrap_or(settings.history.default_limit)
                .min(settings.history.max_limit),
            message_type: query.message_type,
            conversation: conversation.clone(),
        };
        // Times are shown where there is one other that can have received and read (W-336).
        let messages = if page.limit == 0 {
            Vec::new()
        } else if with_members && roster.members.len() <= 2 {
            self.flush_cursors().await?;
            self.store.history_with_times(&actor.app, page).await?
        } else {
            let messages = self.store.history(&actor.app, page).await?;
            messages.into_iter().map(|message| (message, ReceiptTimes::default())).collect()
        };
        let messages = messages.into_iter().map(|(message, times)| item(message, kind, times));
        Ok(Event::History { conversation, messages: messages.collect() })
    }

    /// A point as a time, and a message that settles equal times. One that names only a message is looked
    /// up; if there is no such message it counts as absent (W-322).
    async fn interval(
        &self,
        actor: &Actor,
        conversation: &ConversationId,
        point: Option<Point>,
    ) -> Result<Option<Interval>, StoreError> {
        let Some(Point { timestamp, message, included }) = point else { return Ok(None) };
        let timestamp = match (timestamp, &message) {
            (Some(timestamp), _) => Some(timestamp),
            (None, Some(id)) => {
                let found =
                    self.store.message(&actor.app, conversation, id, None, Some(&actor.client)).await?;
                found.map(|message| message.timestamp)
            }
            (None, None) => None,
        };
        Ok(timestamp.map(|timestamp| Interval { timestamp, message, included }))
    }
}

fn item(message: StoredMessage, kind: ConversationKind, times: ReceiptTimes) -> HistoryItem {
    HistoryItem {
        id: message.id,
        from: message.from,
        timestamp: message.timestamp,
        content: message.content,
        kind,
        delivered_at: times.delivered_at,
        read_at: times.read_at,
        patched_at: message.patched_at,
        mentions: message.mentions,
    }
}
