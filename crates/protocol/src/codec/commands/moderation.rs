//! Roles, silencing and block lists (`wire-protocol.md` §4.3.10, 4.3.11, 4.11).

use super::super::wire::{
    BlacklistCommand, CommandType, ConvCommand, ConvMemberInfo, GenericCommand, OpType,
};
use super::conversation::{members, named};
use super::{conversation_id, filled, possible, possible_id, read_next, signature, texts, write_next};
use crate::{
    BlockConversations, Code, Command, ConversationCommand, ConversationId, Page, Reject, Restrict,
    Restriction, Role, Unsupported,
};

/// A role for a member. Its client is named twice (W-236); an id of the role's own is ignored (W-464).
pub(super) fn read_role(body: ConvCommand) -> Result<ConversationCommand, Reject> {
    let info = body.info.unwrap_or_default();
    let member = possible_id(body.target_client_id).or_else(|| possible_id(info.pid));
    Ok(ConversationCommand::SetRole {
        conversation: named(body.cid)?,
        member: member.ok_or_else(|| Reject::because(Code::ConversationApiFailed, "a member is missing"))?,
        role: info.role.as_deref().and_then(Role::from_name),
    })
}

pub(super) fn read_silence(body: ConvCommand, lift: bool) -> Result<ConversationCommand, Reject> {
    Ok(ConversationCommand::Restrict(Restrict {
        conversation: named(body.cid)?,
        restriction: Restriction::Silenced,
        lift,
        clients: members(body.m)?,
        signature: signature(body.s, body.t, body.n),
    }))
}

pub(super) fn read_silenced(body: ConvCommand) -> Result<ConversationCommand, Reject> {
    Ok(ConversationCommand::Restricted {
        conversation: named(body.cid)?,
        restriction: Restriction::Silenced,
        page: page(body.limit, body.next)?,
    })
}

pub(super) fn read_check_silenced(body: ConvCommand) -> Result<ConversationCommand, Reject> {
    Ok(ConversationCommand::CheckRestricted {
        conversation: named(body.cid)?,
        restriction: Restriction::Silenced,
        clients: possible(body.m),
    })
}

/// The commands on block lists. One that names no conversation as the source is about the client's own list,
/// whatever client it names (B-135).
pub(super) fn read_blacklist(op: Option<OpType>, body: BlacklistCommand) -> Result<Command, Reject> {
    let own = filled(body.src_cid.clone()).is_none();
    let command = match op {
        Some(op @ (OpType::Block | OpType::Unblock)) => {
            let lift = op == OpType::Unblock;
            if own && (body.src_pid.is_some() || !body.to_cids.is_empty()) {
                ConversationCommand::BlockConversations(BlockConversations {
                    conversations: conversations(body.to_cids)?,
                    lift,
                    signature: signature(body.s, body.t, body.n),
                })
            } else {
                ConversationCommand::Restrict(Restrict {
                    conversation: named(body.src_cid)?,
                    restriction: Restriction::Blocked,
                    lift,
                    clients: members(body.to_pids)?,
                    signature: signature(body.s, body.t, body.n),
                })
            }
        }
        Some(OpType::Query) => {
            let page = page(body.limit, body.next)?;
            if own {
                ConversationCommand::BlockedConversations(page)
            } else {
                let conversation = named(body.src_cid)?;
                ConversationCommand::Restricted { conversation, restriction: Restriction::Blocked, page }
            }
        }
        Some(OpType::CheckBlock) => ConversationCommand::CheckRestricted {
            conversation: named(body.src_cid)?,
            restriction: Restriction::Blocked,
            clients: possible(body.to_pids),
        },
        _ => return Ok(Command::Unsupported(Unsupported::Conversation)),
    };
    Ok(Command::Conversation(command))
}

/// One that cannot be a conversation spoils the command, as with members (W-183).
fn conversations(cids: Vec<String>) -> Result<Vec<ConversationId>, Reject> {
    cids.into_iter()
        .map(|cid| conversation_id(Some(cid), Code::ConversationApiFailed, Code::ConversationApiFailed))
        .collect()
}

fn page(limit: Option<i32>, next: Option<String>) -> Result<Page, Reject> {
    let unusable = || Reject::because(Code::ConversationApiFailed, "next is not an offset");
    Ok(Page { limit, offset: read_next(next).ok_or_else(unusable)? })
}

