//! A client in a scenario: it speaks the wire as an SDK does, and shows what it was told.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use yanshu_protocol::codec::{Dialect, Subprotocol, decode_event, encode_command};
use yanshu_protocol::frame::{FrameReader, Message, Opcode, Role, encode_masked};
use yanshu_protocol::{
    AppId, ChangeMembers, ClientId, Command, Content, ConversationCommand, ConversationId, Delivery,
    Envelope, Event, HistoryItem, HistoryQuery, Mentions, MessageAck, OpenSession, Outbound, SendMessage,
    Serial, SessionCommand, SessionToken, StartConversation,
};

use crate::gateway::MemoryEnd;

/// A scenario that hangs is a failure; nothing in here takes even a second.
const PATIENCE: Duration = Duration::from_secs(20);

/// What current SDKs announce.
pub(super) const MODERN_CONFIG: i64 = 0xbb;

pub(super) struct Peer {
    pub(super) name: ClientId,
    pub(super) token: Option<SessionToken>,
    app: AppId,
    dialect: Dialect,
    line: mpsc::UnboundedSender<Act>,
    events: mpsc::UnboundedReceiver<Told>,
    inbox: VecDeque<Outbound>,
    closed: Option<u16>,
    serial: i32,
}

/// What a client does with its line.
enum Act {
    Write(Vec<u8>),
    HangUp,
    Cut,
    StopReading,
}

enum Told {
    Event(Box<Outbound>),
    Closed(u16),
}

impl Peer {
    pub(super) fn new(app: AppId, name: &str, subprotocol: Subprotocol, end: MemoryEnd) -> Self {
        let (line, acts) = mpsc::unbounded_channel();
        let (told, events) = mpsc::unbounded_channel();
        let dialect = subprotocol.dialect;
        tokio::spawn(keep_line(end, dialect, acts, told));
        Self {
            name: name.parse().unwrap(),
            token: None,
            app,
            dialect,
            line,
            events,
            inbox: VecDeque::new(),
            closed: None,
            serial: 0,
        }
    }

    /// Logs in, and remembers the token.
    pub(super) async fn open(&mut self, details: OpenSession) -> Outbound {
        let reply = self.ask(Command::Session(SessionCommand::Open(Box::new(details)))).await;
        if let Event::SessionOpened { token, .. } = &reply.event {
            self.token = Some(token.clone());
        }
        reply
    }

    /// Logs in as a current SDK does for the first time.
    pub(super) async fn log_in(&mut self) {
        let legacy = self.dialect == Dialect::Json;
        let config = (!legacy).then_some(MODERN_CONFIG);
        let reply = self.open(OpenSession { config, ..OpenSession::default() }).await;
        assert!(matches!(reply.event, Event::SessionOpened { .. }), "{reply:?}");
    }

    /// Sends a command and waits for its reply; what else arrives is kept.
    pub(super) async fn ask(&mut self, command: Command) -> Outbound {
        let serial = self.tell(command);
        self.reply_to(serial).await
    }

    pub(super) async fn reply_to(&mut self, serial: Serial) -> Outbound {
        self.find(|event| (event.serial == Some(serial)).then(|| event.clone())).await
    }

    /// Sends a command and waits for nothing.
    pub(super) fn tell(&mut self, command: Command) -> Serial {
        self.serial += 1;
        let serial = Serial(self.serial);
        let envelope = Envelope {
            app: Some(self.app.clone()),
            client: Some(self.name.clone()),
            serial: Some(serial),
            command: Ok(command),
        };
        let payload = encode_command(self.dialect, &envelope);
        self.send_frame(if self.dialect.is_text() { Opcode::Text } else { Opcode::Binary }, &payload);
        serial
    }

    pub(super) fn send_frame(&self, opcode: Opcode, payload: &[u8]) {
        self.act(Act::Write(masked(opcode, payload)));
    }

    fn act(&self, act: Act) {
        // A line that has ended shows when something is awaited.
        let _ = self.line.send(act);
    }

