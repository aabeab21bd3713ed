//! A conversation as clients see it in query results.

use serde_json::{Map, Value};

use crate::{ClientId, Content, ConversationId, Mentions, MessageId, Timestamp, UniqueId};

/// The app's own top-level properties of a conversation, `name` and `attr` among them (B-59).
pub type Attributes = Map<String, Value>;

/// The four kinds of conversation (B-44).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConversationKind {
    /// Stored members, at most 500.
    Normal,
    /// A chat room: whoever is in it now. "Transient conversation" on the wire.
    Room,
    /// A service account with subscribers. "System conversation" on the wire.
    Service,
    /// At most ten members and a time to live.
    Temporary,
}

impl ConversationKind {
    /// The number on the wire (W-144).
    #[must_use]
    pub const fn number(self) -> i32 {
        match self {
            Self::Normal => 1,
            Self::Room => 2,
            Self::Service => 3,
            Self::Temporary => 4,
        }
    }

    /// The kind with this number.
    #[must_use]
    pub const fn from_number(number: i64) -> Option<Self> {
        match number {
            1 => Some(Self::Normal),
            2 => Some(Self::Room),
            3 => Some(Self::Service),
            4 => Some(Self::Temporary),
            _ => None,
        }
    }
}

/// One result of a conversation query (W-197).
#[derive(Debug, Clone, PartialEq)]
pub struct ConversationView {
    /// Its id.
    pub id: ConversationId,
    /// Its kind.
    pub kind: ConversationKind,
    /// Who made it.
    pub creator: ClientId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When a stored field last changed (B-57).
    pub updated_at: Timestamp,
    /// Time of the newest stored message (W-198).
    pub last_message_at: Option<Timestamp>,
    /// Members in order of joining; `None` in a compact result (W-192).
    pub members: Option<Vec<ClientId>>,
    /// Members who muted it; `None` in a compact result, absent on the wire if empty.
    pub muted_by: Option<Vec<ClientId>>,
    /// Names the member set, if it was made as unique (B-56).
    pub unique_id: Option<UniqueId>,
    /// The app's own properties.
    pub attributes: Attributes,
    /// Seconds left, for a temporary conversation (W-201).
    pub seconds_left: Option<i64>,
    /// The asking client's subscription, for a service conversation (W-159).
    pub subscription: Option<Subscription>,
    /// The last message, if asked for and allowed (W-192, W-195).
    pub last_message: Option<LastMessage>,
}

/// How the asking client stands to a service conversation (W-159).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// When it subscribed; `None` if it has not.
    pub joined_at: Option<Timestamp>,
    /// Whether it muted the conversation.
    pub muted: bool,
}

/// The last message of a conversation, as a query result shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastMessage {
    /// Message id.
    pub id: MessageId,
    /// Sender.
    pub from: ClientId,
    /// When it was accepted.
    pub timestamp: Timestamp,
    /// What it says, edits applied.
    pub content: Content,
    /// When it was last edited or recalled.
    pub patched_at: Option<Timestamp>,
    /// Whom it mentions.
    pub mentions: Mentions,
}
