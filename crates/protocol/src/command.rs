//! What a client may ask. One enum per family, decoded by [`crate::codec`] from any of the three codecs.

use serde_json::Value;

use crate::{
    AppId, Attributes, BlockConversations, ClientId, Content, ConversationId, DeviceId, Mentions, MessageId,
    Page, Reject, Restrict, Restriction, Role, Serial, SessionToken, Tag, Timestamp,
};

/// A command with its address: who it is for, and the number its reply must carry (W-45, W-56).
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// The app, sent with the first command at the latest (W-63).
    pub app: Option<AppId>,
    /// The client the command belongs to; absent for the connection's default client (W-65).
    pub client: Option<ClientId>,
    /// The serial. Without one, nothing is answered (W-46).
    pub serial: Option<Serial>,
    /// The command, or why its fields cannot be used; the refusal is answered like any other.
    pub command: Result<Command, (Unsupported, Reject)>,
}

/// The family of a command that cannot be carried out. It decides the shape of the error (W-76, W-77, W-419).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsupported {
    /// Errors take the form of session errors.
    Session,
    /// Errors take the form of conversation errors.
    Conversation,
    /// Errors take the form of a message's ack.
    Message,
    /// Anything else: the generic form.
    Other,
}

/// Everything a client can ask.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// A heartbeat of the application level (W-36, W-37, W-39).
    Echo,
    /// Push or live-query login, which shares the connection with messaging (W-372, W-373).
    Login(Login),
    /// Live-query logout (W-374).
    Logout(Login),
    /// Opening, keeping and closing sessions.
    Session(SessionCommand),
    /// Conversations and their members.
    Conversation(ConversationCommand),
    /// A message.
    Send(Box<SendMessage>),
    /// Messages the client has received (W-293). Never answered.
    Ack(AckMessages),
    /// Conversations the client has read (W-314). Never answered.
    Read(Vec<ReadMark>),
    /// A page of history (W-321 ff.).
    History(HistoryQuery),
    /// Edits and recalls (W-342).
    Patch(Vec<PatchRequest>),
    /// Edits up to this time have arrived (W-348). Never answered.
    PatchConfirmed(Timestamp),
    /// The device token of a push service (W-377).
    ReportDevice(DeviceId),
    /// A command this server does not have, by its numbers or name on the wire (W-35, W-378).
    Unsupported(Unsupported),
}

/// A login or logout of the services that share the connection (`wire-protocol.md` §4.12).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Login {
    /// Device, or live-query subscription.
    pub installation: Option<String>,
    /// Which service: 1 is live query, absent is push.
    pub service: Option<i32>,
}

/// A signature by the app's own server (`wire-protocol.md` §7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// HMAC-SHA1 in hexadecimal, either case.
    pub value: String,
    /// Its time exactly as sent: milliseconds, or seconds from older signers (W-440).
    pub timestamp: i64,
    /// A random text.
    pub nonce: String,
}

/// The session family.
#[derive(Debug, Clone, PartialEq)]
pub enum SessionCommand {
    /// Opens a session (W-91).
    Open(Box<OpenSession>),
    /// Asks for a fresh token (W-130).
    Refresh(RefreshSession),
    /// Which of these clients are online? (W-133)
    Query(Vec<ClientId>),
    /// Logs out (W-134).
    Close,
}

/// The details of an open. Every combination is legal (W-91).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OpenSession {
    /// Whether an SDK reconnects by itself (B-32).
    pub reconnect: bool,
    /// A token from an earlier open.
    pub token: Option<SessionToken>,
    /// A text sent as a token that cannot be one; refused with 4112 (W-118).
    pub malformed_token: bool,
    /// The kind of device, for the single-device rule (B-27).
    pub tag: Option<Tag>,
    /// The device: push token, device id or installation id, in this order (W-95).
    pub device: Option<DeviceId>,
    /// What the SDK can handle (`configBitmap`).
    pub config: Option<i64>,
    /// The login signature.
    pub signature: Option<Signature>,
    /// Unread notices up to this time are known (W-310).
    pub last_unread_notice: Option<Timestamp>,
    /// Edits up to this time are known (W-360).
    pub last_patch: Option<Timestamp>,
    /// The SDK's name and version.
    pub user_agent: Option<String>,
}

