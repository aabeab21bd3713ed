//! What a session gets when it opens, and what is done when it ends.

use yanshu_protocol::{AppId, ClientId, ConversationKind, Event, Timestamp};
use yanshu_session::{Actor, OfflineMode, SessionKey};

use super::Service;
use super::dispatch::{Job, delivery};
use super::patch::patch_item;
use super::room::RoomSeat;
use super::unread::most_unread;
use crate::bus::{Audience, Needs, Push, SessionInfo};
use crate::store::{CommitPoint, Completion, MissedMessages, StoreError, Write, WriteError};

/// Missed edits told at most (W-362).
const MOST_PATCHES: usize = 1000;

/// Edits older than this are not told any more (W-362).
const PATCH_WINDOW_MILLIS: i64 = 30 * 24 * 60 * 60 * 1000;

/// What the client says it knows already.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Known {
    /// Unread notices up to this time.
    pub(crate) unread_until: Option<Timestamp>,
    /// Edits up to this time.
    pub(crate) patches_until: Option<Timestamp>,
}

impl Service {
    /// A session has opened and been told so: back into its room, then what it missed, then what has come
    /// since (W-114). Whatever fails, the session ends up receiving.
    pub(crate) async fn arrived(&self, actor: &Actor, known: Known) {
        let missed = self.missed(actor, known).await.unwrap_or_else(|error| {
            tracing::error!(%error, client.id = %actor.client, "what a client missed could not be told");
            Vec::new()
        });
        self.dispatcher.hand_on(Job::release(actor.key, missed)).await;
        // What the client asks next is answered behind it.
        self.delivered().await;
    }

    async fn missed(&self, actor: &Actor, known: Known) -> Result<Vec<Push>, WriteError> {
        // First of all: whatever others do once they know that the client is here must reach it.
        if let Some(room) = &actor.returns_to {
            self.bus.enter_room(actor.key, room).await;
        }
        let until = self.begin_receiving(actor.key).await?;
        self.remember_return(actor).await;
        self.flush_cursors().await?;
        let mut pushes = match actor.capabilities.offline() {
            OfflineMode::Pushed => self.missed_messages(actor, until).await?,
            OfflineMode::Unread => self.unread_at_arrival(actor, known.unread_until, until).await?,
        };
        pushes.extend(self.missed_patches(actor, known.patches_until).await?);
        Ok(pushes)
    }

    /// The place in the order of changes from which on the session gets what comes.
    async fn begin_receiving(&self, key: SessionKey) -> Result<CommitPoint, WriteError> {
        let dispatcher = self.dispatcher.clone();
        let (done, waiter) = Completion::waiter();
        let done = Completion::new(move |place| {
            dispatcher.hand_on_blocking(Job::hold(key));
            done.call(place);
        });
        self.store.submit(Write::Mark(done)).await;
        waiter.await.unwrap_or_else(|_| Err(StoreError::Unavailable("shutting down".to_owned()).into()))
    }

    /// A session logged out: its will is void and its room is left for good (B-18, B-19).
    pub(crate) async fn departed(&self, actor: &Actor) -> Result<(), WriteError> {
        self.forget_room(actor.into()).await;
        self.drop_will(actor).await
    }

    /// A session is lost, and still known to the bus: its will is sent, and it may come back into its room
    /// for a while.
    pub(crate) async fn lost(&self, actor: &Actor) -> Result<(), WriteError> {
        if let Some(room) = self.bus.room_of(actor.key).await {
            self.keep_room(actor, room).await;
        }
        self.send_will(actor).await
    }

    /// A session was ended by force: its will is sent (W-280), and it does not come back into its room.
    pub(crate) async fn displaced(
        &self,
        app: &AppId,
        client: &ClientId,
        session: SessionInfo,
    ) -> Result<(), WriteError> {
        let seat = RoomSeat { app, client, device: session.device.as_ref() };
        self.forget_room(seat).await;
        self.send_will_of(app, client, &session.session, session.key).await
    }

    async fn missed_messages(&self, actor: &Actor, until: CommitPoint) -> Result<Vec<Push>, WriteError> {
        let settings = self.settings(&actor.app);
        let missed = self
            .store
            .missed(
                &actor.app,
                &actor.client,
                settings.offline.max_conversations,
                settings.offline.pushed_per_conversation,
                until,
                self.clock.now(),
            )
            .await?;
        let told = |missed: &MissedMessages| {
            missed.kind != ConversationKind::Temporary || actor.capabilities.temporary_conversations()
        };
        let missed = missed.into_iter().filter(told);
        Ok(missed.flat_map(|missed| self.offline_pushes(actor, missed)).collect())
    }

    fn offline_pushes(&self, actor: &Actor, missed: MissedMessages) -> Vec<Push> {
        let last = missed.messages.len().saturating_sub(1);
        let pushes = missed.messages.into_iter().enumerate().map(|(index, message)| {
            let mut delivery = delivery(&message, missed.kind, false);
            delivery.offline = true;
            delivery.has_more = index < last;
            self.push_to_session(actor, Event::Message(delivery))
        });
        pushes.collect()
    }

    async fn unread_at_arrival(
        &self,
        actor: &Actor,
        known_until: Option<Timestamp>,
        until: CommitPoint,
    ) -> Result<Vec<Push>, WriteError> {
        let settings = self.settings(&actor.app);
        let mut states = self
            .store
            .unread(
                &actor.app,
                &actor.client,
                known_until,
                settings.offline.max_conversations,
                most_unread(&settings),
                until,
                self.clock.now(),
            )
            .await?;
        if !actor.capabilities.temporary_conversations() {
            states.retain(|state| state.kind != ConversationKind::Temporary);
        }
        if states.is_empty() {
            return Ok(Vec::new());
        }
        Ok(vec![self.notice(actor, Audience::Session(actor.key), states)])
    }

    /// One edit to a push: some SDKs keep only the last of several (W-354).
    async fn missed_patches(
        &self,
        actor: &Actor,
        known_until: Option<Timestamp>,
    ) -> Result<Vec<Push>, WriteError> {
        let known_until = known_until.filter(|time| time.0 > 0 && actor.capabilities.patches());
        let Some(known_until) = known_until else { return Ok(Vec::new()) };
        let now = self.clock.now();
        let after = known_until.max(now.plus_millis(-PATCH_WINDOW_MILLIS));
        let device = actor.device.as_ref().map(|device| device.as_str());
        let patched =
            self.store.patched_since(&actor.app, &actor.client, device, after, MOST_PATCHES, now).await?;
        let pushes = patched.into_iter().filter_map(|message| {
            let at = message.patched_at?;
            Some(self.push_to_session(actor, Event::Patch(patch_item(&message, at))))
        });
        Ok(pushes.collect())
    }

    fn push_to_session(&self, actor: &Actor, event: Event) -> Push {
        Push {
            app: actor.app.clone(),
            to: Audience::Session(actor.key),
            except: None,
            needs: Needs::default(),
            permanent: false,
            server_time: self.clock.now(),
            priority: 1,
            event,
        }
    }
}
