//! What clients are to hear of what happened while they were away (W-380 to W-386).
//!
//! Notices are kept with the change that they tell of. What concerns the client itself is kept for it; what
//! concerns all members of a conversation is kept once, and read by those who were members then.

use yanshu_protocol::{
    AppId, Attributes, ClientId, ConversationId, ConversationKind, MessageId, Restriction, Role, Timestamp,
};

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Noticed {
    /// The client became a member.
    Joined,
    /// The client is no member any more.
    Left,
    /// The client may not speak in the conversation, or not be in it; or may again.
    Restricted { restriction: Restriction, lifted: bool },
    /// Members came.
    MembersJoined { members: Vec<ClientId> },
    /// Members went.
    MembersLeft { members: Vec<ClientId> },
    /// Attributes changed: what was asked, and what became of it (W-220).
    Updated { attr: Attributes, modified: Attributes },
    /// A member has another role.
    RoleChanged { member: ClientId, role: Role },
    /// Clients may not speak in the conversation, or not be in it; or may again.
    MembersRestricted { restriction: Restriction, lifted: bool, members: Vec<ClientId> },
    /// A message of the client was received or read, at a time, by another (W-303).
    Receipt { message: MessageId, at: Timestamp, from: ClientId, read: bool },
}

/// A notice as it is read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Notice {
    /// When it happened. Grows strictly for what concerns one client, and within one conversation for what
    /// concerns all of its members.
    pub(crate) at: Timestamp,
    pub(crate) conversation: ConversationId,
    pub(crate) kind: ConversationKind,
    /// When the conversation ends, if it is temporary.
    pub(crate) expires_at: Option<Timestamp>,
    /// Who did it; not told of receipts.
    pub(crate) by: Option<ClientId>,
    pub(crate) what: Noticed,
}

/// Notices after a time, ascending. None of a millisecond is cut off from the others of it, so that the time of
/// the last one is where to go on.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct NoticePage {
    pub(crate) notices: Vec<Notice>,
    /// There are more after these.
    pub(crate) more: bool,
}

/// A receipt for a sender that could not be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeptReceipt {
    pub(crate) app: AppId,
    /// The sender of the message.
    pub(crate) sender: ClientId,
    pub(crate) conversation: ConversationId,
    pub(crate) message: MessageId,
    /// When it was received or read.
    pub(crate) at: Timestamp,
    /// By whom.
    pub(crate) from: ClientId,
    pub(crate) read: bool,
}
