//! What a server tells a client: replies to its commands, and pushes.

use crate::{
    Attributes, ClientId, Code, Content, ConversationId, ConversationKind, ConversationView, Mentions,
    MessageId, Reject, Restriction, Role, Serial, SessionToken, Timestamp, UniqueId, Unsupported,
};

/// An event with its address.
#[derive(Debug, Clone, PartialEq)]
pub struct Outbound {
    /// The client it concerns; on every reply and push for messaging (W-68).
    pub client: Option<ClientId>,
    /// The serial of the command it answers. A push never has one (W-58).
    pub serial: Option<Serial>,
    /// The server's time, on opens and pushes (W-73).
    pub server_time: Option<Timestamp>,
    /// A reliable notification, for sessions that keep them (W-74).
    pub permanent: bool,
    /// What is told.
    pub event: Event,
}

/// Everything a server can tell.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The answer to a heartbeat.
    Echo,
    /// The answer to a push or live-query login (W-372, W-373).
    LoggedIn {
        /// As in the request.
        installation: Option<String>,
        /// As in the request; 0 for push.
        service: i32,
    },
    /// The answer to a live-query logout (W-374).
    LoggedOut {
        /// As in the request.
        installation: Option<String>,
    },
    /// A refusal, in the shape its family wants (W-76, W-419).
    Error {
        /// Why.
        reject: Reject,
        /// What was refused.
        family: Unsupported,
    },
    /// The server is about to leave; connect elsewhere (W-50).
    GoAway,
    /// A session is open (W-107).
    SessionOpened {
        /// For a silent return.
        token: SessionToken,
        /// How long it lives, in seconds.
        ttl_seconds: i32,
    },
    /// A fresh token (W-131).
    SessionRefreshed {
        /// For a silent return.
        token: SessionToken,
        /// How long it lives, in seconds.
        ttl_seconds: i32,
    },
    /// Those of the asked clients that are online, in the order asked (W-133).
    SessionsOnline(Vec<ClientId>),
    /// The session is over: as asked (`None`, W-134), or by force (W-138).
    SessionClosed(Option<Reject>),
    /// A conversation was made or found (W-174).
    ConversationStarted {
        /// Its id.
        conversation: ConversationId,
        /// When it was made.
        created_at: Timestamp,
        /// For unique ones (W-175).
        unique_id: Option<UniqueId>,
        /// Lifetime of temporary ones, in seconds.
        ttl_seconds: Option<i32>,
        /// Whether it was there before (W-176).
        existing: bool,
    },
    /// The result of a query (W-194).
    Conversations(Vec<ConversationView>),
    /// Members were added; the reply (W-203).
    MembersAdded(MembersChanged),
    /// Members were removed; the reply.
    MembersRemoved(MembersChanged),
    /// A conversation was changed: the reply to an update, a mute or an unmute, and the push (W-219, W-222).
    ConversationUpdated {
        /// Which conversation.
        conversation: ConversationId,
        /// Its new time of change.
        updated_at: Timestamp,
        /// Who changed it; in pushes only.
        by: Option<ClientId>,
        /// The request's changes and the resulting top-level values; absent after a mute (W-227).
        changes: Option<(Attributes, Attributes)>,
    },
    /// The number of members (W-229).
    MemberCount {
        /// Which conversation.
        conversation: ConversationId,
        /// How many.
        count: i32,
    },
    /// How many conversations meet a condition (B-334).
    MatchCount(i32),
    /// Who is in a chat room (W-230).
    RoomMembers {
        /// Which room.
        conversation: ConversationId,
        /// Some of them.
        members: Vec<ClientId>,
    },
    /// One answer for each id that was asked (W-232).
    IsMember(Vec<(ConversationId, bool)>),
    /// How far others have received and read (W-233).
    MaxRead {
        /// Which conversation.
        conversation: ConversationId,
        /// The largest over all other members.
        all: PeerReadState,
        /// Each other member, if asked for (W-235).
        each: Option<Vec<(ClientId, PeerReadState)>>,
    },
    /// The client itself became a member (B-95).
    Joined {
        /// Which conversation.
        conversation: ConversationId,
        /// Who did it.
        by: ClientId,
        /// When.
        at: Timestamp,
        /// Lifetime, for temporary ones (W-181).
        ttl_seconds: Option<i32>,
    },
    /// The client itself is no member any more.
    Left {
        /// Which conversation.
        conversation: ConversationId,
        /// Who did it.
        by: ClientId,
        /// When.
        at: Timestamp,
    },
    /// Others became members.
    MembersJoined {
        /// Which conversation.
        conversation: ConversationId,
        /// Who.
        members: Vec<ClientId>,
        /// Who did it.
        by: ClientId,
        /// When.
        at: Timestamp,
        /// Lifetime, for temporary ones (W-181).
        ttl_seconds: Option<i32>,
    },
    /// Others are no members any more.
    MembersLeft {
        /// Which conversation.
        conversation: ConversationId,
        /// Who.
        members: Vec<ClientId>,
        /// Who did it.
        by: ClientId,
        /// When.
        at: Timestamp,
    },
    /// A member has its role; the reply (W-237).
    RoleUpdated {
        /// Which conversation.
        conversation: ConversationId,
    },
    /// A member has another role (W-238).
    MemberRoleChanged {
        /// Which conversation.
        conversation: ConversationId,
        /// Whose role.
        member: ClientId,
        /// Which it is now.
        role: Role,
        /// Who gave it.
        by: ClientId,
    },
    /// Clients were restricted or are no longer; the reply (W-245, W-363).
    RestrictionChanged {
        /// Which list.
        restriction: Restriction,
        /// Taken off the list, not put on it.
        lifted: bool,
        /// Which conversation.
        conversation: ConversationId,
        /// The ids that are now as asked.
        allowed: Vec<ClientId>,
        /// The ids that were refused, by reason.
        failed: Vec<MemberFailure>,
    },
    /// Part of a conversation's list (W-249, W-367).
    RestrictedClients {
        /// Which list.
        restriction: Restriction,
        /// Which conversation.
        conversation: ConversationId,
        /// The clients on it.
        clients: Vec<ClientId>,
        /// Where the next part begins, if there is one.
        next: Option<u32>,
    },
    /// Those of the asked clients that are restricted (W-251, W-368).
    RestrictedAmong {
        /// Which list.
        restriction: Restriction,
        /// Which conversation.
        conversation: ConversationId,
        /// The clients on it.
        clients: Vec<ClientId>,
    },
    /// The client itself was restricted, or is no longer (W-246, W-364).
    Restricted {
        /// Which list.
        restriction: Restriction,
        /// Taken off the list, not put on it.
        lifted: bool,
        /// Which conversation.
        conversation: ConversationId,
        /// Who did it.
        by: ClientId,
        /// Whether the conversation is a chat room (W-465).
        in_room: bool,
    },
    /// Clients of a conversation were restricted, or are no longer; told to all of it.
    MembersRestricted {
        /// Which list.
        restriction: Restriction,
        /// Taken off the list, not put on it.
        lifted: bool,
        /// Which conversation.
        conversation: ConversationId,
        /// Who.
        members: Vec<ClientId>,
        /// Who did it.
        by: ClientId,
        /// Whether the conversation is a chat room (W-465).
        in_room: bool,
    },
    /// Conversations were blocked for the client itself, or are no longer; the reply (B-135).
    ConversationsBlocked {
        /// Taken off the list, not put on it.
        lifted: bool,
        /// The ids that are now as asked.
        allowed: Vec<ConversationId>,
        /// The ids that were refused, by reason.
        failed: Vec<(Reject, Vec<ConversationId>)>,
    },
    /// Part of the client's own list (B-135).
    BlockedConversations {
        /// The conversations on it.
        conversations: Vec<ConversationId>,
        /// Where the next part begins, if there is one.
        next: Option<u32>,
    },
    /// The answer to a send (W-263, W-265).
    MessageAck(MessageAck),
    /// A message (W-281).
    Message(Delivery),
    /// A message of the client was received or read (W-297, W-299).
    Receipt(Receipt),
    /// What waits unread (W-305).
    Unread {
        /// Each conversation concerned.
        conversations: Vec<UnreadConversation>,
        /// The time up to which this holds.
        notified_at: Timestamp,
    },
    /// A page of history, ascending (W-325).
    History {
        /// Which conversation.
        conversation: ConversationId,
        /// Its messages.
        messages: Vec<HistoryItem>,
    },
    /// An edit or recall is done (W-347).
    Patched {
        /// When.
        at: Timestamp,
    },
    /// A message was edited or recalled (W-352).
    Patch(PatchItem),
    /// A device token was noted (W-377).
    DeviceReported,
}

