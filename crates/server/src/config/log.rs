//! What is logged, and how.

use tracing_subscriber::EnvFilter;

use super::setting::{choice, section};

section! {
    /// What the server logs, to standard error. Never message texts, keys or tokens.
    pub struct Log {
        /// `text` for people, `json` for machines: one object per line.
        format: LogFormat = LogFormat::Text;
        /// `error`, `warn`, `info`, `debug` or `trace`; also per room, such as `info,yanshu_server::gateway=debug`.
        level: String = "info".to_owned();
    }
}

choice! {
    /// The form of a log line.
    pub enum LogFormat {
        /// For people.
        Text = "text",
        /// One JSON object per line.
        Json = "json",
    }
    form = "\"text\" or \"json\""
}

impl Log {
    /// What is wrong with the level, if anything.
    pub(super) fn level_problem(&self) -> Option<String> {
        EnvFilter::try_new(&self.level).err().map(|error| format!("`{}` is no level: {error}", self.level))
    }
}
