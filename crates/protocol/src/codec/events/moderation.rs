//! Roles, silencing and block lists (`wire-protocol.md` §4.3.10, 4.3.11, 4.4, 4.11).
//!
//! Replies about block lists are commands of their own; what others are told of them is not (W-257).

use super::super::DecodeError;
use super::super::commands::{read_next, write_next};
use super::super::wire::{
    BlacklistCommand, CommandType, ConvCommand, ConvMemberInfo, ErrorCommand, GenericCommand, OpType,
};
use super::conversation::{about, conversation};
use super::{error, flag, id, ids, texts};
use crate::{ClientId, ConversationId, Event, MemberFailure, Reject, Restriction, Role};

/// The two commands that carry these events.
enum Body {
    Conv(Box<ConvCommand>),
    Blacklist(Box<BlacklistCommand>),
}

impl From<ConvCommand> for Body {
    fn from(body: ConvCommand) -> Self {
        Self::Conv(Box::new(body))
    }
}

impl From<BlacklistCommand> for Body {
    fn from(body: BlacklistCommand) -> Self {
        Self::Blacklist(Box::new(body))
    }
}

pub(super) fn write(command: &mut GenericCommand, event: &Event) {
    let (op, body) = match event {
        Event::RoleUpdated { conversation } => (OpType::MemberInfoUpdated, about(conversation).into()),
        Event::MemberRoleChanged { conversation, member, role, by } => {
            let info = ConvMemberInfo {
                pid: Some(member.to_string()),
                role: Some(role.name().to_owned()),
                info_id: None,
            };
            let body = ConvCommand { init_by: Some(by.to_string()), info: Some(info), ..about(conversation) };
            (OpType::MemberInfoChanged, body.into())
        }
        Event::RestrictionChanged { restriction, lifted, conversation, allowed, failed } => {
            changed(*restriction, *lifted, conversation, allowed, failed)
        }
        Event::RestrictedClients { restriction, conversation, clients, next } => {
            let next = next.and_then(write_next);
            match restriction {
                Restriction::Silenced => {
                    let body = ConvCommand { m: texts(clients), next, ..about(conversation) };
                    (OpType::ShutupResult, body.into())
                }
                Restriction::Blocked => {
                    let body = BlacklistCommand { blocked_pids: texts(clients), next, ..of(conversation) };
                    (OpType::QueryResult, body.into())
                }
            }
        }
        Event::RestrictedAmong { restriction, conversation, clients } => {
            let body = match restriction {
                Restriction::Silenced => ConvCommand { m: texts(clients), ..about(conversation) }.into(),
                Restriction::Blocked => {
                    BlacklistCommand { blocked_pids: texts(clients), ..of(conversation) }.into()
                }
            };
            (OpType::CheckResult, body)
        }
        Event::Restricted { restriction, lifted, conversation, by, in_room } => {
            let op = match (restriction, lifted) {
                (Restriction::Silenced, false) => OpType::Shutuped,
                (Restriction::Silenced, true) => OpType::Unshutuped,
                (Restriction::Blocked, false) => OpType::Blocked,
                (Restriction::Blocked, true) => OpType::Unblocked,
            };
            (op, told(conversation, by, *in_room).into())
        }
        Event::MembersRestricted { restriction, lifted, conversation, members, by, in_room } => {
            let op = match (restriction, lifted) {
                (Restriction::Silenced, false) => OpType::MembersShutuped,
                (Restriction::Silenced, true) => OpType::MembersUnshutuped,
                (Restriction::Blocked, false) => OpType::MembersBlocked,
                (Restriction::Blocked, true) => OpType::MembersUnblocked,
            };
            (op, ConvCommand { m: texts(members), ..told(conversation, by, *in_room) }.into())
        }
        // Nothing but the missing conversation tells these from the lists of a conversation; the fields for
        // clients then hold conversations.
        Event::ConversationsBlocked { lifted, allowed, failed } => {
            let failed = failed
                .iter()
                .map(|(reject, ids)| ErrorCommand { pids: texts(ids), ..error::body(reject) })
                .collect();
            let body =
                BlacklistCommand { allowed_pids: texts(allowed), failed_pids: failed, ..Default::default() };
            (blocked_or_not(*lifted), body.into())
        }
        Event::BlockedConversations { conversations, next } => {
            let body = BlacklistCommand {
                blocked_cids: texts(conversations),
                next: next.and_then(write_next),
                ..BlacklistCommand::default()
            };
            (OpType::QueryResult, body.into())
        }
        _ => return,
    };
    match body {
        Body::Conv(body) => {
            command.set(CommandType::Conv, Some(op));
            command.conv_message = Some(body);
        }
        Body::Blacklist(body) => {
            command.set(CommandType::Blacklist, Some(op));
            command.blacklist_message = Some(body);
        }
    }
}