    /// The first event, kept or to come, that `pick` takes; those before it are kept.
    pub(super) async fn find<T>(&mut self, mut pick: impl FnMut(&Outbound) -> Option<T>) -> T {
        let mut seen = 0;
        loop {
            while seen < self.inbox.len() {
                if let Some(found) = pick(&self.inbox[seen]) {
                    self.inbox.remove(seen);
                    return found;
                }
                seen += 1;
            }
            let read = tokio::time::timeout(PATIENCE, self.receive()).await;
            let arrived =
                read.unwrap_or_else(|_| panic!("nothing more comes to {}; kept {:?}", self.name, self.inbox));
            assert!(arrived, "{} was closed with {:?}; kept {:?}", self.name, self.closed, self.inbox);
        }
    }

    /// The next message of any conversation.
    pub(super) async fn next_message(&mut self) -> Delivery {
        self.find(|event| match &event.event {
            Event::Message(delivery) => Some(delivery.clone()),
            _ => None,
        })
        .await
    }

    /// The texts of the next messages.
    pub(super) async fn next_texts(&mut self, count: usize) -> Vec<String> {
        let mut texts = Vec::with_capacity(count);
        for _ in 0..count {
            texts.push(text(&self.next_message().await.content));
        }
        texts
    }

    /// Everything that has been told so far, in order. A refused send travels behind it.
    pub(super) async fn told(&mut self) -> Vec<Event> {
        self.hear().await.into_iter().map(|outbound| outbound.event).collect()
    }

    /// The same with what belongs to each.
    pub(super) async fn hear(&mut self) -> Vec<Outbound> {
        let nowhere = "ffffffffffffffffffffffff".parse().unwrap();
        self.send(&nowhere, "fence").await;
        self.inbox.drain(..).collect()
    }

    /// What was told and is kept.
    pub(super) fn kept(&self) -> impl Iterator<Item = &Event> {
        self.inbox.iter().map(|outbound| &outbound.event)
    }

    /// The code the server closed the connection with.
    pub(super) async fn closed(&mut self) -> Option<u16> {
        let ended = async { while self.closed.is_none() && self.receive().await {} };
        tokio::time::timeout(PATIENCE, ended).await.expect("the connection is closed in time");
        self.closed
    }

    /// Ends the connection without a word: the server notices at once, also if the plug was pulled before.
    pub(super) fn hang_up(&self) {
        self.act(Act::HangUp);
    }

    /// Takes nothing in any more.
    pub(super) fn stop_reading(&self) {
        self.act(Act::StopReading);
    }

    /// Pulls the plug: neither end notices.
    pub(super) fn cut(&self) {
        self.act(Act::Cut);
    }

    /// Waits until a client is online nowhere.
    pub(super) async fn offline(&mut self, client: &ClientId) {
        let gone = async {
            loop {
                let query = SessionCommand::Query(vec![client.clone()]);
                match self.ask(Command::Session(query)).await.event {
                    Event::SessionsOnline(online) if online.is_empty() => return,
                    Event::SessionsOnline(_) => {}
                    other => panic!("{other:?}"),
                }
            }
        };
        tokio::time::timeout(PATIENCE, gone).await.expect("the client goes offline in time");
    }

    /// Takes in what has arrived; `false` when nothing more can.
    async fn receive(&mut self) -> bool {
        match self.events.recv().await {
            Some(Told::Event(event)) => self.inbox.push_back(*event),
            Some(Told::Closed(code)) => self.closed = Some(code),
            None => return false,
        }
        true
    }
}

/// Does what an SDK does by itself: reads, answers pings and closes.
async fn keep_line(
    mut end: MemoryEnd,
    dialect: Dialect,
    mut acts: mpsc::UnboundedReceiver<Act>,
    told: mpsc::UnboundedSender<Told>,
) {
    let mut reader = FrameReader::new(Role::Client, 1 << 24);
    let mut buffer = vec![0; 1 << 16];
    let mut reading = true;
    loop {
        let count = tokio::select! {
            act = acts.recv() => {
                match act {
                    Some(Act::Write(frame)) if end.write_all(&frame).await.is_ok() => {}
                    Some(Act::Cut) => end.cut(),
                    Some(Act::StopReading) => reading = false,
                    Some(Act::HangUp) => {
                        end.mend();
                        return;
                    }
                    Some(Act::Write(_)) | None => return,
                }
                continue;
            }
            count = end.read(&mut buffer), if reading => count.unwrap_or(0),
        };
        if count == 0 {
            return;
        }
        let mut input = &mut buffer[..count];
        let mut answers = Vec::new();
        while let Some(message) = reader.next(&mut input).expect("the server keeps to the protocol") {
            let event = match message {
                Message::Text(text) => decode_event(dialect, text.as_bytes()),
                Message::Binary(bytes) => decode_event(dialect, &bytes),
                Message::Ping(payload) => {
                    answers.extend(masked(Opcode::Pong, &payload));
                    continue;
                }
                Message::Pong(_) => continue,
                Message::Close(frame) => {
                    let code = frame.map_or(1005, |frame| frame.code);
                    answers.extend(masked(Opcode::Close, &code.to_be_bytes()));
                    let _ = told.send(Told::Closed(code));
                    continue;
                }
            };
            let _ = told.send(Told::Event(Box::new(event.expect("the server's frames decode"))));
        }
        if end.write_all(&answers).await.is_err() {
            return;
        }
    }
}