/// A wish for a fresh token. The session is open on this connection, so nothing in it is demanded (W-132).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RefreshSession {
    /// The token so far, often expired.
    pub token: Option<SessionToken>,
    /// A signature, which some SDKs add.
    pub signature: Option<Signature>,
}

/// The conversation family.
#[derive(Debug, Clone, PartialEq)]
pub enum ConversationCommand {
    /// Makes a conversation, or finds the unique one (W-171 ff.).
    Start(Box<StartConversation>),
    /// Finds conversations (W-184 ff.).
    Query(Box<QueryConversations>),
    /// Adds members, oneself included (W-202).
    Add(ChangeMembers),
    /// Removes members, oneself included.
    Remove(ChangeMembers),
    /// Changes attributes (W-215).
    Update {
        /// Which conversation.
        conversation: ConversationId,
        /// Keys, plain or dotted, with new values or operations.
        changes: Attributes,
    },
    /// Switches off mobile push for oneself (W-225).
    Mute(ConversationId),
    /// Switches it on again.
    Unmute(ConversationId),
    /// How many members (W-229).
    Count(ConversationId),
    /// How many conversations meet a condition (B-334). The official protocol has no such command: here it is
    /// a count that names a condition in place of a conversation; an empty one means "those I am in".
    CountMatching(Value),
    /// Who is in a chat room now (W-230).
    RoomMembers {
        /// Which room.
        conversation: ConversationId,
        /// How many to name.
        limit: Option<i32>,
    },
    /// In which of these is the client a member? (W-232)
    IsMember(Vec<ConversationId>),
    /// How far others have received and read (W-233).
    MaxRead {
        /// Which conversation.
        conversation: ConversationId,
        /// Whether to list every other member (W-235).
        each_member: bool,
    },
    /// Gives a member a role (W-236).
    SetRole {
        /// Which conversation.
        conversation: ConversationId,
        /// Whose role.
        member: ClientId,
        /// Which role; `None` for a name that is none (W-242).
        role: Option<Role>,
    },
    /// Silences or blocks clients, or no longer (W-245, W-363).
    Restrict(Restrict),
    /// Who is restricted? (W-249, W-367)
    Restricted {
        /// Which conversation.
        conversation: ConversationId,
        /// Which of its lists.
        restriction: Restriction,
        /// Which part of the list.
        page: Page,
    },
    /// Which of these are restricted? (W-251, W-368)
    CheckRestricted {
        /// Which conversation.
        conversation: ConversationId,
        /// By which of its lists.
        restriction: Restriction,
        /// The clients to look for.
        clients: Vec<ClientId>,
    },
    /// Blocks conversations for the client itself, or no longer (B-135).
    BlockConversations(BlockConversations),
    /// Which conversations does the client block? (B-135)
    BlockedConversations(Page),
}

/// A conversation to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct StartConversation {
    /// Initial members as received: the creator may be missing, ids may repeat (W-171).
    pub members: Vec<ClientId>,
    /// Its properties.
    pub attributes: Attributes,
    /// One conversation per member set (W-176).
    pub unique: bool,
    /// A chat room.
    pub transient: bool,
    /// A temporary conversation.
    pub temporary: bool,
    /// Lifetime of a temporary one, in seconds (W-163).
    pub ttl_seconds: Option<i32>,
    /// The signature, if the app signs.
    pub signature: Option<Signature>,
}

/// A search for conversations.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryConversations {
    /// What to look for.
    pub target: QueryTarget,
    /// Comma-separated keys, `-` for descending (W-190).
    pub sort: Option<String>,
    /// How many at most (W-191).
    pub limit: Option<i32>,
    /// How many to pass over.
    pub skip: Option<i32>,
    /// Leave out members (flag bit 1, W-192).
    pub compact: bool,
    /// Add the last message (flag bit 2).
    pub with_last_message: bool,
}

