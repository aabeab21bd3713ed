//! What reads give back.

use std::sync::Arc;

use yanshu_protocol::{
    Attributes, ClientId, Content, ConversationId, ConversationKind, Direction, Mentions, MessageId,
    Timestamp, UniqueId,
};

use super::Order;
use crate::query::{Filter, Sort};

/// A stored conversation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Conversation {
    pub(crate) id: ConversationId,
    pub(crate) kind: ConversationKind,
    pub(crate) creator: ClientId,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    /// Time of the newest stored message (B-53).
    pub(crate) last_message_at: Option<Timestamp>,
    pub(crate) unique_id: Option<UniqueId>,
    /// The app's own top-level properties, `name` and `attr` among them.
    pub(crate) attributes: Attributes,
    /// Only temporary conversations end by themselves.
    pub(crate) expires_at: Option<Timestamp>,
    /// In order of joining; empty for rooms and service conversations.
    pub(crate) members: Vec<Member>,
}

/// A member of a normal or temporary conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) client: ClientId,
    pub(crate) muted: bool,
}

/// Who gets a conversation's messages. Shared and never changed in place: a change makes a new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Roster {
    pub(crate) kind: ConversationKind,
    /// In order of joining; empty for rooms and service conversations.
    pub(crate) members: Arc<[ClientId]>,
    pub(crate) expires_at: Option<Timestamp>,
    /// The owner, where there are roles.
    pub(crate) creator: ClientId,
    pub(crate) order: Arc<Order>,
}

impl Roster {
    pub(crate) fn includes(&self, client: &ClientId) -> bool {
        self.members.contains(client)
    }
}

/// A message as it is kept, edits applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredMessage {
    pub(crate) conversation: ConversationId,
    /// For a message between a service conversation and one client: that client.
    pub(crate) thread: Option<ClientId>,
    pub(crate) id: MessageId,
    pub(crate) from: ClientId,
    pub(crate) timestamp: Timestamp,
    pub(crate) content: Content,
    pub(crate) mentions: Mentions,
    /// Whether the sender asked for a receipt.
    pub(crate) receipt: bool,
    pub(crate) patched_at: Option<Timestamp>,
    pub(crate) recalled: bool,
}

/// A search for conversations.
#[derive(Debug, Clone)]
pub(crate) struct ConversationSearch {
    pub(crate) filter: Arc<Filter>,
    pub(crate) sort: Sort,
    pub(crate) skip: usize,
    pub(crate) limit: usize,
    /// After how long to give up (B-338).
    pub(crate) timeout: std::time::Duration,
}

/// One end of an interval of history: a time and, to settle equal times, a message (W-328). Without the
/// message an excluded point leaves out every message of its millisecond.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Interval {
    pub(crate) timestamp: Timestamp,
    pub(crate) message: Option<MessageId>,
    pub(crate) included: bool,
}

/// A page of history to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HistoryPage {
    pub(crate) conversation: ConversationId,
    /// In a service conversation: whose messages are shown among those to all subscribers (B-153).
    pub(crate) viewer: Option<ClientId>,
    pub(crate) start: Option<Interval>,
    pub(crate) stop: Option<Interval>,
    pub(crate) direction: Direction,
    pub(crate) limit: usize,
    pub(crate) message_type: Option<i32>,
}

/// How far a client is in a conversation. Both are times of messages and never go back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Cursor {
    /// The newest message it acknowledged.
    pub(crate) delivered: Option<Timestamp>,
    /// The newest message it read.
    pub(crate) read: Option<Timestamp>,
}

/// When one message was first received and read by another member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct ReceiptTimes {
    pub(crate) delivered_at: Option<Timestamp>,
    pub(crate) read_at: Option<Timestamp>,
}

/// A message whose sender wants to know when it arrives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReceiptRequest {
    pub(crate) message: MessageId,
    pub(crate) timestamp: Timestamp,
    pub(crate) sender: ClientId,
}

/// How a client stands to a service conversation to which it subscribes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Subscription {
    pub(crate) since: Timestamp,
    pub(crate) muted: bool,
}

/// What is unread in one conversation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct UnreadState {
    pub(crate) conversation: ConversationId,
    pub(crate) kind: ConversationKind,
    pub(crate) count: u32,
    pub(crate) mentioned: bool,
    /// The newest message that counts, or the newest of all if none does (W-318).
    pub(crate) last: Option<StoredMessage>,
}

/// Messages one conversation kept for an absent client.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MissedMessages {
    pub(crate) conversation: ConversationId,
    pub(crate) kind: ConversationKind,
    pub(crate) messages: Vec<StoredMessage>,
}
