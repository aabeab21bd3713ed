//! The apps this server serves: their keys, their settings, and what is made from them once for all.
//!
//! This room owns the table of apps, which can be replaced as a whole while the server runs: whoever asks
//! later sees the new one, whoever holds an app keeps the old one. It may touch the settings and nothing else.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;
use yanshu_protocol::AppId;

use crate::config::{self, AppConfig, Secret};

/// One app as it is now.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) id: AppId,
    pub(crate) master_key: Secret,
    pub(crate) settings: Arc<AppConfig>,
}

impl From<config::App> for App {
    fn from(app: config::App) -> Self {
        let config::App { id, master_key, settings, .. } = app;
        Self { id, master_key, settings: Arc::new(settings) }
    }
}

/// Every app by its id.
#[derive(Debug)]
pub(crate) struct Apps {
    by_id: RwLock<Arc<HashMap<AppId, Arc<App>>>>,
    /// For an app that is not there any more.
    defaults: Arc<AppConfig>,
}

impl Apps {
    pub(crate) fn new(apps: impl IntoIterator<Item = config::App>) -> Self {
        Self { by_id: RwLock::new(Arc::new(table(apps))), defaults: Arc::default() }
    }

    pub(crate) fn get(&self, app: &AppId) -> Option<Arc<App>> {
        self.by_id.read().get(app).cloned()
    }

    /// The settings of an app that a session belongs to.
    pub(crate) fn settings(&self, app: &AppId) -> Arc<AppConfig> {
        self.by_id.read().get(app).map_or_else(|| Arc::clone(&self.defaults), |app| Arc::clone(&app.settings))
    }
}

fn table(apps: impl IntoIterator<Item = config::App>) -> HashMap<AppId, Arc<App>> {
    apps.into_iter().map(|app| (app.id.clone(), Arc::new(App::from(app)))).collect()
}
