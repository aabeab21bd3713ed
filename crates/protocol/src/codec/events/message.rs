//! Messages, receipts, unread notices, history and edits (`wire-protocol.md` §4.5 to 4.10).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::super::DecodeError;
use super::super::wire::{
    AckCommand, CommandType, DirectCommand, GenericCommand, LogItem, LogsCommand, OpType, PatchCommand,
    RcpCommand, UnreadCommand, UnreadTuple,
};
use super::{Style, error, flag, id, ids, texts, time};
use crate::{
    Content, ConversationId, ConversationKind, Delivery, Event, HistoryItem, LastMessage, Mentions,
    MessageAck, PatchItem, PatchReason, Receipt, Timestamp, UnreadConversation,
};

/// Content where it is one of two fields: text, or bytes (W-282).
fn two_fields(content: &Content) -> (Option<String>, Option<Bytes>) {
    match content {
        Content::Text(text) => (Some(text.to_string()), None),
        Content::Binary(bytes) => (None, Some(bytes.clone())),
    }
}

fn from_two_fields(text: Option<String>, bytes: Option<Bytes>) -> Content {
    match bytes {
        Some(bytes) => Content::Binary(bytes),
        None => Content::Text(text.unwrap_or_default().into()),
    }
}

/// Content where it is one text and a mark: bytes as base64 (W-431).
pub(super) fn marked(content: &Content) -> (String, bool) {
    match content {
        Content::Text(text) => (text.to_string(), false),
        Content::Binary(bytes) => (STANDARD.encode(bytes), true),
    }
}

pub(super) fn from_marked(data: String, bin: bool) -> Result<Content, DecodeError> {
    Ok(if bin { Content::Binary(STANDARD.decode(data)?.into()) } else { Content::Text(data.into()) })
}

/// A kind that is not named is a normal conversation (W-144).
fn kind(number: Option<i32>) -> ConversationKind {
    number.and_then(|number| ConversationKind::from_number(number.into())).unwrap_or(ConversationKind::Normal)
}

fn conversation(cid: Option<String>) -> Result<ConversationId, DecodeError> {
    id(cid, "a conversation id")
}

fn mentions(pids: Vec<String>, all: Option<bool>) -> Result<Mentions, DecodeError> {
    Ok(Mentions { clients: ids(pids)?, all: all.unwrap_or_default() })
}

pub(super) fn write_ack(command: &mut GenericCommand, ack: &MessageAck) {
    let mut body = AckCommand {
        cid: Some(ack.conversation.to_string()),
        uid: Some(ack.message.to_string()),
        t: Some(ack.timestamp.0),
        ..AckCommand::default()
    };
    // In a success the code is absent: zero would be a failure (W-263).
    if let Some(reject) = &ack.reject {
        error::write_ack(&mut body, reject);
    }
    command.set(CommandType::Ack, None);
    command.ack_message = Some(Box::new(body));
}

pub(super) fn read_ack(body: AckCommand) -> Result<Event, DecodeError> {
    let reject = body.code.map(|code| error::reject(code, body.reason, None, body.app_code, body.app_msg));
    if let (Some(reject), None) = (&reject, &body.cid) {
        return Ok(Event::Error { reject: reject.clone(), family: crate::Unsupported::Message });
    }
    Ok(Event::MessageAck(MessageAck {
        conversation: conversation(body.cid)?,
        message: id(body.uid, "a message id")?,
        timestamp: time(body.t, "a time")?,
        reject,
    }))
}

pub(super) fn write_delivery(command: &mut GenericCommand, delivery: &Delivery, style: Style) {
    let (msg, binary_msg) = match style {
        Style::Protobuf => two_fields(&delivery.content),
        Style::Legacy => (Some(marked(&delivery.content).0), None),
    };
    command.set(CommandType::Direct, None);
    command.direct_message = Some(Box::new(DirectCommand {
        cid: Some(delivery.conversation.to_string()),
        id: Some(delivery.id.to_string()),
        from_peer_id: Some(delivery.from.to_string()),
        timestamp: Some(delivery.timestamp.0),
        msg,
        binary_msg,
        conv_type: Some(delivery.kind.number()),
        mention_pids: texts(&delivery.mentions.clients),
        mention_all: flag(delivery.mentions.all),
        transient: flag(delivery.transient),
        offline: flag(delivery.offline),
        has_more: flag(delivery.has_more),
        patch_timestamp: delivery.patched_at.map(|time| time.0),
        ..DirectCommand::default()
    }));
}

