//! What every connection shares, and the way in.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use axum::Router;
use parking_lot::Mutex;
use tokio::sync::Notify;
use yanshu_protocol::Timestamp;
use yanshu_protocol::codec::{Dialect, Offline};
use yanshu_session::{OfflineMode, Profile};

use super::link::Link;
use super::throttle::Throttle;
use super::wire::{Hello, Wire};
use super::{ConnectionInfo, Domain, Registry, Settings, connection, discovery};
use crate::apps::Apps;
use crate::clock::Clock;

/// Everything a connection works with.
pub(super) struct Core {
    pub(super) settings: Settings,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) registry: Arc<Registry>,
    pub(super) domain: Arc<dyn Domain>,
    pub(super) apps: Arc<Apps>,
    pub(super) connections: Throttle,
    pub(super) logins: Throttle,
    pub(super) live: Live,
}

/// The open connections.
#[derive(Default)]
pub(super) struct Live {
    next_id: AtomicU64,
    draining: AtomicBool,
    links: Mutex<HashMap<u64, Arc<Link>>>,
    fewer: Notify,
}

impl Live {
    pub(super) fn len(&self) -> usize {
        self.links.lock().len()
    }

    pub(super) fn links(&self) -> Vec<Arc<Link>> {
        self.links.lock().values().cloned().collect()
    }

    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// From now on nothing new is let in.
    pub(super) fn start_draining(&self) {
        self.draining.store(true, Ordering::Release);
    }

    /// Waits until no connection is left.
    pub(super) async fn none(&self) {
        while self.len() > 0 {
            self.fewer.notified().await;
        }
    }
}

/// Takes a connection off the list when its task ends, however it ends.
struct Listed(Arc<Core>, Arc<Link>);

impl Drop for Listed {
    fn drop(&mut self) {
        self.1.shut();
        self.0.live.links.lock().remove(&self.1.id);
        self.0.live.fewer.notify_one();
    }
}

/// The gateway: accepts sockets ([`Gateway::serve`]) and connections that need none ([`Gateway::connect`]).
#[derive(Clone)]
pub struct Gateway {
    pub(super) core: Arc<Core>,
    pub(super) routes: Router,
}

impl Gateway {
    /// A gateway that carries out commands by `domain`, tells `registry` who is connected, and answers HTTP
    /// requests by `routes` where they are not its own.
    pub(crate) fn new(
        settings: Settings,
        clock: Arc<dyn Clock>,
        registry: Arc<Registry>,
        domain: Arc<dyn Domain>,
        apps: Arc<Apps>,
        routes: Router,
    ) -> Self {
        let throttle = |rate| Throttle::new(rate, settings.addresses);
        let (connections, logins) = (throttle(settings.connections), throttle(settings.logins));
        let core = Arc::new(Core {
            settings,
            clock,
            registry,
            domain,
            apps,
            connections,
            logins,
            live: Live::default(),
        });
        let routes = discovery::routes(&core, routes);
        Self { core, routes }
    }

    /// Serves a connection whose handshake is done. The connection lives on its own.
    pub fn connect(&self, wire: impl Wire, hello: Hello) {
        self.core.connect(wire, hello, Vec::new());
    }

    /// Answers an HTTP request that came through no socket.
    #[cfg(test)]
    pub(crate) async fn answer(&self, request: axum::extract::Request) -> axum::response::Response {
        use tower::ServiceExt;
        self.routes.clone().oneshot(request).await.unwrap_or_else(|never| match never {})
    }

    /// How many connections are open.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.core.live.len()
    }
}

impl Core {
    /// The time by which silence, patience and rates are measured.
    pub(super) fn steady(&self) -> Timestamp {
        self.clock.steady()
    }

    /// Starts the task of a connection; `unread` came with its handshake.
    pub(super) fn connect(self: &Arc<Self>, wire: impl Wire, hello: Hello, unread: Vec<u8>) {
        let id = self.live.next_id.fetch_add(1, Ordering::Relaxed);
        let dialect = hello.subprotocol.dialect;
        let offline = match hello.subprotocol.offline {
            Offline::Pushed => OfflineMode::Pushed,
            Offline::Unread => OfflineMode::Unread,
        };
        let profile = Profile { legacy: dialect == Dialect::Json, offline };
        let info = ConnectionInfo { id, profile, ip: hello.ip, origin: hello.origin };
        let link: Arc<Link> = Link::new(id, dialect, self.registry.flush_list(), wire);
        self.live.links.lock().insert(id, Arc::clone(&link));
        if self.live.is_draining() {
            link.leave();
        }
        let listed = Listed(Arc::clone(self), Arc::clone(&link));
        let core = Arc::clone(self);
        tokio::spawn(async move {
            let _listed = listed;
            connection::run(core, link, info, unread).await;
        });
    }
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway").field("connections", &self.connections()).finish_non_exhaustive()
    }
}
