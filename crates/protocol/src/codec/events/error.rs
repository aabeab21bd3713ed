//! Refusals in their three shapes (`wire-protocol.md` §3.5, 5.4).

use super::super::wire::{self, AckCommand, CommandType, ErrorCommand, GenericCommand};
use super::Style;
use crate::{Code, Event, Reject, Unsupported};

pub(super) fn write(command: &mut GenericCommand, reject: &Reject, family: Unsupported, style: Style) {
    if family == Unsupported::Message {
        // A refused message that has an id and a time is a `MessageAck`; this one came to neither.
        command.set(CommandType::Ack, None);
        let mut body = AckCommand::default();
        write_ack(&mut body, reject);
        command.ack_message = Some(Box::new(body));
        return;
    }
    let cmd = match (style, family) {
        (Style::Protobuf, _) => CommandType::Error,
        (Style::Legacy, Unsupported::Conversation) => CommandType::Conv,
        // The one kind of error that the legacy SDK gives to the app without throwing (W-419).
        (Style::Legacy, _) => CommandType::Session,
    };
    command.set(cmd, None);
    command.error_message = Some(Box::new(body(reject)));
}

pub(super) fn body(reject: &Reject) -> ErrorCommand {
    ErrorCommand {
        code: i32::from(reject.code.number()),
        reason: reject.reason().to_owned(),
        detail: reject.detail.as_deref().map(str::to_owned),
        app_code: reject.app.as_ref().map(|(code, _)| *code),
        app_msg: reject.app.as_ref().map(|(_, text)| text.clone()),
        pids: Vec::new(),
    }
}

pub(super) fn session_body(reject: &Reject) -> wire::SessionCommand {
    wire::SessionCommand {
        code: Some(i32::from(reject.code.number())),
        reason: Some(reject.reason().to_owned()),
        detail: reject.detail.as_deref().map(str::to_owned),
        ..wire::SessionCommand::default()
    }
}

pub(super) fn write_ack(body: &mut AckCommand, reject: &Reject) {
    body.code = Some(i32::from(reject.code.number()));
    body.reason = Some(reject.reason().to_owned());
    body.app_code = reject.app.as_ref().map(|(code, _)| *code);
    body.app_msg = reject.app.as_ref().map(|(_, text)| text.clone());
}

pub(super) fn read(body: ErrorCommand, cmd: Option<CommandType>) -> Event {
    let family = match cmd {
        Some(CommandType::Session) => Unsupported::Session,
        Some(CommandType::Conv) => Unsupported::Conversation,
        _ => Unsupported::Other,
    };
    Event::Error { reject: read_reject(body), family }
}

pub(super) fn read_reject(body: ErrorCommand) -> Reject {
    reject(body.code, Some(body.reason), body.detail, body.app_code, body.app_msg)
}

/// A refusal from its fields. A code this crate does not know keeps its name in the detail.
pub(super) fn reject(
    code: i32,
    reason: Option<String>,
    detail: Option<String>,
    app_code: Option<i32>,
    app_text: Option<String>,
) -> Reject {
    let app = app_code.map(|code| (code, app_text.unwrap_or_default()));
    match Code::from_number(i64::from(code)) {
        Some(code) => {
            let said = reason.filter(|reason| !reason.is_empty() && reason != code.name());
            Reject { code, said, detail: detail.map(Into::into), app }
        }
        None => Reject {
            code: Code::InternalError,
            said: None,
            detail: Some(format!("{code} {}", reason.unwrap_or_default()).into()),
            app,
        },
    }
}
