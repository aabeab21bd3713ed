//! Commands: from the generated messages to the domain's types (what a server does) and back (a client).
//!
//! Each family has a file with both directions side by side. Reading never fails as a whole: what cannot be
//! used becomes a refusal inside the envelope, so that it can be answered under its serial (W-45).

mod conversation;
mod history;
mod message;
mod moderation;
mod session;

use std::str::FromStr;

use super::wire::{self, CommandType, GenericCommand, OpType};
use crate::{
    ClientId, Code, Command, ConversationId, DeviceId, Envelope, Login, Reject, Serial, Signature, Timestamp,
    Unsupported,
};

/// Reads what a client sent.
pub(super) fn read(mut command: GenericCommand) -> Envelope {
    let cmd = command.cmd.and_then(|number| CommandType::try_from(number).ok());
    let op = command.op.and_then(|number| OpType::try_from(number).ok());
    let family = family(cmd);
    let serial = command.i.map(Serial);
    let app = filled(command.app_id.take()).map(|id| id.parse()).transpose();
    let client = command.peer_id.take().map(|id| id.parse()).transpose();

    let read = match (&app, &client, cmd) {
        // The services that share the connection know no clients (W-36, W-372).
        (_, _, Some(CommandType::Echo)) => Ok(Command::Echo),
        (Err(_), ..) => Err((family, Reject::because(Code::AppNotAvailable, "malformed app id"))),
        (_, _, Some(CommandType::Login)) => Ok(Command::Login(login(command))),
        (_, _, Some(CommandType::Logout)) => Ok(Command::Logout(login(command))),
        (_, Err(_), _) => Err(refused_client(&client, cmd, op, family)),
        (Ok(_), Ok(_), _) => body(cmd, op, command).map_err(|reject| (family, reject)),
    };
    Envelope { app: app.unwrap_or_default(), client: client.unwrap_or_default(), serial, command: read }
}

/// Writes what a client sends. What no client can say becomes a command that every server refuses.
pub(super) fn write(envelope: &Envelope) -> GenericCommand {
    let mut command = GenericCommand {
        app_id: envelope.app.as_ref().map(ToString::to_string),
        peer_id: envelope.client.as_ref().map(ToString::to_string),
        i: envelope.serial.map(|serial| serial.0),
        ..GenericCommand::default()
    };
    match &envelope.command {
        Ok(Command::Echo) => command.set(CommandType::Echo, None),
        Ok(Command::Login(login)) => write_login(&mut command, CommandType::Login, login),
        Ok(Command::Logout(login)) => write_login(&mut command, CommandType::Logout, login),
        Ok(Command::Session(session)) => session::write(&mut command, session),
        Ok(Command::Conversation(conversation)) => conversation::write(&mut command, conversation),
        Ok(Command::Send(message)) => message::write_send(&mut command, message),
        Ok(Command::Ack(ack)) => message::write_ack(&mut command, ack),
        Ok(Command::Read(marks)) => message::write_read(&mut command, marks),
        Ok(Command::History(query)) => history::write(&mut command, query),
        Ok(Command::Patch(patches)) => message::write_patches(&mut command, patches),
        Ok(Command::PatchConfirmed(until)) => message::write_patch_confirmed(&mut command, *until),
        Ok(Command::ReportDevice(device)) => {
            command.set(CommandType::Report, Some(OpType::Upload));
            command.report_message = Some(Box::new(wire::ReportCommand {
                initiative: Some(true),
                r#type: Some("token".to_owned()),
                data: Some(device.to_string()),
            }));
        }
        Ok(Command::Unsupported(family)) | Err((family, _)) => match family {
            Unsupported::Session => command.set(CommandType::Session, Some(OpType::Conflict)),
            Unsupported::Conversation => command.set(CommandType::Conv, Some(OpType::Status)),
            Unsupported::Message | Unsupported::Other => command.set(CommandType::Presence, None),
        },
    }
    command
}

/// The shape in which a command of this kind is refused (W-76, W-77, W-421).
fn family(cmd: Option<CommandType>) -> Unsupported {
    match cmd {
        Some(CommandType::Session) => Unsupported::Session,
        Some(CommandType::Conv | CommandType::Logs | CommandType::Blacklist) => Unsupported::Conversation,
        Some(CommandType::Direct) => Unsupported::Message,
        _ => Unsupported::Other,
    }
}

