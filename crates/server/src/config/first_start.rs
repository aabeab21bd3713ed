//! The first start: a data folder, and an app with random keys if the operator names none.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rand::Rng;
use rand::distr::Alphanumeric;

use super::source::{app_file, load_apps};
use super::{Config, ConfigError};

/// Why the data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FirstStartError {
    /// The folder or a file in it cannot be made, read or written.
    #[error("cannot {action} {path}: {cause}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// Why it failed.
        cause: io::Error,
    },
    /// What `app.toml` says is wrong.
    #[error(transparent)]
    App(#[from] ConfigError),
}

/// Makes the data folder if it is missing. If no app is configured, reads the one that an earlier start made or
/// makes it. Gives whether one was made: its keys should then be shown.
pub fn prepare(config: &mut Config) -> Result<bool, FirstStartError> {
    let folder = &config.data_dir;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(failed("make the folder", folder))?;
    // Making a folder that is there succeeds whatever may be done with it; the database would complain later
    // and less clearly.
    let probe = folder.join(".writable");
    fs::write(&probe, []).map_err(failed("write to the folder", folder))?;
    fs::remove_file(&probe).map_err(failed("write to the folder", folder))?;
    if !config.apps.is_empty() {
        return Ok(false);
    }
    let path = app_file(folder);
    let made = !path.try_exists().map_err(failed("read", &path))?;
    if made {
        make_app(&path).map_err(failed("write", &path))?;
    }
    config.apps = load_apps(&path)?;
    let problems = config.validate();
    if config.apps.is_empty() {
        return Err(ConfigError::Invalid(vec![format!("`apps` is empty (in {})", path.display())]).into());
    }
    if !problems.is_empty() {
        let lines = problems.iter().map(|problem| format!("{problem} (in {})", path.display()));
        return Err(ConfigError::Invalid(lines.collect()).into());
    }
    Ok(made)
}

/// Writes a new app to a file that only its owner may read, complete or not at all.
fn make_app(path: &Path) -> io::Result<()> {
    let text = format!(
        "# Made by the first start. `[apps.*]` tables may be added; changes are in force soon, or at once on SIGHUP.\n\
         # If the configuration file names apps, this file is not read.\n\
         [[apps]]\nid = \"{}\"\nkey = \"{}\"\nmaster_key = \"{}\"\n",
        random(24),
        random(24),
        random(32),
    );
    let unfinished = path.with_extension("toml.new");
    let mut file =
        fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&unfinished, path)
}

fn random(length: usize) -> String {
    rand::rng().sample_iter(Alphanumeric).take(length).map(char::from).collect()
}

fn failed<'a>(action: &'static str, path: &'a Path) -> impl Fn(io::Error) -> FirstStartError + use<'a> {
    move |cause| FirstStartError::Io { action, path: path.to_owned(), cause }
}
