//! Bytes to commands and events to bytes, once for each of the three dialects: protobuf, protobuf in base64
//! text, and the flat JSON of 2015. Nothing outside this folder knows a name of the wire.
//!
//! A frame goes through two steps. `protobuf` and `json` turn bytes into the generated messages of `wire`;
//! `commands` and `events` turn those into the domain's types, and hold what the protocol means by absent,
//! zero and malformed. Messages and acks take a shorter way (`protobuf::shortcut`).

mod commands;
mod events;
mod json;
mod protobuf;
mod subprotocol;
#[cfg(test)]
mod tests;

// Generated from `proto/yanshu.proto` by `cargo run -p xtask -- codegen`.
#[rustfmt::skip]
#[path = "../gen/yanshu.rs"]
#[allow(clippy::all, clippy::pedantic, dead_code, missing_docs, unreachable_pub)]
mod wire;

use bytes::Bytes;

use crate::{ClientId, ConversationView, Envelope, Outbound};
pub use subprotocol::{Generation, Offline, Subprotocol};

/// How the frames of a connection are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Binary frames of protobuf (W-28).
    Protobuf,
    /// Text frames: the same in base64 (W-29).
    ProtobufBase64,
    /// Text frames of flat JSON (W-391).
    Json,
}

impl Dialect {
    /// Whether frames are text messages.
    #[must_use]
    pub const fn is_text(self) -> bool {
        !matches!(self, Self::Protobuf)
    }
}

/// Why a frame says nothing. What becomes of its connection is not decided here (W-33, W-400).
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Not base64.
    #[error("not base64: {0}")]
    Base64(#[from] base64::DecodeError),
    /// Not protobuf, or a text in it is not UTF-8.
    #[error("not a protobuf command: {0}")]
    Protobuf(#[from] prost::DecodeError),
    /// Not a JSON object.
    #[error("not a JSON object: {0}")]
    Json(#[from] serde_json::Error),
    /// An event lacks what it cannot be understood without; only a client meets this.
    #[error("an event without {0}")]
    Incomplete(&'static str),
    /// An event this crate does not know; only a client meets this.
    #[error("an event of an unknown kind")]
    UnknownEvent,
}

/// Reads a frame that a client sent.
///
/// What is wrong inside a decodable frame is in the envelope's command, to be answered under its serial.
///
/// # Errors
/// The frame cannot be decoded at all.
pub fn decode_command(dialect: Dialect, frame: &[u8]) -> Result<Envelope, DecodeError> {
    match dialect {
        Dialect::Protobuf => protobuf::decode_command(frame),
        Dialect::ProtobufBase64 => protobuf::decode_command(&protobuf::from_base64(frame)?),
        Dialect::Json => Ok(commands::read(json::decode(frame)?)),
    }
}

/// Writes a frame for a client, whole.
#[must_use]
pub fn encode_event(dialect: Dialect, event: &Outbound) -> Bytes {
    match dialect {
        Dialect::Protobuf => protobuf::encode_event(event, event.client.as_ref()).into(),
        Dialect::ProtobufBase64 => {
            protobuf::to_base64(&protobuf::encode_event(event, event.client.as_ref())).into()
        }
        Dialect::Json => json::encode_event(event),
    }
}

/// Writes what all recipients of an event have in common, which is everything but the recipient: the event's
/// own client is left out. With a [`recipient_head`] in front it is a frame, except in base64, where
/// [`base64_frame`] makes one of the two.
#[must_use]
pub fn encode_shared(dialect: Dialect, event: &Outbound) -> Bytes {
    match dialect {
        Dialect::Protobuf | Dialect::ProtobufBase64 => protobuf::encode_event(event, None).into(),
        Dialect::Json => json::encode_shared(event),
    }
}

/// The part of a frame that names its recipient; it goes in front of [`encode_shared`]. It is the same for
/// every event, so a session can keep it.
#[must_use]
pub fn recipient_head(dialect: Dialect, client: &ClientId) -> Bytes {
    match dialect {
        Dialect::Protobuf | Dialect::ProtobufBase64 => protobuf::recipient_head(client).into(),
        Dialect::Json => json::recipient_head(client),
    }
}

/// The frame of [`Dialect::ProtobufBase64`] made of a head and a shared body.
#[must_use]
pub fn base64_frame(head: &[u8], shared: &[u8]) -> Bytes {
    protobuf::to_base64(&[head, shared].concat()).into()
}

/// Writes an event as an item of the notifications that a client missed (W-382, W-383, R-37): flat JSON
/// without recipient and service, in which `notificationType` tells the reliable from the others.
#[must_use]
pub fn notification(event: &Outbound) -> serde_json::Value {
    json::notification(event)
}

/// Writes a conversation as the object that queries give (W-197, R-44).
#[must_use]
pub fn conversation(view: &ConversationView) -> serde_json::Value {
    events::conversation_object(view)
}

/// Writes a frame for a server. A command that no client can send becomes one that every server refuses.
#[must_use]
pub fn encode_command(dialect: Dialect, command: &Envelope) -> Bytes {
    let command = commands::write(command);
    match dialect {
        Dialect::Protobuf => protobuf::encode(&command).into(),
        Dialect::ProtobufBase64 => protobuf::to_base64(&protobuf::encode(&command)).into(),
        Dialect::Json => json::encode_command(&command),
    }
}

/// Reads a frame that a server sent.
///
/// # Errors
/// The frame cannot be decoded, or says nothing this crate knows.
pub fn decode_event(dialect: Dialect, frame: &[u8]) -> Result<Outbound, DecodeError> {
    let command = match dialect {
        Dialect::Protobuf => protobuf::decode(frame)?,
        Dialect::ProtobufBase64 => protobuf::decode(&protobuf::from_base64(frame)?)?,
        Dialect::Json => json::decode(frame)?,
    };
    events::read(command)
}