/// A client id that cannot be one: malformed when it asks to come in (W-92), else nobody's session (W-67),
/// which even a message is told in the generic form (W-269).
fn refused_client(
    client: &Result<Option<ClientId>, crate::IdError>,
    cmd: Option<CommandType>,
    op: Option<OpType>,
    family: Unsupported,
) -> (Unsupported, Reject) {
    if (cmd, op) == (Some(CommandType::Session), Some(OpType::Open)) {
        let detail = client.as_ref().err().map(ToString::to_string).unwrap_or_default();
        return (family, Reject::because(Code::InvalidLogin, detail));
    }
    let family = if family == Unsupported::Message { Unsupported::Other } else { family };
    (family, Reject::new(Code::SessionRequired))
}

fn body(cmd: Option<CommandType>, op: Option<OpType>, command: GenericCommand) -> Result<Command, Reject> {
    match (cmd, op) {
        (Some(CommandType::Session), op) => session::read(op, command),
        (Some(CommandType::Conv), op) => conversation::read(op, command.conv_message.unwrap_or_default()),
        (Some(CommandType::Blacklist), op) => {
            moderation::read_blacklist(op, *command.blacklist_message.unwrap_or_default())
        }
        // Commands without an operation ignore one that is sent all the same (W-72).
        (Some(CommandType::Direct), _) => message::read_send(command),
        (Some(CommandType::Ack), _) => Ok(Command::Ack(message::read_ack(command))),
        (Some(CommandType::Read), _) => {
            Ok(Command::Read(message::read_read(*command.read_message.unwrap_or_default())))
        }
        (Some(CommandType::Logs), _) => history::read(*command.logs_message.unwrap_or_default()),
        (Some(CommandType::Patch), Some(OpType::Modify)) => {
            message::read_patches(*command.patch_message.unwrap_or_default())
        }
        (Some(CommandType::Patch), Some(OpType::Modified)) => {
            let until = command.patch_message.unwrap_or_default().last_patch_time;
            Ok(Command::PatchConfirmed(Timestamp(until.unwrap_or_default())))
        }
        (Some(CommandType::Report), Some(OpType::Upload)) => {
            report(*command.report_message.unwrap_or_default())
        }
        (cmd, _) => Ok(Command::Unsupported(family(cmd))),
    }
}

fn login(command: GenericCommand) -> Login {
    Login { installation: command.installation_id, service: command.service }
}

fn write_login(command: &mut GenericCommand, cmd: CommandType, login: &Login) {
    command.set(cmd, None);
    command.installation_id.clone_from(&login.installation);
    command.service = login.service;
}

fn report(report: wire::ReportCommand) -> Result<Command, Reject> {
    if report.r#type.as_deref().is_some_and(|kind| kind != "token") {
        return Ok(Command::Unsupported(Unsupported::Other));
    }
    let device: Result<DeviceId, _> = report.data.unwrap_or_default().parse();
    device.map(Command::ReportDevice).map_err(|error| Reject::because(Code::InternalError, error.to_string()))
}

/// Where an empty text means the same as none.
fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// Where zero means the same as none (W-321).
fn time(millis: Option<i64>) -> Option<Timestamp> {
    millis.filter(|&millis| millis != 0).map(Timestamp)
}

/// The ids that can be ids; the others name nothing.
fn possible<T: FromStr>(texts: Vec<String>) -> Vec<T> {
    texts.iter().filter_map(|text| text.parse().ok()).collect()
}

/// An id of which a malformed one is as good as none.
fn possible_id<T: FromStr>(text: Option<String>) -> Option<T> {
    text.and_then(|text| text.parse().ok())
}

/// The conversation of a command that needs one: `missing` if it is not named, `unknown` if none can have
/// that name.
fn conversation_id(cid: Option<String>, missing: Code, unknown: Code) -> Result<ConversationId, Reject> {
    match filled(cid) {
        None => Err(Reject::because(missing, "conversation id is missing")),
        Some(text) => text.parse().map_err(|_| Reject::new(unknown)),
    }
}

/// Where a part of a list begins: decimal text, of which none and an empty one mean the start (W-250). `None`
/// if it is no number.
pub(super) fn read_next(next: Option<String>) -> Option<u32> {
    match filled(next) {
        None => Some(0),
        Some(text) => text.parse().ok(),
    }
}

/// The start is not written.
pub(super) fn write_next(offset: u32) -> Option<String> {
    (offset > 0).then(|| offset.to_string())
}

fn signature(s: Option<String>, t: Option<i64>, n: Option<String>) -> Option<Signature> {
    let value = filled(s)?;
    Some(Signature { value, timestamp: t.unwrap_or_default(), nonce: n.unwrap_or_default() })
}

fn texts<T: ToString>(ids: &[T]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

/// Written only if set: an absent flag is a false one.
fn flag(set: bool) -> Option<bool> {
    set.then_some(true)
}
