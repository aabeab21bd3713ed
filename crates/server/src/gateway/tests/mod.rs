//! The gateway with a domain that does as it is told, over lines in memory, in virtual time.

mod commands;
mod discovery;
mod ending;
mod frames;
mod leaving;
mod opening;
mod origins;
mod registry;
mod sizes;
mod slow;
mod stress;
mod tcp;
mod throttled;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::Instant;
use yanshu_protocol::codec::{self, Subprotocol};
use yanshu_protocol::frame::{CloseFrame, FrameReader, Message, Opcode, Role, encode_masked};
use yanshu_protocol::{
    AppId, ClientId, Code, Command, Content, ConversationCommand, ConversationId, Envelope, Event, Login,
    Mentions, MessageAck, Outbound, Reject, SendMessage, Serial, SessionCommand, SessionToken, Timestamp,
};
use yanshu_session::{Actor, Call, Capabilities, OpenRequest, Opened, Rate, Rates, SessionKey};

use super::{
    ConnectionInfo, Domain, Gateway, Hello, Loss, MemoryEnd, MemoryWire, Registry, Respond, Resume, Settings,
};
use crate::apps::Apps;
use crate::bus::{Audience, Needs, Node, Push};
use crate::clock::Clock;
use crate::config::{self, AppConfig, Config, Secret};

pub(super) const MODERN: &str = "lc.protobuf2.3";
pub(super) const PLENTY: usize = 1 << 20;
/// What every session is given.
pub(super) const TOKEN: &str = "token";
const START: Timestamp = Timestamp(1_700_000_000_000);

/// A clock that follows the runtime's virtual time, and can be set like the machine's.
#[derive(Debug)]
pub(super) struct RuntimeClock {
    started: Instant,
    set_by: AtomicI64,
}

impl RuntimeClock {
    pub(super) fn set_forward(&self, millis: i64) {
        self.set_by.fetch_add(millis, Ordering::Relaxed);
    }
}

impl Clock for RuntimeClock {
    fn now(&self) -> Timestamp {
        self.steady().plus_millis(START.0 + self.set_by.load(Ordering::Relaxed))
    }

    fn steady(&self) -> Timestamp {
        Timestamp(i64::try_from(self.started.elapsed().as_millis()).unwrap())
    }
}

/// What the domain was asked.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Seen {
    Open(Option<ClientId>),
    Opened(ClientId, Resume),
    Close(ClientId),
    Lost(ClientId, Loss),
    Call(ClientId, Option<i32>),
}

/// A domain that answers everything at once, unless told otherwise.
#[derive(Debug)]
pub(super) struct FakeDomain {
    seen: mpsc::UnboundedSender<Seen>,
    registry: Arc<Registry>,
    pub(super) told: Mutex<Told>,
    /// A permit for each open that may be decided.
    pub(super) opens: Semaphore,
    /// A permit for each command that may be accepted.
    pub(super) accepts: Semaphore,
}

#[derive(Default)]
pub(super) struct Told {
    /// Answers are kept for the test to give.
    pub(super) keep_answers: bool,
    pub(super) kept: VecDeque<Respond>,
    pub(super) refuse_opens: Option<Reject>,
    /// The next command meets a fault in the domain.
    pub(super) panic: bool,
}

impl std::fmt::Debug for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Told")
    }
}

impl FakeDomain {
    fn note(&self, seen: Seen) {
        // A test that no longer listens no longer cares.
        let _ = self.seen.send(seen);
    }
}

impl Domain for FakeDomain {
    fn app_of(&self, token: &SessionToken) -> Option<AppId> {
        (token.as_str() == TOKEN).then(app)
    }

