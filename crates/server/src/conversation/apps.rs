//! The apps this server serves.

use std::collections::HashMap;
use std::sync::Arc;

use yanshu_protocol::AppId;

use crate::config::AppConfig;

/// Every app with its settings.
#[derive(Debug)]
pub(crate) struct Apps {
    by_id: HashMap<AppId, Arc<AppConfig>>,
    /// For an app that is not there; no session can belong to one.
    defaults: Arc<AppConfig>,
}

impl Apps {
    pub(crate) fn new(apps: impl IntoIterator<Item = (AppId, AppConfig)>) -> Self {
        let by_id = apps.into_iter().map(|(id, settings)| (id, Arc::new(settings))).collect();
        Self { by_id, defaults: Arc::default() }
    }

    pub(crate) fn get(&self, app: &AppId) -> Option<&Arc<AppConfig>> {
        self.by_id.get(app)
    }

    /// The settings of an app that a session belongs to.
    pub(crate) fn settings(&self, app: &AppId) -> Arc<AppConfig> {
        Arc::clone(self.get(app).unwrap_or(&self.defaults))
    }
}
