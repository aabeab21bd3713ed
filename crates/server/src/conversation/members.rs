//! Joining, adding, leaving, removing (B-85 to B-103).

use std::sync::Arc;

use yanshu_protocol::{
    AppId, ChangeMembers, ClientId, Code, ConversationId, ConversationKind, Event, MembersChanged, Reject,
    Timestamp,
};
use yanshu_session::Actor;

use super::Service;
use super::cursors::Seat;
use super::dispatch::{Job, Respond};
use super::standing::{self, Power, Refused};
use crate::bus::{Audience, Needs, Push};
use crate::config::{AppConfig, EventRule};
use crate::signature::Act;
use crate::store::{Completion, Conversation, MembersOutcome, MembersRequest, Roster, Write, WriteError};

/// Which way a change of members goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    In,
    Out,
}

/// A change of members that is allowed.
#[derive(Debug)]
pub(crate) struct MembersChange {
    pub(crate) app: AppId,
    pub(crate) conversation: ConversationId,
    pub(crate) members: Vec<ClientId>,
    pub(crate) way: Way,
    /// Whom the members are told it was done by.
    pub(crate) by: ClientId,
    /// Whether one refused id refuses all (W-104).
    pub(crate) whole: bool,
    /// Those that are refused already.
    pub(crate) refused: Refused,
}

impl Service {
    /// Adds members, or lets the client join.
    pub(super) async fn add_members(&self, actor: &Arc<Actor>, request: ChangeMembers, respond: Respond) {
        self.ask_members(actor, request, Way::In, respond).await;
    }

    /// Removes members, or lets the client leave.
    pub(super) async fn remove_members(&self, actor: &Arc<Actor>, request: ChangeMembers, respond: Respond) {
        self.ask_members(actor, request, Way::Out, respond).await;
    }

    async fn ask_members(&self, actor: &Arc<Actor>, request: ChangeMembers, way: Way, respond: Respond) {
        let ChangeMembers { conversation, mut members, signature } = request;
        // An anonymous client of 2015 does not know its own id and names nobody when it means itself (W-395).
        if members.is_empty() {
            members.push(actor.client.clone());
        }
        let roster = match self.roster(&actor.app, &conversation).await {
            Ok(roster) => roster,
            Err(reject) => return self.answer(respond, Err(reject)).await,
        };
        let signed = match way {
            Way::In => {
                Some(Act::Add { conversation: &conversation, members: &members, actor: &actor.client })
            }
            // Leaving is not signed (B-425).
            Way::Out if only_itself(actor, &members) => None,
            Way::Out => Some(Act::Remove { conversation: &conversation, members: &members }),
        };
        if let Some(act) = signed
            && let Err(reject) = self.check_signature(actor, &act, signature.as_ref()).await
        {
            return self.answer(respond, Err(reject)).await;
        }
        let allowed = match roster.kind {
            ConversationKind::Normal => may_change(actor, &self.settings(&actor.app), &roster, &members, way),
            ConversationKind::Room => {
                let outcome = match way {
                    Way::In => self.join_room(actor, &roster, &conversation, members).await,
                    Way::Out => self.quit_room(actor, &conversation, members).await,
                };
                return self.answer(respond, outcome).await;
            }
            ConversationKind::Service if only_itself(actor, &members) => Ok(Vec::new()),
            ConversationKind::Service | ConversationKind::Temporary => {
                Err(Code::NormalConversationRequired.into())
            }
        };
        let refused = match allowed {
            Ok(refused) => refused,
            Err(reject) => return self.answer(respond, Err(reject)).await,
        };
        let (app, by) = (actor.app.clone(), actor.client.clone());
        let whole = !actor.capabilities.partial_failures();
        let change = MembersChange { app, conversation, members, way, by, whole, refused };
        self.change_members(change, respond).await;
    }

    /// Adds or removes, and tells whom it concerns. Blocked clients and the owner are refused one by one.
    pub(crate) async fn change_members(&self, change: MembersChange, respond: Respond) {
        let MembersChange { app, conversation, members, way, by, whole, mut refused } = change;
        let settings = self.settings(&app);
        let asked = standing::without(members.clone(), &refused);
        let (add, remove) = match way {
            Way::In => (asked, Vec::new()),
            Way::Out => (Vec::new(), asked),
        };
        let request = MembersRequest {
            app: app.clone(),
            conversation: conversation.clone(),
            add,
            remove,
            by: by.clone(),
            keep_owner: settings.members.roles,
            whole,
            limit: settings.members.max,
            now: self.clock.now(),
        };
        let (dispatcher, rosters) = (self.dispatcher.clone(), Arc::clone(&self.rosters));
        let cursors = Arc::clone(&self.cursors);
        let done = Completion::new(move |result: Result<MembersOutcome, WriteError>| {
            let outcome = match result {
                Ok(outcome) => outcome,
                Err(error) => {
                    return dispatcher.hand_on_blocking(Job::reply(respond, Err(error.into())));
                }
            };
            refused.extend(outcome.refused.iter().cloned());
            let changed = MembersChanged {
                conversation: conversation.clone(),
                updated_at: outcome.updated_at,
                allowed: standing::without(members, &refused),
                failed: standing::failures(refused),
            };
            let event = match way {
                Way::In => Event::MembersAdded(changed),
                Way::Out => Event::MembersRemoved(changed),
            };
            for client in &outcome.changed {
                let (app, conversation) = (app.clone(), conversation.clone());
                cursors.forget(&Seat { app, conversation, client: client.clone() });
            }
            let told = Told { app: &app, conversation: &conversation, by: &by };
            let pushes = told.change(&outcome, way, settings.members.event_rule);
            rosters.put(app, conversation, outcome.roster);
            dispatcher.hand_on_blocking(Job::reply(respond, Ok(event)).and_tell(pushes));
        });
        self.store.submit(Write::ChangeMembers(Box::new(request), done)).await;
    }
}

