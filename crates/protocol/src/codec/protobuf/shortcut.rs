//! The short way for messages and acks. Its tests hold it to what the long way says.

use bytes::Bytes;
use prost::encoding::{
    WireType, decode_key, decode_varint, encode_key, encode_varint, encoded_len_varint, key_len,
};

use super::super::wire::CommandType;
use crate::{
    AppId, ClientId, Command, Content, ConversationId, Delivery, Envelope, Mentions, MessageAck, Outbound,
    SendMessage, Serial,
};

/// Field numbers of the envelope.
mod envelope {
    pub(super) const CMD: u32 = 1;
    pub(super) const OP: u32 = 2;
    pub(super) const APP_ID: u32 = 3;
    pub(super) const PEER_ID: u32 = 4;
    pub(super) const SERIAL: u32 = 5;
    pub(super) const PRIORITY: u32 = 7;
    pub(super) const SERVICE: u32 = 8;
    pub(super) const SERVER_TS: u32 = 9;
    pub(super) const NOTIFICATION_TYPE: u32 = 11;
    pub(super) const DIRECT: u32 = 104;
    pub(super) const ACK: u32 = 105;
}

/// Field numbers of a message.
mod direct {
    pub(super) const MSG: u32 = 1;
    pub(super) const FROM_PEER_ID: u32 = 3;
    pub(super) const TIMESTAMP: u32 = 4;
    pub(super) const OFFLINE: u32 = 5;
    pub(super) const HAS_MORE: u32 = 6;
    pub(super) const R: u32 = 10;
    pub(super) const CID: u32 = 11;
    pub(super) const ID: u32 = 12;
    pub(super) const TRANSIENT: u32 = 13;
    pub(super) const DT: u32 = 14;
    pub(super) const PUSH_DATA: u32 = 16;
    pub(super) const WILL: u32 = 17;
    pub(super) const PATCH_TIMESTAMP: u32 = 18;
    pub(super) const BINARY_MSG: u32 = 19;
    pub(super) const MENTION_PIDS: u32 = 20;
    pub(super) const MENTION_ALL: u32 = 21;
    pub(super) const CONV_TYPE: u32 = 22;
}

/// Field numbers of an ack.
mod ack {
    pub(super) const CID: u32 = 4;
    pub(super) const T: u32 = 5;
    pub(super) const UID: u32 = 6;
}

/// Reads a message that a client sends. `None` for every other command, and for anything that is unusual or
/// wrong: the long way then says what it is.
pub(in crate::codec) fn decode_send(frame: &[u8]) -> Option<Envelope> {
    let (mut app, mut client, mut serial, mut priority, mut body) = (None, None, None, None, None);
    let mut is_message = false;
    let mut fields = Reader(frame);
    while let Some((number, value)) = fields.next()? {
        match number {
            envelope::CMD => {
                is_message = value.integer()? == CommandType::Direct as i64;
                if !is_message {
                    return None;
                }
            }
            envelope::OP => drop(value.integer()?),
            envelope::APP_ID => app = Some(value.text()?.parse::<AppId>().ok()?),
            envelope::PEER_ID => client = Some(value.text()?.parse::<ClientId>().ok()?),
            envelope::SERIAL => serial = Some(Serial(value.int32()?)),
            envelope::PRIORITY => priority = Some(value.int32()?),
            envelope::DIRECT if body.is_none() => body = Some(value.bytes()?),
            _ => return None,
        }
    }
    if !is_message {
        return None;
    }
    let message = SendMessage { priority, ..decode_message(body?)? };
    Some(Envelope { app, client, serial, command: Ok(Command::Send(Box::new(message))) })
}

