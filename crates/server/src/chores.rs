//! What a server does beside serving: writes what waits in memory, forgets what has expired, follows its files.
//!
//! Each chore is a task of its own that ends with the server, and works in portions, so that nobody who is
//! served waits long behind one.

use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::Signal;
use tokio::task::spawn_blocking;
use yanshu_protocol::Timestamp;

use crate::apps::{Apps, Reloader};
use crate::clock::Clock;
use crate::domain::Server;
use crate::store::{Completion, Store, Write};

/// How often what has expired is forgotten.
const HOUSEKEEPING: Duration = Duration::from_secs(600);

/// How long notices are kept (W-386).
const NOTICES_KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

pub(crate) async fn flush_cursors(server: Arc<Server>, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        if let Err(error) = server.conversations.flush_cursors().await {
            tracing::error!(%error, "cursors were not written: some messages may be delivered again");
        }
    }
}

/// Whoever was lost with the last server has so long to come back before its will is sent.
pub(crate) async fn send_orphaned_wills(server: Arc<Server>, after: Duration) {
    tokio::time::sleep(after).await;
    if let Err(error) = server.conversations.send_orphaned_wills().await {
        tracing::error!(%error, "wills of clients that did not come back were not sent");
    }
}

/// Takes over changed settings: looks for them `every` so often, and reads them whenever it is asked to (B-440).
/// Whoever is connected stays so (B-441).
pub(crate) async fn follow_settings(mut reloader: Reloader, every: Duration, mut asked: Signal) {
    loop {
        let asked = tokio::select! {
            _ = asked.recv() => true,
            () = tokio::time::sleep(every) => false,
        };
        let work = move || {
            if asked {
                reloader.reload()
            } else {
                reloader.look()
            }
            reloader
        };
        reloader = match spawn_blocking(work).await {
            Ok(reloader) => reloader,
            Err(error) => return tracing::error!(%error, "settings are not followed any more"),
        };
    }
}

/// What keeping house needs to know.
#[derive(Debug)]
pub(crate) struct House {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) apps: Arc<Apps>,
    /// How long a message that is sent again is recognised.
    pub(crate) resend_window: Duration,
}

impl House {
    pub(crate) async fn keep(self) {
        loop {
            tokio::time::sleep(HOUSEKEEPING).await;
            while self.forget_some(self.clock.now()).await {}
        }
    }

    /// Forgets a portion of what has expired, and says whether there may be more.
    async fn forget_some(&self, now: Timestamp) -> bool {
        let (done, waiter) = Completion::waiter();
        let longest_return = self.apps.longest_return();
        self.store
            .submit(Write::Expire {
                now,
                resend_keys_before: before(now, self.resend_window),
                rooms_lost_before: before(now, longest_return),
                notices_before: before(now, NOTICES_KEPT),
                policies: Vec::new(),
                done,
            })
            .await;
        match waiter.await {
            Ok(Ok(forgotten)) => forgotten.work > 0,
            Ok(Err(error)) => {
                tracing::error!(%error, "expired rows were not forgotten");
                false
            }
            Err(_) => false,
        }
    }
}

fn before(now: Timestamp, time: Duration) -> Timestamp {
    now.plus_millis(-i64::try_from(time.as_millis()).unwrap_or(i64::MAX))
}
