//! At a quiet moment: what every client is told that comes anew, and what it can look up, is what the model
//! says, and with it the same for all.

use std::collections::BTreeMap;

use serde_json::json;
use yanshu_protocol::{
    Code, Command, ConversationCommand, ConversationId, ConversationKind, ConversationView, Event,
    HistoryItem, HistoryQuery, MessageId, OpenSession, Outbound, Page, QueryConversations, QueryTarget,
    Restriction, SessionCommand, Timestamp,
};

use super::super::{MODERN_CONFIG, Peer, text};
use super::cast::Client;
use super::heard::{Heard, What};
use super::model::{Position, Said, Talk};
use super::stage::{Checked, Stage, refusal, same};

impl Stage {
    pub(super) async fn compare(&mut self) -> Checked {
        for desk in self.desks.iter().filter(|desk| desk.peer.is_some()) {
            desk.compare(&self.model)?;
        }
        for client in Client::all() {
            let look = async {
                let mut peer = self.onlooker(client, "lc.protobuf2.3").await;
                self.compare_unread(client, &mut peer).await?;
                self.compare_views(client, &mut peer).await?;
                for talk in 0..self.model.talks.len() {
                    self.compare_talk(client, &mut peer, talk).await?;
                }
                self.compare_notes(client).await?;
                self.depart(peer).await;
                let mut peer = self.onlooker(client, "lc.protobuf2.1").await;
                self.compare_missed(client, &mut peer).await?;
                self.depart(peer).await;
                Checked::Ok(())
            };
            look.await.map_err(|why| format!("{client:?}, looking around: {why}"))?;
        }
        Ok(())
    }

    /// A device of its own that has never been there.
    async fn onlooker(&self, client: Client, subprotocol: &str) -> Peer {
        let mut peer = self.world.connect_as(client.name(), subprotocol);
        let device = Some("onlooker".parse().unwrap());
        peer.open(OpenSession { config: Some(MODERN_CONFIG), device, ..OpenSession::default() }).await;
        peer
    }

    async fn depart(&self, mut peer: Peer) {
        peer.ask(Command::Session(SessionCommand::Close)).await;
        peer.hang_up();
        self.world.until_connections(self.lines()).await;
    }

    async fn heard_by(&self, peer: &mut Peer) -> Vec<Heard> {
        let told = peer.told().await;
        let mut heard: Vec<_> =
            told.iter().flat_map(|event| Heard::of(event, |id| self.model.number(id))).collect();
        heard.sort_by_key(|heard| heard.talk);
        heard
    }

    async fn compare_unread(&self, client: Client, peer: &mut Peer) -> Checked {
        let waiting = (0..self.model.talks.len()).filter(|&talk| self.model.is_member(client, talk));
        let waiting = waiting.map(|talk| (talk, self.model.talks[talk].waiting_for(client)));
        let waiting = waiting.filter(|(_, waiting)| waiting.count > 0);
        let should: Vec<_> =
            waiting.map(|(talk, waiting)| Heard { talk: Some(talk), what: What::Unread(waiting) }).collect();
        same("unread", self.heard_by(peer).await, should)
    }

    async fn compare_missed(&self, client: Client, peer: &mut Peer) -> Checked {
        let missed = (0..self.model.talks.len()).filter(|&talk| self.model.is_member(client, talk));
        let should: Vec<_> = missed
            .flat_map(|talk| {
                let told = self.model.talks[talk].missed_by(client).into_iter();
                told.map(move |what| Heard { talk: Some(talk), what })
            })
            .collect();
        same("missed", self.heard_by(peer).await, should)
    }

    /// What can be asked for of all that happened, as if the client had been away the whole time.
    async fn compare_notes(&self, client: Client) -> Checked {
        let (app, start) = (self.world.app(), Timestamp(0));
        let rules = &self.world.server().conversations;
        let (reliable, droppable) = self.model.notes(client);
        let heard = |told: &[Outbound]| {
            let heard = told.iter().flat_map(|told| Heard::of(&told.event, |id| self.model.number(id)));
            heard.collect::<Vec<_>>()
        };
        let kept = rules.reliable_notices(app, &client.id(), start, 10_000).await;
        same("notices of itself", heard(&kept.expect("they are kept").events), reliable)?;
        let kept = rules.droppable_notices(app, &client.id(), start, 10_000).await;
        let by_talk = |mut heard: Vec<Heard>| {
            heard.sort_by_key(|heard| heard.talk);
            heard
        };
        let is = by_talk(heard(&kept.expect("they are kept").0.events));
        same("notices of others", is, by_talk(droppable))
    }

    async fn compare_talk(&self, client: Client, peer: &mut Peer, number: usize) -> Checked {
        let talk = &self.model.talks[number];
        let living = self.model.living(number).map(drop);
        let may_read = living.and_then(|()| match !talk.has_members() || talk.includes(client) {
            true => Ok(()),
            false => Err(Code::ConversationLogRejected),
        });
        let is = history(peer, &talk.id).await;
        let should = may_read.map(|()| talk.messages.iter().map(Line::from).collect());
        same(&format!("history of {number}"), is, should)?;

        let count = peer.ask(Command::Conversation(ConversationCommand::Count(talk.id.clone()))).await.event;
        let is = match &count {
            Event::MemberCount { count, .. } => Ok(usize::try_from(*count).unwrap()),
            other => Err(refusal(other)),
        };
        let members = if talk.has_members() { talk.members.len() } else { self.model.clients_in(number) };
        same(&format!("members of {number}"), is, living.map(|()| members).map_err(Some))?;
        if living.is_ok() && talk.includes(client) {
            let is = positions(peer, &talk.id).await?;
            same(&format!("how far others are in {number}"), is, talk.positions_of_others(client))?;
        }
        if talk.kind == ConversationKind::Normal && talk.includes(client) {
            for (restriction, list) in
                [(Restriction::Silenced, &talk.silenced), (Restriction::Blocked, &talk.blocked)]
            {
                let is = listed(peer, &talk.id, restriction).await?;
                same(&format!("{restriction:?} in {number}"), &is, list)?;
            }
        }
        Ok(())
    }

