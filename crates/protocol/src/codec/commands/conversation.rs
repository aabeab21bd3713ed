//! Conversations and their members (`wire-protocol.md` §4.3).

use serde_json::Value;

use super::super::wire::{self, CommandType, ConvCommand, GenericCommand, JsonObjectMessage, OpType};
use super::{conversation_id, filled, flag, moderation, possible, signature, texts};
use crate::{
    Attributes, ChangeMembers, ClientId, Code, Command, ConversationCommand, ConversationId,
    QueryConversations, QueryTarget, Reject, Signature, StartConversation, Unsupported,
};

/// Bits of `flag` (W-192).
const COMPACT: i32 = 1;
const WITH_LAST_MESSAGE: i32 = 2;

pub(super) fn read(op: Option<OpType>, body: Box<ConvCommand>) -> Result<Command, Reject> {
    let conversation = match op {
        Some(OpType::Start) => ConversationCommand::Start(Box::new(start(*body)?)),
        Some(OpType::Query) => ConversationCommand::Query(Box::new(query(*body))),
        Some(OpType::Add) => ConversationCommand::Add(change_members(*body)?),
        Some(OpType::Remove) => ConversationCommand::Remove(change_members(*body)?),
        Some(OpType::Update) => ConversationCommand::Update {
            conversation: named(body.cid)?,
            changes: match body.attr {
                Some(attr) => attributes(&attr.data)?,
                None => return Err(Reject::because(Code::ConversationApiFailed, "attr is missing")),
            },
        },
        Some(OpType::Mute) => ConversationCommand::Mute(named(body.cid)?),
        Some(OpType::Unmute) => ConversationCommand::Unmute(named(body.cid)?),
        Some(OpType::Count) if body.cid.is_none() && body.r#where.is_some() => {
            match condition(body.r#where) {
                QueryTarget::Where(condition) => {
                    ConversationCommand::CountMatching(condition.unwrap_or_else(|| Attributes::new().into()))
                }
                QueryTarget::Malformed | QueryTarget::Temporary(_) => {
                    return Err(Code::ConversationQueryFailed.into());
                }
            }
        }
        Some(OpType::Count) => ConversationCommand::Count(named(body.cid)?),
        Some(OpType::Members) => {
            ConversationCommand::RoomMembers { conversation: named(body.cid)?, limit: body.limit }
        }
        Some(OpType::IsMember) => ConversationCommand::IsMember(possible(body.cids)),
        Some(OpType::MaxRead) => ConversationCommand::MaxRead {
            conversation: named(body.cid)?,
            each_member: body.query_all_members.unwrap_or_default(),
        },
        Some(OpType::MemberInfoUpdate) => moderation::read_role(*body)?,
        Some(OpType::AddShutup) => moderation::read_silence(*body, false)?,
        Some(OpType::RemoveShutup) => moderation::read_silence(*body, true)?,
        Some(OpType::QueryShutup) => moderation::read_silenced(*body)?,
        Some(OpType::CheckShutup) => moderation::read_check_silenced(*body)?,
        _ => return Ok(Command::Unsupported(Unsupported::Conversation)),
    };
    Ok(Command::Conversation(conversation))
}

pub(super) fn named(cid: Option<String>) -> Result<ConversationId, Reject> {
    conversation_id(cid, Code::ConversationApiFailed, Code::ConversationNotFound)
}

/// Members to add or remove: one that cannot be a client spoils the command (W-183).
pub(super) fn members(m: Vec<String>) -> Result<Vec<ClientId>, Reject> {
    let wrong = |error: crate::IdError| Reject::because(Code::ConversationApiFailed, error.to_string());
    m.iter().map(|id| id.parse().map_err(wrong)).collect()
}

fn attributes(text: &str) -> Result<Attributes, Reject> {
    if text.is_empty() {
        return Ok(Attributes::new());
    }
    serde_json::from_str(text)
        .map_err(|_| Reject::because(Code::ConversationApiFailed, "attr is not a JSON object"))
}

fn start(body: ConvCommand) -> Result<StartConversation, Reject> {
    Ok(StartConversation {
        members: members(body.m)?,
        attributes: body.attr.map(|attr| attributes(&attr.data)).transpose()?.unwrap_or_default(),
        unique: body.unique.unwrap_or_default(),
        transient: body.transient.unwrap_or_default(),
        temporary: body.temp_conv.unwrap_or_default(),
        ttl_seconds: body.temp_conv_ttl.filter(|&ttl| ttl > 0),
        signature: signature(body.s, body.t, body.n),
    })
}

