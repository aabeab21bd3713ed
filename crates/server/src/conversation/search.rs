//! Finding conversations (W-184 to W-201).

use std::sync::Arc;

use yanshu_protocol::{
    Code, ConversationId, ConversationView, Event, QueryConversations, QueryTarget, Reject,
};
use yanshu_session::Actor;

use super::Service;
use super::view::Shown;
use crate::query::{Filter, Sort};
use crate::store::ConversationSearch;

impl Service {
    pub(super) async fn search(&self, actor: &Actor, query: QueryConversations) -> Result<Event, Reject> {
        let shown = Shown { compact: query.compact, with_last_message: query.with_last_message };
        let views = match query.target {
            QueryTarget::Malformed => {
                return Err(Reject::because(
                    Code::ConversationQueryFailed,
                    "the condition is not a JSON object",
                ));
            }
            QueryTarget::Temporary(ids) => self.temporary(actor, ids).await?,
            QueryTarget::Where(condition) => {
                let settings = self.settings(&actor.app);
                let filter = Filter::for_client(condition.as_ref(), &actor.client)?;
                let search = ConversationSearch {
                    sort: Sort::for_query(query.sort.as_deref(), &filter)?,
                    filter: Arc::new(filter),
                    skip: usize::try_from(query.skip.unwrap_or(0)).unwrap_or(0),
                    limit: query
                        .limit
                        .map_or(settings.query.default_limit, |limit| usize::try_from(limit).unwrap_or(0))
                        .min(settings.query.max_limit),
                    timeout: settings.query.timeout,
                };
                if search.limit == 0 {
                    return Ok(Event::Conversations(Vec::new()));
                }
                let found = self.store.search(&actor.app, search).await?;
                self.views(&actor.app, &actor.client, found, shown).await?
            }
        };
        Ok(Event::Conversations(views))
    }

    /// Temporary conversations by id, with their last messages (W-193). Ids that are over are left out.
    async fn temporary(
        &self,
        actor: &Actor,
        ids: Vec<ConversationId>,
    ) -> Result<Vec<ConversationView>, Reject> {
        let now = self.clock.now();
        let most = self.settings(&actor.app).query.max_limit;
        let mut found = Vec::new();
        for id in ids.into_iter().take(most).filter(ConversationId::is_temporary) {
            found.extend(self.store.conversation(&actor.app, &id, now).await?);
        }
        let shown = Shown { compact: false, with_last_message: true };
        Ok(self.views(&actor.app, &actor.client, found, shown).await?)
    }
}
