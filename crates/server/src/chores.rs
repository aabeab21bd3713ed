//! What a server does beside serving: writes what waits in memory, forgets what has expired, follows its files.
//!
//! Each chore is a task of its own that ends with the server, and works in portions, so that nobody who is
//! served waits long behind one.

use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::Signal;
use tokio::task::spawn_blocking;
use yanshu_protocol::Timestamp;

use crate::apps::{App, Apps, Reloader};
use crate::clock::Clock;
use crate::domain::Server;
use crate::store::{Completion, Retention, Store, Write};

/// How often what has expired is forgotten.
const HOUSEKEEPING: Duration = Duration::from_secs(600);

/// Between two portions the writer is left to others for so many times as long as the portion took, and at least for
/// a pause.
const REST: u32 = 4;
const PAUSE: Duration = Duration::from_millis(10);

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

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

/// Forgets what has expired, and what the apps do not want kept.
#[derive(Debug)]
pub(crate) struct House {
    pub(crate) server: Arc<Server>,
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
            loop {
                let began = self.clock.steady();
                if !self.forget_some().await {
                    break;
                }
                let took = self.clock.steady().millis_since(began).unsigned_abs();
                tokio::time::sleep((Duration::from_millis(took) * REST).max(PAUSE)).await;
            }
        }
    }

    /// Forgets a portion, and says whether there may be more.
    pub(crate) async fn forget_some(&self) -> bool {
        let (done, waiter) = Completion::waiter();
        let now = self.clock.now();
        let longest_return = self.apps.longest_return();
        let policies = self.apps.all().iter().map(|app| (app.id.clone(), retention(app, now))).collect();
        self.store
            .submit(Write::Expire {
                now,
                resend_keys_before: before(now, self.resend_window),
                rooms_lost_before: before(now, longest_return),
                notices_before: before(now, NOTICES_KEPT),
                policies,
                done,
            })
            .await;
        let forgotten = match waiter.await {
            Ok(Ok(forgotten)) => forgotten,
            Ok(Err(error)) => {
                tracing::error!(%error, "what has expired was not forgotten");
                return false;
            }
            Err(_) => return false,
        };
        for (app, conversation) in forgotten.conversations {
            tracing::info!(app.id = %app, conversation.id = %conversation, "an idle conversation was deleted");
            self.server.conversations.forgotten(&app, &conversation);
        }
        forgotten.work > 0
    }
}

/// What an app does not want kept (B-513, B-514).
fn retention(app: &App, now: Timestamp) -> Retention {
    let days = |days: u32| (days > 0).then(|| before(now, DAY * days));
    Retention {
        messages_before: days(app.settings.message.retention_days),
        idle_before: days(app.settings.conversation.idle_days),
    }
}

fn before(now: Timestamp, time: Duration) -> Timestamp {
    now.plus_millis(-i64::try_from(time.as_millis()).unwrap_or(i64::MAX))
}
