//! Who acts: one open session of one client.

use yanshu_protocol::{AppId, ClientId, ConversationId, DeviceId, Tag};

/// Names a session on this node, and with the node's number in the whole cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionKey(pub u64);

/// How messages that were missed reach a session (W-23).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OfflineMode {
    /// As messages, after login (B-272).
    Pushed,
    /// As unread counts; the client reads history (B-273).
    Unread,
}

/// What the sub-protocol of a connection says about every session on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Profile {
    /// The flat JSON of 2015: no ping of its own, its own form of errors, no events of later years.
    pub legacy: bool,
    /// How missed messages arrive.
    pub offline: OfflineMode,
}

/// What a session can handle: the `configBitmap` of its open, and what its connection says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Capabilities {
    bits: i64,
    profile: Profile,
}

impl Capabilities {
    /// From the announced bits and the connection's profile.
    #[must_use]
    pub const fn new(bits: i64, profile: Profile) -> Self {
        Self { bits, profile }
    }

    /// The announced bits, to be kept with the session token (W-96).
    #[must_use]
    pub const fn bits(self) -> i64 {
        self.bits
    }

    /// Whether the session speaks the JSON of 2015.
    #[must_use]
    pub const fn legacy(self) -> bool {
        self.profile.legacy
    }

    /// How missed messages arrive.
    #[must_use]
    pub const fn offline(self) -> OfflineMode {
        self.profile.offline
    }

    /// Edits and recalls may be pushed (W-101).
    #[must_use]
    pub const fn patches(self) -> bool {
        self.bits & 1 != 0
    }

    /// Messages and events of temporary conversations may be pushed (W-102).
    #[must_use]
    pub const fn temporary_conversations(self) -> bool {
        self.bits & 2 != 0
    }

    /// Transient messages are acknowledged (W-103).
    #[must_use]
    pub const fn transient_acks(self) -> bool {
        self.bits & 8 != 0
    }

    /// Notifications say whether they are reliable (W-74).
    #[must_use]
    pub const fn reliable_notifications(self) -> bool {
        self.bits & 16 != 0
    }

    /// Changes of members may fail in part (W-104).
    #[must_use]
    pub const fn partial_failures(self) -> bool {
        self.bits & 32 != 0
    }

    /// Delivery receipts also in conversations of more than two (W-301).
    #[must_use]
    pub const fn group_receipts(self) -> bool {
        self.profile.legacy || self.bits & 64 != 0
    }
}

/// One open session of one client: whoever a command is carried out for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The app.
    pub app: AppId,
    /// The client.
    pub client: ClientId,
    /// The session on this node.
    pub key: SessionKey,
    /// The session as its token names it; it outlives the connection.
    pub session: String,
    /// The device, if known (W-95).
    pub device: Option<DeviceId>,
    /// The kind of device, if the single-device rule applies.
    pub tag: Option<Tag>,
    /// What the session can handle.
    pub capabilities: Capabilities,
    /// The chat room it comes back into (B-380).
    pub returns_to: Option<ConversationId>,
}
