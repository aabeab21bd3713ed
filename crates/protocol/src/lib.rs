//! What travels between a client and a Yanshu server, as types: ids, commands, events, errors, limits.
//!
//! This crate owns the meaning of the wire and its three codecs ([`codec`]): protobuf, protobuf in base64,
//! and the flat JSON of 2015. Wire names never leave `codec`. It may touch bytes and nothing else: no
//! socket, no clock, no log.
#![deny(missing_docs)]

pub mod codec;
mod command;
mod content;
mod conversation;
mod error;
mod event;
pub mod frame;
mod ids;
pub mod limits;
mod moderation;
mod time;

pub use command::{
    AckMessages, ChangeMembers, Command, ConversationCommand, Direction, Envelope, HistoryQuery, Login,
    OpenSession, PatchRequest, Point, QueryConversations, QueryTarget, ReadMark, RefreshSession, SendMessage,
    SessionCommand, Signature, StartConversation, Unsupported,
};
pub use content::{Content, Mentions, RECALLED_CONTENT, message_type};
pub use conversation::{Attributes, ConversationKind, ConversationView, LastMessage, Subscription};
pub use error::{Code, Reject};
pub use event::{
    Delivery, Event, HistoryItem, MemberFailure, MembersChanged, MessageAck, Outbound, PatchItem,
    PatchReason, PeerReadState, Receipt, UnreadConversation,
};
pub use ids::{
    AppId, ClientId, ConversationId, DeviceId, IdError, MessageId, Serial, SessionToken, Tag, UniqueId,
};
pub use moderation::{BlockConversations, Page, Restrict, Restriction, Role};
pub use time::Timestamp;