    fn open(
        &self,
        request: OpenRequest,
        connection: ConnectionInfo,
        key: SessionKey,
    ) -> BoxFuture<'_, Result<Opened, Reject>> {
        self.note(Seen::Open(request.client.clone()));
        async move {
            self.opens.acquire().await.unwrap().forget();
            if let Some(reject) = self.told.lock().refuse_opens.clone() {
                return Err(reject);
            }
            let none = Rate { per_minute: 0, burst: 0 };
            Ok(Opened {
                actor: Arc::new(Actor {
                    app: request.app,
                    client: request.client.unwrap_or_else(|| client(&format!("anonymous-{}", key.0))),
                    key,
                    session: format!("session-{}", key.0),
                    device: None,
                    tag: None,
                    capabilities: Capabilities::new(request.details.config.unwrap_or(0), connection.profile),
                    returns_to: None,
                }),
                token: TOKEN.parse().unwrap(),
                ttl_seconds: 604_800,
                rates: Rates { messages: none, history: none, others: none, drop_excess: false },
            })
        }
        .boxed()
    }

    fn opened<'a>(&'a self, actor: &'a Arc<Actor>, resume: &'a Resume) -> BoxFuture<'a, ()> {
        self.registry.hold(actor.key);
        self.registry.release(actor.key);
        self.note(Seen::Opened(actor.client.clone(), *resume));
        std::future::ready(()).boxed()
    }

    fn close<'a>(&'a self, actor: &'a Arc<Actor>) -> BoxFuture<'a, ()> {
        self.note(Seen::Close(actor.client.clone()));
        std::future::ready(()).boxed()
    }

    fn lost<'a>(&'a self, actor: &'a Arc<Actor>, why: Loss) -> BoxFuture<'a, ()> {
        self.note(Seen::Lost(actor.client.clone(), why));
        std::future::ready(()).boxed()
    }

    fn call(&self, call: Call, respond: Respond) -> BoxFuture<'_, ()> {
        let event = match &call.command {
            Command::Send(message) => Event::MessageAck(MessageAck {
                conversation: message.conversation.clone(),
                message: "a-message".parse().unwrap(),
                timestamp: START,
                reject: None,
            }),
            Command::Conversation(ConversationCommand::Count(conversation)) => {
                Event::MemberCount { conversation: conversation.clone(), count: 7 }
            }
            Command::Conversation(ConversationCommand::Mute(conversation)) => Event::ConversationUpdated {
                conversation: conversation.clone(),
                updated_at: START,
                by: None,
                changes: None,
            },
            _ => Event::DeviceReported,
        };
        async move {
            self.note(Seen::Call(call.actor.client.clone(), call.reply.serial.map(|serial| serial.0)));
            self.accepts.acquire().await.unwrap().forget();
            let respond_so: Respond = Box::new(move |outcome| respond(outcome.map(|_| event)));
            let mut told = self.told.lock();
            assert!(!told.panic, "as told");
            if told.keep_answers {
                told.kept.push_back(respond_so);
            } else {
                respond_so(Ok(Event::Echo));
            }
        }
        .boxed()
    }

    fn refuse_message(&self, conversation: ConversationId, reject: Reject) -> Event {
        let message = "refused".parse().unwrap();
        Event::MessageAck(MessageAck { conversation, message, timestamp: START, reject: Some(reject) })
    }
}

/// A gateway and its surroundings.
pub(super) struct World {
    pub(super) gateway: Gateway,
    pub(super) registry: Arc<Registry>,
    pub(super) domain: Arc<FakeDomain>,
    pub(super) apps: Arc<Apps>,
    pub(super) clock: Arc<RuntimeClock>,
    seen: mpsc::UnboundedReceiver<Seen>,
}

