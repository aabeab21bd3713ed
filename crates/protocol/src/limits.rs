//! Numbers the protocol itself fixes. What an operator may change is configuration, not here.

/// Longest client id, in characters (B-2).
pub const MAX_CLIENT_ID_CHARS: usize = 64;

/// Ids answered in one question about who is online; the rest is ignored (W-133).
pub const MAX_ONLINE_QUERY: usize = 20;

/// Start of every temporary conversation's id (W-143).
pub const TEMPORARY_PREFIX: &str = "_tmp:";

/// The reserved tag that means "no tag" (W-99).
pub const DEFAULT_TAG: &str = "default";
