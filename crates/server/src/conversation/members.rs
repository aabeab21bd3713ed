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
use crate::bus::{Audience, Needs, Push};
use crate::config::EventRule;
use crate::signature::Act;
use crate::store::{
    Completion, Conversation, MembersOutcome, MembersRequest, Order, Roster, Write, WriteError,
};

/// Which way a change of members goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    In,
    Out,
}

impl Service {
    /// Adds members, or lets the client join.
    pub(super) async fn add_members(&self, actor: &Arc<Actor>, request: ChangeMembers, respond: Respond) {
        self.change_members(actor, request, Way::In, respond).await;
    }

    /// Removes members, or lets the client leave.
    pub(super) async fn remove_members(&self, actor: &Arc<Actor>, request: ChangeMembers, respond: Respond) {
        self.change_members(actor, request, Way::Out, respond).await;
    }

    async fn change_members(&self, actor: &Arc<Actor>, request: ChangeMembers, way: Way, respond: Respond) {
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
        let signed = signed.map_or(Ok(()), |act| self.check_signature(actor, &act, signature.as_ref()));
        if let Err(reject) = signed {
            return self.answer(respond, Err(reject)).await;
        }
        let allowed = match roster.kind {
            ConversationKind::Normal => may_change(actor, &roster, &members),
            ConversationKind::Room => {
                let outcome = match way {
                    Way::In => self.join_room(actor, &conversation, members).await,
                    Way::Out => self.quit_room(actor, &conversation, members).await,
                };
                return self.answer(respond, outcome).await;
            }
            ConversationKind::Service | ConversationKind::Temporary => {
                Err(Code::NormalConversationRequired.into())
            }
        };
        if let Err(reject) = allowed {
            return self.answer(respond, Err(reject)).await;
        }
        self.commit_members(actor, conversation, members, way, respond).await;
    }

    async fn commit_members(
        &self,
        actor: &Arc<Actor>,
        conversation: ConversationId,
        members: Vec<ClientId>,
        way: Way,
        respond: Respond,
    ) {
        let settings = self.settings(&actor.app);
        let (add, remove) = match way {
            Way::In => (members.clone(), Vec::new()),
            Way::Out => (Vec::new(), members.clone()),
        };
        let request = MembersRequest {
            app: actor.app.clone(),
            conversation: conversation.clone(),
            add,
            remove,
            by: actor.client.clone(),
            limit: settings.members.max,
            keep_owner: false,
            whole: false,
            now: self.clock.now(),
        };
        let (dispatcher, rosters) = (self.dispatcher.clone(), Arc::clone(&self.rosters));
        let cursors = Arc::clone(&self.cursors);
        let actor = Arc::clone(actor);
        let done = Completion::new(move |result: Result<MembersOutcome, WriteError>| {
            let outcome = match result {
                Ok(outcome) => outcome,
                Err(error) => {
                    return dispatcher.hand_on_blocking(Job::reply(respond, Err(error.into())));
                }
            };
            let changed = MembersChanged {
                conversation: conversation.clone(),
                updated_at: outcome.updated_at,
                allowed: members,
                failed: Vec::new(),
            };
            let event = match way {
                Way::In => Event::MembersAdded(changed),
                Way::Out => Event::MembersRemoved(changed),
            };
            for client in &outcome.changed {
                cursors.forget(&Seat {
                    app: actor.app.clone(),
                    conversation: conversation.clone(),
                    client: client.clone(),
                });
            }
            let pushes = change_pushes(&actor, &conversation, &outcome, way, settings.members.event_rule);
            rosters.put(actor.app.clone(), conversation, outcome.roster);
            dispatcher.hand_on_blocking(Job::reply(respond, Ok(event)).and_tell(pushes));
        });
        self.store.submit(Write::ChangeMembers(Box::new(request), done)).await;
    }
}

/// Members may add and remove anybody; others only themselves (B-86 to B-89).
fn may_change(actor: &Actor, roster: &Roster, members: &[ClientId]) -> Result<(), Reject> {
    if only_itself(actor, members) || roster.includes(&actor.client) {
        return Ok(());
    }
    Err(Code::ConversationMembershipRequired.into())
}

pub(super) fn only_itself(actor: &Actor, members: &[ClientId]) -> bool {
    members.iter().all(|client| *client == actor.client)
}

/// Who is told what about a change (B-95, B-96).
fn change_pushes(
    actor: &Actor,
    conversation: &ConversationId,
    outcome: &MembersOutcome,
    way: Way,
    rule: EventRule,
) -> Vec<Push> {
    if outcome.changed.is_empty() {
        return Vec::new();
    }
    let (roster, at) = (&outcome.roster, outcome.updated_at);
    let (id, by) = (conversation.clone(), actor.client.clone());
    let itself = outcome.changed == [actor.client.clone()];
    let own = match way {
        Way::In => Event::Joined { conversation: id.clone(), by: by.clone(), at, ttl_seconds: None },
        Way::Out => Event::Left { conversation: id.clone(), by: by.clone(), at },
    };
    let group = match way {
        Way::In => Event::MembersJoined {
            conversation: id,
            members: outcome.changed.clone(),
            by,
            at,
            ttl_seconds: None,
        },
        Way::Out => Event::MembersLeft { conversation: id, members: outcome.changed.clone(), by, at },
    };
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
    let app = &actor.app;
    let mut pushes = Vec::with_capacity(2);
    if tell_own {
        pushes.push(push_to(app, roster, &changed, at, true, own));
    }
    pushes.push(push_to(app, roster, &told_with_group, at, false, group));
    pushes
}

/// An event of a conversation for some clients.
pub(super) fn push_to(
    app: &AppId,
    roster: &Roster,
    clients: &Arc<[ClientId]>,
    at: Timestamp,
    permanent: bool,
    event: Event,
) -> Push {
    Push {
        app: app.clone(),
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

/// The part of a conversation that sending needs.
pub(super) fn roster_of(conversation: &Conversation) -> Roster {
    Roster {
        kind: conversation.kind,
        members: conversation.members.iter().map(|member| member.client.clone()).collect(),
        expires_at: conversation.expires_at,
        creator: conversation.creator.clone(),
        order: Order::none(),
    }
}
