//! Temporary conversations.

use crate::config::setting::section;

section! {
    /// Temporary conversations.
    pub struct Temporary {
        /// Most members (B-155).
        max_members: usize = 10, in 2..=500;
        /// Life in seconds if the client does not say (B-156).
        default_ttl_seconds: u32 = 86_400, in 1..=31_536_000;
        /// Longest life in seconds; whoever asks for more gets so much (B-156).
        max_ttl_seconds: u32 = 2_592_000, in 1..=31_536_000;
    }
}
