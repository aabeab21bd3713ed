//! What must be signed.

use crate::config::setting::section;

section! {
    /// Which operations need a signature by the app's own server, made with the master key (B-416). Where none is
    /// needed, one that comes along is ignored, also a wrong one (W-442).
    pub struct Signature {
        /// Logging in without a session token; else 4102.
        login: bool = false;
        /// Starting a conversation, joining, adding and removing; else 4302.
        conversation: bool = false;
        /// Changing block lists; else 4546.
        blocklist: bool = false;
        /// Reading history through REST with the app key.
        history: bool = false;
        /// How far the time of a signature may be from the server's, in seconds (B-430, W-441).
        window_seconds: u32 = 21_600, in 1..=31_536_000;
        /// Whether a signature for inviting also serves to remove, as one SDK asks for it: then who may invite may
        /// also remove (W-453).
        invite_for_kick: bool = false;
    }
}
