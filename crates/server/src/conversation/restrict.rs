//! Silencing and blocking: who may not speak here, who may not be here (B-126 to B-140, W-245 to W-253,
//! W-363 to W-371).

use std::sync::Arc;

use yanshu_protocol::{
    AppId, ClientId, Code, ConversationId, ConversationKind, Event, Reject, Restrict, Restriction, Timestamp,
};
use yanshu_session::Actor;

use super::Service;
use super::cursors::Seat;
use super::dispatch::{Job, Respond};
use super::members::Told;
use super::standing::{self, Power, Refused};
use crate::bus::{Audience, Needs, Push};
use crate::config::AppConfig;
use crate::signature::Act;
use crate::store::{Completion, RestrictOutcome, RestrictRequest, Roster, Write, WriteError};

/// Clients to be silenced or blocked, or no longer, that may be.
#[derive(Debug)]
pub(crate) struct RestrictionChange {
    pub(crate) app: AppId,
    pub(crate) conversation: ConversationId,
    pub(crate) restriction: Restriction,
    pub(crate) lift: bool,
    pub(crate) clients: Vec<ClientId>,
    /// Whom the members are told it was done by.
    pub(crate) by: ClientId,
    /// When it ends by itself. Nobody is told of such a one (B-132).
    pub(crate) until: Option<Timestamp>,
    /// Whether one refused id refuses all (W-104).
    pub(crate) whole: bool,
    /// Those that are refused already.
    pub(crate) refused: Refused,
}

impl Service {
    /// A member silences or blocks others, or takes that back.
    pub(super) async fn ask_restriction(&self, actor: &Arc<Actor>, request: Restrict, respond: Respond) {
        let Restrict { conversation, restriction, lift, clients, signature } = request;
        let act = Act::Block { conversation: &conversation, clients: &clients, lift };
        let signed = match restriction {
            Restriction::Silenced => Ok(()),
            Restriction::Blocked => self.check_signature(actor, &act, signature.as_ref()).await,
        };
        let allowed = match signed {
            Ok(()) => self.may_restrict(actor, &conversation, restriction, &clients).await,
            Err(reject) => Err(reject),
        };
        let refused = match allowed {
            Ok(refused) => refused,
            Err(reject) => return self.answer(respond, Err(reject)).await,
        };
        let change = RestrictionChange {
            app: actor.app.clone(),
            conversation,
            restriction,
            lift,
            clients,
            by: actor.client.clone(),
            until: None,
            whole: !actor.capabilities.partial_failures(),
            refused,
        };
        self.change_restriction(change, respond).await;
    }

    /// Whether the client may; gives those who are out of its reach.
    async fn may_restrict(
        &self,
        actor: &Actor,
        conversation: &ConversationId,
        restriction: Restriction,
        clients: &[ClientId],
    ) -> Result<Refused, Reject> {
        let settings = self.settings(&actor.app);
        let roster = self.listing_roster(actor, conversation, restriction, &settings).await?;
        let power = match restriction {
            Restriction::Silenced => Power::Silence,
            Restriction::Blocked => Power::Block,
        };
        let inside = self.is_inside(actor, conversation, &roster).await;
        standing::may(&settings.members, &roster, &actor.client, inside, power)?;
        let refused = standing::outranked(&settings.members, &roster, &actor.client, clients);
        if !actor.capabilities.partial_failures() {
            standing::none_refused(&refused)?;
        }
        Ok(refused)
    }

    /// Silences or blocks, or takes that back, and tells whom it concerns.
    pub(crate) async fn change_restriction(&self, change: RestrictionChange, respond: Respond) {
        let RestrictionChange {
            app,
            conversation,
            restriction,
            lift,
            clients,
            by,
            until,
            whole,
            mut refused,
        } = change;
        let settings = self.settings(&app);
        let kind = match self.roster(&app, &conversation).await {
            Ok(roster) => roster.kind,
            Err(reject) => return self.answer(respond, Err(reject)).await,
        };
        let request = RestrictRequest {
            app: app.clone(),
            conversation: conversation.clone(),
            restriction,
            lift,
            clients: standing::without(clients.clone(), &refused),
            by: by.clone(),
            until,
            limit: most(&settings, kind, restriction),
            keep_owner: settings.members.roles,
            whole,
            now: self.clock.now(),
        };
        let (dispatcher, rosters) = (self.dispatcher.clone(), Arc::clone(&self.rosters));
        let cursors = Arc::clone(&self.cursors);
        let done = Completion::new(move |result: Result<RestrictOutcome, WriteError>| {
            let outcome = match result {
                Ok(outcome) => outcome,
                Err(error) => {
                    let reject = match (error, restriction) {
                        (WriteError::ListFull, Restriction::Silenced) => Code::SilencedMemberListFull.into(),
                        (WriteError::ListFull, Restriction::Blocked) => Code::BlacklistFull.into(),
                        (error, _) => error.into(),
                    };
                    return dispatcher.hand_on_blocking(Job::reply(respond, Err(reject)));
                }
            };
            refused.extend(outcome.refused.iter().cloned());
            let reply = Event::RestrictionChanged {
                restriction,
                lifted: lift,
                conversation: conversation.clone(),
                allowed: standing::without(clients, &refused),
                failed: standing::failures(refused),
            };
            for client in &outcome.left {
                let (app, conversation) = (app.clone(), conversation.clone());
                cursors.forget(&Seat { app, conversation, client: client.clone() });
            }
            let told = Told { app: &app, conversation: &conversation, by: &by };
            let pushes = match until {
                None => told.restriction(&outcome, restriction, lift),
                Some(_) => Vec::new(),
            };
            let mut job = Job::reply(respond, Ok(reply));
            job = match (kind, restriction, lift) {
                (ConversationKind::Room, Restriction::Blocked, false) => {
                    job.and_expel(app.clone(), conversation.clone(), outcome.changed, pushes)
                }
                _ => job.and_tell(pushes),
            };
            rosters.put(app, conversation, outcome.roster);
            dispatcher.hand_on_blocking(job);
        });
        self.store.submit(Write::Restrict(Box::new(request), done)).await;
    }