    async fn compare_views(&self, client: Client, peer: &mut Peer) -> Checked {
        let stored = |talk: &&Talk| talk.kind != ConversationKind::Temporary;
        let stored: Vec<_> = self.model.talks.iter().filter(stored).map(|talk| talk.id.as_str()).collect();
        let ids = |kind| {
            let of = self.model.talks.iter().filter(move |talk: &&Talk| talk.kind == kind);
            of.map(|talk| talk.id.clone()).collect::<Vec<_>>()
        };
        let condition = json!({ "objectId": { "$in": stored } });
        let mut views = query(peer, QueryTarget::Where(Some(condition))).await?;
        views.extend(query(peer, QueryTarget::Temporary(ids(ConversationKind::Temporary))).await?);
        let views: BTreeMap<_, _> =
            views.into_iter().map(|view| (self.model.number(&view.id), view)).collect();
        for (number, talk) in self.model.talks.iter().enumerate() {
            let is = views.get(&Some(number)).map(View::from);
            let should = self.model.living(number).ok().map(|talk| View::of(talk, client));
            same(&format!("the view of {number} ({:?})", talk.kind), is, should)?;
        }
        Ok(())
    }
}

/// A message in history.
#[derive(Debug, PartialEq)]
struct Line {
    id: MessageId,
    at: Timestamp,
    from: Client,
    text: String,
    patched_at: Option<Timestamp>,
}

impl From<&Said> for Line {
    fn from(said: &Said) -> Self {
        Self {
            id: said.id.clone(),
            at: said.at,
            from: said.from,
            text: said.text.clone(),
            patched_at: said.patched.map(|(at, _)| at),
        }
    }
}

impl From<&HistoryItem> for Line {
    fn from(item: &HistoryItem) -> Self {
        Self {
            id: item.id.clone(),
            at: item.timestamp,
            from: Client::of(&item.from),
            text: text(&item.content),
            patched_at: item.patched_at,
        }
    }
}

async fn history(peer: &mut Peer, conversation: &ConversationId) -> Result<Vec<Line>, Code> {
    let query = HistoryQuery {
        conversation: conversation.clone(),
        start: None,
        stop: None,
        direction: yanshu_protocol::Direction::Older,
        limit: Some(1000),
        message_type: None,
    };
    match peer.ask(Command::History(query)).await.event {
        Event::History { messages, .. } => Ok(messages.iter().map(Line::from).collect()),
        other => Err(refusal(&other).unwrap_or_else(|| panic!("{other:?}"))),
    }
}

async fn listed(
    peer: &mut Peer,
    conversation: &ConversationId,
    restriction: Restriction,
) -> Result<Vec<Client>, String> {
    let (conversation, page) = (conversation.clone(), Page { limit: Some(100), offset: 0 });
    let command = ConversationCommand::Restricted { conversation, restriction, page };
    match peer.ask(Command::Conversation(command)).await.event {
        Event::RestrictedClients { clients, next: None, .. } => Ok(clients.iter().map(Client::of).collect()),
        other => Err(format!("no list: {other:?}")),
    }
}

/// How far each other member is.
async fn positions(peer: &mut Peer, conversation: &ConversationId) -> Result<Vec<Position>, String> {
    let command = ConversationCommand::MaxRead { conversation: conversation.clone(), each_member: true };
    match peer.ask(Command::Conversation(command)).await.event {
        // Nobody is the same as no list.
        Event::MaxRead { each, .. } => {
            let each = each.unwrap_or_default();
            Ok(each.iter().map(|(other, state)| (Client::of(other), state.delivered, state.read)).collect())
        }
        other => Err(format!("no positions: {other:?}")),
    }
}

/// A conversation as a query shows it.
#[derive(Debug, PartialEq)]
struct View {
    kind: ConversationKind,
    creator: Client,
    name: Option<String>,
    members: Vec<Client>,
    last_at: Option<Timestamp>,
    /// What was said last, for those who may read it.
    last: Option<String>,
}

impl View {
    fn of(talk: &Talk, client: Client) -> Self {
        let last = talk.messages.last();
        let may_read = !talk.has_members() || talk.includes(client);
        Self {
            kind: talk.kind,
            creator: talk.creator,
            name: talk.name.clone(),
            members: talk.members.clone(),
            last_at: last.map(|said| said.at),
            last: last.filter(|_| may_read).map(|said| said.text.clone()),
        }
    }
}

impl From<&ConversationView> for View {
    fn from(view: &ConversationView) -> Self {
        Self {
            kind: view.kind,
            creator: Client::of(&view.creator),
            name: view.attributes.get("name").and_then(|name| name.as_str()).map(str::to_owned),
            members: view.members.iter().flatten().map(Client::of).collect(),
            last_at: view.last_message_at,
            last: view.last_message.as_ref().map(|last| text(&last.content)),
        }
    }
}

async fn query(peer: &mut Peer, target: QueryTarget) -> Result<Vec<ConversationView>, String> {
    let query = QueryConversations {
        target,
        sort: None,
        limit: Some(100),
        skip: None,
        compact: false,
        with_last_message: true,
    };
    match peer.ask(Command::Conversation(ConversationCommand::Query(Box::new(query)))).await.event {
        Event::Conversations(views) => Ok(views),
        other => Err(format!("no answer to a query: {other:?}")),
    }
}