fn changed(
    restriction: Restriction,
    lifted: bool,
    conversation: &ConversationId,
    allowed: &[ClientId],
    failures: &[MemberFailure],
) -> (OpType, Body) {
    let (allowed_pids, failed_pids) = (texts(allowed), failed(failures));
    match restriction {
        Restriction::Silenced => {
            let op = if lifted { OpType::ShutupRemoved } else { OpType::ShutupAdded };
            (op, ConvCommand { allowed_pids, failed_pids, ..about(conversation) }.into())
        }
        Restriction::Blocked => {
            let body = BlacklistCommand { allowed_pids, failed_pids, ..of(conversation) };
            (blocked_or_not(lifted), body.into())
        }
    }
}

fn blocked_or_not(lifted: bool) -> OpType {
    if lifted { OpType::Unblocked } else { OpType::Blocked }
}

fn of(conversation: &ConversationId) -> BlacklistCommand {
    BlacklistCommand { src_cid: Some(conversation.to_string()), ..BlacklistCommand::default() }
}

/// What every push about a restriction carries (W-254, W-255). Chat rooms are marked, for one SDK learns
/// the kind of a conversation from here (W-465).
fn told(conversation: &ConversationId, by: &ClientId, in_room: bool) -> ConvCommand {
    ConvCommand { init_by: Some(by.to_string()), transient: flag(in_room), ..about(conversation) }
}

/// Refused ids, by reason (W-203).
pub(super) fn failed(failures: &[MemberFailure]) -> Vec<ErrorCommand> {
    failures
        .iter()
        .map(|failure| ErrorCommand { pids: texts(&failure.members), ..error::body(&failure.reject) })
        .collect()
}

pub(super) fn read_failed(failures: Vec<ErrorCommand>) -> Result<Vec<MemberFailure>, DecodeError> {
    failures
        .into_iter()
        .map(|failure| {
            let (reject, members) = read_failure(failure)?;
            Ok(MemberFailure { reject, members })
        })
        .collect()
}

fn read_failure<T: std::str::FromStr>(mut failure: ErrorCommand) -> Result<(Reject, Vec<T>), DecodeError> {
    let refused = ids(std::mem::take(&mut failure.pids))?;
    Ok((error::read_reject(failure), refused))
}

fn read_page_end(next: Option<String>) -> Result<Option<u32>, DecodeError> {
    match read_next(next) {
        Some(0) => Ok(None),
        Some(offset) => Ok(Some(offset)),
        None => Err(DecodeError::Incomplete("a usable offset")),
    }
}

