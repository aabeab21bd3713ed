//! Changed settings, taken over while the server runs: those of the apps, and which apps there are.
//!
//! A configuration with a mistake is logged and changes nothing. What is no app's setting takes a restart, and
//! is logged too.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Apps, files};
use crate::config::{Config, ConfigError, Sources};

/// Knows what is in force and where it came from. Everything here may block: it runs on a thread of its own.
#[derive(Debug)]
pub(crate) struct Reloader {
    sources: Sources,
    pub(super) running: Config,
    apps: Arc<Apps>,
    /// The files that say what is to be in force, and how they looked when they were read last.
    watched: Vec<(PathBuf, Option<Stamp>)>,
}

/// What tells a file from a changed one.
type Stamp = (u64, u64, i64, i64);

impl Reloader {
    /// For a server that runs with `running`, which came from `sources`.
    pub(crate) fn new(sources: Sources, running: Config, apps: Arc<Apps>) -> Self {
        let mut reloader = Self { sources, running, apps, watched: Vec::new() };
        let files = reloader.files_of(&reloader.running);
        reloader.watch(files);
        reloader
    }

    /// Takes over what has changed, if a file has.
    pub(crate) fn look(&mut self) {
        if self.watched.iter().any(|(path, seen)| stamp(path) != *seen) {
            self.reload();
        }
    }

    /// Reads everything again and takes it over.
    pub(crate) fn reload(&mut self) {
        // Before reading: what changes meanwhile is seen the next time.
        for (path, seen) in &mut self.watched {
            *seen = stamp(path);
        }
        match self.take_over() {
            Ok(apps) => tracing::info!(apps, "the settings of the apps are in force as they are now"),
            Err(error) => {
                tracing::error!(%error, "the configuration cannot be taken over: the settings in force stay");
            }
        }
    }

    fn take_over(&mut self) -> Result<usize, ConfigError> {
        let read = self.sources.read_again(&self.running.data_dir)?;
        // Also the files in force: they count again if the new ones turn out to be wrong.
        self.watch([self.files_of(&read), self.files_of(&self.running)].concat());
        let fixed = self.running.changed_besides_apps(&read);
        if !fixed.is_empty() {
            let settings = fixed.join(", ");
            tracing::warn!(settings, "these settings have changed and take a restart");
        }
        let next = Config { apps: read.apps, ..self.running.clone() };
        let problems = next.validate();
        if !problems.is_empty() {
            return Err(problems.into());
        }
        let apps = files::load(&next.apps)?;
        let count = apps.len();
        self.apps.replace(apps);
        self.running = next;
        Ok(count)
    }

    fn files_of(&self, config: &Config) -> Vec<PathBuf> {
        let words = config.apps.iter().filter_map(|app| app.settings.filter.words.clone());
        self.sources.files(&self.running.data_dir).into_iter().chain(words).collect()
    }

    /// Watches these files, those that were watched already as they looked then.
    fn watch(&mut self, files: Vec<PathBuf>) {
        let watched = std::mem::take(&mut self.watched);
        self.watched.extend(files.into_iter().map(|path| {
            let seen = watched.iter().find(|(known, _)| *known == path).map(|(_, seen)| *seen);
            let seen = seen.unwrap_or_else(|| stamp(&path));
            (path, seen)
        }));
    }
}

/// `None` for a file that is not there.
fn stamp(path: &Path) -> Option<Stamp> {
    let about = fs::metadata(path).ok()?;
    Some((about.ino(), about.len(), about.mtime(), about.mtime_nsec()))
}
