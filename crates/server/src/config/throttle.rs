//! How fast one address may come.

use super::setting::section;

section! {
    /// How fast connections and logins may come from one address, whatever the app. Many people can share one, so
    /// these numbers only stop floods; 0 means no limit. Of an IPv6 address its network (/64) counts.
    pub struct Throttle {
        /// New WebSocket connections a minute; more are refused with HTTP 429.
        connections_per_minute: u32 = 6000, in 0..=60_000_000;
        /// New connections that may come at once.
        connections_burst: u32 = 10_000, in 1..=1_000_000;
        /// Logins a minute, those that fail among them; more are refused with 4116.
        logins_per_minute: u32 = 6000, in 0..=60_000_000;
        /// Logins that may come at once.
        logins_burst: u32 = 10_000, in 1..=1_000_000;
        /// Addresses that are remembered; beyond that, those that were not seen for longest are forgotten.
        addresses: usize = 100_000, in 1000..=10_000_000;
        /// Whether a client's address is the last one in the header `X-Forwarded-For`: right behind a proxy that
        /// sets it, wrong without one, since then clients can name any address. `false`: the socket's.
        trust_forwarded: bool = false;
    }
}