pub(super) fn read_delivery(body: DirectCommand) -> Result<Event, DecodeError> {
    Ok(Event::Message(Delivery {
        conversation: conversation(body.cid)?,
        kind: kind(body.conv_type),
        id: id(body.id, "a message id")?,
        from: id(body.from_peer_id, "a sender")?,
        timestamp: time(body.timestamp, "a time")?,
        content: from_two_fields(body.msg, body.binary_msg),
        mentions: mentions(body.mention_pids, body.mention_all)?,
        transient: body.transient.unwrap_or_default(),
        offline: body.offline.unwrap_or_default(),
        has_more: body.has_more.unwrap_or_default(),
        patched_at: body.patch_timestamp.map(Timestamp),
    }))
}

pub(super) fn write_receipt(command: &mut GenericCommand, receipt: &Receipt) {
    command.set(CommandType::Rcp, None);
    command.rcp_message = Some(Box::new(RcpCommand {
        cid: Some(receipt.conversation.to_string()),
        id: Some(receipt.message.to_string()),
        t: Some(receipt.at.0),
        from: Some(receipt.from.to_string()),
        // Its presence alone means "read" to one SDK (W-298).
        read: flag(receipt.read),
    }));
}

pub(super) fn read_receipt(body: RcpCommand) -> Result<Event, DecodeError> {
    Ok(Event::Receipt(Receipt {
        conversation: conversation(body.cid)?,
        message: id(body.id, "a message id")?,
        at: time(body.t, "a time")?,
        from: id(body.from, "a receiver")?,
        read: body.read.unwrap_or_default(),
    }))
}

pub(super) fn write_unread(
    command: &mut GenericCommand,
    conversations: &[UnreadConversation],
    notified_at: Timestamp,
) {
    command.set(CommandType::Unread, None);
    command.unread_message = Some(Box::new(UnreadCommand {
        convs: conversations.iter().map(unread_tuple).collect(),
        notif_time: Some(notified_at.0),
    }));
}

fn unread_tuple(unread: &UnreadConversation) -> UnreadTuple {
    let mut tuple = UnreadTuple {
        cid: unread.conversation.to_string(),
        unread: i32::try_from(unread.count).unwrap_or(i32::MAX),
        mentioned: Some(unread.mentioned),
        conv_type: Some(unread.kind.number()),
        ..UnreadTuple::default()
    };
    if let Some(last) = &unread.last {
        (tuple.data, tuple.binary_msg) = two_fields(&last.content);
        tuple.mid = Some(last.id.to_string());
        tuple.timestamp = Some(last.timestamp.0);
        tuple.from = Some(last.from.to_string());
        tuple.patch_timestamp = last.patched_at.map(|time| time.0);
    }
    tuple
}

pub(super) fn read_unread(body: UnreadCommand) -> Result<Event, DecodeError> {
    Ok(Event::Unread {
        conversations: body.convs.into_iter().map(read_unread_tuple).collect::<Result<_, _>>()?,
        notified_at: time(body.notif_time, "the time of the notice")?,
    })
}

fn read_unread_tuple(tuple: UnreadTuple) -> Result<UnreadConversation, DecodeError> {
    let last = match tuple.mid {
        None => None,
        Some(mid) => Some(LastMessage {
            id: id(Some(mid), "a message id")?,
            from: id(tuple.from, "a sender")?,
            timestamp: time(tuple.timestamp, "a time")?,
            content: from_two_fields(tuple.data, tuple.binary_msg),
            patched_at: tuple.patch_timestamp.map(Timestamp),
            // Whom the message mentions is not told here, only whether it is the client.
            mentions: Mentions::default(),
        }),
    };
    Ok(UnreadConversation {
        conversation: conversation(Some(tuple.cid))?,
        kind: kind(tuple.conv_type),
        count: u32::try_from(tuple.unread).unwrap_or_default(),
        mentioned: tuple.mentioned.unwrap_or_default(),
        last,
    })
}

