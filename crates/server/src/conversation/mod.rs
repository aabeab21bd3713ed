//! Conversations and their messages: who may do what, what comes of it, and who is told.
//!
//! This room owns the rules. It knows the store, the bus and the clock as traits, and the actor of a command;
//! it knows no socket, no codec and no SQL. One file per matter; [`Service`] holds what they share.
//!
//! The way of a change: a rule here accepts it → the store commits it → its completion, still in commit order,
//! hands the reply and what others are told to the [`dispatch::Dispatcher`] → the bus.

mod announce;
mod arrival;
mod attributes;
mod backend;
mod blocklist;
mod censor;
mod cursors;
mod dispatch;
mod history;
mod hooks;
mod lookup;
mod members;
mod notices;
mod paging;
mod patch;
mod receipts;
mod restrict;
mod restricted;
mod role;
mod room;
mod roster;
mod search;
mod send;
mod service;
mod standing;
mod start;
mod subscribers;
mod unread;
mod view;
mod will;

use std::sync::Arc;

use yanshu_protocol::{
    AppId, ClientId, Code, Command, ConversationCommand, ConversationId, Event, Reject, SessionCommand,
    Signature,
};
use yanshu_session::Actor;

use crate::apps::Apps;
use crate::bus::Bus;
use crate::clock::Clock;
use crate::config::AppConfig;
use crate::ids::IdSource;
use crate::signature::{self, Act};
use crate::store::{Completion, Roster, Store, StoreError, Write, WriteError};

pub(crate) use arrival::Known;
pub(crate) use backend::{Managed, RestrictionByApp, SearchByApp};
pub(crate) use dispatch::Respond;
pub(crate) use hooks::{Hooks, NoHooks};
pub(crate) use notices::Missed;
pub(crate) use service::{Announcement, Recipients};

use cursors::Cursors;
use dispatch::{Dispatcher, Job};
use receipts::ReceiptRequests;
use roster::Rosters;

/// Everything that conversations need, and the commands on them.
#[derive(Debug)]
pub(crate) struct Service {
    apps: Arc<Apps>,
    store: Arc<dyn Store>,
    bus: Arc<dyn Bus>,
    clock: Arc<dyn Clock>,
    ids: Arc<IdSource>,
    hooks: Arc<dyn Hooks>,
    dispatcher: Dispatcher,
    rosters: Arc<Rosters>,
    cursors: Arc<Cursors>,
    receipt_requests: Arc<ReceiptRequests>,
}

