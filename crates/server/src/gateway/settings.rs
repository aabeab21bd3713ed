//! What the gateway is set to: the operator's settings, and constants that protect one thing each.

use std::time::Duration;

use yanshu_session::{Rate, Timeouts};

use super::outbox::Bounds;
use crate::config::Config;

/// Everything the gateway's parts need to know.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// WebSocket connections at a time; more are answered with 503.
    pub(super) max_connections: usize,
    /// Sockets that are at HTTP; more wait to be accepted.
    pub(super) max_http_sockets: usize,
    /// The largest WebSocket message, in bytes (W-31, W-32).
    pub(super) max_message_bytes: usize,
    /// Frames in a row that cannot be decoded before the connection is closed (W-33).
    pub(super) max_bad_frames: u32,
    /// New connections of one address.
    pub(super) connections: Rate,
    /// Logins of one address.
    pub(super) logins: Rate,
    /// Addresses that are remembered.
    pub(super) addresses: usize,
    /// A proxy says where clients come from.
    pub(super) trust_forwarded: bool,
    /// Frames taken before anything is opened.
    pub(super) max_frames_before_login: u32,
    /// Unanswered writes of one connection; at so many its socket is not read.
    pub(super) max_pending_writes: u32,
    /// Reads of one connection that run at a time.
    pub(super) max_running_reads: usize,
    /// What may wait for a connection that takes in too little.
    pub(super) bounds: Bounds,
    /// How long nothing at all can be written before the connection counts as broken.
    pub(super) write_timeout: Duration,
    /// How long the other end may take to answer a close.
    pub(super) close_timeout: Duration,
    /// How long accepted commands may take to finish once their connection is gone.
    pub(super) finish_timeout: Duration,
    /// Silence, and what is done about it.
    pub(super) timeouts: Timeouts,
    /// How long the head of an HTTP request may take, and how long a socket may stay idle between two.
    pub(super) http_header_timeout: Duration,
    /// How long an HTTP request may take, its body included.
    pub(super) http_request_timeout: Duration,
    /// The largest body of an HTTP request, in bytes.
    pub(super) http_max_body_bytes: usize,
    /// The address clients reach this server at, if it is not the one they used.
    pub(super) public_url: Option<String>,
    /// Never give out `wss://` (W-7).
    pub(super) insecure_route: bool,
    /// How long clients may keep an address (W-2).
    pub(super) route_ttl: Duration,
    /// Over how long a drain spreads its notices, so that not everyone comes back at once.
    pub(super) drain_spread: Duration,
    /// How long a connection is served after its notice (W-52).
    pub(super) drain_grace: Duration,
}

impl From<&Config> for Settings {
    fn from(config: &Config) -> Self {
        let (connection, throttle) = (&config.connection, &config.throttle);
        Self {
            max_connections: match connection.max_connections {
                0 => usize::MAX,
                limit => limit,
            },
            max_http_sockets: 4096,
            max_message_bytes: connection.frame_limit.0,
            max_bad_frames: connection.bad_frames,
            connections: Rate {
                per_minute: throttle.connections_per_minute,
                burst: throttle.connections_burst,
            },
            logins: Rate { per_minute: throttle.logins_per_minute, burst: throttle.logins_burst },
            addresses: throttle.addresses,
            trust_forwarded: throttle.trust_forwarded,
            max_frames_before_login: 64,
            max_pending_writes: 64,
            max_running_reads: 8,
            bounds: Bounds { frames: connection.outbox_frames, bytes: connection.outbox_bytes.0 },
            write_timeout: Duration::from_secs(60),
            close_timeout: Duration::from_secs(5),
            finish_timeout: Duration::from_secs(20),
            timeouts: Timeouts {
                login: millis(config.session.login_timeout),
                read: millis(connection.read_timeout),
                legacy_ping: millis(connection.legacy_ping),
                legacy_pong: millis(connection.legacy_pong),
            },
            http_header_timeout: Duration::from_secs(30),
            http_request_timeout: Duration::from_secs(30),
            http_max_body_bytes: 1024 * 1024,
            public_url: config.public_url.clone(),
            insecure_route: config.route.insecure,
            route_ttl: config.route.ttl,
            drain_spread: config.drain.grace / 2,
            drain_grace: config.drain.grace,
        }
    }
}

/// A length of time in the machine's unit.
pub(super) fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
