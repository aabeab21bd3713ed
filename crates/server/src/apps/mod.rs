//! The apps this server serves: their keys, their settings, and what is made from them once for all.
//!
//! This room owns the table of apps, which can be replaced as a whole while the server runs: whoever asks
//! later sees the new one, whoever holds an app keeps the old one. It also owns the reading of what has changed.
//! It may touch the settings, their files and the word filter, and nothing else.

mod files;
mod reload;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use parking_lot::RwLock;
use yanshu_protocol::AppId;
use yanshu_session::{Rate, Rates};

use crate::config::{self, AppConfig, Over, Secret};
use crate::filter::WordList;

pub(crate) use files::load;
pub(crate) use reload::Reloader;

/// One app as it is now.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) id: AppId,
    pub(crate) key: Secret,
    pub(crate) master_key: Secret,
    pub(crate) settings: Arc<AppConfig>,
    /// What the content filter looks for.
    pub(crate) words: Option<Arc<WordList>>,
}

impl App {
    /// How fast each of its sessions may act (B-502 to B-505).
    pub(crate) fn rates(&self) -> Rates {
        let limits = &self.settings.limits;
        Rates {
            messages: Rate { per_minute: limits.messages_per_minute, burst: limits.messages_burst },
            history: Rate { per_minute: limits.history_per_minute, burst: limits.history_burst },
            others: Rate { per_minute: limits.others_per_minute, burst: limits.others_burst },
            drop_excess: limits.over == Over::Drop,
        }
    }
}

/// Without what its files say: [`load`] reads them.
impl From<config::App> for App {
    fn from(app: config::App) -> Self {
        let config::App { id, key, master_key, settings } = app;
        Self { id, key, master_key, settings: Arc::new(settings), words: None }
    }
}

/// Every app by its id.
#[derive(Debug)]
pub(crate) struct Apps {
    by_id: RwLock<HashMap<AppId, Arc<App>>>,
    /// How often the table was replaced.
    generation: AtomicU32,
    /// For an app that is not there any more.
    defaults: Arc<AppConfig>,
}

impl Apps {
    pub(crate) fn new(apps: impl IntoIterator<Item = App>) -> Self {
        Self { by_id: RwLock::new(table(apps)), generation: AtomicU32::new(0), defaults: Arc::default() }
    }

    pub(crate) fn get(&self, app: &AppId) -> Option<Arc<App>> {
        self.by_id.read().get(app).cloned()
    }

    /// Every app, in no particular order.
    pub(crate) fn all(&self) -> Vec<Arc<App>> {
        self.by_id.read().values().cloned().collect()
    }

    /// The settings of an app that a session belongs to.
    pub(crate) fn settings(&self, app: &AppId) -> Arc<AppConfig> {
        self.by_id.read().get(app).map_or_else(|| Arc::clone(&self.defaults), |app| Arc::clone(&app.settings))
    }

    /// How many messages an app may have delivered each second; 0 means as many as it can (B-508).
    pub(crate) fn ceiling(&self, app: &AppId) -> u32 {
        self.by_id.read().get(app).map_or(0, |app| app.settings.limits.deliveries_per_second)
    }

    /// The longest time in which a client of any app may come back into its chat room.
    pub(crate) fn longest_return(&self) -> Duration {
        let seconds = self.by_id.read().values().map(|app| app.settings.room.rejoin_seconds).max();
        Duration::from_secs(seconds.unwrap_or(0).into())
    }

    /// Puts other apps in the place of all.
    pub(crate) fn replace(&self, apps: impl IntoIterator<Item = App>) {
        *self.by_id.write() = table(apps);
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// A number that differs once the apps were replaced: what was derived from them is to be derived again.
    pub(crate) fn generation(&self) -> u32 {
        self.generation.load(Ordering::Acquire)
    }
}

fn table(apps: impl IntoIterator<Item = App>) -> HashMap<AppId, Arc<App>> {
    apps.into_iter().map(|app| (app.id.clone(), Arc::new(app))).collect()
}
