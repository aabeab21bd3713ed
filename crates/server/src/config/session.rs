//! How long logging in may take and lasts.

use std::time::Duration;

use super::setting::section;

section! {
    /// Logging in.
    pub struct Session {
        /// A connection on which nobody logged in for so long is closed with 4108 (B-10, W-43).
        login_timeout: Duration = Duration::from_secs(60), in Duration::from_secs(1)..=Duration::from_secs(3600);
        /// How long a session token lets its client return without a new signature (W-116).
        token_ttl: Duration = Duration::from_secs(604_800), in Duration::from_secs(301)..=Duration::from_secs(2_147_482);
    }
}
