//! Where settings come from, and errors that say where a wrong one stands.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use figment::error::Kind;
use figment::providers::{Env, Format, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};

use super::{App, Config, Problem, preset};

/// Settings given on the command line.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--listen`
    pub listen: Option<SocketAddr>,
    /// `--data-dir`
    pub data_dir: Option<PathBuf>,
}

/// Where a configuration comes from, so that it can be read again.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// `--config`
    pub file: Option<PathBuf>,
    /// What else the command line says.
    pub flags: Flags,
}

impl Sources {
    /// Reads the configuration.
    pub fn read(&self) -> Result<Config, ConfigError> {
        Config::load(self.file.as_deref(), self.flags.clone())
    }

    /// Reads it again for a server that keeps its data in `data_dir`: without the first start, which is over.
    pub fn read_again(&self, data_dir: &Path) -> Result<Config, ConfigError> {
        let mut config = self.read()?;
        if config.apps.is_empty() {
            config.apps = load_apps(&app_file(data_dir))?;
        }
        Ok(config)
    }

    /// The files that are read, apart from those that settings name. They may be missing.
    #[must_use]
    pub fn files(&self, data_dir: &Path) -> Vec<PathBuf> {
        self.file.iter().cloned().chain([app_file(data_dir)]).collect()
    }
}

/// Holds the app that the first start made.
pub(super) fn app_file(data_dir: &Path) -> PathBuf {
    data_dir.join("app.toml")
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration file {path}: {cause}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        cause: std::io::Error,
    },
    /// The file is no TOML, or a key or value in it or in the environment is wrong.
    #[error("{}", .0.join("\n"))]
    Invalid(Vec<String>),
}

impl From<Vec<Problem>> for ConfigError {
    fn from(problems: Vec<Problem>) -> Self {
        Self::Invalid(problems.iter().map(ToString::to_string).collect())
    }
}

impl Config {
    /// Reads the file, if one is named, the environment and the flags.
    pub fn load(file: Option<&Path>, flags: Flags) -> Result<Self, ConfigError> {
        let mut figment = Figment::new();
        if let Some(path) = file {
            figment = figment.merge(named_toml(path)?);
        }
        let figment = figment.merge(Env::prefixed("YANSHU__").split("__")).merge(flags);
        let mut config: Self = figment.extract().map_err(|error| ConfigError::Invalid(explain(error)))?;
        apply_presets(&mut config.apps, &figment);
        let problems = config.validate();
        if problems.is_empty() {
            return Ok(config);
        }
        // Metadata is not found inside of lists: what is wrong with an app stands where the list does.
        let source = |problem: &Problem| {
            let list = problem.path.split('.').next().unwrap_or_default();
            let found = figment.find_metadata(&problem.path).or_else(|| figment.find_metadata(list));
            found.map(described).unwrap_or_default()
        };
        let lines = problems.iter().map(|problem| format!("{problem}{}", source(problem))).collect();
        Err(ConfigError::Invalid(lines))
    }
}

/// Reads the apps of a file that holds nothing else.
pub(super) fn load_apps(path: &Path) -> Result<Vec<App>, ConfigError> {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Apps {
        apps: Vec<App>,
    }

    let figment = Figment::from(named_toml(path)?);
    let mut apps: Apps = figment.extract().map_err(|error| ConfigError::Invalid(explain(error)))?;
    apply_presets(&mut apps.apps, &figment);
    Ok(apps.apps)
}

fn apply_presets(apps: &mut [App], figment: &Figment) {
    if let Ok(Value::Array(_, written)) = figment.find_value("apps") {
        for (app, written) in apps.iter_mut().zip(&written) {
            preset::apply(&mut app.settings, written);
        }
    }
}

/// A TOML file that is there and can be read: figment would take a missing one for an empty one.
fn named_toml(path: &Path) -> Result<impl Provider, ConfigError> {
    std::fs::read_to_string(path)
        .map(|_| Toml::file_exact(path))
        .map_err(|cause| ConfigError::Unreadable { path: path.to_owned(), cause })
}

impl Provider for Flags {
    fn metadata(&self) -> Metadata {
        Metadata::named("the command line")
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        let mut dict = Dict::new();
        if let Some(listen) = self.listen {
            dict.insert("listen".to_owned(), Value::from(listen.to_string()));
        }
        if let Some(data_dir) = &self.data_dir {
            dict.insert("data_dir".to_owned(), Value::from(data_dir.display().to_string()));
        }
        Ok(Map::from([(Profile::Default, dict)]))
    }
}

/// One line for each thing that is wrong: which key, what about it, and where it was read.
fn explain(error: figment::Error) -> Vec<String> {
    error
        .into_iter()
        .map(|error| {
            let source = error.metadata.as_ref().map(described).unwrap_or_default();
            let key = |last: Option<&str>| {
                let path: Vec<&str> = error.path.iter().map(String::as_str).chain(last).collect();
                path.join(".")
            };
            match &error.kind {
                Kind::UnknownField(_, known) => {
                    format!("`{}` is no setting{source}; known here: {}", key(None), known.join(", "))
                }
                Kind::MissingField(field) => format!("`{}` is missing{source}", key(Some(field))),
                kind if error.path.is_empty() => format!("{kind}{source}"),
                kind => format!("`{}`: {kind}{source}", key(None)),
            }
        })
        .collect()
}

fn described(metadata: &Metadata) -> String {
    match metadata.source.as_ref().and_then(|source| source.file_path()) {
        Some(path) => format!(" (in {})", path.display()),
        None if metadata.name.contains("environment") => " (in the environment)".to_owned(),
        None => format!(" (on {})", metadata.name),
    }
}
