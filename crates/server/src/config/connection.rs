//! What one connection may do and for how long.

use std::time::Duration;

use super::setting::section;
use super::units::ByteSize;

section! {
    /// Limits of one connection, whatever is open on it.
    pub struct Connection {
        /// A connection from which nothing was received for so long is closed with 4107. SDKs send a heartbeat
        /// every three minutes (B-20, W-40).
        read_timeout: Duration = Duration::from_secs(400), in Duration::from_secs(201)..=Duration::from_secs(86_400);
        /// A connection of the 2015 protocol, which sends no heartbeat after a reconnect, is pinged after so
        /// much silence (W-41).
        legacy_ping: Duration = Duration::from_secs(120), in Duration::from_secs(1)..=Duration::from_secs(86_400);
        /// A connection of the 2015 protocol is closed when nothing comes for so long after a ping (W-41).
        legacy_pong: Duration = Duration::from_secs(60), in Duration::from_secs(1)..=Duration::from_secs(86_400);
        /// Largest message of the WebSocket, fragments together. A larger one closes the connection with 4109
        /// before it is read (W-31, W-32).
        frame_limit: ByteSize = ByteSize::kib(64), in ByteSize::kib(8)..=ByteSize::mib(16);
        /// Frames that may wait for a client that reads slowly. From half of them on low chat-room messages are
        /// dropped, from three quarters on normal ones (B-269). More of anything else closes the connection; the
        /// client comes back and catches up.
        outbox_frames: usize = 1024, in 16..=1_000_000;
        /// Bytes that may wait for a client that reads slowly, with the same consequences.
        outbox_bytes: ByteSize = ByteSize::mib(1), in ByteSize::kib(64)..=ByteSize::mib(1024);
        /// So many frames in a row that cannot be decoded close the connection with 4114; fewer are passed over,
        /// since other clients may be on it. The 2015 protocol passes over all of them (W-33, W-400).
        bad_frames: u32 = 10, in 1..=1_000_000;
        /// WebSocket connections served at once; further ones are refused with HTTP 503. 0 means no limit but the
        /// system's.
        max_connections: usize = 0;
    }
}
