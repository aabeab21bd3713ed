//! Conversations and their members (`wire-protocol.md` §4.3, 4.4).

use super::super::DecodeError;
use super::super::wire::{CommandType, ConvCommand, GenericCommand, JsonObjectMessage, MaxReadTuple, OpType};
use super::{date, flag, id, ids, moderation, texts, view};
use crate::{Attributes, ClientId, ConversationId, Event, MembersChanged, PeerReadState, Timestamp};

/// Writes the events about conversations. All but a few name their conversation (W-169).
pub(super) fn write(command: &mut GenericCommand, event: &Event) {
    let (op, body) = match event {
        Event::ConversationStarted { conversation, created_at, unique_id, ttl_seconds, existing } => {
            let body = ConvCommand {
                cdate: Some(created_at.to_string()),
                unique_id: unique_id.as_ref().map(ToString::to_string),
                temp_conv_ttl: *ttl_seconds,
                existing: flag(*existing),
                ..about(conversation)
            };
            (OpType::Started, body)
        }
        Event::Conversations(views) => {
            let results = Some(JsonObjectMessage::of(&view::Views(views)));
            (OpType::Results, ConvCommand { results, ..ConvCommand::default() })
        }
        Event::MembersAdded(changed) => (OpType::Added, members_changed(changed)),
        Event::MembersRemoved(changed) => (OpType::Removed, members_changed(changed)),
        Event::ConversationUpdated { conversation, updated_at, by, changes } => {
            let (attr, attr_modified) = match changes {
                Some((attr, modified)) => {
                    (Some(JsonObjectMessage::of(attr)), Some(JsonObjectMessage::of(modified)))
                }
                None => (None, None),
            };
            let body = ConvCommand {
                udate: Some(updated_at.to_string()),
                init_by: by.as_ref().map(ToString::to_string),
                attr,
                attr_modified,
                ..about(conversation)
            };
            (OpType::Updated, body)
        }
        Event::MemberCount { conversation, count } => {
            (OpType::Result, ConvCommand { count: Some(*count), ..about(conversation) })
        }
        Event::MatchCount(count) => {
            (OpType::Result, ConvCommand { count: Some(*count), ..ConvCommand::default() })
        }
        Event::RoomMembers { conversation, members } => {
            (OpType::Members, ConvCommand { m: texts(members), ..about(conversation) })
        }
        Event::IsMember(answers) => {
            let answers: Attributes = answers.iter().map(|(id, is)| (id.to_string(), (*is).into())).collect();
            let results = Some(JsonObjectMessage::of(&answers));
            (OpType::IsMember, ConvCommand { results, ..ConvCommand::default() })
        }
        Event::MaxRead { conversation, all, each } => {
            let body = ConvCommand {
                max_ack_timestamp: all.delivered.map(|time| time.0),
                max_read_timestamp: all.read.map(|time| time.0),
                max_read_tuples: each.iter().flatten().map(max_read_tuple).collect(),
                ..about(conversation)
            };
            (OpType::MaxRead, body)
        }
        Event::Joined { conversation, by, at, ttl_seconds } => {
            (OpType::Joined, temporary(moved(conversation, by, *at), *ttl_seconds))
        }
        Event::Left { conversation, by, at } => (OpType::Left, moved(conversation, by, *at)),
        Event::MembersJoined { conversation, members, by, at, ttl_seconds } => {
            let body = ConvCommand { m: texts(members), ..moved(conversation, by, *at) };
            (OpType::MembersJoined, temporary(body, *ttl_seconds))
        }
        Event::MembersLeft { conversation, members, by, at } => {
            (OpType::MembersLeft, ConvCommand { m: texts(members), ..moved(conversation, by, *at) })
        }
        _ => return,
    };
    command.set(CommandType::Conv, Some(op));
    command.conv_message = Some(Box::new(body));
}

pub(super) fn about(conversation: &ConversationId) -> ConvCommand {
    ConvCommand { cid: Some(conversation.to_string()), ..ConvCommand::default() }
}

/// What every event of coming and going carries (W-255, W-256).
fn moved(conversation: &ConversationId, by: &ClientId, at: Timestamp) -> ConvCommand {
    ConvCommand { init_by: Some(by.to_string()), udate: Some(at.to_string()), ..about(conversation) }
}

/// Marks a temporary conversation; the fields are absent for all others (W-181).
fn temporary(body: ConvCommand, ttl_seconds: Option<i32>) -> ConvCommand {
    ConvCommand { temp_conv: flag(ttl_seconds.is_some()), temp_conv_ttl: ttl_seconds, ..body }
}

fn members_changed(changed: &MembersChanged) -> ConvCommand {
    ConvCommand {
        udate: Some(changed.updated_at.to_string()),
        allowed_pids: texts(&changed.allowed),
        failed_pids: moderation::failed(&changed.failed),
        ..about(&changed.conversation)
    }
}

