//! Chat rooms.

use crate::config::setting::{choice, section};

section! {
    /// Chat rooms.
    pub struct Room {
        /// Who can be in one chat room at a time: each `session`, or each `client` with all its devices (B-379).
        one_per: OnePer = OnePer::Session;
        /// A client that lost its connection and returns within so many seconds is in its room again; 0 means
        /// never (B-380, B-381).
        rejoin_seconds: u32 = 1800, in 0..=604_800;
        /// Whether others may be added to and removed from a chat room; else 4314 (B-385).
        allow_invite: bool = false;
        /// Most silenced clients of a chat room; more is refused with 4561 (B-131).
        max_silenced: usize = 10_000, in 0..=1_000_000;
        /// Most blocked clients of a chat room or service conversation; more is refused with 4543 (B-139).
        max_blocked: usize = 10_000, in 0..=1_000_000;
    }
}

choice! {
    /// Whose the one chat room is (B-379).
    pub enum OnePer {
        /// Two devices of one client may be in different rooms.
        Session = "session",
        /// A client is in one room with all its devices.
        Client = "client",
    }
    form = "\"session\" or \"client\""
}
