//! Events: from the domain's types to the generated messages (what a server does) and back (a client).
//!
//! An optional field is set only where the protocol says so: to every SDK, absent differs from zero (W-54).

mod conversation;
mod error;
mod message;
mod moderation;
mod view;

use super::DecodeError;
use super::wire::{self, CommandType, GenericCommand, OpType};
use crate::{ClientId, Event, Outbound, Serial, Timestamp};
pub(super) use view::object as conversation_object;

/// The services that share a connection (field `service`).
const PUSH: i32 = 0;
const LIVE_QUERY: i32 = 1;
pub(super) const MESSAGING: i32 = 2;

/// Where the legacy protocol differs in more than notation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Errors are commands of their own; messages may be bytes.
    Protobuf,
    /// Errors belong to the refused command's family (W-419); bytes are base64 text (W-414).
    Legacy,
}

/// Writes what a server sends to `client`.
pub(super) fn write(event: &Outbound, client: Option<&ClientId>, style: Style) -> GenericCommand {
    let mut command = GenericCommand {
        peer_id: client.map(ToString::to_string),
        i: event.serial.map(|serial| serial.0),
        service: Some(MESSAGING),
        server_ts: event.server_time.map(|time| time.0),
        notification_type: event.permanent.then_some(1),
        ..GenericCommand::default()
    };
    match &event.event {
        Event::Echo => command.set(CommandType::Echo, None),
        Event::LoggedIn { installation, service } => {
            command.set(CommandType::Loggedin, None);
            command.installation_id.clone_from(installation);
            command.service = Some(*service);
        }
        Event::LoggedOut { installation } => {
            command.set(CommandType::Loggedout, None);
            command.installation_id.clone_from(installation);
            command.service = Some(LIVE_QUERY);
        }
        Event::Error { reject, family } => error::write(&mut command, reject, *family, style),
        Event::GoAway => command.set(CommandType::Goaway, None),
        Event::DeviceReported => command.set(CommandType::Report, Some(OpType::Uploaded)),
        Event::SessionOpened { token, ttl_seconds } => {
            write_token(&mut command, OpType::Opened, token, *ttl_seconds);
        }
        Event::SessionRefreshed { token, ttl_seconds } => {
            write_token(&mut command, OpType::Refreshed, token, *ttl_seconds);
        }
        Event::SessionsOnline(clients) => {
            command.set(CommandType::Session, Some(OpType::QueryResult));
            command.session_message = Some(Box::new(wire::SessionCommand {
                online_session_peer_ids: texts(clients),
                ..wire::SessionCommand::default()
            }));
        }
        Event::SessionClosed(reject) => {
            command.set(CommandType::Session, Some(OpType::Closed));
            // The body is there even when there is nothing to say (W-134, W-139).
            command.session_message = Some(Box::new(match reject {
                Some(reject) => error::session_body(reject),
                None => wire::SessionCommand::default(),
            }));
        }
        Event::MessageAck(ack) => message::write_ack(&mut command, ack),
        Event::Message(delivery) => message::write_delivery(&mut command, delivery, style),
        Event::Receipt(receipt) => message::write_receipt(&mut command, receipt),
        Event::Unread { conversations, notified_at } => {
            message::write_unread(&mut command, conversations, *notified_at);
        }
        Event::History { conversation, messages } => {
            message::write_history(&mut command, conversation, messages);
        }
        Event::Patched { at } => {
            command.set(CommandType::Patch, Some(OpType::Modified));
            command.patch_message =
                Some(Box::new(wire::PatchCommand { last_patch_time: Some(at.0), patches: Vec::new() }));
        }
        Event::Patch(item) => message::write_patch(&mut command, item),
        Event::ConversationStarted { .. }
        | Event::Conversations(_)
        | Event::MembersAdded(_)
        | Event::MembersRemoved(_)
        | Event::ConversationUpdated { .. }
        | Event::MemberCount { .. }
        | Event::MatchCount(_)
        | Event::RoomMembers { .. }
        | Event::IsMember(_)
        | Event::MaxRead { .. }
        | Event::Joined { .. }
        | Event::Left { .. }
        | Event::MembersJoined { .. }
        | Event::MembersLeft { .. } => conversation::write(&mut command, &event.event),
        Event::RoleUpdated { .. }
        | Event::MemberRoleChanged { .. }
        | Event::RestrictionChanged { .. }
        | Event::RestrictedClients { .. }
        | Event::RestrictedAmong { .. }
        | Event::Restricted { .. }
        | Event::MembersRestricted { .. }
        | Event::ConversationsBlocked { .. }
        | Event::BlockedConversations { .. } => moderation::write(&mut command, &event.event),
    }
    command
}

