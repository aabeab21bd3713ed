//! A server and its clients.

use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::runtime::Runtime;
use yanshu_protocol::codec::Subprotocol;
use yanshu_protocol::{ClientId, ConversationId, ConversationKind, Direction, Timestamp};

use super::Peer;
use crate::chores::House;
use crate::clock::{Clock, ManualClock};
use crate::config::{App, AppConfig, Config, Secret};
use crate::domain::Server;
use crate::gateway::{Gateway, Hello, MemoryWire};
use crate::server::Node;
use crate::store::{Completion, Cursor, HistoryPage, NewConversation, StoredMessage, Write};

/// Bytes under way on a line in each direction.
const LINE: usize = 1 << 16;

/// Nothing the server does at the end of a line or of itself takes even a second.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) struct World {
    pub(super) clock: ManualClock,
    config: Config,
    node: Option<Node>,
    home: Home,
    _folder: TempDir,
}

/// Where the server runs.
enum Home {
    /// With its clients.
    Shared,
    /// On threads of its own, which can end as if the power had failed; none while it is down.
    Apart(Option<Runtime>),
}

impl World {
    pub(super) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// A world whose settings differ from the defaults.
    pub(super) async fn with(adjust: impl FnOnce(&mut Config)) -> Self {
        Self::at(Home::Shared, adjust).await
    }

    /// The same with a server that can be killed.
    pub(super) async fn apart(adjust: impl FnOnce(&mut Config)) -> Self {
        Self::at(Home::Apart(None), adjust).await
    }

    async fn at(home: Home, adjust: impl FnOnce(&mut Config)) -> Self {
        let folder = TempDir::new().unwrap();
        let mut config = Config { data_dir: folder.path().to_owned(), ..Config::default() };
        config.apps.push(App {
            id: "scenario-app-id".parse().unwrap(),
            key: Secret::new("key"),
            master_key: Secret::new("master key"),
            settings: Default::default(),
        });
        // Scenarios are faster than people.
        let limits = &mut config.apps[0].settings.limits;
        limits.messages_per_minute = 0;
        limits.history_per_minute = 0;
        limits.others_per_minute = 0;
        config.drain.grace = Duration::ZERO;
        adjust(&mut config);
        let clock = ManualClock::at(Timestamp(1_700_000_000_000));
        let mut world = Self { clock, config, node: None, home, _folder: folder };
        world.start_server().await;
        world
    }

    async fn start_server(&mut self) {
        let (clock, config) = (Arc::new(self.clock.clone()), self.config.clone());
        let starting = async move { Node::start(&config, clock).await };
        let started = match &mut self.home {
            Home::Shared => starting.await,
            Home::Apart(home) => {
                let runtime = home.get_or_insert_with(|| {
                    let mut runtime = tokio::runtime::Builder::new_multi_thread();
                    runtime.worker_threads(1).enable_all().build().expect("threads start")
                });
                runtime.spawn(starting).await.expect("nothing panics")
            }
        };
        self.node = Some(started.expect("the server starts"));
    }

    /// Changes the settings of the app while the server runs, as when its file is changed.
    pub(super) fn set(&mut self, change: impl FnOnce(&mut AppConfig)) {
        change(&mut self.config.apps[0].settings);
        self.set_apps(|_| {});
    }

    /// The same for the list of apps.
    pub(super) fn set_apps(&mut self, change: impl FnOnce(&mut Vec<App>)) {
        change(&mut self.config.apps);
        let apps = crate::apps::load(&self.config.apps).expect("their files are good");
        self.node.as_ref().expect("it runs").apps.replace(apps);
    }

    /// Forgets everything that is due, as the server does from time to time.
    pub(super) async fn tidy(&self) {
        let node = self.node.as_ref().expect("it runs");
        let house = House {
            server: Arc::clone(&node.server),
            store: Arc::clone(&node.store),
            clock: Arc::new(self.clock.clone()),
            apps: Arc::clone(&node.apps),
            resend_window: self.config.storage.resend_window,
        };
        while house.forget_some().await {}
    }

    /// Puts in a conversation as an import does: with an id of another origin.
    pub(super) async fn import(&self, id: &str, kind: ConversationKind, members: &[&str]) -> ConversationId {
        let id: ConversationId = id.parse().unwrap();
        let members = super::peer::ids(members);
        let conversation = NewConversation {
            app: self.config.apps[0].id.clone(),
            id: id.clone(),
            kind,
            creator: "importer".parse().unwrap(),
            members,
            attributes: Default::default(),
            unique_id: None,
            expires_at: None,
            now: self.clock.now(),
        };
        let (done, waiter) = Completion::waiter();
        let store = &self.node.as_ref().expect("it runs").store;
        store.submit(Write::Create(Box::new(conversation), done)).await;
        waiter.await.expect("the store answers").expect("the conversation is made");
        id
    }