pub(super) fn write_history(
    command: &mut GenericCommand,
    conversation: &ConversationId,
    messages: &[HistoryItem],
) {
    command.set(CommandType::Logs, None);
    command.logs_message = Some(Box::new(LogsCommand {
        cid: Some(conversation.to_string()),
        logs: messages.iter().map(log_item).collect(),
        ..LogsCommand::default()
    }));
}

fn log_item(item: &HistoryItem) -> LogItem {
    let (data, bin) = marked(&item.content);
    LogItem {
        msg_id: Some(item.id.to_string()),
        from: Some(item.from.to_string()),
        timestamp: Some(item.timestamp.0),
        data: Some(data),
        bin: flag(bin),
        conv_type: Some(item.kind.number()),
        ack_at: item.delivered_at.map(|time| time.0),
        read_at: item.read_at.map(|time| time.0),
        patch_timestamp: item.patched_at.map(|time| time.0),
        mention_all: flag(item.mentions.all),
        mention_pids: texts(&item.mentions.clients),
    }
}

pub(super) fn read_history(body: LogsCommand) -> Result<Event, DecodeError> {
    Ok(Event::History {
        conversation: conversation(body.cid)?,
        messages: body.logs.into_iter().map(read_log_item).collect::<Result<_, _>>()?,
    })
}

fn read_log_item(item: LogItem) -> Result<HistoryItem, DecodeError> {
    Ok(HistoryItem {
        id: id(item.msg_id, "a message id")?,
        from: id(item.from, "a sender")?,
        timestamp: time(item.timestamp, "a time")?,
        content: from_marked(item.data.unwrap_or_default(), item.bin.unwrap_or_default())?,
        kind: kind(item.conv_type),
        delivered_at: item.ack_at.map(Timestamp),
        read_at: item.read_at.map(Timestamp),
        patched_at: item.patch_timestamp.map(Timestamp),
        mentions: mentions(item.mention_pids, item.mention_all)?,
    })
}

/// One item in each command: one SDK keeps only the last of a conversation (W-354).
pub(super) fn write_patch(command: &mut GenericCommand, patch: &PatchItem) {
    let (data, binary_msg) = match &patch.content {
        Content::Text(text) => (Some(Bytes::copy_from_slice(text.as_bytes())), None),
        Content::Binary(bytes) => (None, Some(bytes.clone())),
    };
    let item = super::wire::PatchItem {
        cid: Some(patch.conversation.to_string()),
        mid: Some(patch.message.to_string()),
        timestamp: Some(patch.timestamp.0),
        recall: Some(patch.recall),
        data,
        patch_timestamp: Some(patch.patched_at.0),
        from: Some(patch.from.to_string()),
        binary_msg,
        mention_all: flag(patch.mentions.all),
        mention_pids: texts(&patch.mentions.clients),
        patch_code: patch.reason.as_ref().map(|reason| reason.code.into()),
        patch_reason: patch.reason.as_ref().and_then(|reason| reason.text.clone()),
    };
    command.set(CommandType::Patch, Some(OpType::Modify));
    command.patch_message = Some(Box::new(PatchCommand { patches: vec![item], last_patch_time: None }));
}

pub(super) fn read_patch(op: OpType, body: PatchCommand) -> Result<Event, DecodeError> {
    match op {
        OpType::Modified => Ok(Event::Patched { at: time(body.last_patch_time, "the time of the change")? }),
        OpType::Modify => {
            let item = body.patches.into_iter().next().ok_or(DecodeError::Incomplete("a change"))?;
            let data = item.data.map(|data| String::from_utf8_lossy(&data).into_owned());
            Ok(Event::Patch(PatchItem {
                conversation: conversation(item.cid)?,
                message: id(item.mid, "a message id")?,
                timestamp: time(item.timestamp, "a time")?,
                from: id(item.from, "a sender")?,
                recall: item.recall.unwrap_or_default(),
                content: from_two_fields(data, item.binary_msg),
                patched_at: time(item.patch_timestamp, "the time of the change")?,
                mentions: mentions(item.mention_pids, item.mention_all)?,
                reason: patch_reason(item.patch_code, item.patch_reason),
            }))
        }
        _ => Err(DecodeError::UnknownEvent),
    }
}

fn patch_reason(code: Option<i64>, text: Option<String>) -> Option<PatchReason> {
    let code = i32::try_from(code?).ok()?;
    Some(PatchReason { code, text })
}
