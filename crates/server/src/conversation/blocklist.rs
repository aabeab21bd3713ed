//! The list of conversations that a client itself has blocked (B-135).

use yanshu_protocol::{AppId, BlockConversations, ClientId, Code, ConversationId, Event, Page, Reject};
use yanshu_session::Actor;

use super::Service;
use super::paging::{bounds, cut};
use crate::signature::Act;
use crate::store::{Write, WriteError};

impl Service {
    /// A client puts conversations on its own list, or takes them off: nobody can add it to them (B-135).
    pub(super) async fn block_conversations(
        &self,
        actor: &Actor,
        request: BlockConversations,
    ) -> Result<Event, Reject> {
        let BlockConversations { conversations, lift, signature } = request;
        for conversation in &conversations {
            let act = Act::BlockConversations { conversation, lift };
            self.check_signature(actor, &act, signature.as_ref()).await?;
        }
        let (app, client) = (&actor.app, &actor.client);
        self.change_blocked_conversations(app, client, conversations.clone(), lift).await?;
        Ok(Event::ConversationsBlocked { lifted: lift, allowed: conversations, failed: Vec::new() })
    }

    /// Changes a client's own list.
    pub(crate) async fn change_blocked_conversations(
        &self,
        app: &AppId,
        client: &ClientId,
        conversations: Vec<ConversationId>,
        lift: bool,
    ) -> Result<(), Reject> {
        let settings = self.settings(app);
        if !settings.members.blocklist {
            return Err(Code::BlacklistFeatureDisabled.into());
        }
        let limit = settings.members.max_blocked_conversations;
        let (app, client, now) = (app.clone(), client.clone(), self.clock.now());
        self.commit(|done| Write::BlockConversations { app, client, conversations, lift, limit, now, done })
            .await
            .map_err(|error| match error {
                WriteError::ListFull => Code::BlacklistFull.into(),
                error => Reject::from(error),
            })?;
        Ok(())
    }

    /// A page of the conversations a client has blocked.
    pub(crate) async fn blocked_conversations(
        &self,
        app: &AppId,
        client: &ClientId,
        page: Page,
    ) -> Result<(Vec<ConversationId>, Option<u32>), Reject> {
        if !self.settings(app).members.blocklist {
            return Err(Code::BlacklistFeatureDisabled.into());
        }
        let (offset, limit) = bounds(page);
        let found = self.store.blocked_conversations(app, client, offset, limit + 1).await?;
        Ok(cut(found, offset, limit))
    }
}