fn query(body: ConvCommand) -> QueryConversations {
    let target = if body.temp_conv_ids.is_empty() {
        condition(body.r#where)
    } else {
        QueryTarget::Temporary(possible(body.temp_conv_ids))
    };
    let flag = body.flag.unwrap_or_default();
    QueryConversations {
        target,
        sort: filled(body.sort),
        limit: body.limit,
        skip: body.skip,
        compact: flag & COMPACT != 0,
        with_last_message: flag & WITH_LAST_MESSAGE != 0,
    }
}

fn condition(text: Option<JsonObjectMessage>) -> QueryTarget {
    match text.map(|condition| condition.data).filter(|text| !text.is_empty()) {
        None => QueryTarget::Where(None),
        Some(text) => match serde_json::from_str::<Value>(&text) {
            Ok(condition) => QueryTarget::Where(Some(condition)),
            Err(_) => QueryTarget::Malformed,
        },
    }
}

fn change_members(body: ConvCommand) -> Result<ChangeMembers, Reject> {
    Ok(ChangeMembers {
        conversation: named(body.cid)?,
        members: members(body.m)?,
        signature: signature(body.s, body.t, body.n),
    })
}

pub(super) fn write(command: &mut GenericCommand, conversation: &ConversationCommand) {
    let mut body = ConvCommand::default();
    let op = match conversation {
        ConversationCommand::Start(start) => {
            write_start(&mut body, start);
            OpType::Start
        }
        ConversationCommand::Query(query) => {
            write_query(&mut body, query);
            OpType::Query
        }
        ConversationCommand::Add(change) => {
            write_change(&mut body, change);
            OpType::Add
        }
        ConversationCommand::Remove(change) => {
            write_change(&mut body, change);
            OpType::Remove
        }
        ConversationCommand::Update { conversation, changes } => {
            body.cid = Some(conversation.to_string());
            body.attr = Some(wire::JsonObjectMessage::of(changes));
            OpType::Update
        }
        ConversationCommand::Mute(conversation) => {
            body.cid = Some(conversation.to_string());
            OpType::Mute
        }
        ConversationCommand::Unmute(conversation) => {
            body.cid = Some(conversation.to_string());
            OpType::Unmute
        }
        ConversationCommand::Count(conversation) => {
            body.cid = Some(conversation.to_string());
            OpType::Count
        }
        ConversationCommand::CountMatching(condition) => {
            body.r#where = Some(JsonObjectMessage::of(condition));
            OpType::Count
        }
        ConversationCommand::RoomMembers { conversation, limit } => {
            body.cid = Some(conversation.to_string());
            body.limit = *limit;
            OpType::Members
        }
        ConversationCommand::IsMember(conversations) => {
            body.cids = texts(conversations);
            OpType::IsMember
        }
        ConversationCommand::MaxRead { conversation, each_member } => {
            body.cid = Some(conversation.to_string());
            body.query_all_members = flag(*each_member);
            OpType::MaxRead
        }
        ConversationCommand::SetRole { .. }
        | ConversationCommand::Restrict(_)
        | ConversationCommand::Restricted { .. }
        | ConversationCommand::CheckRestricted { .. }
        | ConversationCommand::BlockConversations(_)
        | ConversationCommand::BlockedConversations(_) => return moderation::write(command, conversation),
    };
    command.set(CommandType::Conv, Some(op));
    command.conv_message = Some(Box::new(body));
}

fn write_start(body: &mut ConvCommand, start: &StartConversation) {
    body.m = texts(&start.members);
    if !start.attributes.is_empty() {
        body.attr = Some(JsonObjectMessage::of(&start.attributes));
    }
    body.unique = flag(start.unique);
    body.transient = flag(start.transient);
    body.temp_conv = flag(start.temporary);
    body.temp_conv_ttl = start.ttl_seconds;
    write_signature(body, start.signature.as_ref());
}

fn write_query(body: &mut ConvCommand, query: &QueryConversations) {
    match &query.target {
        QueryTarget::Where(None) => {}
        QueryTarget::Where(Some(condition)) => body.r#where = Some(JsonObjectMessage::of(condition)),
        QueryTarget::Malformed => body.r#where = Some(JsonObjectMessage { data: "malformed".to_owned() }),
        QueryTarget::Temporary(conversations) => body.temp_conv_ids = texts(conversations),
    }
    body.sort.clone_from(&query.sort);
    body.limit = query.limit;
    body.skip = query.skip;
    let compact = if query.compact { COMPACT } else { 0 };
    let with_last_message = if query.with_last_message { WITH_LAST_MESSAGE } else { 0 };
    body.flag = Some(compact | with_last_message).filter(|&flag| flag != 0);
}

fn write_change(body: &mut ConvCommand, change: &ChangeMembers) {
    body.cid = Some(change.conversation.to_string());
    body.m = texts(&change.members);
    write_signature(body, change.signature.as_ref());
}

fn write_signature(body: &mut ConvCommand, signature: Option<&Signature>) {
    if let Some(signature) = signature {
        body.s = Some(signature.value.clone());
        body.t = Some(signature.timestamp);
        body.n = Some(signature.nonce.clone());
    }
}
