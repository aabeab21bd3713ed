//! Names, attributes and mute.

use std::sync::Arc;

use yanshu_protocol::{AppId, Attributes, ClientId, Code, ConversationId, ConversationKind, Event, Reject};
use yanshu_session::Actor;

use super::Service;
use super::dispatch::{Job, Respond};
use super::members::Told;
use super::restrict::modern;
use crate::query::Update;
use crate::store::{AttributesUpdated, Completion, Roster, UpdateRequest, Write, WriteError};

/// A change of attributes by someone who may.
#[derive(Debug)]
pub(super) struct AttributesChange {
    pub(super) app: AppId,
    pub(super) conversation: ConversationId,
    /// Keys, plain or dotted, with new values or operations.
    pub(super) changes: Attributes,
    /// Whom the members are told it was done by.
    pub(super) by: ClientId,
}

impl Service {
    /// Changes attributes and tells the members (W-215 to W-224).
    pub(super) async fn update(
        &self,
        actor: &Arc<Actor>,
        conversation: ConversationId,
        changes: Attributes,
        respond: Respond,
    ) {
        match self.may_update(actor, &conversation).await {
            Ok(roster) => {
                let (app, by) = (actor.app.clone(), actor.client.clone());
                let change = AttributesChange { app, conversation, changes, by };
                self.change_attributes(change, roster, respond).await;
            }
            Err(reject) => self.answer(respond, Err(reject)).await,
        }
    }

    /// Changes attributes and tells the members, if there are any.
    pub(super) async fn change_attributes(
        &self,
        change: AttributesChange,
        roster: Arc<Roster>,
        respond: Respond,
    ) {
        let AttributesChange { app, conversation, changes, by } = change;
        let update = match Update::parse(&changes) {
            Ok(update) => update,
            Err(reject) => return self.answer(respond, Err(reject)).await,
        };
        let request = UpdateRequest {
            app: app.clone(),
            conversation: conversation.clone(),
            update,
            changes: changes.clone(),
            by: Some(by.clone()),
            max_bytes: self.settings(&app).conversation.max_attributes.0,
            now: self.clock.now(),
        };
        let (dispatcher, rosters) = (self.dispatcher.clone(), Arc::clone(&self.rosters));
        let done = Completion::new(move |result: Result<AttributesUpdated, WriteError>| {
            let updated = match result {
                Ok(updated) => updated,
                Err(error) => {
                    return dispatcher.hand_on_blocking(Job::reply(respond, Err(error.into())));
                }
            };
            let event = |by| Event::ConversationUpdated {
                conversation: conversation.clone(),
                updated_at: updated.updated_at,
                by,
                changes: Some((changes.clone(), updated.modified.clone())),
            };
            let reply = Job::reply(respond, Ok(event(None)));
            // No member of these is known here (W-224).
            if matches!(roster.kind, ConversationKind::Room | ConversationKind::Service) {
                return dispatcher.hand_on_blocking(reply);
            }
            let roster = rosters.cached(&app, &conversation).unwrap_or(roster);
            let told = Told { app: &app, conversation: &conversation, by: &by };
            let event = event(Some(by.clone()));
            // 2015 knew no such event (B-79).
            let push = modern(told.push(&roster, &roster.members, updated.updated_at, false, event));
            dispatcher.hand_on_blocking(reply.and_tell(vec![push]));
        });
        self.store.submit(Write::UpdateAttributes(Box::new(request), done)).await;
    }

    async fn may_update(&self, actor: &Actor, conversation: &ConversationId) -> Result<Arc<Roster>, Reject> {
        let roster = self.roster(&actor.app, conversation).await?;
        let inside = match roster.kind {
            ConversationKind::Normal => roster.includes(&actor.client),
            ConversationKind::Room => self.bus.room_of(actor.key).await.as_ref() == Some(conversation),
            ConversationKind::Service => false,
            ConversationKind::Temporary => return Err(Code::NormalConversationRequired.into()),
        };
        match inside {
            true => Ok(roster),
            false => Err(Code::ConversationUpdateRejected.into()),
        }
    }

    /// Switches mobile push for a conversation off or on, for oneself (W-225 to W-228).
    pub(super) async fn set_muted(
        &self,
        actor: &Arc<Actor>,
        conversation: ConversationId,
        muted: bool,
        respond: Respond,
    ) {
        let outcome = self.try_set_muted(actor, conversation, muted).await;
        self.answer(respond, outcome).await;
    }

    async fn try_set_muted(
        &self,
        actor: &Actor,
        conversation: ConversationId,
        muted: bool,
    ) -> Result<Event, Reject> {
        let roster = self.roster(&actor.app, &conversation).await?;
        let updated_at = match roster.kind {
            ConversationKind::Normal | ConversationKind::Service
                if self.belongs(actor, &conversation, &roster).await? =>
            {
                let (app, client) = (actor.app.clone(), actor.client.clone());
                let (id, now) = (conversation.clone(), self.clock.now());
                self.commit(|done| Write::SetMuted { app, conversation: id, client, muted, now, done })
                    .await?
            }
            // There is no push for a chat room that could be switched off.
            ConversationKind::Room => self.clock.now(),
            ConversationKind::Normal | ConversationKind::Service => {
                return Err(Code::ConversationMembershipRequired.into());
            }
            ConversationKind::Temporary => return Err(Code::NormalConversationRequired.into()),
        };
        Ok(Event::ConversationUpdated { conversation, updated_at, by: None, changes: None })
    }
}