    /// Takes a client offline, as the app's own server does.
    pub(super) async fn kick(&self, client: &str, reason: Option<&str>) {
        let (app, client) = (&self.config.apps[0].id, client.parse().unwrap());
        self.server()
            .kick(app, &client, reason.map(str::to_owned))
            .await
            .expect("the client is taken offline");
    }

    pub(super) fn app(&self) -> &yanshu_protocol::AppId {
        &self.config.apps[0].id
    }

    pub(super) fn server(&self) -> &Server {
        &self.node.as_ref().expect("it runs").server
    }

    pub(super) fn gateway(&self) -> &Gateway {
        &self.node.as_ref().expect("it runs").gateway
    }

    /// Stops the server as on SIGTERM and starts it again on the same data.
    pub(super) async fn restart(&mut self) {
        let node = self.node.take().expect("it runs");
        node.gateway.drain().await;
        node.stop().await;
        self.clock.advance(1);
        self.start_server().await;
    }

    /// Ends the server in the middle of whatever it does and starts it again on what it kept.
    pub(super) async fn kill(&mut self) {
        let Home::Apart(home) = &mut self.home else { panic!("the server runs with its clients") };
        let home = home.take().expect("it runs");
        let ending = tokio::task::spawn_blocking(move || home.shutdown_timeout(PATIENCE));
        ending.await.expect("nothing panics");
        drop(self.node.take());
        self.clock.advance(1);
        self.start_server().await;
    }

    /// Waits until the server has no more connections than this, and is done with the others.
    pub(super) async fn until_connections(&self, count: usize) {
        let gateway = &self.node.as_ref().expect("it runs").gateway;
        let fewer = async {
            while gateway.connections() > count {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, fewer).await.expect("the server notices in time");
    }

    /// What is kept of a conversation, in its order.
    pub(super) async fn stored(&self, conversation: &ConversationId) -> Vec<StoredMessage> {
        let page = HistoryPage {
            conversation: conversation.clone(),
            viewer: None,
            start: None,
            stop: None,
            direction: Direction::Newer,
            limit: usize::MAX >> 1,
            message_type: None,
        };
        let store = &self.node.as_ref().expect("it runs").store;
        store.history(self.app(), page).await.expect("the store answers")
    }

    /// How far it is kept that a client is.
    pub(super) async fn cursor(&self, conversation: &ConversationId, client: &ClientId) -> Cursor {
        let store = &self.node.as_ref().expect("it runs").store;
        store.cursor(self.app(), conversation, client).await.expect("the store answers")
    }

    /// A connected client that has not logged in.
    pub(super) fn connect_as(&self, name: &str, subprotocol: &str) -> Peer {
        let subprotocol = Subprotocol::from_name(subprotocol).unwrap_or(Subprotocol::LEGACY);
        self.connect_on_line(name, subprotocol, LINE)
    }

    /// As [`Self::connect_as`], on a line on which so many bytes can be under way.
    pub(super) fn connect_on_line(&self, name: &str, subprotocol: Subprotocol, capacity: usize) -> Peer {
        let (wire, end) = MemoryWire::pair(capacity);
        let hello = Hello { subprotocol, ip: None, origin: None };
        self.connect(wire, hello);
        Peer::new(self.config.apps[0].id.clone(), name, subprotocol, end)
    }

    /// A connected client of today that belongs to this app.
    pub(super) fn connect_to(&self, app: &str, name: &str) -> Peer {
        let subprotocol = Subprotocol::from_name("lc.protobuf2.3").unwrap_or(Subprotocol::LEGACY);
        let (wire, end) = MemoryWire::pair(LINE);
        self.connect(wire, Hello { subprotocol, ip: None, origin: None });
        Peer::new(app.parse().unwrap(), name, subprotocol, end)
    }

    /// A connected client of today in a page of this origin.
    pub(super) fn connect_from(&self, origin: &str, name: &str) -> Peer {
        let subprotocol = Subprotocol::from_name("lc.protobuf2.3").unwrap_or(Subprotocol::LEGACY);
        let (wire, end) = MemoryWire::pair(LINE);
        self.connect(wire, Hello { subprotocol, ip: None, origin: Some(origin.into()) });
        Peer::new(self.config.apps[0].id.clone(), name, subprotocol, end)
    }

    fn connect(&self, wire: MemoryWire, hello: Hello) {
        let _home = match &self.home {
            Home::Apart(Some(home)) => Some(home.enter()),
            Home::Shared | Home::Apart(None) => None,
        };
        self.node.as_ref().expect("it runs").gateway.connect(wire, hello);
    }

    /// A client of today, logged in.
    pub(super) async fn modern(&self, name: &str) -> Peer {
        let mut peer = self.connect_as(name, "lc.protobuf2.3");
        peer.log_in().await;
        peer
    }

    /// A client of 2015, logged in.
    pub(super) async fn legacy(&self, name: &str) -> Peer {
        let mut peer = self.connect_as(name, "");
        peer.log_in().await;
        peer
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Home::Apart(Some(home)) = std::mem::replace(&mut self.home, Home::Shared) {
            home.shutdown_background();
        }
    }
}
