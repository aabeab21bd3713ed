//! Who subscribes to a service, and to which services a client subscribes (B-141, R-108 to ).

use yanshu_protocol::{AppId, ClientId, ConversationId, Reject, Timestamp};

use super::Service;
use super::backend::{Managed, answered};
use super::members::{MembersChange, Way};

impl Service {
    /// Lets a client subscribe or no longer, as if it had asked itself. Nobody is told (W-213).
    pub(crate) async fn subscribe_by_app(
        &self,
        service: Managed<'_>,
        client: ClientId,
        subscribed: bool,
    ) -> Result<(), Reject> {
        self.managed(service).await?;
        let change = MembersChange {
            app: service.app.clone(),
            conversation: service.id.clone(),
            members: vec![client.clone()],
            way: if subscribed { Way::In } else { Way::Out },
            by: client,
            whole: true,
            refused: Vec::new(),
        };
        answered(|respond| self.change_members(change, respond)).await.map(drop)
    }

    /// Some of a service's subscribers in order of their ids, behind one of them, and since when they are.
    pub(crate) async fn subscribers(
        &self,
        service: Managed<'_>,
        after: Option<ClientId>,
        limit: usize,
    ) -> Result<Vec<(ClientId, Timestamp)>, Reject> {
        self.managed(service).await?;
        Ok(self.store.subscribers(service.app, service.id, after, limit).await?)
    }

    /// How many subscribe to a service.
    pub(crate) async fn subscriber_count(&self, service: Managed<'_>) -> Result<u64, Reject> {
        self.managed(service).await?;
        Ok(self.store.subscriber_count(service.app, service.id).await?)
    }

    /// Some of the services to which a client subscribes, in order of time or in the reverse, behind one of them.
    pub(crate) async fn subscriptions(
        &self,
        app: &AppId,
        client: &ClientId,
        after: Option<(Timestamp, ConversationId)>,
        latest_first: bool,
        limit: usize,
    ) -> Result<Vec<(ConversationId, Timestamp)>, Reject> {
        Ok(self.store.subscriptions(app, client, after, latest_first, limit).await?)
    }
}