pub(super) fn read_conv(op: OpType, body: ConvCommand) -> Result<Event, DecodeError> {
    let restricted = |restriction, lifted, body: ConvCommand| {
        Ok(Event::Restricted {
            restriction,
            lifted,
            conversation: conversation(body.cid)?,
            by: id(body.init_by, "an operator")?,
            in_room: body.transient.unwrap_or_default(),
        })
    };
    let members_restricted = |restriction, lifted, body: ConvCommand| {
        Ok(Event::MembersRestricted {
            restriction,
            lifted,
            conversation: conversation(body.cid)?,
            members: ids(body.m)?,
            by: id(body.init_by, "an operator")?,
            in_room: body.transient.unwrap_or_default(),
        })
    };
    match op {
        OpType::MemberInfoUpdated => Ok(Event::RoleUpdated { conversation: conversation(body.cid)? }),
        OpType::MemberInfoChanged => {
            let info = body.info.unwrap_or_default();
            let role = info.role.as_deref().and_then(Role::from_name);
            Ok(Event::MemberRoleChanged {
                conversation: conversation(body.cid)?,
                member: id(info.pid, "a member")?,
                role: role.ok_or(DecodeError::Incomplete("a role"))?,
                by: id(body.init_by, "an operator")?,
            })
        }
        OpType::ShutupAdded | OpType::ShutupRemoved => Ok(Event::RestrictionChanged {
            restriction: Restriction::Silenced,
            lifted: op == OpType::ShutupRemoved,
            conversation: conversation(body.cid)?,
            allowed: ids(body.allowed_pids)?,
            failed: read_failed(body.failed_pids)?,
        }),
        OpType::ShutupResult => Ok(Event::RestrictedClients {
            restriction: Restriction::Silenced,
            conversation: conversation(body.cid)?,
            clients: ids(body.m)?,
            next: read_page_end(body.next)?,
        }),
        OpType::CheckResult => Ok(Event::RestrictedAmong {
            restriction: Restriction::Silenced,
            conversation: conversation(body.cid)?,
            clients: ids(body.m)?,
        }),
        OpType::Shutuped => restricted(Restriction::Silenced, false, body),
        OpType::Unshutuped => restricted(Restriction::Silenced, true, body),
        OpType::Blocked => restricted(Restriction::Blocked, false, body),
        OpType::Unblocked => restricted(Restriction::Blocked, true, body),
        OpType::MembersShutuped => members_restricted(Restriction::Silenced, false, body),
        OpType::MembersUnshutuped => members_restricted(Restriction::Silenced, true, body),
        OpType::MembersBlocked => members_restricted(Restriction::Blocked, false, body),
        OpType::MembersUnblocked => members_restricted(Restriction::Blocked, true, body),
        _ => Err(DecodeError::UnknownEvent),
    }
}

pub(super) fn read_blacklist(op: OpType, body: BlacklistCommand) -> Result<Event, DecodeError> {
    let lifted = op == OpType::Unblocked;
    match (op, body.src_cid) {
        (OpType::Blocked | OpType::Unblocked, None) => {
            let failed = body.failed_pids.into_iter().map(read_failure);
            Ok(Event::ConversationsBlocked {
                lifted,
                allowed: ids(body.allowed_pids)?,
                failed: failed.collect::<Result<_, _>>()?,
            })
        }
        (OpType::Blocked | OpType::Unblocked, cid) => Ok(Event::RestrictionChanged {
            restriction: Restriction::Blocked,
            lifted,
            conversation: conversation(cid)?,
            allowed: ids(body.allowed_pids)?,
            failed: read_failed(body.failed_pids)?,
        }),
        (OpType::QueryResult, None) => Ok(Event::BlockedConversations {
            conversations: ids(body.blocked_cids)?,
            next: read_page_end(body.next)?,
        }),
        (OpType::QueryResult, cid) => Ok(Event::RestrictedClients {
            restriction: Restriction::Blocked,
            conversation: conversation(cid)?,
            clients: ids(body.blocked_pids)?,
            next: read_page_end(body.next)?,
        }),
        (OpType::CheckResult, cid) => Ok(Event::RestrictedAmong {
            restriction: Restriction::Blocked,
            conversation: conversation(cid)?,
            clients: ids(body.blocked_pids)?,
        }),
        _ => Err(DecodeError::UnknownEvent),
    }
}
