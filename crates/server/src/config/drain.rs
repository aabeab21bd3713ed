//! Stopping.

use std::time::Duration;

use super::setting::section;

section! {
    /// Stopping on SIGTERM or SIGINT. A second signal stops at once.
    pub struct Drain {
        /// How long clients that were told to go elsewhere may finish what they are doing.
        grace: Duration = Duration::from_secs(10), in Duration::ZERO..=Duration::from_secs(3600);
    }
}