fn decode_message(body: &[u8]) -> Option<SendMessage> {
    let (mut conversation, mut text, mut binary) = (None, "", None);
    let (mut transient, mut receipt, mut will) = (false, false, false);
    let (mut resend_key, mut push_data, mut mentions) = (None, None, Mentions::default());
    let mut fields = Reader(body);
    while let Some((number, value)) = fields.next()? {
        match number {
            direct::CID => conversation = Some(value.text()?.parse::<ConversationId>().ok()?),
            direct::MSG => text = value.text()?,
            direct::BINARY_MSG => binary = Some(value.bytes()?),
            direct::R => receipt = value.boolean()?,
            direct::TRANSIENT => transient = value.boolean()?,
            direct::WILL => will = value.boolean()?,
            direct::DT => resend_key = Some(value.text()?),
            direct::PUSH_DATA => push_data = Some(value.text()?),
            // A mention of what cannot be a client is no mention.
            direct::MENTION_PIDS => mentions.clients.extend(value.text()?.parse::<ClientId>().ok()),
            direct::MENTION_ALL => mentions.all = value.boolean()?,
            _ => return None,
        }
    }
    let filled = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    Some(SendMessage {
        conversation: conversation?,
        content: match binary.filter(|bytes| !bytes.is_empty()) {
            Some(bytes) => Content::Binary(Bytes::copy_from_slice(bytes)),
            None => Content::Text(text.into()),
        },
        transient,
        receipt,
        will,
        resend_key: filled(resend_key),
        push_data: filled(push_data),
        mentions,
        priority: None,
    })
}

/// Reads fields one by one without copying.
struct Reader<'a>(&'a [u8]);

enum Value<'a> {
    Varint(u64),
    Bytes(&'a [u8]),
}

impl<'a> Reader<'a> {
    /// The next field; the outer `None` stands for whatever the long way has to judge.
    #[expect(clippy::option_option, reason = "the inner one ends the fields, the outer one ends the attempt")]
    fn next(&mut self) -> Option<Option<(u32, Value<'a>)>> {
        if self.0.is_empty() {
            return Some(None);
        }
        let (number, wire_type) = decode_key(&mut self.0).ok()?;
        let value = match wire_type {
            WireType::Varint => Value::Varint(decode_varint(&mut self.0).ok()?),
            WireType::LengthDelimited => {
                let length = usize::try_from(decode_varint(&mut self.0).ok()?).ok()?;
                let (bytes, rest) = self.0.split_at_checked(length)?;
                self.0 = rest;
                Value::Bytes(bytes)
            }
            _ => return None,
        };
        Some(Some((number, value)))
    }
}

#[expect(
    clippy::cast_possible_wrap,
    clippy::cast_possible_truncation,
    reason = "how protobuf reads a varint"
)]
impl<'a> Value<'a> {
    fn integer(&self) -> Option<i64> {
        match *self {
            Self::Varint(number) => Some(number as i64),
            Self::Bytes(_) => None,
        }
    }

    fn int32(&self) -> Option<i32> {
        self.integer().map(|number| number as i32)
    }

    fn boolean(&self) -> Option<bool> {
        self.integer().map(|number| number != 0)
    }

    fn bytes(&self) -> Option<&'a [u8]> {
        match *self {
            Self::Bytes(bytes) => Some(bytes),
            Self::Varint(_) => None,
        }
    }

    fn text(&self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }
}

/// A body that takes the short way.
pub(super) trait Body {
    const CMD: CommandType;
    /// Its field in the envelope.
    const FIELD: u32;

    fn write<S: Sink>(&self, sink: &mut S);
}

impl Body for Delivery {
    const CMD: CommandType = CommandType::Direct;
    const FIELD: u32 = envelope::DIRECT;

    fn write<S: Sink>(&self, sink: &mut S) {
        // Exactly one of the two (W-282).
        match &self.content {
            Content::Text(text) => sink.bytes(direct::MSG, text.as_bytes()),
            Content::Binary(bytes) => sink.bytes(direct::BINARY_MSG, bytes),
        }
        sink.bytes(direct::FROM_PEER_ID, self.from.as_str().as_bytes());
        sink.integer(direct::TIMESTAMP, self.timestamp.0);
        sink.flag(direct::OFFLINE, self.offline);
        sink.flag(direct::HAS_MORE, self.has_more);
        sink.bytes(direct::CID, self.conversation.as_str().as_bytes());
        sink.bytes(direct::ID, self.id.as_str().as_bytes());
        sink.flag(direct::TRANSIENT, self.transient);
        if let Some(time) = self.patched_at {
            sink.integer(direct::PATCH_TIMESTAMP, time.0);
        }
        for client in &self.mentions.clients {
            sink.bytes(direct::MENTION_PIDS, client.as_str().as_bytes());
        }
        sink.flag(direct::MENTION_ALL, self.mentions.all);
        sink.integer(direct::CONV_TYPE, self.kind.number().into());
    }
}

