//! The composition root: makes the rooms, joins them, and takes them apart again in order.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;

use crate::apps::Apps;
use crate::bus::{Bus, LocalBus};
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::conversation::{NoHooks, Service};
use crate::domain::Server;
use crate::gateway::{Gateway, Registry, Settings};
use crate::ids::IdSource;
use crate::login::Logins;
use crate::page;
use crate::store::{Completion, Options, SqliteStore, Store, Write};
use yanshu_protocol::Timestamp;

/// The one node of a cluster of one.
const NODE: u16 = 0;

/// How often what has expired is forgotten.
const HOUSEKEEPING: Duration = Duration::from_secs(600);

/// For how many milliseconds notices are kept (W-386).
const NOTICES_KEPT: i64 = 7 * 24 * 60 * 60 * 1000;

/// Serves until SIGTERM or SIGINT.
pub fn serve(config: &Config) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    runtime.block_on(async {
        let listener = TcpListener::bind(config.listen)
            .await
            .with_context(|| format!("cannot listen on {}", config.listen))?;
        let listen = listener.local_addr().unwrap_or(config.listen);
        let node = Node::start(config, Arc::new(SystemClock::default())).await?;
        let (mut first, mut second) = (Signals::new()?, Signals::new()?);
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
        let registry = Registry::new(&settings, Arc::clone(&clock));
        let bus: Arc<dyn Bus> = Arc::new(LocalBus::new(Arc::clone(&registry) as _));
        let apps = Arc::new(Apps::new(config.apps.iter().cloned()));
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
        let knows_app = Arc::new(move |app: &_| apps.get(app).is_some());
        let domain = Arc::clone(&server) as _;
        let routes = page::router(config.apps.first().map(|app| app.id.as_str()));
        let gateway = Gateway::new(settings, Arc::clone(&clock), registry, domain, knows_app, routes);
        mark_rooms_lost(&*store, &*clock).await?;

        let mut dispatching = JoinSet::new();
        dispatching.spawn(delivering);
        let mut chores = JoinSet::new();
        chores.spawn(flush_cursors(Arc::clone(&server), config.storage.cursor_flush));
        chores.spawn(send_orphaned_wills(Arc::clone(&server), config.connection.read_timeout));
        let rejoin = config.apps.iter().map(|app| i64::from(app.settings.room.rejoin_seconds) * 1000).max();
        let kept = Kept { resend_keys: millis(config.storage.resend_window), rooms: rejoin.unwrap_or(0) };
        chores.spawn(keep_house(Arc::clone(&store), clock, kept));
        Ok(Self { gateway, server, store, dispatching, chores })
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

async fn flush_cursors(server: Arc<Server>, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        if let Err(error) = server.conversations.flush_cursors().await {
            tracing::error!(%error, "cursors were not written: some messages may be delivered again");
        }
    }
}

/// Whoever was lost with the last server has so long to come back before its will is sent.
async fn send_orphaned_wills(server: Arc<Server>, after: Duration) {
    tokio::time::sleep(after).await;
    if let Err(error) = server.conversations.send_orphaned_wills().await {
        tracing::error!(%error, "wills of clients that did not come back were not sent");
    }
}

async fn keep_house(store: Arc<dyn Store>, clock: Arc<dyn Clock>, kept: Kept) {
    loop {
        tokio::time::sleep(HOUSEKEEPING).await;
        // In portions, so that no change waits long behind one.
        while forget_some(&*store, clock.now(), kept).await {}
    }
}

/// How long what nobody asks for any more is kept, in milliseconds.
#[derive(Debug, Clone, Copy)]
struct Kept {
    resend_keys: i64,
    rooms: i64,
}

/// Forgets a portion of what has expired, and says whether there may be more.
async fn forget_some(store: &dyn Store, now: Timestamp, kept: Kept) -> bool {
    let (done, waiter) = Completion::waiter();
    store
        .submit(Write::Expire {
            now,
            resend_keys_before: now.plus_millis(-kept.resend_keys),
            rooms_lost_before: now.plus_millis(-kept.rooms),
            notices_before: now.plus_millis(-NOTICES_KEPT),
            done,
        })
        .await;
    match waiter.await {
        Ok(Ok(rows)) => rows > 0,
        Ok(Err(error)) => {
            tracing::error!(%error, "expired rows were not forgotten");
            false
        }
        Err(_) => false,
    }
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

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