impl Service {
    /// The service, and the task that delivers what it decides; it ends when the service is dropped.
    pub(crate) fn new(
        apps: Arc<Apps>,
        store: Arc<dyn Store>,
        bus: Arc<dyn Bus>,
        clock: Arc<dyn Clock>,
        ids: Arc<IdSource>,
        hooks: Arc<dyn Hooks>,
    ) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let rosters = Arc::new(Rosters::default());
        let (dispatcher, delivering) =
            dispatch::dispatcher(Arc::clone(&store), Arc::clone(&bus), Arc::clone(&rosters));
        let service = Self {
            apps,
            store,
            bus,
            clock,
            ids,
            hooks,
            dispatcher,
            rosters,
            cursors: Arc::default(),
            receipt_requests: Arc::default(),
        };
        (service, delivering)
    }

    /// Carries out a command of an open session. Resolves when the command has its place in the order of
    /// changes, or, for one that only reads, when it is answered; `respond` is called once, then or later.
    pub(crate) async fn call(&self, actor: &Arc<Actor>, command: Command, respond: Respond) {
        match command {
            Command::Send(message) => self.send(actor, *message, respond).await,
            Command::Conversation(command) => self.conversation_command(actor, command, respond).await,
            Command::Patch(requests) => self.patch(actor, requests, respond).await,
            // Neither is ever answered (W-293, W-315): what is responded only says that it is done.
            Command::Ack(acked) => {
                if let Err(reject) = self.acknowledge(actor, acked).await {
                    tracing::debug!(client.id = %actor.client, %reject, "acknowledgement ignored");
                }
                respond(Ok(Event::Echo));
            }
            Command::Read(marks) => {
                if let Err(reject) = self.mark_read(actor, marks).await {
                    tracing::debug!(client.id = %actor.client, %reject, "read mark ignored");
                }
                respond(Ok(Event::Echo));
            }
            Command::History(query) => respond(self.history(actor, query).await),
            Command::Session(SessionCommand::Query(clients)) => {
                respond(Ok(self.online(actor, clients).await))
            }
            // The token of a push service tells nothing that conversations need; the session keeps it.
            Command::ReportDevice(_) => respond(Ok(Event::DeviceReported)),
            Command::PatchConfirmed(_)
            | Command::Echo
            | Command::Login(_)
            | Command::Logout(_)
            | Command::Session(_)
            | Command::Unsupported(_) => {
                respond(Err(Reject::because(Code::InternalError, "unsupported command")));
            }
        }
    }

    async fn conversation_command(&self, actor: &Arc<Actor>, command: ConversationCommand, respond: Respond) {
        match command {
            ConversationCommand::Start(request) => self.start(actor, *request, respond).await,
            ConversationCommand::Add(request) => self.add_members(actor, request, respond).await,
            ConversationCommand::Remove(request) => self.remove_members(actor, request, respond).await,
            ConversationCommand::Update { conversation, changes } => {
                self.update(actor, conversation, changes, respond).await;
            }
            ConversationCommand::Mute(id) => self.set_muted(actor, id, true, respond).await,
            ConversationCommand::Unmute(id) => self.set_muted(actor, id, false, respond).await,
            ConversationCommand::Query(query) => respond(self.search(actor, *query).await),
            ConversationCommand::Count(id) => respond(self.member_count(actor, id).await),
            ConversationCommand::CountMatching(target) => {
                respond(self.count_matching(actor, target).await);
            }
            ConversationCommand::RoomMembers { conversation, limit } => {
                respond(self.room_members(actor, conversation, limit).await);
            }
            ConversationCommand::IsMember(ids) => respond(self.is_member(actor, ids).await),
            ConversationCommand::MaxRead { conversation, each_member } => {
                respond(self.max_read(actor, conversation, each_member).await);
            }
            ConversationCommand::SetRole { conversation, member, role } => {
                self.ask_role(actor, conversation, member, role, respond).await;
            }
            ConversationCommand::Restrict(request) => self.ask_restriction(actor, request, respond).await,
            ConversationCommand::Restricted { conversation, restriction, page } => {
                respond(self.restricted_page(actor, conversation, restriction, page).await);
            }
            ConversationCommand::CheckRestricted { conversation, restriction, clients } => {
                respond(self.restricted_among(actor, conversation, restriction, clients).await);
            }
            ConversationCommand::BlockConversations(request) => {
                let outcome = self.block_conversations(actor, request).await;
                self.answer(respond, outcome).await;
            }
            ConversationCommand::BlockedConversations(page) => {
                let page = self.blocked_conversations(&actor.app, &actor.client, page).await;
                respond(
                    page.map(|(conversations, next)| Event::BlockedConversations { conversations, next }),
                );
            }
        }
    }

    /// Waits until everything that was handed to the dispatcher so far has left.
    pub(crate) async fn delivered(&self) {
        let (told, waiter) = tokio::sync::oneshot::channel();
        let fence = Box::new(move |_| {
            // Whoever waits no longer does not want to know.
            let _ = told.send(());
        });
        self.dispatcher.hand_on(Job::reply(fence, Ok(Event::Echo))).await;
        // An error means that the dispatcher has ended: then nothing is under way.
        let _ = waiter.await;
    }

    /// Which of the given clients are online, in the order asked (W-133).
    async fn online(&self, actor: &Actor, mut clients: Vec<ClientId>) -> Event {
        clients.truncate(yanshu_protocol::limits::MAX_ONLINE_QUERY);
        let online = self.bus.online(&actor.app, &clients).await;
        let present = clients.into_iter().zip(online).filter_map(|(client, online)| online.then_some(client));
        Event::SessionsOnline(present.collect())
    }

    /// A conversation is deleted: whoever sends to it from now on hears so (B-515).
    pub(crate) fn forgotten(&self, app: &AppId, conversation: &ConversationId) {
        self.rosters.remove(app, conversation);
    }

    fn settings(&self, app: &AppId) -> Arc<AppConfig> {
        self.apps.settings(app)
    }

    /// That the app's own server allowed an act, where the app wants that (B-416).
    async fn check_signature(
        &self,
        actor: &Actor,
        act: &Act<'_>,
        signature: Option<&Signature>,
    ) -> Result<(), Reject> {
        let Some(app) = self.apps.get(&actor.app) else { return Err(Code::AppNotAvailable.into()) };
        if !act.is_signed(&app.settings.signature) {
            return Ok(());
        }
        let kicked_at = self.store.kicked_at(&actor.app, &actor.client).await?;
        signature::check(&app, Some(&actor.client), act, signature, kicked_at, self.clock.now())
    }

    /// The roster of a conversation that exists.
    async fn roster(&self, app: &AppId, id: &ConversationId) -> Result<Arc<Roster>, Reject> {
        self.rosters
            .get(&*self.store, app, id, self.clock.now())
            .await?
            .ok_or_else(|| Code::ConversationNotFound.into())
    }

    /// Makes a change and waits until it is durable.
    async fn commit<T: Send + 'static>(
        &self,
        write: impl FnOnce(Completion<T>) -> Write,
    ) -> Result<T, WriteError> {
        let (done, waiter) = Completion::waiter();
        self.store.submit(write(done)).await;
        waiter.await.unwrap_or_else(|_| Err(StoreError::Unavailable("shutting down".to_owned()).into()))
    }

    /// Answers through the dispatcher, behind everything that was told before.
    async fn answer(&self, respond: Respond, outcome: Result<Event, Reject>) {
        self.dispatcher.hand_on(Job::reply(respond, outcome)).await;
    }
}

/// What a client is told when the store fails: the protocol's one code for it, and no inner detail.
impl From<StoreError> for Reject {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::TooCostly(why) => Self::because(Code::ConversationQueryFailed, why),
            StoreError::Unavailable(why) => {
                tracing::error!(%why, "the store failed");
                Code::InternalError.into()
            }
        }
    }
}

impl From<WriteError> for Reject {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::NotFound => Code::ConversationNotFound.into(),
            WriteError::Full => Code::ConversationFull.into(),
            WriteError::ListFull => Code::BlacklistFull.into(),
            WriteError::NotOwner => Code::MessageOwnershipRequired.into(),
            WriteError::Refused(reject) => reject,
            WriteError::Store(error) => error.into(),
        }
    }
}
