//! Finding conversations (W-184 to W-201).

use std::sync::Arc;

use serde_json::Value;
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
                let app = self.settings(&actor.app);
                let settings = &app.query;
                let filter = Filter::for_client(condition.as_ref(), &actor.client)?;
                let search = ConversationSearch {
                    sort: Sort::for_query(query.sort.as_deref(), &filter)?,
                    filter: Arc::new(filter),
                    skip: usize::try_from(query.skip.unwrap_or(0)).unwrap_or(0),
                    limit: query
                        .limit
                        .map_or(settings.default_limit, |limit| usize::try_from(limit).unwrap_or(0))
                        .min(settings.max_limit),
                    timeout: settings.timeout,
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

    /// How many conversations meet a condition, also if they are more than a query would give (B-334).
    pub(super) async fn count_matching(&self, actor: &Actor, condition: Value) -> Result<Event, Reject> {
        let filter = Filter::for_client(Some(&condition), &actor.client)?;
        let search = ConversationSearch {
            sort: Sort::for_query(None, &filter)?,
            filter: Arc::new(filter),
            skip: 0,
            limit: usize::MAX,
            timeout: self.settings(&actor.app).query.timeout,
        };
        let count = self.store.count(&actor.app, search).await?;
        Ok(Event::MatchCount(i32::try_from(count).unwrap_or(i32::MAX)))
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