fn max_read_tuple((member, state): &(ClientId, PeerReadState)) -> MaxReadTuple {
    MaxReadTuple {
        pid: Some(member.to_string()),
        max_ack_timestamp: state.delivered.map(|time| time.0),
        max_read_timestamp: state.read.map(|time| time.0),
    }
}

pub(super) fn read(op: OpType, body: ConvCommand) -> Result<Event, DecodeError> {
    Ok(match op {
        OpType::Started => Event::ConversationStarted {
            conversation: conversation(body.cid)?,
            created_at: date(body.cdate.as_deref(), "a date of creation")?,
            unique_id: body.unique_id.map(|text| id(Some(text), "a usable unique id")).transpose()?,
            ttl_seconds: body.temp_conv_ttl,
            existing: body.existing.unwrap_or_default(),
        },
        OpType::Results => {
            let results = body.results.ok_or(DecodeError::Incomplete("results"))?;
            Event::Conversations(view::read(&results.data)?)
        }
        OpType::Added => Event::MembersAdded(read_members_changed(body)?),
        OpType::Removed => Event::MembersRemoved(read_members_changed(body)?),
        OpType::Updated => Event::ConversationUpdated {
            conversation: conversation(body.cid)?,
            updated_at: date(body.udate.as_deref(), "a date of change")?,
            by: body.init_by.map(|text| id(Some(text), "a usable operator")).transpose()?,
            changes: match (body.attr, body.attr_modified) {
                (Some(attr), Some(modified)) => Some((object(&attr)?, object(&modified)?)),
                _ => None,
            },
        },
        OpType::Result => {
            let count = body.count.ok_or(DecodeError::Incomplete("a count"))?;
            match body.cid {
                None => Event::MatchCount(count),
                cid => Event::MemberCount { conversation: conversation(cid)?, count },
            }
        }
        OpType::Members => {
            Event::RoomMembers { conversation: conversation(body.cid)?, members: ids(body.m)? }
        }
        OpType::IsMember => {
            let results = body.results.ok_or(DecodeError::Incomplete("results"))?;
            let answers = object(&results)?.into_iter().map(|(cid, is)| {
                let is = is.as_bool().ok_or(DecodeError::Incomplete("an answer"))?;
                Ok((conversation(Some(cid))?, is))
            });
            Event::IsMember(answers.collect::<Result<_, DecodeError>>()?)
        }
        OpType::MaxRead => Event::MaxRead {
            conversation: conversation(body.cid)?,
            all: peer_state(body.max_ack_timestamp, body.max_read_timestamp),
            each: if body.max_read_tuples.is_empty() {
                None
            } else {
                let each = body.max_read_tuples.into_iter().map(|tuple| {
                    let state = peer_state(tuple.max_ack_timestamp, tuple.max_read_timestamp);
                    Ok((id(tuple.pid, "a member")?, state))
                });
                Some(each.collect::<Result<_, DecodeError>>()?)
            },
        },
        OpType::Joined => Event::Joined {
            conversation: conversation(body.cid)?,
            by: id(body.init_by, "an operator")?,
            at: date(body.udate.as_deref(), "a date of change")?,
            ttl_seconds: body.temp_conv_ttl,
        },
        OpType::Left => Event::Left {
            conversation: conversation(body.cid)?,
            by: id(body.init_by, "an operator")?,
            at: date(body.udate.as_deref(), "a date of change")?,
        },
        OpType::MembersJoined => Event::MembersJoined {
            conversation: conversation(body.cid)?,
            members: ids(body.m)?,
            by: id(body.init_by, "an operator")?,
            at: date(body.udate.as_deref(), "a date of change")?,
            ttl_seconds: body.temp_conv_ttl,
        },
        OpType::MembersLeft => Event::MembersLeft {
            conversation: conversation(body.cid)?,
            members: ids(body.m)?,
            by: id(body.init_by, "an operator")?,
            at: date(body.udate.as_deref(), "a date of change")?,
        },
        op => return moderation::read_conv(op, body),
    })
}

pub(super) fn conversation(cid: Option<String>) -> Result<ConversationId, DecodeError> {
    id(cid, "a conversation id")
}

fn object(message: &JsonObjectMessage) -> Result<Attributes, DecodeError> {
    Ok(serde_json::from_str(&message.data)?)
}

fn peer_state(delivered: Option<i64>, read: Option<i64>) -> PeerReadState {
    PeerReadState { delivered: delivered.map(Timestamp), read: read.map(Timestamp) }
}

fn read_members_changed(body: ConvCommand) -> Result<MembersChanged, DecodeError> {
    Ok(MembersChanged {
        conversation: conversation(body.cid)?,
        updated_at: date(body.udate.as_deref(), "a date of change")?,
        allowed: ids(body.allowed_pids)?,
        failed: moderation::read_failed(body.failed_pids)?,
    })
}
