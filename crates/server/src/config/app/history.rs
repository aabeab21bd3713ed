//! Reading old messages.

use crate::config::setting::section;

section! {
    /// Reading old messages.
    pub struct History {
        /// Messages on a page if the client does not say (B-297).
        default_limit: usize = 20, in 1..=10_000;
        /// Most messages on a page; whoever asks for more gets so many (B-298).
        max_limit: usize = 1000, in 1..=10_000;
    }
}