/// What a search looks for.
#[derive(Debug, Clone, PartialEq)]
pub enum QueryTarget {
    /// Those that meet a condition; `None` or an empty object means "those I am in" (W-184).
    Where(Option<Value>),
    /// A condition that is not JSON at all; refused with 4310.
    Malformed,
    /// Temporary ones by id (W-193).
    Temporary(Vec<ConversationId>),
}

/// A change of membership.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangeMembers {
    /// Which conversation.
    pub conversation: ConversationId,
    /// Whom to add or remove, as received.
    pub members: Vec<ClientId>,
    /// The signature, if the app signs.
    pub signature: Option<Signature>,
}

/// A message to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct SendMessage {
    /// Where to.
    pub conversation: ConversationId,
    /// What it carries.
    pub content: Content,
    /// For those online now only, never stored (W-270).
    pub transient: bool,
    /// Whether the sender wants a receipt (W-297).
    pub receipt: bool,
    /// Held back until the sender is lost (W-277).
    pub will: bool,
    /// By which the client recognises the message when it sends it again (W-274).
    pub resend_key: Option<String>,
    /// JSON text for mobile push; neither delivered nor stored in history (W-435).
    pub push_data: Option<String>,
    /// Whom it mentions.
    pub mentions: Mentions,
    /// 1 high, 2 normal, 3 low; only chat rooms heed it (B-266).
    pub priority: Option<i32>,
}

/// Messages a client has received, in the forms of the different SDKs (W-293).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AckMessages {
    /// One message.
    One {
        /// Which conversation.
        conversation: ConversationId,
        /// Which message.
        message: MessageId,
    },
    /// Every message between two times, both included (W-295); from the beginning if `from` is absent.
    Range {
        /// Which conversation.
        conversation: ConversationId,
        /// First time.
        from: Option<Timestamp>,
        /// Last time.
        to: Timestamp,
    },
    /// Data of other services on the connection; ignored (W-375).
    Foreign,
}

/// How far a client has read a conversation (W-316).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadMark {
    /// Which conversation.
    pub conversation: ConversationId,
    /// The newest message read, if the client knows its id.
    pub message: Option<MessageId>,
    /// Its time, or the conversation's last activity.
    pub timestamp: Option<Timestamp>,
}

/// The direction of a history query (W-326, W-327). The reply is in ascending order either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// From newer to older: the newest messages before the start.
    #[default]
    Older,
    /// From older to newer: the oldest messages after the start.
    Newer,
}

/// An end of an interval of history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// The time; absent if only a message is named (W-322).
    pub timestamp: Option<Timestamp>,
    /// The message that settles the order of equal times (W-328).
    pub message: Option<MessageId>,
    /// Whether the point itself belongs to the interval.
    pub included: bool,
}

/// A page of history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryQuery {
    /// Which conversation.
    pub conversation: ConversationId,
    /// Where to start; from the end of the conversation in the given direction if absent.
    pub start: Option<Point>,
    /// Where to stop.
    pub stop: Option<Point>,
    /// Which way to go.
    pub direction: Direction,
    /// How many messages (W-324).
    pub limit: Option<i32>,
    /// Only messages of this `_lctype` (W-332).
    pub message_type: Option<i32>,
}

/// One edit or recall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatchRequest {
    /// Which conversation.
    pub conversation: ConversationId,
    /// Which message.
    pub message: MessageId,
    /// Its time, as a hint (W-346).
    pub timestamp: Option<Timestamp>,
    /// Recall it; any content is then ignored (W-344).
    pub recall: bool,
    /// The new content. Raw bytes in the text field stand for a binary message (W-345).
    pub content: Option<Content>,
    /// The new mentions.
    pub mentions: Mentions,
}