impl World {
    pub(super) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(super) fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::from(&Config::default());
        change(&mut settings);
        let clock = Arc::new(RuntimeClock { started: Instant::now(), set_by: AtomicI64::new(0) });
        let apps = Arc::new(Apps::new([app_with(AppConfig::default())]));
        let registry = Registry::new(&settings, Arc::clone(&clock) as _, Arc::clone(&apps));
        let (sender, seen) = mpsc::unbounded_channel();
        let domain = Arc::new(FakeDomain {
            seen: sender,
            registry: Arc::clone(&registry),
            told: Mutex::default(),
            opens: Semaphore::new(Semaphore::MAX_PERMITS),
            accepts: Semaphore::new(Semaphore::MAX_PERMITS),
        });
        let gateway = Gateway::new(
            settings,
            Arc::clone(&clock) as _,
            Arc::clone(&registry),
            Arc::clone(&domain) as Arc<dyn Domain>,
            Arc::clone(&apps),
            Router::new(),
        );
        Self { gateway, registry, domain, apps, clock, seen }
    }

    /// A connection with this sub-protocol, on which nothing is open.
    pub(super) fn connect(&self, name: Option<&str>) -> Client {
        self.connect_over(name, PLENTY)
    }

    /// The same over a line on which so many bytes are under way at most.
    pub(super) fn connect_over(&self, name: Option<&str>, capacity: usize) -> Client {
        let subprotocol = name.map_or(Subprotocol::LEGACY, |name| Subprotocol::from_name(name).unwrap());
        self.connect_with(Hello { subprotocol, ip: None, origin: None }, capacity)
    }

    /// The same as a page of this origin does it.
    pub(super) fn connect_from(&self, name: Option<&str>, origin: &str) -> Client {
        let subprotocol = name.map_or(Subprotocol::LEGACY, |name| Subprotocol::from_name(name).unwrap());
        self.connect_with(Hello { subprotocol, ip: None, origin: Some(origin.into()) }, PLENTY)
    }

    fn connect_with(&self, hello: Hello, capacity: usize) -> Client {
        let subprotocol = hello.subprotocol;
        let (wire, end) = MemoryWire::pair(capacity);
        self.gateway.connect(wire, hello);
        Client {
            end,
            subprotocol,
            reader: FrameReader::new(Role::Client, usize::MAX),
            received: VecDeque::new(),
            serial: 0,
        }
    }

    /// A connection of one modern client.
    pub(super) async fn client(&mut self, name: &str) -> Client {
        self.client_over(name, PLENTY).await
    }

    pub(super) async fn client_over(&mut self, name: &str, capacity: usize) -> Client {
        let mut connection = self.connect_over(Some(MODERN), capacity);
        connection.open(name).await;
        assert_eq!(self.seen().await, Seen::Open(Some(client(name))));
        assert_eq!(self.seen().await, Seen::Opened(client(name), Resume::default()));
        connection
    }

    /// What the domain is asked next.
    pub(super) async fn seen(&mut self) -> Seen {
        self.seen.recv().await.unwrap()
    }

    /// What the domain was asked and nobody looked at yet.
    pub(super) fn unseen(&mut self) -> Option<Seen> {
        self.seen.try_recv().ok()
    }

    pub(super) fn publish(&self, push: &Push) {
        assert!(self.registry.deliver(push.clone()).is_none(), "few are told at once");
        while self.registry.flush(64) {}
    }

    /// Gives the answer that was kept first.
    pub(super) fn answer_one(&self) {
        let respond = self.domain.told.lock().kept.pop_front().expect("an answer was kept");
        respond(Ok(Event::Echo));
        while self.registry.flush(64) {}
    }

    pub(super) fn keep_answers(&self) {
        self.domain.told.lock().keep_answers = true;
    }

    pub(super) fn sessions(&self, name: &str) -> Vec<SessionKey> {
        self.registry.sessions_of(&app(), &client(name)).into_iter().map(|info| info.key).collect()
    }
}

/// What a client receives.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Received {
    Event(Box<Outbound>),
    Ping,
    Pong(Vec<u8>),
    Close(Option<CloseFrame>),
    /// The line ended.
    End,
}

/// A client's end of a connection.
pub(super) struct Client {
    pub(super) end: MemoryEnd,
    subprotocol: Subprotocol,
    reader: FrameReader,
    received: VecDeque<Received>,
    serial: i32,
}

impl Client {
    pub(super) async fn next(&mut self) -> Received {
        let mut buffer = vec![0; 64 * 1024];
        while self.received.is_empty() {
            let count = self.end.read(&mut buffer).await.unwrap();
            if count == 0 {
                return Received::End;
            }
            self.take_in(&mut buffer[..count]);
        }
        self.received.pop_front().unwrap()
    }

    fn take_in(&mut self, mut input: &mut [u8]) {
        while let Some(message) = self.reader.next(&mut input).unwrap() {
            self.received.push_back(match message {
                Message::Text(text) => decoded(self.subprotocol, text.as_bytes()),
                Message::Binary(bytes) => decoded(self.subprotocol, &bytes),
                Message::Ping(_) => Received::Ping,
                Message::Pong(payload) => Received::Pong(payload.into_owned()),
                Message::Close(frame) => Received::Close(frame),
            });
        }
    }

    pub(super) async fn event(&mut self) -> Outbound {
        match self.next().await {
            Received::Event(event) => *event,
            other => panic!("not an event: {other:?}"),
        }
    }

