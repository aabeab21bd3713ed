//! Starting conversations, coming and going, lists and roles.

use yanshu_protocol::{
    Attributes, BlockConversations, ChangeMembers, ClientId, Code, Command, ConversationCommand,
    ConversationKind, Event, MemberFailure, Restrict, Restriction, Role, StartConversation,
};

use super::super::super::plain_conversation;
use super::super::cast::{Client, Device, Group};
use super::super::model::Outcome;
use super::super::step::{Talk, Way};
use super::{Checked, MOST_TALKS, Stage, refusal, same};

/// How long some temporary conversations live, in seconds.
const SHORT_LIFE: i32 = 600;

impl Stage {
    async fn ask(&mut self, device: Device, command: ConversationCommand) -> Event {
        let peer = self.peer(device);
        peer.ask(Command::Conversation(command)).await.event
    }

    pub(super) async fn start(
        &mut self,
        device: Device,
        kind: ConversationKind,
        with: Group,
        unique: bool,
    ) -> Checked {
        if self.model.talks.len() >= MOST_TALKS {
            return Ok(());
        }
        let unique = unique && kind != ConversationKind::Room;
        let short = self.words.is_multiple_of(2);
        let request = StartConversation {
            members: ids(&with.clients()),
            unique,
            transient: kind == ConversationKind::Room,
            temporary: kind == ConversationKind::Temporary,
            ttl_seconds: (kind == ConversationKind::Temporary && short).then_some(SHORT_LIFE),
            ..plain_conversation()
        };
        let reply = self.ask(device, ConversationCommand::Start(Box::new(request))).await;
        let Event::ConversationStarted { conversation, ttl_seconds, .. } = reply else {
            return Err(format!("it was not started: {reply:?}"));
        };
        let mut members = with.clients();
        if !members.contains(&device.client()) {
            members.push(device.client());
        }
        if kind == ConversationKind::Room {
            members.clear();
        }
        let known = unique.then(|| self.model.same(kind, &members.iter().copied().collect())).flatten();
        same("the conversation of these members", self.model.number(&conversation), known)?;
        if known.is_none() {
            let expires_at = ttl_seconds.map(|ttl| self.model.now.plus_millis(i64::from(ttl) * 1000));
            same("a time to live", expires_at.is_some(), kind == ConversationKind::Temporary)?;
            self.model.started(device, conversation, kind, &members, unique, expires_at);
        }
        Ok(())
    }

    pub(super) async fn change(
        &mut self,
        device: Device,
        talk: Talk,
        way: Way,
        who: Option<Group>,
    ) -> Checked {
        let who = who.unwrap_or(Group::of(device.client())).clients();
        let conversation = self.model.talks[talk].id.clone();
        let change = ChangeMembers { conversation, members: ids(&who), signature: None };
        let command = match way {
            Way::In => ConversationCommand::Add(change),
            Way::Out => ConversationCommand::Remove(change),
        };
        let should = self.model.change(device, talk, way, &who);
        let is = match self.ask(device, command).await {
            Event::MembersAdded(changed) | Event::MembersRemoved(changed) => {
                Ok(outcome(&changed.allowed, &changed.failed))
            }
            other => Err(refusal(&other).ok_or_else(|| format!("{other:?}"))?),
        };
        same("the answer to a change of members", is, should)
    }

    pub(super) async fn restrict(
        &mut self,
        device: Device,
        talk: Talk,
        restriction: Restriction,
        lift: bool,
        who: Group,
    ) -> Checked {
        let who = who.clients();
        let conversation = self.model.talks[talk].id.clone();
        let request = Restrict { conversation, restriction, lift, clients: ids(&who), signature: None };
        let should = self.model.restrict(device, talk, restriction, lift, &who);
        let is = match self.ask(device, ConversationCommand::Restrict(request)).await {
            Event::RestrictionChanged { allowed, failed, .. } => Ok(outcome(&allowed, &failed)),
            other => Err(refusal(&other).ok_or_else(|| format!("{other:?}"))?),
        };
        same("the answer to a restriction", is, should)
    }

    pub(super) async fn avoid(&mut self, device: Device, talk: Talk, lift: bool) -> Checked {
        if !device.is_modern() {
            return Ok(());
        }
        let conversations = vec![self.model.talks[talk].id.clone()];
        let request = BlockConversations { conversations: conversations.clone(), lift, signature: None };
        let reply = self.ask(device, ConversationCommand::BlockConversations(request)).await;
        let should = Event::ConversationsBlocked { lifted: lift, allowed: conversations, failed: Vec::new() };
        same("the answer to an avoidance", reply, should)?;
        self.model.avoid(device.client(), talk, lift);
        Ok(())
    }

    pub(super) async fn set_role(&mut self, device: Device, talk: Talk, who: Client, role: Role) -> Checked {
        if !device.is_modern() {
            return Ok(());
        }
        let conversation = self.model.talks[talk].id.clone();
        let command = ConversationCommand::SetRole { conversation, member: who.id(), role: Some(role) };
        let should = self.model.set_role(device, talk, who, role);
        let is = match self.ask(device, command).await {
            Event::RoleUpdated { .. } => Ok(()),
            other => Err(refusal(&other).ok_or_else(|| format!("{other:?}"))?),
        };
        same("the answer to a role", is, should)
    }

    pub(super) async fn rename(&mut self, device: Device, talk: Talk) -> Checked {
        if !device.is_modern() {
            return Ok(());
        }
        let name = self.word();
        let conversation = self.model.talks[talk].id.clone();
        let changes = Attributes::from_iter([("name".to_owned(), name.as_str().into())]);
        let should = self.model.rename(device, talk, name);
        let is = match self.ask(device, ConversationCommand::Update { conversation, changes }).await {
            Event::ConversationUpdated { .. } => Ok(()),
            other => Err(refusal(&other).ok_or_else(|| format!("{other:?}"))?),
        };
        same("the answer to a new name", is, should)
    }
}

fn ids(clients: &[Client]) -> Vec<ClientId> {
    clients.iter().map(|client| client.id()).collect()
}

fn outcome(allowed: &[ClientId], failed: &[MemberFailure]) -> Outcome {
    let all = |ids: &[ClientId]| ids.iter().map(Client::of).collect::<Vec<_>>();
    let failed: Vec<(Code, Vec<Client>)> =
        failed.iter().map(|failure| (failure.reject.code, all(&failure.members))).collect();
    Outcome { allowed: all(allowed), failed }
}
