//! Service conversations: what a service says to one subscriber or to all, and what they say to it (B-141 to
//! B-154, W-157 to W-162).
//!
//! Nothing is kept for each subscriber: what all are told is one message, delivered by `announce.rs`.

use std::sync::Arc;

use yanshu_protocol::{
    AppId, Attributes, ClientId, Code, Content, ConversationId, ConversationKind, Mentions, Reject, Timestamp,
};
use yanshu_session::Actor;

use super::Service;
use super::dispatch::{Fanout, Job};
use super::members::roster_of;
use super::send::check_size;
use crate::query;
use crate::store::{
    Appended, Completion, Conversation, Draft, NewConversation, Roster, StoreError, StoredMessage, Write,
    WriteError,
};

/// What a service says.
#[derive(Debug, Clone)]
pub(crate) struct Announcement {
    pub(crate) app: AppId,
    pub(crate) conversation: ConversationId,
    /// In whose name.
    pub(crate) from: ClientId,
    pub(crate) content: Content,
    pub(crate) mentions: Mentions,
    /// For those online now only.
    pub(crate) transient: bool,
    /// After this it does not wait for anyone any more (B-148).
    pub(crate) valid_till: Option<Timestamp>,
}

impl Service {
    /// Makes a service conversation (B-73, B-74).
    pub(crate) async fn create_service(
        &self,
        app: &AppId,
        creator: ClientId,
        attributes: Attributes,
    ) -> Result<Conversation, Reject> {
        let now = self.clock.now();
        let most = self.settings(app).conversation.max_attributes.0;
        let draft = NewConversation {
            app: app.clone(),
            id: self.ids.conversation(now),
            kind: ConversationKind::Service,
            creator,
            members: Vec::new(),
            attributes: query::initial_attributes(attributes, most)?,
            unique_id: None,
            expires_at: None,
            now,
        };
        let created = self.commit(|done| Write::Create(Box::new(draft), done)).await?;
        let conversation = created.conversation;
        self.rosters.put(app.clone(), conversation.id.clone(), roster_of(&conversation));
        Ok(conversation)
    }

    /// Tells one client, subscriber or not (B-145); everyone who subscribes if none is named (B-146).
    pub(crate) async fn announce(
        &self,
        what: Announcement,
        to: Option<ClientId>,
    ) -> Result<Arc<StoredMessage>, Reject> {
        let settings = self.settings(&what.app);
        check_size(&settings, what.content.len())?;
        let roster = self.service_roster(&what.app, &what.conversation).await?;
        let now = self.clock.now();
        let transient = what.transient;
        let fanout = move |message: Arc<StoredMessage>, app: AppId| Fanout {
            app,
            message,
            roster: Some(roster),
            origin: None,
            transient,
            priority: 1,
        };
        if transient {
            let message = Arc::new(StoredMessage {
                conversation: what.conversation,
                thread: to,
                id: self.ids.message(now),
                from: what.from,
                timestamp: now,
                content: what.content,
                mentions: what.mentions,
                receipt: false,
                patched_at: None,
                recalled: false,
            });
            self.dispatcher.hand_on(Job::message(fanout(Arc::clone(&message), what.app))).await;
            return Ok(message);
        }
        let draft = Draft {
            app: what.app.clone(),
            conversation: what.conversation,
            thread: to,
            from: what.from,
            content: what.content,
            mentions: what.mentions,
            receipt: false,
            valid_till: what.valid_till,
            resend_key: None,
            now,
        };
        let (app, dispatcher) = (what.app, self.dispatcher.clone());
        let (told, waiter) = tokio::sync::oneshot::channel();
        let done = Completion::new(move |result: Result<Appended, WriteError>| {
            let outcome = result.map(|appended| appended.message);
            if let Ok(message) = &outcome {
                dispatcher.hand_on_blocking(Job::message(fanout(Arc::clone(message), app)));
            }
            // Whoever asked has gone: the message is kept and told all the same.
            drop(told.send(outcome));
        });
        self.store.submit(Write::Append(Box::new(draft), done)).await;
        let lost = || Err(StoreError::Unavailable("shutting down".to_owned()).into());
        Ok(waiter.await.unwrap_or_else(|_| lost())?)
    }

    /// The roster of what must be a service conversation (4313).
    pub(crate) async fn service_roster(
        &self,
        app: &AppId,
        id: &ConversationId,
    ) -> Result<Arc<Roster>, Reject> {
        let roster = self.roster(app, id).await?;
        match roster.kind {
            ConversationKind::Service => Ok(roster),
            _ => Err(Code::SystemConversationRequired.into()),
        }
    }

    /// Whether the client is a member of a normal conversation, or subscribes to a service.
    pub(super) async fn belongs(
        &self,
        actor: &Actor,
        id: &ConversationId,
        roster: &Roster,
    ) -> Result<bool, StoreError> {
        match roster.kind {
            ConversationKind::Service => {
                Ok(self.store.subscription(&actor.app, &actor.client, id).await?.is_some())
            }
            _ => Ok(roster.includes(&actor.client)),
        }
    }
}
