//! Owners, managers, members (B-116 to B-125, W-236 to W-243).

use std::sync::Arc;

use yanshu_protocol::{AppId, ClientId, Code, ConversationId, ConversationKind, Event, Reject, Role};
use yanshu_session::Actor;

use super::Service;
use super::dispatch::{Job, Respond};
use super::members::Told;
use super::restrict::modern;
use super::standing::{self, Power};
use crate::store::{Completion, RoleOutcome, Roster, Write, WriteError};

/// A change of a role that is allowed.
#[derive(Debug)]
pub(crate) struct RoleChange {
    pub(crate) app: AppId,
    pub(crate) conversation: ConversationId,
    pub(crate) member: ClientId,
    /// Manager or member: an owner is not made.
    pub(crate) role: Role,
    /// Whom the members are told it was done by.
    pub(crate) by: ClientId,
}

impl Service {
    /// A member changes the role of another.
    pub(super) async fn ask_role(
        &self,
        actor: &Arc<Actor>,
        conversation: ConversationId,
        member: ClientId,
        role: Option<Role>,
        respond: Respond,
    ) {
        match self.may_set_role(actor, &conversation, &member, role).await {
            Ok(role) => {
                let (app, by) = (actor.app.clone(), actor.client.clone());
                self.set_role(RoleChange { app, conversation, member, role, by }, respond).await;
            }
            Err(reject) => self.answer(respond, Err(reject)).await,
        }
    }

    async fn may_set_role(
        &self,
        actor: &Actor,
        conversation: &ConversationId,
        member: &ClientId,
        role: Option<Role>,
    ) -> Result<Role, Reject> {
        let settings = self.settings(&actor.app);
        let roster = self.roster_with_roles(&actor.app, conversation).await?;
        let inside = self.is_inside(actor, conversation, &roster).await;
        standing::may(&settings.members, &roster, &actor.client, inside, Power::ChangeRole)?;
        let role = assignable(role)?;
        let target = std::slice::from_ref(member);
        standing::none_refused(&standing::outranked(&settings.members, &roster, &actor.client, target))?;
        // Nobody gives up or takes a role of its own: the owner stays, and a manager is made by others.
        if *member == actor.client {
            return Err(match roster.creator == *member {
                true => Code::ConversationNeedOwner.into(),
                false => Code::ConversationOperationUnauthorized.into(),
            });
        }
        match standing::role(&roster, member) {
            Some(_) => Ok(role),
            None => Err(Code::ConversationMembershipRequired.into()),
        }
    }

    /// The roster of a conversation that has roles, where the app has them.
    pub(crate) async fn roster_with_roles(
        &self,
        app: &AppId,
        conversation: &ConversationId,
    ) -> Result<Arc<Roster>, Reject> {
        if !self.settings(app).members.roles {
            return Err(Code::ConversationMemberInfoFeatureDisabled.into());
        }
        let roster = self.roster(app, conversation).await?;
        match roster.kind {
            ConversationKind::Normal | ConversationKind::Room => Ok(roster),
            ConversationKind::Temporary | ConversationKind::Service => {
                Err(Code::NormalConversationRequired.into())
            }
        }
    }

    /// Changes a role and tells the members.
    pub(crate) async fn set_role(&self, change: RoleChange, respond: Respond) {
        let RoleChange { app, conversation, member, role, by } = change;
        let max_managers = self.settings(&app).members.max_managers;
        let now = self.clock.now();
        let (dispatcher, rosters) = (self.dispatcher.clone(), Arc::clone(&self.rosters));
        let write = {
            let (app, conversation) = (app.clone(), conversation.clone());
            let (client, by) = (member.clone(), by.clone());
            |done| Write::SetRole { app, conversation, client, role, by, now, max_managers, done }
        };
        let done = Completion::new(move |result: Result<RoleOutcome, WriteError>| {
            let outcome = match result {
                Ok(outcome) => outcome,
                Err(error) => {
                    return dispatcher.hand_on_blocking(Job::reply(respond, Err(error.into())));
                }
            };
            let reply = Job::reply(respond, Ok(Event::RoleUpdated { conversation: conversation.clone() }));
            let mut pushes = Vec::new();
            if outcome.changed {
                let told = Told { app: &app, conversation: &conversation, by: &by };
                let (conversation, by) = (conversation.clone(), by.clone());
                let event = Event::MemberRoleChanged { conversation, member, role, by };
                pushes.push(modern(told.to_group(&outcome.roster, outcome.at, event)));
            }
            rosters.put(app, conversation, outcome.roster);
            dispatcher.hand_on_blocking(reply.and_tell(pushes));
        });
        self.store.submit(write(done)).await;
    }
}

/// A role that can be given: not the owner's, and no unknown one (W-242).
pub(crate) fn assignable(role: Option<Role>) -> Result<Role, Reject> {
    match role {
        Some(role @ (Role::Manager | Role::Member)) => Ok(role),
        Some(Role::Owner) | None => Err(Code::UnknownConversationRole.into()),
    }
}
