//! Service conversations: what a service says to one subscriber or to all, and what they say to it (B-141 to
//! B-154, W-157 to W-162).
//!
//! Nothing is kept for each subscriber: what all are told is one message, delivered by `announce.rs`.

use std::sync::Arc;

use yanshu_protocol::{
    AppId, Attributes, ClientId, Code, Content, ConversationId, ConversationKind, Mentions, MessageId,
    Reject, Timestamp,
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

/// Whom a service tells.
#[derive(Debug, Clone)]
pub(crate) enum Recipients {
    /// Everyone who subscribes (B-146).
    Subscribers,
    /// These, each once, whether or not they subscribe (B-145).
    Clients(Vec<ClientId>),
}

/// How an announcement leaves.
struct WayOut {
    app: AppId,
    roster: Arc<Roster>,
    transient: bool,
}

impl WayOut {
    fn job(&self, message: Arc<StoredMessage>) -> Job {
        Job::message(Fanout {
            app: self.app.clone(),
            message,
            roster: Some(Arc::clone(&self.roster)),
            origin: None,
            transient: self.transient,
            priority: 1,
        })
    }
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

    /// Tells those it is for. Gives the message's id and time, which are the same for all of them.
    pub(crate) async fn announce(
        &self,
        what: Announcement,
        to: Recipients,
    ) -> Result<(MessageId, Timestamp), Reject> {
        check_size(&self.settings(&what.app), what.content.len())?;
        let roster = self.service_roster(&what.app, &what.conversation).await?;
        let way_out = WayOut { app: what.app.clone(), roster, transient: what.transient };
        match what.transient {
            true => Ok(self.announce_transient(what, to, way_out).await),
            false => self.keep_announcement(what, to, way_out).await,
        }
    }

    /// For those online now (B-151).
    async fn announce_transient(
        &self,
        what: Announcement,
        to: Recipients,
        way_out: WayOut,
    ) -> (MessageId, Timestamp) {
        let now = self.clock.now();
        let id = self.ids.message(now);
        let message = |thread| StoredMessage {
            conversation: what.conversation.clone(),
            thread,
            id: id.clone(),
            from: what.from.clone(),
            timestamp: now,
            content: what.content.clone(),
            mentions: what.mentions.clone(),
            receipt: false,
            patched_at: None,
            recalled: false,
        };
        let threads = match to {
            Recipients::Subscribers => vec![None],
            Recipients::Clients(clients) => clients.into_iter().map(Some).collect(),
        };
        for thread in threads {
            self.dispatcher.hand_on(way_out.job(Arc::new(message(thread)))).await;
        }
        (id, now)
    }

    async fn keep_announcement(
        &self,
        what: Announcement,
        to: Recipients,
        way_out: WayOut,
    ) -> Result<(MessageId, Timestamp), Reject> {
        let draft = Box::new(Draft {
            app: what.app,
            conversation: what.conversation,
            thread: None,
            from: what.from,
            content: what.content,
            mentions: what.mentions,
            receipt: false,
            valid_till: what.valid_till,
            resend_key: None,
            now: self.clock.now(),
        });
        let dispatcher = self.dispatcher.clone();
        let (told, waiter) = tokio::sync::oneshot::channel();
        let done = move |kept: Result<Vec<Arc<StoredMessage>>, WriteError>| {
            let outcome = kept.map(|messages| {
                let named = messages.first().map(|message| (message.id.clone(), message.timestamp));
                for message in messages {
                    dispatcher.hand_on_blocking(way_out.job(message));
                }
                named
            });
            // Whoever asked has gone: the message is kept and told all the same.
            drop(told.send(outcome));
        };
        let write = match to {
            Recipients::Subscribers => Write::Append(
                draft,
                Completion::new(|kept: Result<Appended, WriteError>| {
                    done(kept.map(|kept| vec![kept.message]))
                }),
            ),
            Recipients::Clients(clients) => Write::Direct(draft, clients, Completion::new(done)),
        };
        self.store.submit(write).await;
        let lost = || Err(StoreError::Unavailable("shutting down".to_owned()).into());
        let named = waiter.await.unwrap_or_else(|_| lost())?;
        named.ok_or_else(|| Reject::because(Code::ConversationApiFailed, "nobody is named"))
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