fn masked(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    encode_masked(&mut frame, opcode, [7, 11, 13, 17], payload);
    frame
}

/// What clients commonly do.
impl Peer {
    pub(super) async fn start(&mut self, members: &[&str]) -> ConversationId {
        self.start_with(StartConversation { members: ids(members), ..plain_conversation() }).await
    }

    pub(super) async fn start_room(&mut self) -> ConversationId {
        self.start_with(StartConversation { transient: true, ..plain_conversation() }).await
    }

    pub(super) async fn start_with(&mut self, request: StartConversation) -> ConversationId {
        let reply = self.ask(Command::Conversation(ConversationCommand::Start(Box::new(request)))).await;
        match reply.event {
            Event::ConversationStarted { conversation, .. } => conversation,
            other => panic!("{other:?}"),
        }
    }

    pub(super) async fn add(&mut self, conversation: &ConversationId, members: &[&str]) -> Event {
        let change = change(conversation, members);
        self.ask(Command::Conversation(ConversationCommand::Add(change))).await.event
    }

    pub(super) async fn remove(&mut self, conversation: &ConversationId, members: &[&str]) -> Event {
        let change = change(conversation, members);
        self.ask(Command::Conversation(ConversationCommand::Remove(change))).await.event
    }

    /// Sends a text and gives the server's answer.
    pub(super) async fn send(&mut self, conversation: &ConversationId, text: &str) -> MessageAck {
        self.send_message(plain_message(conversation, text)).await
    }

    pub(super) async fn send_message(&mut self, message: SendMessage) -> MessageAck {
        match self.ask(Command::Send(Box::new(message))).await.event {
            Event::MessageAck(ack) => ack,
            other => panic!("{other:?}"),
        }
    }

    pub(super) async fn history(&mut self, conversation: &ConversationId, limit: i32) -> Vec<HistoryItem> {
        let query = HistoryQuery {
            conversation: conversation.clone(),
            start: None,
            stop: None,
            direction: yanshu_protocol::Direction::Older,
            limit: Some(limit),
            message_type: None,
        };
        match self.ask(Command::History(query)).await.event {
            Event::History { messages, .. } => messages,
            other => panic!("{other:?}"),
        }
    }

    pub(super) async fn history_texts(&mut self, conversation: &ConversationId) -> Vec<String> {
        self.history(conversation, 1000).await.iter().map(|item| text(&item.content)).collect()
    }
}

pub(super) fn plain_conversation() -> StartConversation {
    StartConversation {
        members: Vec::new(),
        attributes: yanshu_protocol::Attributes::new(),
        unique: false,
        transient: false,
        temporary: false,
        ttl_seconds: None,
        signature: None,
    }
}

pub(super) fn plain_message(conversation: &ConversationId, text: &str) -> SendMessage {
    SendMessage {
        conversation: conversation.clone(),
        content: Content::Text(text.into()),
        transient: false,
        receipt: false,
        will: false,
        resend_key: None,
        push_data: None,
        mentions: Mentions::default(),
        priority: None,
    }
}

pub(super) fn text(content: &Content) -> String {
    match content {
        Content::Text(text) => text.to_string(),
        Content::Binary(bytes) => format!("{bytes:?}"),
    }
}

pub(super) fn ids(names: &[&str]) -> Vec<ClientId> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

fn change(conversation: &ConversationId, members: &[&str]) -> ChangeMembers {
    ChangeMembers { conversation: conversation.clone(), members: ids(members), signature: None }
}
