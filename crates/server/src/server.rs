//! The composition root: makes the rooms, joins them, and takes them apart again in order.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;

use crate::apps::{self, App, Apps, Reloader};
use crate::bus::{Bus, LocalBus};
use crate::chores::{self, House};
use crate::clock::{Clock, SystemClock};
use crate::config::{self, Config, ConfigError, Sources};
use crate::conversation::{NoHooks, Service};
use crate::domain::Server;
use crate::gateway::{Gateway, Registry, Settings};
use crate::ids::IdSource;
use crate::login::Logins;
use crate::page;
use crate::rest::{self, Rest};
use crate::store::{Completion, Options, SqliteStore, Store, Write};

/// The one node of a cluster of one.
const NODE: u16 = 0;

/// Serves until SIGTERM or SIGINT, and follows changes of the apps in `sources`.
pub fn serve(config: &Config, sources: Sources) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    runtime.block_on(async {
        let listener = TcpListener::bind(config.listen)
            .await
            .with_context(|| format!("cannot listen on {}", config.listen))?;
        let listen = listener.local_addr().unwrap_or(config.listen);
        let mut node = Node::start(config, Arc::new(SystemClock::default())).await?;
        let (mut first, mut second) = (Signals::new()?, Signals::new()?);
        let hang_up = signal(SignalKind::hangup()).context("cannot wait for signals")?;
        let reloader = Reloader::new(sources, config.clone(), Arc::clone(&node.apps));
        let every = Duration::from_secs(config.reload_seconds.into());
        node.chores.spawn(chores::follow_settings(reloader, every, hang_up));
        tracing::info!(%listen, "ready");
        let serving = async {
            node.gateway.serve(listener, first.one()).await;
            node.stop().await;
        };
        let hurried = async {
            second.one().await;
            second.one().await;
        };
        tokio::select! {
            () = serving => {
                tracing::info!("stopped");
                Ok(())
            }
            () = hurried => Err(anyhow::anyhow!("stopped at once by a second signal")),
        }
    })
}

/// What asks the server to stop. Each waiter sees every signal; two of one kind at the same instant are one.
struct Signals {
    terminated: Signal,
    interrupted: Signal,
}

impl Signals {
    fn new() -> anyhow::Result<Self> {
        let wait = |kind| signal(kind).context("cannot wait for signals");
        Ok(Self { terminated: wait(SignalKind::terminate())?, interrupted: wait(SignalKind::interrupt())? })
    }

    async fn one(&mut self) {
        tokio::select! {
            _ = self.terminated.recv() => {}
            _ = self.interrupted.recv() => {}
        }
    }
}

/// The rooms, joined and running.
pub(crate) struct Node {
    pub(crate) gateway: Gateway,
    pub(crate) server: Arc<Server>,
    pub(crate) apps: Arc<Apps>,
    pub(crate) store: Arc<dyn Store>,
    dispatching: JoinSet<()>,
    chores: JoinSet<()>,
}

impl Node {
    /// Opens the store and joins the rooms.
    pub(crate) async fn start(config: &Config, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let ids = Arc::new(IdSource::new(NODE));
        let store = SqliteStore::open(&config.data_dir, &store_options(config), Arc::clone(&ids))
            .context("cannot open the store")?;
        let store: Arc<dyn Store> = Arc::new(store);
        let settings = Settings::from(config);
        let apps = Arc::new(Apps::new(load_apps(config.apps.clone()).await?));
        let registry = Registry::new(&settings, Arc::clone(&clock), Arc::clone(&apps));
        let bus: Arc<dyn Bus> = Arc::new(LocalBus::new(Arc::clone(&registry) as _));
        let logins = Logins::new(
            Arc::clone(&apps),
            config.session.token_ttl,
            Arc::clone(&store),
            Arc::clone(&bus),
            Arc::clone(&clock),
        );
        let (conversations, delivering) = Service::new(
            Arc::clone(&apps),
            Arc::clone(&store),
            bus,
            Arc::clone(&clock),
            ids,
            Arc::new(NoHooks),
        );
        let server = Arc::new(Server { logins, conversations });
        let rest = Rest { apps: Arc::clone(&apps), server: Arc::clone(&server) };
        let domain = Arc::clone(&server) as _;
        let page = page::router(config.apps.first().map(|app| app.id.as_str()));
        let routes = page.merge(rest::router(rest));
        let gateway = Gateway::new(settings, Arc::clone(&clock), registry, domain, Arc::clone(&apps), routes);
        mark_rooms_lost(&*store, &*clock).await?;

        let mut dispatching = JoinSet::new();
        dispatching.spawn(delivering);
        let mut chores = JoinSet::new();
        chores.spawn(chores::flush_cursors(Arc::clone(&server), config.storage.cursor_flush));
        chores.spawn(chores::send_orphaned_wills(Arc::clone(&server), config.connection.read_timeout));
        let house = House {
            server: Arc::clone(&server),
            store: Arc::clone(&store),
            clock,
            apps: Arc::clone(&apps),
            resend_window: config.storage.resend_window,
        };
        chores.spawn(house.keep());
        Ok(Self { gateway, server, apps, store, dispatching, chores })
    }

    /// Once everyone has gone: writes what is still in memory and closes the store.
    pub(crate) async fn stop(mut self) {
        self.chores.shutdown().await;
        if let Err(error) = self.server.conversations.flush_cursors().await {
            tracing::error!(%error, "the last cursors were not written");
        }
        self.store.close().await;
        self.server.conversations.delivered().await;
        self.dispatching.shutdown().await;
    }
}

/// Devices that were in a chat room when the last server ended may come back into it from now on.
async fn mark_rooms_lost(store: &dyn Store, clock: &dyn Clock) -> anyhow::Result<()> {
    let (done, waiter) = Completion::waiter();
    store.submit(Write::RoomsLost { now: clock.now(), done }).await;
    waiter.await.context("the store ended")?.context("cannot write to the store")
}

/// The apps with what their files say.
async fn load_apps(apps: Vec<config::App>) -> anyhow::Result<Vec<App>> {
    let loaded =
        tokio::task::spawn_blocking(move || apps::load(&apps)).await.context("reading files failed")?;
    loaded.map_err(|problems| ConfigError::from(problems).into())
}

/// What is wrong with the files that the apps' settings name.
pub fn check_files(config: &Config) -> Result<(), ConfigError> {
    apps::load(&config.apps)?;
    Ok(())
}

fn store_options(config: &Config) -> Options {
    let storage = &config.storage;
    Options {
        queue: storage.queue,
        batch_count: storage.batch_writes,
        batch_bytes: storage.batch_bytes.0,
        readers: storage.readers,
        ..Options::default()
    }
}
