//! Messages, and what clients say of messages (`wire-protocol.md` §4.5, 4.6, 4.8, 4.10).

use bytes::Bytes;

use super::super::wire::{self, AckCommand, CommandType, DirectCommand, GenericCommand, OpType};
use super::{conversation_id, filled, flag, possible, possible_id, texts, time};
use crate::{
    AckMessages, Code, Command, Content, Mentions, PatchRequest, ReadMark, Reject, SendMessage, Timestamp,
};

pub(super) fn read_send(command: GenericCommand) -> Result<Command, Reject> {
    let body = *command.direct_message.unwrap_or_default();
    Ok(Command::Send(Box::new(SendMessage {
        conversation: conversation_id(body.cid, Code::InvalidMessagingTarget, Code::InvalidMessagingTarget)?,
        // Some SDKs send an empty text beside the bytes (§4.5.1); neither is an empty text (W-261).
        content: match body.binary_msg.filter(|bytes| !bytes.is_empty()) {
            Some(bytes) => Content::Binary(bytes),
            None => Content::Text(body.msg.unwrap_or_default().into()),
        },
        transient: body.transient.unwrap_or_default(),
        receipt: body.r.unwrap_or_default(),
        will: body.will.unwrap_or_default(),
        resend_key: filled(body.dt),
        push_data: filled(body.push_data),
        mentions: mentions(body.mention_pids, body.mention_all),
        priority: command.priority,
    })))
}

fn mentions(pids: Vec<String>, all: Option<bool>) -> Mentions {
    Mentions { clients: possible(pids), all: all.unwrap_or_default() }
}

/// One of the forms of W-293. Whatever names no message here belongs to another service (W-375).
pub(super) fn read_ack(command: GenericCommand) -> AckMessages {
    let body = *command.ack_message.unwrap_or_default();
    let Some(conversation) = possible_id(body.cid) else { return AckMessages::Foreign };
    if let Some(message) = possible_id(body.mid) {
        return AckMessages::One { conversation, message };
    }
    match body.tots {
        Some(to) => AckMessages::Range { conversation, from: body.fromts.map(Timestamp), to: Timestamp(to) },
        None => AckMessages::Foreign,
    }
}

pub(super) fn read_read(body: wire::ReadCommand) -> Vec<ReadMark> {
    let tuples = body.convs.into_iter().filter_map(|tuple| {
        Some(ReadMark {
            conversation: tuple.cid.parse().ok()?,
            message: possible_id(tuple.mid),
            timestamp: time(tuple.timestamp),
        })
    });
    // The older form, without a position (W-320).
    let bare =
        body.cid.into_iter().chain(body.cids).filter_map(|cid| {
            Some(ReadMark { conversation: cid.parse().ok()?, message: None, timestamp: None })
        });
    tuples.chain(bare).collect()
}

pub(super) fn read_patches(body: wire::PatchCommand) -> Result<Command, Reject> {
    body.patches.into_iter().map(patch).collect::<Result<_, _>>().map(Command::Patch)
}

fn patch(item: wire::PatchItem) -> Result<PatchRequest, Reject> {
    let recall = item.recall.unwrap_or_default();
    Ok(PatchRequest {
        conversation: conversation_id(item.cid, Code::MessageNotFound, Code::MessageNotFound)?,
        message: possible_id(item.mid).ok_or(Code::MessageNotFound)?,
        timestamp: time(item.timestamp),
        recall,
        content: if recall { None } else { patch_content(item.binary_msg, item.data) },
        mentions: mentions(item.mention_pids, item.mention_all),
    })
}

/// The content of an edit. One SDK puts the bytes of a binary message into the text field (W-345).
fn patch_content(binary: Option<Bytes>, data: Option<Bytes>) -> Option<Content> {
    if let Some(bytes) = binary.filter(|bytes| !bytes.is_empty()) {
        return Some(Content::Binary(bytes));
    }
    let data = data?;
    Some(match std::str::from_utf8(&data) {
        Ok(text) => Content::Text(text.into()),
        Err(_) => Content::Binary(data),
    })
}

pub(super) fn write_send(command: &mut GenericCommand, message: &SendMessage) {
    let (msg, binary_msg) = match &message.content {
        Content::Text(text) => (Some(text.to_string()), None),
        Content::Binary(bytes) => (None, Some(bytes.clone())),
    };
    command.set(CommandType::Direct, None);
    command.priority = message.priority;
    command.direct_message = Some(Box::new(DirectCommand {
        cid: Some(message.conversation.to_string()),
        msg,
        binary_msg,
        transient: flag(message.transient),
        r: flag(message.receipt),
        will: flag(message.will),
        dt: message.resend_key.clone(),
        push_data: message.push_data.clone(),
        mention_pids: texts(&message.mentions.clients),
        mention_all: flag(message.mentions.all),
        ..DirectCommand::default()
    }));
}

pub(super) fn write_ack(command: &mut GenericCommand, ack: &AckMessages) {
    let mut body = AckCommand::default();
    match ack {
        AckMessages::One { conversation, message } => {
            body.cid = Some(conversation.to_string());
            body.mid = Some(message.to_string());
        }
        AckMessages::Range { conversation, from, to } => {
            body.cid = Some(conversation.to_string());
            body.fromts = from.map(|time| time.0);
            body.tots = Some(to.0);
        }
        AckMessages::Foreign => {}
    }
    command.set(CommandType::Ack, None);
    command.ack_message = Some(Box::new(body));
}

pub(super) fn write_read(command: &mut GenericCommand, marks: &[ReadMark]) {
    let convs = marks.iter().map(|mark| wire::ReadTuple {
        cid: mark.conversation.to_string(),
        timestamp: mark.timestamp.map(|time| time.0),
        mid: mark.message.as_ref().map(ToString::to_string),
    });
    command.set(CommandType::Read, None);
    command.read_message =
        Some(Box::new(wire::ReadCommand { convs: convs.collect(), ..wire::ReadCommand::default() }));
}

pub(super) fn write_patches(command: &mut GenericCommand, patches: &[PatchRequest]) {
    let items = patches.iter().map(|patch| {
        let (data, binary_msg) = match &patch.content {
            Some(Content::Text(text)) => (Some(Bytes::copy_from_slice(text.as_bytes())), None),
            Some(Content::Binary(bytes)) => (None, Some(bytes.clone())),
            None => (None, None),
        };
        wire::PatchItem {
            cid: Some(patch.conversation.to_string()),
            mid: Some(patch.message.to_string()),
            timestamp: patch.timestamp.map(|time| time.0),
            recall: Some(patch.recall),
            data,
            binary_msg,
            mention_pids: texts(&patch.mentions.clients),
            mention_all: flag(patch.mentions.all),
            ..wire::PatchItem::default()
        }
    });
    command.set(CommandType::Patch, Some(OpType::Modify));
    command.patch_message =
        Some(Box::new(wire::PatchCommand { patches: items.collect(), last_patch_time: None }));
}

pub(super) fn write_patch_confirmed(command: &mut GenericCommand, until: Timestamp) {
    command.set(CommandType::Patch, Some(OpType::Modified));
    command.patch_message =
        Some(Box::new(wire::PatchCommand { last_patch_time: Some(until.0), ..Default::default() }));
}
