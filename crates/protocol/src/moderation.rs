//! Roles in a conversation, and lists of those who may not speak in it or not be in it.

use crate::{ClientId, ConversationId, Signature};

/// What a member may do to others (W-239). Each stands above the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// The creator. Nobody can be made one (W-242).
    Owner,
    /// A member who may manage others.
    Manager,
    /// Everybody else.
    Member,
}

impl Role {
    /// Its name on the wire, and in roles over HTTP (W-388).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Owner => "Owner",
            Self::Manager => "Manager",
            Self::Member => "Member",
        }
    }

    /// The role with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "Owner" => Some(Self::Owner),
            "Manager" => Some(Self::Manager),
            "Member" => Some(Self::Member),
            _ => None,
        }
    }
}

/// What a conversation can keep from a client. Each has a list of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Restriction {
    /// Sending (W-247).
    Silenced,
    /// Being in it at all (W-366).
    Blocked,
}

/// A change of who is restricted (W-245, W-363).
#[derive(Debug, Clone, PartialEq)]
pub struct Restrict {
    /// Which conversation.
    pub conversation: ConversationId,
    /// Which of its lists.
    pub restriction: Restriction,
    /// Take off the list, not put on it.
    pub lift: bool,
    /// Whom, as received. They need not be members (W-248).
    pub clients: Vec<ClientId>,
    /// The signature, if the app signs.
    pub signature: Option<Signature>,
}

/// A change of the conversations to which nobody may add the client itself (B-135).
#[derive(Debug, Clone, PartialEq)]
pub struct BlockConversations {
    /// Which conversations, as received.
    pub conversations: Vec<ConversationId>,
    /// Take off the list, not put on it.
    pub lift: bool,
    /// The signature, if the app signs.
    pub signature: Option<Signature>,
}

/// A part of a list (W-249, W-250).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Page {
    /// How many at most.
    pub limit: Option<i32>,
    /// How many to pass over.
    pub offset: u32,
}
