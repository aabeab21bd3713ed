//! What an app's own servers do with its conversations. They hold the master key: nobody's standing limits them,
//! and members are told that the creator did it (R-89, W-260).

use std::sync::Arc;

use serde_json::{Value, json};
use yanshu_protocol::{
    AppId, Attributes, ClientId, Code, ConversationId, ConversationKind, ConversationView, Event, MessageId,
    Page, Reject, Restriction, Role, Timestamp,
};

use super::Service;
use super::attributes::AttributesChange;
use super::dispatch::Respond;
use super::restrict::RestrictionChange;
use super::role::{RoleChange, assignable};
use super::service::{Announcement, Recipients};
use super::view;
use crate::query::{Filter, Sort};
use crate::store::{ConversationSearch, Roster, StoreError, Write};

/// 31 days, in milliseconds.
const MONTH: i64 = 31 * 86_400_000;

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

/// What to look for.
#[derive(Debug)]
pub(crate) struct SearchByApp {
    pub(crate) kind: ConversationKind,
    pub(crate) condition: Value,
    pub(crate) skip: usize,
    pub(crate) limit: usize,
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

    /// Tells everyone who subscribes. What waits for those who are offline does so for a month at most (B-148).
    pub(crate) async fn broadcast(&self, what: Announcement) -> Result<(MessageId, Timestamp), Reject> {
        let latest = self.clock.now().plus_millis(MONTH);
        if what.valid_till.is_some_and(|till| till > latest) {
            let why = "valid_till is more than a month ahead";
            return Err(Reject::because(Code::ConversationApiFailed, why));
        }
        self.announce(what, Recipients::Subscribers).await
    }

    /// Conversations of one kind that meet a condition, newest activity first.
    pub(crate) async fn find_by_app(
        &self,
        app: &AppId,
        search: SearchByApp,
    ) -> Result<Vec<ConversationView>, Reject> {
        let SearchByApp { kind, condition, skip, limit } = search;
        let of_kind = match kind {
            ConversationKind::Service => json!({ "sys": true }),
            ConversationKind::Room => json!({ "tr": true }),
            ConversationKind::Normal | ConversationKind::Temporary => {
                json!({ "sys": { "$ne": true }, "tr": { "$ne": true } })
            }
        };
        let filter = Filter::parse(&json!({ "$and": [condition, of_kind] }))?;
        let search = ConversationSearch {
            sort: Sort::for_query(None, &filter)?,
            filter: Arc::new(filter),
            skip,
            limit,
            timeout: self.settings(app).query.timeout,
        };
        let found = self.store.search(app, search).await?;
        let now = self.clock.now();
        Ok(found.into_iter().map(|conversation| view::plain(conversation, now)).collect())
    }

    /// Changes attributes; gives the new time of change.
    pub(crate) async fn update_by_app(
        &self,
        conversation: Managed<'_>,
        changes: Attributes,
    ) -> Result<Timestamp, Reject> {
        let roster = self.managed(conversation).await?;
        let change = AttributesChange {
            app: conversation.app.clone(),
            conversation: conversation.id.clone(),
            changes,
            by: roster.creator.clone(),
        };
        match answered(|respond| self.change_attributes(change, roster, respond)).await? {
            Event::ConversationUpdated { updated_at, .. } => Ok(updated_at),
            _ => Err(Code::InternalError.into()),
        }
    }

    /// Deletes a conversation, and its messages and members with it.
    pub(crate) async fn delete_by_app(&self, conversation: Managed<'_>) -> Result<(), Reject> {
        self.managed(conversation).await?;
        let (app, id) = (conversation.app.clone(), conversation.id.clone());
        self.commit(|done| Write::DeleteConversation { app, conversation: id, done }).await?;
        self.rosters.remove(conversation.app, conversation.id);
        Ok(())
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
pub(super) async fn answered<F: Future<Output = ()>>(
    act: impl FnOnce(Respond) -> F,
) -> Result<Event, Reject> {
    let (answer, waiter) = tokio::sync::oneshot::channel();
    let respond: Respond = Box::new(move |outcome| {
        // Whoever asked has gone: what was done is done.
        let _ = answer.send(outcome);
    });
    act(respond).await;
    let lost = || Err(StoreError::Unavailable("shutting down".to_owned()).into());
    waiter.await.unwrap_or_else(|_| lost())
}
