//! Making conversations.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use yanshu_protocol::{
    AppId, Attributes, ClientId, Code, ConversationKind, Event, Reject, StartConversation, Timestamp,
    UniqueId,
};
use yanshu_session::Actor;

use super::Service;
use super::dispatch::{Job, Respond};
use super::members::{Told, roster_of};
use super::view::seconds_left;
use crate::bus::Push;
use crate::config::AppConfig;
use crate::query;
use crate::signature::Act;
use crate::store::{Completion, Created, NewConversation, Roster, Write, WriteError};

impl Service {
    /// Makes a conversation, or finds the unique one with the same members (W-171 to W-183).
    pub(super) async fn start(&self, actor: &Arc<Actor>, request: StartConversation, respond: Respond) {
        let settings = self.settings(&actor.app);
        if !request.temporary {
            // Temporary conversations need none: one SDK does not sign them (W-450).
            let act = Act::Start { members: &request.members, creator: &actor.client };
            if let Err(reject) = self.check_signature(actor, &act, request.signature.as_ref()).await {
                return self.answer(respond, Err(reject)).await;
            }
        }
        let draft = match self.draft(actor, request, &settings) {
            Ok(draft) => draft,
            Err(reject) => return self.answer(respond, Err(reject)).await,
        };
        if draft.kind == ConversationKind::Room {
            return self.start_room(actor, draft, respond).await;
        }
        let (dispatcher, rosters) = (self.dispatcher.clone(), Arc::clone(&self.rosters));
        let (app, now) = (actor.app.clone(), draft.now);
        let done = Completion::new(move |result: Result<Created, WriteError>| {
            let created = match result {
                Ok(created) => created,
                Err(error) => {
                    return dispatcher.hand_on_blocking(Job::reply(respond, Err(error.into())));
                }
            };
            let reply = Job::reply(respond, Ok(started(&created, now)));
            if created.existing {
                return dispatcher.hand_on_blocking(reply);
            }
            let roster = roster_of(&created.conversation);
            let pushes = creation_pushes(&app, &created, &roster);
            rosters.put(app, created.conversation.id, roster);
            dispatcher.hand_on_blocking(reply.and_tell(pushes));
        });
        self.store.submit(Write::Create(Box::new(draft), done)).await;
    }

    /// Its creator is in a room at once (W-148), and nobody is told (W-152).
    async fn start_room(&self, actor: &Arc<Actor>, draft: NewConversation, respond: Respond) {
        let now = draft.now;
        let outcome = match self.commit(|done| Write::Create(Box::new(draft), done)).await {
            Ok(created) => {
                let id = created.conversation.id.clone();
                self.rosters.put(actor.app.clone(), id.clone(), roster_of(&created.conversation));
                self.enter_room(actor, &id).await.map(|()| started(&created, now))
            }
            Err(error) => Err(error.into()),
        };
        self.answer(respond, outcome).await;
    }

    fn draft(
        &self,
        actor: &Actor,
        request: StartConversation,
        settings: &AppConfig,
    ) -> Result<NewConversation, Reject> {
        let now = self.clock.now();
        let kind = match (request.temporary, request.transient) {
            (true, _) => ConversationKind::Temporary,
            (false, true) => ConversationKind::Room,
            (false, false) => ConversationKind::Normal,
        };
        let most = match kind {
            ConversationKind::Temporary => settings.temporary.max_members,
            _ => settings.members.max,
        };
        let members = match kind {
            ConversationKind::Room => Vec::new(),
            _ => members_with_creator(request.members, &actor.client),
        };
        if members.len() > most {
            return Err(Code::ConversationFull.into());
        }
        let unique_id = (request.unique && kind != ConversationKind::Room).then(|| unique_id(kind, &members));
        let expires_at =
            (kind == ConversationKind::Temporary).then(|| expiry(now, request.ttl_seconds, settings));
        let id = match kind {
            ConversationKind::Temporary => self.ids.temporary_conversation(now),
            _ => self.ids.conversation(now),
        };
        Ok(NewConversation {
            app: actor.app.clone(),
            id,
            kind,
            creator: actor.client.clone(),
            members,
            attributes: match kind {
                // A temporary conversation has no row and so no properties of its own (B-157).
                ConversationKind::Temporary => Attributes::new(),
                _ => query::initial_attributes(request.attributes, settings.conversation.max_attributes.0)?,
            },
            unique_id,
            expires_at,
            now,
        })
    }
}

/// The creator is always a member; who is named twice counts once (W-171).
fn members_with_creator(named: Vec<ClientId>, creator: &ClientId) -> Vec<ClientId> {
    let mut members: Vec<ClientId> = Vec::with_capacity(named.len() + 1);
    let mut seen = std::collections::HashSet::with_capacity(named.len() + 1);
    for client in named.into_iter().chain(std::iter::once(creator.clone())) {
        if seen.insert(client.clone()) {
            members.push(client);
        }
    }
    members
}

/// Names a member set: the order of its ids has no meaning (W-176).
fn unique_id(kind: ConversationKind, members: &[ClientId]) -> UniqueId {
    let mut sorted: Vec<&str> = members.iter().map(ClientId::as_str).collect();
    sorted.sort_unstable();
    let mut hash = Sha256::new();
    hash.update(kind.number().to_be_bytes());
    for member in sorted {
        hash.update(u64::try_from(member.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(member);
    }
    let digest = hash.finalize();
    let hex: String = digest[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    hex.parse().expect("32 digits are a unique id")
}

/// When a temporary conversation ends (W-163).
fn expiry(now: Timestamp, ttl_seconds: Option<i32>, settings: &AppConfig) -> Timestamp {
    let ttl = ttl_seconds
        .and_then(|ttl| u32::try_from(ttl).ok())
        .filter(|&ttl| ttl > 0)
        .unwrap_or(settings.temporary.default_ttl_seconds)
        .min(settings.temporary.max_ttl_seconds);
    now.plus_millis(i64::from(ttl) * 1000)
}

fn started(created: &Created, now: Timestamp) -> Event {
    let conversation = &created.conversation;
    Event::ConversationStarted {
        conversation: conversation.id.clone(),
        created_at: conversation.created_at,
        unique_id: conversation.unique_id.clone(),
        ttl_seconds: seconds_left(conversation, now),
        existing: created.existing,
    }
}

/// Each member learns that it is in, then who is (W-180 to W-182).
fn creation_pushes(app: &AppId, created: &Created, roster: &Roster) -> Vec<Push> {
    let conversation = &created.conversation;
    let told = Told { app, conversation: &conversation.id, by: &conversation.creator };
    let at = conversation.created_at;
    let ttl_seconds = seconds_left(conversation, at);
    let (members, everyone) = (&roster.members, roster.members.to_vec());
    vec![
        told.push(roster, members, at, true, told.joined(at, ttl_seconds)),
        told.push(roster, members, at, false, told.members_joined(everyone, at, ttl_seconds)),
    ]
}
