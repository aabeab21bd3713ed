//! Unread counts (W-305 to W-319).

use std::sync::Arc;

use yanshu_protocol::{ConversationId, Event, Reject, UnreadConversation};
use yanshu_session::Actor;

use super::Service;
use super::view::last_message;
use crate::bus::{Audience, Needs, Push};
use crate::config::AppConfig;
use crate::store::{StoreError, UnreadState};

impl Service {
    pub(super) async fn unread_count(
        &self,
        actor: &Actor,
        conversation: &ConversationId,
    ) -> Result<u32, StoreError> {
        Ok(self.unread_in(actor, conversation).await?.map_or(0, |state| state.count))
    }

    async fn unread_in(
        &self,
        actor: &Actor,
        conversation: &ConversationId,
    ) -> Result<Option<UnreadState>, StoreError> {
        let most = most_unread(&self.settings(&actor.app));
        self.store.unread_in(&actor.app, &actor.client, conversation, most, self.clock.now()).await
    }

    /// Tells every device of the client of its new count, if it changed (W-317).
    pub(super) async fn unread_push(
        &self,
        actor: &Actor,
        conversation: &ConversationId,
        before: u32,
    ) -> Result<Option<Push>, Reject> {
        let state = self.unread_in(actor, conversation).await?.filter(|state| state.count != before);
        Ok(state.map(|state| self.notice(actor, to_all_devices(actor), vec![state])))
    }

    /// An unread notice with the time up to which it holds.
    pub(super) fn notice(&self, actor: &Actor, to: Audience, states: Vec<UnreadState>) -> Push {
        let now = self.clock.now();
        Push {
            app: actor.app.clone(),
            to,
            except: None,
            needs: Needs { unread_notices: true, ..Needs::default() },
            permanent: false,
            server_time: now,
            priority: 1,
            event: Event::Unread {
                conversations: states.into_iter().map(unread_conversation).collect(),
                notified_at: now,
            },
        }
    }
}

/// Most messages that count as unread in one conversation (B-290).
pub(super) fn most_unread(settings: &AppConfig) -> u32 {
    u32::try_from(settings.offline.max_per_conversation).unwrap_or(u32::MAX)
}

fn to_all_devices(actor: &Actor) -> Audience {
    Audience::Clients(Arc::from([actor.client.clone()]))
}

fn unread_conversation(state: UnreadState) -> UnreadConversation {
    UnreadConversation {
        conversation: state.conversation,
        kind: state.kind,
        count: state.count,
        mentioned: state.mentioned,
        last: state.last.map(last_message),
    }
}
