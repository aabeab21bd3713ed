//! Protobuf, as it is and in base64 text (`wire-protocol.md` §2.2).
//!
//! Messages and their acks are nearly all of the traffic; `shortcut` reads and writes them without the
//! generated types in between. Everything else, and every message with something unusual in it, takes the
//! long way.

pub(super) mod shortcut;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use prost::Message;

use super::wire::{self, CommandType, GenericCommand, OpType};
use super::{DecodeError, commands, events};
use crate::{ClientId, Envelope, Event, Outbound};

impl GenericCommand {
    /// Names the command. Its number is always written, zero included (W-24).
    pub(super) fn set(&mut self, cmd: CommandType, op: Option<OpType>) {
        self.cmd = Some(cmd as i32);
        self.op = op.map(|op| op as i32);
    }
}

impl wire::JsonObjectMessage {
    /// JSON as text inside a message.
    pub(super) fn of(json: &impl serde::Serialize) -> Self {
        // Only maps with keys that are not text fail to serialize, and there are none.
        Self { data: serde_json::to_string(json).unwrap_or_default() }
    }
}

pub(super) fn from_base64(text: &[u8]) -> Result<Vec<u8>, DecodeError> {
    Ok(STANDARD.decode(text)?)
}

pub(super) fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub(super) fn decode(frame: &[u8]) -> Result<GenericCommand, DecodeError> {
    Ok(GenericCommand::decode(frame)?)
}

pub(super) fn encode(command: &GenericCommand) -> Vec<u8> {
    command.encode_to_vec()
}

pub(super) fn decode_command(frame: &[u8]) -> Result<Envelope, DecodeError> {
    match shortcut::decode_send(frame) {
        Some(envelope) => Ok(envelope),
        None => Ok(commands::read(decode(frame)?)),
    }
}

pub(super) fn encode_event(event: &Outbound, client: Option<&ClientId>) -> Vec<u8> {
    match &event.event {
        Event::Message(delivery) => shortcut::encode(event, client, delivery),
        Event::MessageAck(ack) if ack.reject.is_none() => shortcut::encode(event, client, ack),
        _ => encode(&events::write(event, client, events::Style::Protobuf)),
    }
}

/// Protobuf takes fields in any order, so the recipient may come first and apart from the rest.
pub(super) fn recipient_head(client: &ClientId) -> Vec<u8> {
    shortcut::client_field(client)
}
