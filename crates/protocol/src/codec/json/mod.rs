//! The flat JSON of 2015 (`wire-protocol.md` §5): one object, in which the fields of the envelope and of the
//! message inside lie side by side under the names they have in protobuf.

mod fields;
mod flat;

use bytes::Bytes;
use serde_json::{Map, Value};

use self::fields::{Flat, ObjectWriter};
use super::wire::{self, CommandType, GenericCommand, OpType};
use super::{DecodeError, events};
use crate::{ClientId, Event, Outbound};

/// The operation of a refusal, which protobuf does not have (W-419).
const ERROR: &str = "error";

/// The whole of a heartbeat, either way (W-398).
const HEARTBEAT: &[u8] = b"{}";

pub(super) fn decode(frame: &[u8]) -> Result<GenericCommand, DecodeError> {
    let mut object: Map<String, Value> = serde_json::from_slice(frame)?;
    if object.is_empty() {
        return Ok(GenericCommand { cmd: Some(CommandType::Echo as i32), ..GenericCommand::default() });
    }
    let name = |object: &Map<String, Value>, key| match object.get(key) {
        Some(Value::String(name)) => Some(name.clone()),
        _ => None,
    };
    // Names have hyphens where protobuf has underscores (W-393).
    let cmd = name(&object, "cmd").and_then(|name| CommandType::from_str_name(&name.replace('-', "_")));
    let op = name(&object, "op");
    let mut command = GenericCommand::read(&mut object);
    command.cmd = cmd.map(|cmd| cmd as i32);
    if op.as_deref() == Some(ERROR) {
        command.error_message = Some(Box::new(Flat::read(&mut object)));
        return Ok(command);
    }
    let op = op.and_then(|name| OpType::from_str_name(&name.replace('-', "_")));
    command.op = op.map(|op| op as i32);
    read_body(cmd, &mut command, &mut object);
    Ok(command)
}

fn read_body(cmd: Option<CommandType>, command: &mut GenericCommand, object: &mut Map<String, Value>) {
    fn body<T: Flat>(object: &mut Map<String, Value>) -> Option<Box<T>> {
        Some(Box::new(T::read(object)))
    }
    match cmd {
        Some(CommandType::Session) => command.session_message = body(object),
        Some(CommandType::Conv) => command.conv_message = body(object),
        Some(CommandType::Direct) => command.direct_message = body(object),
        Some(CommandType::Ack) => command.ack_message = body(object),
        Some(CommandType::Rcp) => command.rcp_message = body(object),
        Some(CommandType::Unread) => command.unread_message = body(object),
        Some(CommandType::Read) => command.read_message = body(object),
        Some(CommandType::Logs) => command.logs_message = body(object),
        Some(CommandType::Patch) => command.patch_message = body(object),
        Some(CommandType::Blacklist) => command.blacklist_message = body(object),
        Some(CommandType::Report) => command.report_message = body(object),
        _ => {}
    }
}

pub(super) fn encode_command(command: &GenericCommand) -> Bytes {
    if command.cmd == Some(CommandType::Echo as i32) && command.i.is_none() {
        return Bytes::from_static(HEARTBEAT);
    }
    let mut object = ObjectWriter::default();
    write(command, &mut object);
    object.finish()
}

pub(super) fn encode_event(event: &Outbound) -> Bytes {
    if event.event == Event::Echo && event.serial.is_none() {
        return Bytes::from_static(HEARTBEAT);
    }
    let mut object = ObjectWriter::default();
    write_event(&events::write(event, event.client.as_ref(), events::Style::Legacy), &mut object);
    object.finish()
}

/// Missed events have a number for either reliability; pushes have one only for the reliable.
const RELIABLE: i32 = 1;
const DROPPABLE: i32 = 2;

pub(super) fn notification(event: &Outbound) -> Value {
    let mut command = events::write(event, None, events::Style::Legacy);
    command.service = None;
    command.notification_type = Some(if event.permanent { RELIABLE } else { DROPPABLE });
    let mut object = ObjectWriter::default();
    write(&command, &mut object);
    // What was written as JSON can be read as JSON.
    serde_json::from_slice(&object.finish()).unwrap_or_default()
}

/// The fields of an object without its opening brace.
pub(super) fn encode_shared(event: &Outbound) -> Bytes {
    let mut object = ObjectWriter::default();
    write_event(&events::write(event, None, events::Style::Legacy), &mut object);
    object.finish().slice(1..)
}

/// An opening brace and the first field.
pub(super) fn recipient_head(client: &ClientId) -> Bytes {
    let mut object = ObjectWriter::default();
    object.field("peerId", &Some(client.to_string()));
    object.finish_open()
}

fn write_event(command: &GenericCommand, object: &mut ObjectWriter) {
    write(command, object);
    // Lists that the SDK counts without looking whether they are there (§5.3).
    if command.logs_message.as_ref().is_some_and(|body| body.logs.is_empty()) {
        object.raw("logs", "[]");
    }
    let query_result = command.op == Some(OpType::QueryResult as i32);
    let nobody = command.session_message.as_ref().is_some_and(|body| body.online_session_peer_ids.is_empty());
    if query_result && nobody {
        object.raw("onlineSessionPeerIds", "[]");
    }
}

fn write(command: &GenericCommand, object: &mut ObjectWriter) {
    let cmd = command.cmd.and_then(|number| CommandType::try_from(number).ok());
    let op = command.op.and_then(|number| OpType::try_from(number).ok());
    if let Some(cmd) = cmd {
        object.field("cmd", &Some(cmd.as_str_name().replace('_', "-")));
    }
    if command.error_message.is_some() {
        object.field("op", &Some(ERROR.to_owned()));
    } else if let Some(op) = op {
        object.field("op", &Some(op.as_str_name().replace('_', "-")));
    }
    command.write(object);
    fn body<T: Flat>(body: &Option<Box<T>>, object: &mut ObjectWriter) {
        if let Some(body) = body {
            body.write(object);
        }
    }
    body(&command.error_message, object);
    body(&command.session_message, object);
    body(&command.conv_message, object);
    body(&command.direct_message, object);
    body(&command.ack_message, object);
    body(&command.rcp_message, object);
    body(&command.unread_message, object);
    body(&command.read_message, object);
    body(&command.logs_message, object);
    body(&command.patch_message, object);
    body(&command.blacklist_message, object);
    body(&command.report_message, object);
}
