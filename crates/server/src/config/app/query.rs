//! Finding conversations.

use std::time::Duration;

use crate::config::setting::section;

section! {
    /// Finding conversations.
    pub struct Query {
        /// Conversations in an answer if the client does not say (B-329).
        default_limit: usize = 10, in 1..=10_000;
        /// Most conversations in an answer; whoever asks for more gets so many (B-329).
        max_limit: usize = 1000, in 1..=10_000;
        /// A query that runs longer fails with 4310 (B-338).
        timeout: Duration = Duration::from_secs(5), in Duration::from_millis(10)..=Duration::from_secs(300);
    }
}
