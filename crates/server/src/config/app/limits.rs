//! How fast clients may act.

use crate::config::setting::{choice, section};

section! {
    /// How fast each client may act, and how much is delivered to all (B-502 to B-508).
    pub struct Limits {
        /// `leancloud` sets the official numbers, where the app does not set its own: 60 messages, 120 history
        /// queries and 30 other operations a minute, 160,000 deliveries a second, 100 messages on a page of history,
        /// neither editing nor recalling, and messages and idle conversations are deleted after 180 days (B-502 to
        /// B-504, B-508, B-298, B-238, B-513, B-514).
        preset: Preset = Preset::None;
        /// Messages a minute; 0 means no limit (B-502).
        messages_per_minute: u32 = 1200, in 0..=60_000_000;
        /// Messages that may come at once (B-502).
        messages_burst: u32 = 100, in 1..=1_000_000;
        /// History queries a minute; 0 means no limit (B-503).
        history_per_minute: u32 = 600, in 0..=60_000_000;
        /// History queries that may come at once.
        history_burst: u32 = 100, in 1..=1_000_000;
        /// Other operations a minute: joining, leaving, logging in, querying conversations and so on; 0 means
        /// no limit (B-504).
        others_per_minute: u32 = 600, in 0..=60_000_000;
        /// Other operations that may come at once.
        others_burst: u32 = 100, in 1..=1_000_000;
        /// Deliveries of messages a second, on each node, of the app as a whole; 0 means no limit. Near it, chat-room
        /// messages of low and then of normal priority and transient messages are dropped. High ones and those that
        /// history keeps count, but are never dropped (B-508).
        deliveries_per_second: u32 = 0, in 0..=1_000_000_000;
        /// What happens to what comes too fast: `error` refuses it with 4116, `drop` ignores it, as in 2015
        /// (B-505).
        over: Over = Over::Error;
    }
}

choice! {
    /// What happens to what comes too fast (B-505).
    pub enum Over {
        /// It is refused with 4116.
        Error = "error",
        /// It is ignored.
        Drop = "drop",
    }
    form = "\"error\" or \"drop\""
}

choice! {
    /// Numbers that belong together.
    pub enum Preset {
        /// The defaults of this reference.
        None = "none",
        /// The official numbers.
        Leancloud = "leancloud",
    }
    form = "\"none\" or \"leancloud\""
}
