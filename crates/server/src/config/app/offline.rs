//! What clients that were away are told.

use crate::config::setting::{choice, section};

section! {
    /// What clients that were away are told when they come back.
    pub struct Offline {
        /// `push`: the missed messages themselves. `unread`: how many there are; the client reads them from
        /// history. `auto`: as the SDK of the session expects (B-274).
        mode: OfflineDelivery = OfflineDelivery::Auto;
        /// Most missed messages sent per conversation, the latest (B-272).
        pushed_per_conversation: usize = 20, in 1..=1000;
        /// Most messages that count as unread per conversation (B-276, B-290).
        max_per_conversation: usize = 100, in 1..=1000;
        /// Conversations whose missed messages or unread counts are sent at login, those with the newest
        /// messages (B-277).
        max_conversations: usize = 50, in 1..=10_000;
    }
}

choice! {
    /// How missed messages reach sessions (B-274).
    pub enum OfflineDelivery {
        /// As the session's SDK expects.
        Auto = "auto",
        /// As messages, for all.
        Push = "push",
        /// As unread counts, for all.
        Unread = "unread",
    }
    form = "\"auto\", \"push\" or \"unread\""
}
