//! What an app's own servers do with its conversations. They hold the master key: nobody's standing limits them,
//! and members are told that the creator did it (R-89, W-260).

use std::sync::Arc;

use yanshu_protocol::{
    AppId, ClientId, Code, ConversationId, ConversationKind, Event, Page, Reject, Restriction, Role,
    Timestamp,
};

use super::Service;
use super::dispatch::Respond;
use super::restrict::RestrictionChange;
use super::role::{RoleChange, assignable};
use crate::store::{Roster, StoreError};

/// A conversation by its id and the kind that it must have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Managed<'a> {
    pub(crate) app: &'a AppId,
    pub(crate) id: &'a ConversationId,
    pub(crate) kind: ConversationKind,
}

/// Clients to be silenced or blocked, or no longer.
#[derive(Debug)]
pub(crate) struct RestrictionByApp {
    pub(crate) restriction: Restriction,
    pub(crate) lift: bool,
    pub(crate) clients: Vec<ClientId>,
    /// A silence that ends by itself (B-132). What is lifted is then such a one, whenever it would end.
    pub(crate) for_seconds: Option<i64>,
}

impl Service {
    /// Silences or blocks, wholly or not at all (B-132, B-133, B-140).
    pub(crate) async fn restrict_by_app(
        &self,
        conversation: Managed<'_>,
        change: RestrictionByApp,
    ) -> Result<(), Reject> {
        let RestrictionByApp { restriction, lift, clients, for_seconds } = change;
        let roster = self.managed_list(conversation, restriction).await?;
        let change = RestrictionChange {
            app: conversation.app.clone(),
            conversation: conversation.id.clone(),
            restriction,
            lift,
            clients,
            by: roster.creator.clone(),
            until: for_seconds.map(|seconds| self.clock.now().plus_millis(seconds.saturating_mul(1000))),
            whole: true,
            refused: Vec::new(),
        };
        answered(|respond| self.change_restriction(change, respond)).await.map(drop)
    }

    /// A page of those who are silenced for ever, or blocked.
    pub(crate) async fn restricted_by_app(
        &self,
        conversation: Managed<'_>,
        restriction: Restriction,
        page: Page,
    ) -> Result<(Vec<ClientId>, Option<u32>), Reject> {
        self.managed_list(conversation, restriction).await?;
        self.restricted(conversation.app, conversation.id, restriction, page).await
    }

    /// Gives a member a role; tells when the conversation changed last.
    pub(crate) async fn set_role_by_app(
        &self,
        conversation: Managed<'_>,
        member: &ClientId,
        role: Option<Role>,
    ) -> Result<Timestamp, Reject> {
        let roster = self.managed_with_roles(conversation).await?;
        let change = RoleChange {
            app: conversation.app.clone(),
            conversation: conversation.id.clone(),
            member: member.clone(),
            role: assignable(role)?,
            by: roster.creator.clone(),
        };
        answered(|respond| self.set_role(change, respond)).await?;
        let changed = self.store.conversation(conversation.app, conversation.id, self.clock.now()).await?;
        let changed = changed.ok_or_else(|| Reject::new(Code::ConversationNotFound))?;
        Ok(changed.updated_at)
    }

    /// Those who are managers.
    pub(crate) async fn managers_by_app(&self, conversation: Managed<'_>) -> Result<Vec<ClientId>, Reject> {
        let roster = self.managed_with_roles(conversation).await?;
        Ok(roster.order.managers.iter().cloned().collect())
    }

    /// The same for SDKs, to which a conversation without roles is one without managers (W-388).
    pub(crate) async fn managers(
        &self,
        app: &AppId,
        conversation: &ConversationId,
    ) -> Result<Vec<ClientId>, Reject> {
        if !self.settings(app).members.roles {
            return Ok(Vec::new());
        }
        match self.roster(app, conversation).await {
            Ok(roster) => Ok(roster.order.managers.iter().cloned().collect()),
            Err(reject) if reject.code == Code::ConversationNotFound => Ok(Vec::new()),
            Err(reject) => Err(reject),
        }
    }

    /// The roster of a conversation that must be of one kind.
    pub(crate) async fn managed(&self, conversation: Managed<'_>) -> Result<Arc<Roster>, Reject> {
        let roster = self.roster(conversation.app, conversation.id).await?;
        if roster.kind == conversation.kind {
            return Ok(roster);
        }
        Err(match conversation.kind {
            ConversationKind::Normal | ConversationKind::Temporary => Code::NormalConversationRequired,
            ConversationKind::Room => Code::TransientConversationRequired,
            ConversationKind::Service => Code::SystemConversationRequired,
        }
        .into())
    }

    /// The same, where the app has such lists. A service silences nobody (W-248).
    async fn managed_list(
        &self,
        conversation: Managed<'_>,
        restriction: Restriction,
    ) -> Result<Arc<Roster>, Reject> {
        if restriction == Restriction::Blocked && !self.settings(conversation.app).members.blocklist {
            return Err(Code::BlacklistFeatureDisabled.into());
        }
        if restriction == Restriction::Silenced && conversation.kind == ConversationKind::Service {
            return Err(Code::NormalConversationRequired.into());
        }
        self.managed(conversation).await
    }

    async fn managed_with_roles(&self, conversation: Managed<'_>) -> Result<Arc<Roster>, Reject> {
        let roster = self.roster_with_roles(conversation.app, conversation.id).await?;
        self.managed(conversation).await?;
        Ok(roster)
    }
}

/// Waits for the answer that others wait for on their connections.
async fn answered<F: Future<Output = ()>>(act: impl FnOnce(Respond) -> F) -> Result<Event, Reject> {
    let (answer, waiter) = tokio::sync::oneshot::channel();
    let respond: Respond = Box::new(move |outcome| {
        // Whoever asked has gone: what was done is done.
        let _ = answer.send(outcome);
    });
    act(respond).await;
    let lost = || Err(StoreError::Unavailable("shutting down".to_owned()).into());
    waiter.await.unwrap_or_else(|_| lost())
}
