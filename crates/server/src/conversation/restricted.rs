//! Reading who is silenced or blocked in a conversation (W-249 to W-251, W-367, W-368).

use yanshu_protocol::{AppId, ClientId, Code, ConversationId, Event, Page, Reject, Restriction};
use yanshu_session::Actor;

use super::Service;
use super::paging::{bounds, cut};

impl Service {
    /// A page of those who are silenced or blocked here.
    pub(super) async fn restricted_page(
        &self,
        actor: &Actor,
        conversation: ConversationId,
        restriction: Restriction,
        page: Page,
    ) -> Result<Event, Reject> {
        self.may_list(actor, &conversation, restriction).await?;
        let (clients, next) = self.restricted(&actor.app, &conversation, restriction, page).await?;
        Ok(Event::RestrictedClients { restriction, conversation, clients, next })
    }

    /// The same for whoever may see every list.
    pub(crate) async fn restricted(
        &self,
        app: &AppId,
        conversation: &ConversationId,
        restriction: Restriction,
        page: Page,
    ) -> Result<(Vec<ClientId>, Option<u32>), Reject> {
        let (offset, limit) = bounds(page);
        let found = self.store.restricted(app, conversation, restriction, offset, limit + 1).await?;
        Ok(cut(found, offset, limit))
    }

    /// Which of these are silenced or blocked here.
    pub(super) async fn restricted_among(
        &self,
        actor: &Actor,
        conversation: ConversationId,
        restriction: Restriction,
        clients: Vec<ClientId>,
    ) -> Result<Event, Reject> {
        self.may_list(actor, &conversation, restriction).await?;
        let clients = self.store.restricted_among(&actor.app, &conversation, restriction, clients).await?;
        Ok(Event::RestrictedAmong { restriction, conversation, clients })
    }

    /// Every member may see the lists; roles or not.
    async fn may_list(
        &self,
        actor: &Actor,
        conversation: &ConversationId,
        restriction: Restriction,
    ) -> Result<(), Reject> {
        let settings = self.settings(&actor.app);
        let roster = self.listing_roster(actor, conversation, restriction, &settings).await?;
        match self.is_inside(actor, conversation, &roster).await {
            true => Ok(()),
            false => Err(Code::ConversationMembershipRequired.into()),
        }
    }
}