/// Everybody may come and go; what else a client may do depends on its standing (B-86 to B-89, W-239). Gives
/// those who are out of its reach.
fn may_change(
    actor: &Actor,
    settings: &AppConfig,
    roster: &Roster,
    members: &[ClientId],
    way: Way,
) -> Result<Refused, Reject> {
    if only_itself(actor, members) {
        return Ok(Vec::new());
    }
    let power = match way {
        Way::In => Power::Add,
        Way::Out => Power::Remove,
    };
    standing::may(&settings.members, roster, &actor.client, roster.includes(&actor.client), power)?;
    let refused = match way {
        Way::In => Vec::new(),
        Way::Out => standing::outranked(&settings.members, roster, &actor.client, members),
    };
    if !actor.capabilities.partial_failures() {
        standing::none_refused(&refused)?;
    }
    Ok(refused)
}

pub(super) fn only_itself(actor: &Actor, members: &[ClientId]) -> bool {
    members.iter().all(|client| *client == actor.client)
}

/// What events about a conversation say in common.
pub(super) struct Told<'a> {
    pub(super) app: &'a AppId,
    pub(super) conversation: &'a ConversationId,
    pub(super) by: &'a ClientId,
}

impl Told<'_> {
    /// Who is told what about a change (B-95, B-96). Nobody is of a service's subscribers (W-213).
    fn change(&self, outcome: &MembersOutcome, way: Way, rule: EventRule) -> Vec<Push> {
        if outcome.changed.is_empty() || outcome.roster.kind == ConversationKind::Service {
            return Vec::new();
        }
        let (roster, at) = (&outcome.roster, outcome.updated_at);
        let itself = outcome.changed.as_slice() == std::slice::from_ref(self.by);
        let changed: Arc<[ClientId]> = outcome.changed.as_slice().into();
        // The guides of 2019 tell a client of its own act only as one of the group, and of another's act only
        // as the one it concerns.
        let tell_own = rule != EventRule::Guides || !itself;
        let told_with_group: Arc<[ClientId]> = match (rule, way, itself) {
            (EventRule::Guides, Way::In, false) => {
                roster.members.iter().filter(|client| !outcome.changed.contains(client)).cloned().collect()
            }
            (EventRule::Guides | EventRule::Union, Way::Out, true) => {
                roster.members.iter().chain(changed.iter()).cloned().collect()
            }
            _ => Arc::clone(&roster.members),
        };
        let own = match way {
            Way::In => self.joined(at, None),
            Way::Out => self.left(at),
        };
        let group = match way {
            Way::In => self.members_joined(outcome.changed.clone(), at, None),
            Way::Out => self.members_left(outcome.changed.clone(), at),
        };
        let mut pushes = Vec::with_capacity(2);
        if tell_own {
            pushes.push(self.push(roster, &changed, at, true, own));
        }
        pushes.push(self.push(roster, &told_with_group, at, false, group));
        pushes
    }

    pub(super) fn joined(&self, at: Timestamp, ttl_seconds: Option<i32>) -> Event {
        Event::Joined { conversation: self.conversation.clone(), by: self.by.clone(), at, ttl_seconds }
    }

    pub(super) fn left(&self, at: Timestamp) -> Event {
        Event::Left { conversation: self.conversation.clone(), by: self.by.clone(), at }
    }

    pub(super) fn members_joined(
        &self,
        members: Vec<ClientId>,
        at: Timestamp,
        ttl_seconds: Option<i32>,
    ) -> Event {
        let (conversation, by) = (self.conversation.clone(), self.by.clone());
        Event::MembersJoined { conversation, members, by, at, ttl_seconds }
    }

    pub(super) fn members_left(&self, members: Vec<ClientId>, at: Timestamp) -> Event {
        let (conversation, by) = (self.conversation.clone(), self.by.clone());
        Event::MembersLeft { conversation, members, by, at }
    }

    /// An event of the conversation for some clients.
    pub(super) fn push(
        &self,
        roster: &Roster,
        clients: &Arc<[ClientId]>,
        at: Timestamp,
        permanent: bool,
        event: Event,
    ) -> Push {
        Push {
            app: self.app.clone(),
            to: Audience::Clients(Arc::clone(clients)),
            except: None,
            needs: Needs {
                temporary_conversations: roster.kind == ConversationKind::Temporary,
                ..Needs::default()
            },
            permanent,
            server_time: at,
            priority: 1,
            event,
        }
    }
}

/// The part of a conversation that sending needs.
pub(super) fn roster_of(conversation: &Conversation) -> Roster {
    Roster {
        kind: conversation.kind,
        members: conversation.members.iter().map(|member| member.client.clone()).collect(),
        expires_at: conversation.expires_at,
        creator: conversation.creator.clone(),
        order: Arc::default(),
    }
}