impl Body for MessageAck {
    const CMD: CommandType = CommandType::Ack;
    const FIELD: u32 = envelope::ACK;

    fn write<S: Sink>(&self, sink: &mut S) {
        sink.bytes(ack::CID, self.conversation.as_str().as_bytes());
        sink.integer(ack::T, self.timestamp.0);
        sink.bytes(ack::UID, self.message.as_str().as_bytes());
    }
}

/// Writes an event around its body, in one allocation of the right size.
pub(super) fn encode<B: Body>(event: &Outbound, client: Option<&ClientId>, body: &B) -> Vec<u8> {
    let mut body_size = Size(0);
    body.write(&mut body_size);
    let mut head_size = Size(0);
    write_head::<B, _>(event, client, &mut head_size);
    let length = body_size.0 as u64;
    let size = head_size.0 + key_len(B::FIELD) + encoded_len_varint(length) + body_size.0;

    let mut frame = Vec::with_capacity(size);
    write_head::<B, _>(event, client, &mut frame);
    frame.key(B::FIELD, WireType::LengthDelimited);
    frame.varint(length);
    body.write(&mut frame);
    frame
}

/// The field that names the recipient, alone.
pub(super) fn client_field(client: &ClientId) -> Vec<u8> {
    let mut size = Size(0);
    size.bytes(envelope::PEER_ID, client.as_str().as_bytes());
    let mut field = Vec::with_capacity(size.0);
    field.bytes(envelope::PEER_ID, client.as_str().as_bytes());
    field
}

fn write_head<B: Body, S: Sink>(event: &Outbound, client: Option<&ClientId>, sink: &mut S) {
    sink.integer(envelope::CMD, B::CMD as i64);
    if let Some(client) = client {
        sink.bytes(envelope::PEER_ID, client.as_str().as_bytes());
    }
    if let Some(serial) = event.serial {
        sink.integer(envelope::SERIAL, serial.0.into());
    }
    sink.integer(envelope::SERVICE, super::events::MESSAGING.into());
    if let Some(time) = event.server_time {
        sink.integer(envelope::SERVER_TS, time.0);
    }
    sink.flag(envelope::NOTIFICATION_TYPE, event.permanent);
}

/// Where fields go: measured first, then written.
pub(super) trait Sink {
    fn varint(&mut self, number: u64);
    fn key(&mut self, field: u32, wire_type: WireType);
    fn raw(&mut self, bytes: &[u8]);

    fn bytes(&mut self, field: u32, bytes: &[u8]) {
        self.key(field, WireType::LengthDelimited);
        self.varint(bytes.len() as u64);
        self.raw(bytes);
    }

    #[expect(clippy::cast_sign_loss, reason = "how protobuf writes a negative number")]
    fn integer(&mut self, field: u32, number: i64) {
        self.key(field, WireType::Varint);
        self.varint(number as u64);
    }

    /// Written only if set.
    fn flag(&mut self, field: u32, set: bool) {
        if set {
            self.integer(field, 1);
        }
    }
}

struct Size(usize);

impl Sink for Size {
    fn varint(&mut self, number: u64) {
        self.0 += encoded_len_varint(number);
    }

    fn key(&mut self, field: u32, _: WireType) {
        self.0 += key_len(field);
    }

    fn raw(&mut self, bytes: &[u8]) {
        self.0 += bytes.len();
    }
}

impl Sink for Vec<u8> {
    fn varint(&mut self, number: u64) {
        encode_varint(number, self);
    }

    fn key(&mut self, field: u32, wire_type: WireType) {
        encode_key(field, wire_type, self);
    }

    fn raw(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}
