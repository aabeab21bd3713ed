//! Opening, keeping and closing sessions (`wire-protocol.md` §4.1).

use super::super::wire::{self, CommandType, GenericCommand, OpType};
use super::{filled, flag, possible, possible_id, signature, texts, time};
use crate::limits::{DEFAULT_TAG, MAX_ONLINE_QUERY};
use crate::{Code, Command, OpenSession, RefreshSession, Reject, SessionCommand, Unsupported};

pub(super) fn read(op: Option<OpType>, command: GenericCommand) -> Result<Command, Reject> {
    let body = *command.session_message.unwrap_or_default();
    let session = match op {
        Some(OpType::Open) => SessionCommand::Open(Box::new(open(body, command.installation_id)?)),
        Some(OpType::Refresh) => SessionCommand::Refresh(RefreshSession {
            token: possible_id(body.st),
            signature: signature(body.s, body.t, body.n),
        }),
        Some(OpType::Query) => {
            let mut asked = body.session_peer_ids;
            asked.truncate(MAX_ONLINE_QUERY);
            SessionCommand::Query(possible(asked))
        }
        Some(OpType::Close) => SessionCommand::Close,
        _ => return Ok(Command::Unsupported(Unsupported::Session)),
    };
    Ok(Command::Session(session))
}

fn open(body: wire::SessionCommand, installation: Option<String>) -> Result<OpenSession, Reject> {
    let sent_token = filled(body.st);
    let token = sent_token.as_deref().and_then(|token| token.parse().ok());
    // The names of one and the same thing, the most telling first (W-95).
    let device = [body.device_token, body.device_id, installation].into_iter().find_map(filled);
    // The reserved tag is no tag (W-99).
    let tag = filled(body.tag).filter(|tag| tag != DEFAULT_TAG);
    Ok(OpenSession {
        reconnect: body.r.unwrap_or_default(),
        malformed_token: sent_token.is_some() && token.is_none(),
        token,
        tag: tag.map(|tag| tag.parse()).transpose().map_err(malformed)?,
        device: device.map(|device| device.parse()).transpose().map_err(malformed)?,
        config: body.config_bitmap,
        signature: signature(body.s, body.t, body.n),
        last_unread_notice: time(body.last_unread_notif_time),
        last_patch: time(body.last_patch_time),
        user_agent: body.ua,
    })
}

fn malformed(error: crate::IdError) -> Reject {
    Reject::because(Code::InvalidLogin, error.to_string())
}

pub(super) fn write(command: &mut GenericCommand, session: &SessionCommand) {
    let mut body = wire::SessionCommand::default();
    let op = match session {
        SessionCommand::Open(open) => {
            write_open(&mut body, open);
            OpType::Open
        }
        SessionCommand::Refresh(refresh) => {
            body.st = refresh.token.as_ref().map(ToString::to_string);
            write_signature(&mut body, refresh.signature.as_ref());
            OpType::Refresh
        }
        SessionCommand::Query(clients) => {
            body.session_peer_ids = texts(clients);
            OpType::Query
        }
        SessionCommand::Close => OpType::Close,
    };
    command.set(CommandType::Session, Some(op));
    command.session_message = Some(Box::new(body));
}

fn write_open(body: &mut wire::SessionCommand, open: &OpenSession) {
    body.r = flag(open.reconnect);
    body.st = open.token.as_ref().map(ToString::to_string);
    body.tag = open.tag.as_ref().map(ToString::to_string);
    body.device_id = open.device.as_ref().map(ToString::to_string);
    body.config_bitmap = open.config;
    write_signature(body, open.signature.as_ref());
    body.last_unread_notif_time = open.last_unread_notice.map(|time| time.0);
    body.last_patch_time = open.last_patch.map(|time| time.0);
    body.ua.clone_from(&open.user_agent);
}

fn write_signature(body: &mut wire::SessionCommand, signature: Option<&crate::Signature>) {
    if let Some(signature) = signature {
        body.s = Some(signature.value.clone());
        body.t = Some(signature.timestamp);
        body.n = Some(signature.nonce.clone());
    }
}
