//! One app: who it is, and its settings. One file per table.

mod clients;
mod conversation;
mod filter;
mod history;
mod limits;
mod members;
mod message;
mod offline;
mod origins;
mod query;
mod receipts;
mod room;
mod signature;
mod temporary;

use serde::{Deserialize, Deserializer};
use yanshu_protocol::AppId;

pub use clients::{Clients, IdPolicy};
pub use conversation::Conversation;
pub use filter::Filter;
pub use history::History;
pub use limits::{Limits, Over, Preset};
pub use members::{EventRule, Members};
pub use message::Message;
pub use offline::{Offline, OfflineDelivery};
pub use origins::Origins;
pub use query::Query;
pub use receipts::{GroupReceipts, Receipts};
pub use room::{OnePer, Room};
pub use signature::Signature;
pub use temporary::Temporary;

use super::reference::Table;
use super::setting::{Problem, Section};
use super::units::{Secret, word};

/// Ids that end so are taken for apps of another region by several SDKs (W-15).
const FOREIGN_SUFFIX: &str = "-MdYXbMMI";

/// An app and its keys.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(from = "AppTable")]
pub struct App {
    /// What clients name the app by. More than 8 characters, not ending in `-MdYXbMMI` (W-15).
    pub id: AppId,
    /// What clients show. Not a secret: it is in every copy of the app.
    pub key: Secret,
    /// What the app's own servers show; whoever has it may do everything.
    pub master_key: Secret,
    /// Everything else.
    pub settings: AppConfig,
}

/// Lists the tables of an app once for the struct, the reader, the check and the reference.
macro_rules! app_tables {
    ($( $table:ident: $type:ty, )*) => {
        /// The settings of one app.
        #[derive(Debug, Clone, PartialEq, Default)]
        pub struct AppConfig {
            $(
                #[doc = concat!("`[apps.", stringify!($table), "]`")]
                pub $table: $type,
            )*
        }

        impl AppConfig {
            /// The tables, for the reference.
            pub(super) fn tables() -> Vec<Table> {
                vec![$( Table::of::<$type>(concat!("apps.", stringify!($table))), )*]
            }

            fn check(&self, path: &str, problems: &mut Vec<Problem>) {
                $( self.$table.check(&format!("{path}.{}", stringify!($table)), problems); )*
            }
        }

        /// The app as it is written: one flat table, so that unknown keys are found.
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct AppTable {
            #[serde(deserialize_with = "app_id")]
            id: AppId,
            key: Secret,
            master_key: Secret,
            $( #[serde(default)] $table: $type, )*
        }

        impl From<AppTable> for App {
            fn from(app: AppTable) -> Self {
                let AppTable { id, key, master_key, $( $table, )* } = app;
                Self { id, key, master_key, settings: AppConfig { $( $table, )* } }
            }
        }
    };
}

app_tables! {
    limits: Limits,
    clients: Clients,
    conversation: Conversation,
    members: Members,
    message: Message,
    offline: Offline,
    history: History,
    query: Query,
    room: Room,
    temporary: Temporary,
    receipts: Receipts,
    signature: Signature,
    origins: Origins,
    filter: Filter,
}

impl App {
    pub(super) fn check(&self, path: &str, problems: &mut Vec<Problem>) {
        let mut problem = |key: &str, problem: &str| {
            problems.push(Problem { path: format!("{path}.{key}"), problem: problem.to_owned() });
        };
        if self.id.as_str().chars().count() <= 8 {
            problem("id", "must have more than 8 characters: some SDKs refuse a shorter one (W-15)");
        }
        if self.id.as_str().ends_with(FOREIGN_SUFFIX) {
            problem(
                "id",
                "must not end in `-MdYXbMMI`: some SDKs take it for an app of another region (W-15)",
            );
        }
        if self.key.expose().is_empty() {
            problem("key", "must not be empty");
        }
        if self.master_key.expose().is_empty() {
            problem("master_key", "must not be empty");
        }
        if !self.key.expose().is_empty() && self.key == self.master_key {
            problem("master_key", "must differ from `key`, which every client knows");
        }
        if self.settings.temporary.default_ttl_seconds > self.settings.temporary.max_ttl_seconds {
            problem("temporary.default_ttl_seconds", "must not be more than `max_ttl_seconds`");
        }
        self.settings.check(path, problems);
    }
}

fn app_id<'de, D: Deserializer<'de>>(from: D) -> Result<AppId, D::Error> {
    word(from)?.parse().map_err(serde::de::Error::custom)
}