/// Reads what a server sent.
pub(super) fn read(mut command: GenericCommand) -> Result<Outbound, DecodeError> {
    let client = command.peer_id.take().map(|id| id.parse()).transpose();
    Ok(Outbound {
        client: client.map_err(|_| DecodeError::Incomplete("a usable client id"))?,
        serial: command.i.map(Serial),
        server_time: command.server_ts.map(Timestamp),
        permanent: command.notification_type == Some(1),
        event: read_event(command)?,
    })
}

fn read_event(command: GenericCommand) -> Result<Event, DecodeError> {
    let cmd = command.cmd.and_then(|number| CommandType::try_from(number).ok());
    let op = command.op.and_then(|number| OpType::try_from(number).ok());
    if let Some(body) = command.error_message {
        return Ok(error::read(*body, cmd));
    }
    match (cmd, op) {
        (Some(CommandType::Echo), _) => Ok(Event::Echo),
        (Some(CommandType::Loggedin), _) => Ok(Event::LoggedIn {
            installation: command.installation_id,
            service: command.service.unwrap_or(PUSH),
        }),
        (Some(CommandType::Loggedout), _) => Ok(Event::LoggedOut { installation: command.installation_id }),
        (Some(CommandType::Goaway), _) => Ok(Event::GoAway),
        (Some(CommandType::Report), Some(OpType::Uploaded)) => Ok(Event::DeviceReported),
        (Some(CommandType::Session), Some(op)) => {
            read_session(op, *command.session_message.unwrap_or_default())
        }
        (Some(CommandType::Conv), Some(op)) => {
            conversation::read(op, *command.conv_message.unwrap_or_default())
        }
        (Some(CommandType::Blacklist), Some(op)) => {
            moderation::read_blacklist(op, *command.blacklist_message.unwrap_or_default())
        }
        (Some(CommandType::Ack), _) => message::read_ack(*command.ack_message.unwrap_or_default()),
        (Some(CommandType::Direct), _) => message::read_delivery(*command.direct_message.unwrap_or_default()),
        (Some(CommandType::Rcp), _) => message::read_receipt(*command.rcp_message.unwrap_or_default()),
        (Some(CommandType::Unread), _) => message::read_unread(*command.unread_message.unwrap_or_default()),
        (Some(CommandType::Logs), _) => message::read_history(*command.logs_message.unwrap_or_default()),
        (Some(CommandType::Patch), Some(op)) => {
            message::read_patch(op, *command.patch_message.unwrap_or_default())
        }
        _ => Err(DecodeError::UnknownEvent),
    }
}

fn write_token(command: &mut GenericCommand, op: OpType, token: &crate::SessionToken, ttl_seconds: i32) {
    command.set(CommandType::Session, Some(op));
    command.session_message = Some(Box::new(wire::SessionCommand {
        st: Some(token.to_string()),
        st_ttl: Some(ttl_seconds),
        ..wire::SessionCommand::default()
    }));
}

fn read_session(op: OpType, body: wire::SessionCommand) -> Result<Event, DecodeError> {
    Ok(match op {
        OpType::Opened => Event::SessionOpened {
            token: id(body.st, "a session token")?,
            ttl_seconds: body.st_ttl.unwrap_or_default(),
        },
        OpType::Refreshed => Event::SessionRefreshed {
            token: id(body.st, "a session token")?,
            ttl_seconds: body.st_ttl.unwrap_or_default(),
        },
        OpType::QueryResult => Event::SessionsOnline(ids(body.online_session_peer_ids)?),
        OpType::Closed => Event::SessionClosed(
            body.code.map(|code| error::reject(code, body.reason, body.detail, None, None)),
        ),
        _ => return Err(DecodeError::UnknownEvent),
    })
}

fn texts<T: ToString>(ids: &[T]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

fn id<T: std::str::FromStr>(text: Option<String>, what: &'static str) -> Result<T, DecodeError> {
    text.and_then(|text| text.parse().ok()).ok_or(DecodeError::Incomplete(what))
}

fn ids<T: std::str::FromStr>(texts: Vec<String>) -> Result<Vec<T>, DecodeError> {
    texts.into_iter().map(|text| id(Some(text), "usable ids")).collect()
}

fn time(millis: Option<i64>, what: &'static str) -> Result<Timestamp, DecodeError> {
    millis.map(Timestamp).ok_or(DecodeError::Incomplete(what))
}

fn date(text: Option<&str>, what: &'static str) -> Result<Timestamp, DecodeError> {
    text.and_then(Timestamp::parse_date).ok_or(DecodeError::Incomplete(what))
}

/// Written only if set: an absent flag is a false one.
fn flag(set: bool) -> Option<bool> {
    set.then_some(true)
}