/// The outcome of adding or removing members.
#[derive(Debug, Clone, PartialEq)]
pub struct MembersChanged {
    /// Which conversation.
    pub conversation: ConversationId,
    /// Its new time of change (W-205).
    pub updated_at: Timestamp,
    /// The ids that are now as asked (W-204).
    pub allowed: Vec<ClientId>,
    /// The ids that were refused, by reason.
    pub failed: Vec<MemberFailure>,
}

/// Ids refused for one reason.
#[derive(Debug, Clone, PartialEq)]
pub struct MemberFailure {
    /// Why.
    pub reject: Reject,
    /// Whom.
    pub members: Vec<ClientId>,
}

/// How far others are in a conversation. A time that never was is absent, not zero (W-234).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PeerReadState {
    /// The newest message received.
    pub delivered: Option<Timestamp>,
    /// The newest message read.
    pub read: Option<Timestamp>,
}

/// The answer to a send. A refused message has an id and a time too (W-265).
#[derive(Debug, Clone, PartialEq)]
pub struct MessageAck {
    /// Which conversation.
    pub conversation: ConversationId,
    /// The message's id.
    pub message: MessageId,
    /// Its time.
    pub timestamp: Timestamp,
    /// Why it was refused; `None` if it was accepted.
    pub reject: Option<Reject>,
}

