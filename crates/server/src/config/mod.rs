//! What an operator can set, and the first start.
//!
//! This room owns the settings: one file per table, each setting declared once with its meaning, default and
//! range. Sources, the weakest first: defaults, the TOML file, `YANSHU__TABLE__KEY` in the environment, flags.
//! What comes out is plain data. It may read the environment and its files, and touches no other room.

mod app;
mod connection;
mod drain;
mod first_start;
mod general;
mod log;
mod origin;
mod preset;
mod reference;
mod route;
mod session;
mod setting;
mod source;
mod storage;
mod throttle;
mod units;

#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;

pub use app::{
    App, AppConfig, Clients, Conversation, EventRule, Filter, GroupReceipts, History, IdPolicy, Limits,
    Members, Message, Offline, OfflineDelivery, OnePer, Origins, Over, Preset, Query, Receipts, Room,
    Signature, Temporary,
};
pub use connection::Connection;
pub use drain::Drain;
pub use first_start::{FirstStartError, prepare};
pub use log::{Log, LogFormat};
pub use origin::WebOrigin;
pub use reference::reference;
pub use route::Route;
pub use session::Session;
pub use setting::Problem;
pub use source::{ConfigError, Flags, Sources};
pub use storage::Storage;
pub use throttle::Throttle;
pub use units::{ByteSize, Secret};

use general::General;
use reference::Table;
use setting::{Section, check_range};

/// Lists the tables once for the struct, its defaults, the check and the reference.
macro_rules! tables {
    ($( $table:ident: $type:ty, )*) => {
        /// Everything that can be set.
        #[derive(Debug, Clone, PartialEq, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Config {
            /// Address and port to listen on.
            #[serde(deserialize_with = "setting::Setting::read")]
            pub listen: SocketAddr,
            /// The folder that everything is kept in.
            pub data_dir: PathBuf,
            /// The address clients reach the server by, without a slash at its end, if it is not the one they
            /// used.
            pub public_url: Option<String>,
            /// How often changed files are looked for, in seconds (B-440).
            pub reload_seconds: u32,
            $(
                #[doc = concat!("`[", stringify!($table), "]`")]
                pub $table: $type,
            )*
            /// `[[apps]]`. Empty before [`prepare`] if the operator names none.
            pub apps: Vec<App>,
        }

        impl Default for Config {
            fn default() -> Self {
                let General { listen, data_dir, public_url, reload_seconds } = General::default();
                Self { listen, data_dir, public_url, reload_seconds, $( $table: <$type>::default(), )* apps: Vec::new() }
            }
        }

        impl Config {
            /// The tables, for the reference.
            fn tables() -> Vec<Table> {
                vec![Table::of::<General>(""), $( Table::of::<$type>(stringify!($table)), )*]
            }

            /// What differs apart from the apps: names of settings and tables.
            #[must_use]
            pub fn changed_besides_apps(&self, other: &Self) -> Vec<&'static str> {
                let differs = [
                    ("listen", self.listen != other.listen),
                    ("data_dir", self.data_dir != other.data_dir),
                    ("public_url", self.public_url != other.public_url),
                    ("reload_seconds", self.reload_seconds != other.reload_seconds),
                    $( (stringify!($table), self.$table != other.$table), )*
                ];
                differs.into_iter().filter_map(|(name, differs)| differs.then_some(name)).collect()
            }

            fn check_tables(&self, problems: &mut Vec<Problem>) {
                $( self.$table.check(stringify!($table), problems); )*
            }
        }
    };
}

tables! {
    route: Route,
    connection: Connection,
    session: Session,
    throttle: Throttle,
    storage: Storage,
    log: Log,
    drain: Drain,
}

impl Config {
    /// Everything that is wrong with values that could be read, each with the setting's path.
    #[must_use]
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if let Some(problem) = self.public_url.as_deref().and_then(general::public_url_problem) {
            problems.push(Problem { path: "public_url".to_owned(), problem });
        }
        let path = "reload_seconds".to_owned();
        check_range(&self.reload_seconds, &general::RELOAD_SECONDS, path, &mut problems);
        if let Some(problem) = self.log.level_problem() {
            problems.push(Problem { path: "log.level".to_owned(), problem });
        }
        self.check_tables(&mut problems);
        for (index, app) in self.apps.iter().enumerate() {
            let path = format!("apps.{index}");
            app.check(&path, &mut problems);
            if app.settings.message.max_bytes >= self.connection.frame_limit.0 {
                problems.push(Problem {
                    path: format!("{path}.message.max_bytes"),
                    problem: "must be less than `connection.frame_limit`".to_owned(),
                });
            }
            if self.apps[..index].iter().any(|earlier| earlier.id == app.id) {
                problems.push(Problem {
                    path: format!("{path}.id"),
                    problem: format!("`{}` is the id of an earlier app", app.id),
                });
            }
        }
        problems
    }
}