    /// The code with which the server closes; the line ends after it.
    pub(super) async fn close_code(&mut self) -> u16 {
        match self.next().await {
            Received::Close(Some(frame)) => frame.code,
            other => panic!("not a close: {other:?}"),
        }
    }

    /// The serial of the reply that comes next.
    pub(super) async fn replied(&mut self) -> i32 {
        self.event().await.serial.expect("a reply has a serial").0
    }

    pub(super) async fn frame(&mut self, opcode: Opcode, payload: &[u8]) {
        let mut bytes = Vec::new();
        encode_masked(&mut bytes, opcode, [1, 2, 3, 4], payload);
        self.raw(&bytes).await;
    }

    pub(super) async fn raw(&mut self, bytes: &[u8]) {
        self.end.write_all(bytes).await.unwrap();
    }

    /// Sends a command and gives its serial.
    pub(super) async fn command(&mut self, name: Option<&str>, command: Command) -> i32 {
        self.serial += 1;
        let envelope = Envelope {
            app: Some(app()),
            client: name.map(client),
            serial: Some(Serial(self.serial)),
            command: Ok(command),
        };
        self.envelope(&envelope).await;
        self.serial
    }

    pub(super) async fn envelope(&mut self, envelope: &Envelope) {
        let dialect = self.subprotocol.dialect;
        let payload = codec::encode_command(dialect, envelope);
        let opcode = if dialect.is_text() { Opcode::Text } else { Opcode::Binary };
        self.frame(opcode, &payload).await;
    }

    /// Opens a session and reads the answer.
    pub(super) async fn open(&mut self, name: &str) {
        self.command(Some(name), open(0)).await;
        let answer = self.event().await;
        assert!(matches!(answer.event, Event::SessionOpened { .. }), "{answer:?}");
        assert_eq!(answer.client, Some(client(name)));
    }
}

fn decoded(subprotocol: Subprotocol, payload: &[u8]) -> Received {
    Received::Event(Box::new(codec::decode_event(subprotocol.dialect, payload).unwrap()))
}

pub(super) fn client(name: &str) -> ClientId {
    name.parse().unwrap()
}

pub(super) fn app() -> AppId {
    "an-app-of-this-server".parse().unwrap()
}

/// The app with these settings.
pub(super) fn app_with(settings: AppConfig) -> crate::apps::App {
    let app =
        config::App { id: app(), key: Secret::new("key"), master_key: Secret::new("master key"), settings };
    app.into()
}

pub(super) fn conversation() -> ConversationId {
    "0123456789abcdef01234567".parse().unwrap()
}

pub(super) fn open(bits: i64) -> Command {
    let details = yanshu_protocol::OpenSession { config: Some(bits), ..Default::default() };
    Command::Session(SessionCommand::Open(Box::new(details)))
}

pub(super) fn count() -> Command {
    Command::Conversation(ConversationCommand::Count(conversation()))
}

pub(super) fn mute() -> Command {
    Command::Conversation(ConversationCommand::Mute(conversation()))
}

pub(super) fn send() -> Command {
    Command::Send(Box::new(SendMessage {
        conversation: conversation(),
        content: Content::Text("hello".into()),
        transient: false,
        receipt: false,
        will: false,
        resend_key: None,
        push_data: None,
        mentions: Mentions::default(),
        priority: None,
    }))
}

/// A push that says which one it is by its count.
pub(super) fn push(to: Audience, number: i32) -> Push {
    Push {
        app: app(),
        to,
        except: None,
        needs: Needs::default(),
        permanent: false,
        server_time: START,
        priority: 1,
        event: Event::Left {
            conversation: conversation(),
            by: client(&format!("by-{number}")),
            at: Timestamp(START.0 + i64::from(number)),
        },
    }
}

pub(super) fn to(names: &[&str]) -> Audience {
    Audience::Clients(names.iter().copied().map(client).collect())
}

/// Which push an event is.
pub(super) fn number(event: &Outbound) -> i32 {
    match &event.event {
        Event::Left { by, .. } => by.as_str().trim_start_matches("by-").parse().unwrap(),
        other => panic!("not a push of this test: {other:?}"),
    }
}

pub(super) fn refused(event: &Outbound) -> Code {
    match &event.event {
        Event::Error { reject, .. } => reject.code,
        other => panic!("not a refusal: {other:?}"),
    }
}