    /// The roster of a conversation that has such a list for its members (W-166, W-248, W-370).
    pub(super) async fn listing_roster(
        &self,
        actor: &Actor,
        conversation: &ConversationId,
        restriction: Restriction,
        settings: &AppConfig,
    ) -> Result<Arc<Roster>, Reject> {
        if restriction == Restriction::Blocked && !settings.members.blocklist {
            return Err(Code::BlacklistFeatureDisabled.into());
        }
        let roster = self.roster(&actor.app, conversation).await?;
        match roster.kind {
            ConversationKind::Normal | ConversationKind::Room => Ok(roster),
            ConversationKind::Temporary | ConversationKind::Service => {
                Err(Code::NormalConversationRequired.into())
            }
        }
    }

    /// Whether the client is a member, or in the chat room now, or its creator.
    pub(super) async fn is_inside(&self, actor: &Actor, id: &ConversationId, roster: &Roster) -> bool {
        match roster.kind {
            ConversationKind::Room => {
                roster.creator == actor.client || self.bus.room_of(actor.key).await.as_ref() == Some(id)
            }
            _ => roster.includes(&actor.client),
        }
    }
}

impl Told<'_> {
    /// Who is told what: the client it concerns, then the others; for one that had to leave both again
    /// (W-246, W-364, W-365).
    fn restriction(&self, outcome: &RestrictOutcome, restriction: Restriction, lifted: bool) -> Vec<Push> {
        if outcome.changed.is_empty() {
            return Vec::new();
        }
        let (roster, at) = (&outcome.roster, outcome.at);
        let (conversation, by) = (self.conversation.clone(), self.by.clone());
        let in_room = roster.kind == ConversationKind::Room;
        let own = Event::Restricted { restriction, lifted, conversation, by, in_room };
        let (conversation, by) = (self.conversation.clone(), self.by.clone());
        let members = outcome.changed.clone();
        let group = Event::MembersRestricted { restriction, lifted, conversation, members, by, in_room };
        let changed: Arc<[ClientId]> = outcome.changed.as_slice().into();
        let left: Arc<[ClientId]> = outcome.left.as_slice().into();
        let mut pushes = vec![modern(self.push(roster, &changed, at, true, own))];
        if !left.is_empty() {
            let at = outcome.updated_at;
            pushes.push(self.push(roster, &left, at, true, self.left(at)));
        }
        pushes.push(modern(self.to_group(roster, at, group)));
        if !left.is_empty() {
            let at = outcome.updated_at;
            let event = self.members_left(outcome.left.clone(), at);
            pushes.push(self.push(roster, &roster.members, at, false, event));
        }
        pushes
    }

    /// For every member, or everyone in the room now (W-465).
    pub(super) fn to_group(&self, roster: &Roster, at: Timestamp, event: Event) -> Push {
        let push = self.push(roster, &roster.members, at, false, event);
        match roster.kind {
            ConversationKind::Room => Push { to: Audience::Room(self.conversation.clone()), ..push },
            _ => push,
        }
    }
}

/// What 2015 did not know is not told to its clients.
pub(super) fn modern(push: Push) -> Push {
    Push { needs: Needs { modern: true, ..push.needs }, ..push }
}

/// Most entries of a list (B-131, B-139).
fn most(settings: &AppConfig, kind: ConversationKind, restriction: Restriction) -> usize {
    match (kind, restriction) {
        (ConversationKind::Normal | ConversationKind::Temporary, Restriction::Silenced) => {
            settings.members.max_silenced
        }
        (ConversationKind::Normal | ConversationKind::Temporary, Restriction::Blocked) => {
            settings.members.max_blocked
        }
        (ConversationKind::Room | ConversationKind::Service, Restriction::Silenced) => {
            settings.room.max_silenced
        }
        (ConversationKind::Room | ConversationKind::Service, Restriction::Blocked) => {
            settings.room.max_blocked
        }
    }
}
