//! Telling clients where to connect.

use std::time::Duration;

use super::setting::section;

section! {
    /// What the server answers to clients that ask where to connect.
    pub struct Route {
        /// How long a client may keep the answer (W-2).
        ttl: Duration = Duration::from_secs(3600), in Duration::from_secs(1)..=Duration::from_secs(604_800);
        /// Gives out `ws://` addresses even to clients that ask for `wss://`, because several SDKs always ask
        /// for it. For installations without a certificate (W-7).
        insecure: bool = false;
    }
}