/// A message on its way to one client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Which conversation.
    pub conversation: ConversationId,
    /// Its kind.
    pub kind: ConversationKind,
    /// The message's id.
    pub id: MessageId,
    /// Who sent it.
    pub from: ClientId,
    /// When it was accepted.
    pub timestamp: Timestamp,
    /// What it says, edits applied.
    pub content: Content,
    /// Whom it mentions.
    pub mentions: Mentions,
    /// For those online only; not acknowledged (W-273).
    pub transient: bool,
    /// Waited for the client while it was away (W-290).
    pub offline: bool,
    /// More of the same conversation follow (W-290).
    pub has_more: bool,
    /// When it was edited, if before delivery.
    pub patched_at: Option<Timestamp>,
}

/// A receipt for a message of the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Which conversation.
    pub conversation: ConversationId,
    /// Which message; for a read receipt the newest one that is now read (W-299).
    pub message: MessageId,
    /// When it was received or read.
    pub at: Timestamp,
    /// By whom.
    pub from: ClientId,
    /// Read, not only received.
    pub read: bool,
}

/// What waits unread in one conversation (W-306).
#[derive(Debug, Clone, PartialEq)]
pub struct UnreadConversation {
    /// Which conversation.
    pub conversation: ConversationId,
    /// Its kind.
    pub kind: ConversationKind,
    /// How many messages, at most the configured bound (B-290).
    pub count: u32,
    /// Whether one of them mentions the client (W-308).
    pub mentioned: bool,
    /// The newest message that counts, or the newest of all if none does (W-318).
    pub last: Option<crate::LastMessage>,
}

/// A message in history (W-334).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryItem {
    /// The message's id.
    pub id: MessageId,
    /// Who sent it.
    pub from: ClientId,
    /// When it was accepted.
    pub timestamp: Timestamp,
    /// What it says, edits applied.
    pub content: Content,
    /// The conversation's kind.
    pub kind: ConversationKind,
    /// When the other member first received it (W-336).
    pub delivered_at: Option<Timestamp>,
    /// When the other member read it.
    pub read_at: Option<Timestamp>,
    /// When it was edited or recalled.
    pub patched_at: Option<Timestamp>,
    /// Whom it mentions.
    pub mentions: Mentions,
}

/// An edit or recall, as others see it (W-352).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatchItem {
    /// Which conversation.
    pub conversation: ConversationId,
    /// Which message.
    pub message: MessageId,
    /// The message's own time.
    pub timestamp: Timestamp,
    /// Who sent it.
    pub from: ClientId,
    /// Recalled, not edited.
    pub recall: bool,
    /// What it says now.
    pub content: Content,
    /// When it was changed.
    pub patched_at: Timestamp,
    /// Whom it mentions now.
    pub mentions: Mentions,
    /// Why, if it was not the sender who changed it.
    pub reason: Option<PatchReason>,
}

/// Why a message was changed by another than its sender (W-356).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatchReason {
    /// Negative for reasons of the server's own, such as -4408 for a forbidden word; else a hook's own code.
    pub code: i32,
    /// The same in words.
    pub text: Option<String>,
}

impl PatchReason {
    /// A reason of the server's own: the code below zero, and its name.
    #[must_use]
    pub fn of(code: Code) -> Self {
        Self { code: -i32::from(code.number()), text: Some(code.name().to_owned()) }
    }
}