/// Writes one of the commands of this file.
pub(super) fn write(command: &mut GenericCommand, conversation: &ConversationCommand) {
    match conversation {
        ConversationCommand::SetRole { conversation, member, role } => {
            let info = ConvMemberInfo {
                pid: Some(member.to_string()),
                role: role.map(|role| role.name().to_owned()),
                info_id: None,
            };
            let body = ConvCommand {
                target_client_id: Some(member.to_string()),
                info: Some(info),
                ..conv(conversation)
            };
            set_conv(command, OpType::MemberInfoUpdate, body);
        }
        ConversationCommand::Restrict(restrict) => write_restrict(command, restrict),
        ConversationCommand::Restricted { conversation, restriction, page } => match restriction {
            Restriction::Silenced => {
                let next = write_next(page.offset);
                let body = ConvCommand { limit: page.limit, next, ..conv(conversation) };
                set_conv(command, OpType::QueryShutup, body);
            }
            Restriction::Blocked => {
                let src_cid = Some(conversation.to_string());
                set_blacklist(command, OpType::Query, BlacklistCommand { src_cid, ..of_page(*page) });
            }
        },
        ConversationCommand::CheckRestricted { conversation, restriction, clients } => match restriction {
            Restriction::Silenced => {
                let body = ConvCommand { m: texts(clients), ..conv(conversation) };
                set_conv(command, OpType::CheckShutup, body);
            }
            Restriction::Blocked => {
                let body = BlacklistCommand {
                    src_cid: Some(conversation.to_string()),
                    to_pids: texts(clients),
                    ..BlacklistCommand::default()
                };
                set_blacklist(command, OpType::CheckBlock, body);
            }
        },
        ConversationCommand::BlockConversations(block) => {
            let op = if block.lift { OpType::Unblock } else { OpType::Block };
            let signature = block.signature.as_ref();
            let body = BlacklistCommand {
                // Says whose list it is, though the session says it already.
                src_pid: Some(command.peer_id.clone().unwrap_or_default()),
                to_cids: texts(&block.conversations),
                s: signature.map(|signature| signature.value.clone()),
                t: signature.map(|signature| signature.timestamp),
                n: signature.map(|signature| signature.nonce.clone()),
                ..BlacklistCommand::default()
            };
            set_blacklist(command, op, body);
        }
        ConversationCommand::BlockedConversations(page) => {
            set_blacklist(command, OpType::Query, of_page(*page));
        }
        _ => {}
    }
}

fn write_restrict(command: &mut GenericCommand, restrict: &Restrict) {
    let signature = restrict.signature.as_ref();
    let s = signature.map(|signature| signature.value.clone());
    let t = signature.map(|signature| signature.timestamp);
    let n = signature.map(|signature| signature.nonce.clone());
    match restrict.restriction {
        Restriction::Silenced => {
            let op = if restrict.lift { OpType::RemoveShutup } else { OpType::AddShutup };
            let body = ConvCommand { m: texts(&restrict.clients), s, t, n, ..conv(&restrict.conversation) };
            set_conv(command, op, body);
        }
        Restriction::Blocked => {
            let op = if restrict.lift { OpType::Unblock } else { OpType::Block };
            let body = BlacklistCommand {
                src_cid: Some(restrict.conversation.to_string()),
                to_pids: texts(&restrict.clients),
                s,
                t,
                n,
                ..BlacklistCommand::default()
            };
            set_blacklist(command, op, body);
        }
    }
}

fn conv(conversation: &ConversationId) -> ConvCommand {
    ConvCommand { cid: Some(conversation.to_string()), ..ConvCommand::default() }
}

fn of_page(page: Page) -> BlacklistCommand {
    BlacklistCommand { limit: page.limit, next: write_next(page.offset), ..BlacklistCommand::default() }
}

fn set_conv(command: &mut GenericCommand, op: OpType, body: ConvCommand) {
    command.set(CommandType::Conv, Some(op));
    command.conv_message = Some(Box::new(body));
}

fn set_blacklist(command: &mut GenericCommand, op: OpType, body: BlacklistCommand) {
    command.set(CommandType::Blacklist, Some(op));
    command.blacklist_message = Some(Box::new(body));
}
