//! Pages of history (`wire-protocol.md` §4.9).

use super::super::wire::logs_command::QueryDirection;
use super::super::wire::{CommandType, GenericCommand, LogsCommand};
use super::{conversation_id, flag, possible_id, time};
use crate::{Code, Command, Direction, HistoryQuery, Point, Reject};

pub(super) fn read(body: LogsCommand) -> Result<Command, Reject> {
    Ok(Command::History(HistoryQuery {
        conversation: conversation_id(body.cid, Code::ConversationNotFound, Code::ConversationNotFound)?,
        start: point(body.t, body.mid, body.t_included),
        stop: point(body.tt, body.tmid, body.tt_included),
        direction: match body.direction {
            Some(number) if number == QueryDirection::New as i32 => Direction::Newer,
            _ => Direction::Older,
        },
        limit: body.limit.or(body.l),
        message_type: body.lctype,
    }))
}

fn point(t: Option<i64>, mid: Option<String>, included: Option<bool>) -> Option<Point> {
    let (timestamp, message) = (time(t), possible_id(mid));
    if timestamp.is_none() && message.is_none() {
        return None;
    }
    Some(Point { timestamp, message, included: included.unwrap_or_default() })
}

pub(super) fn write(command: &mut GenericCommand, query: &HistoryQuery) {
    let mut body = LogsCommand {
        cid: Some(query.conversation.to_string()),
        limit: query.limit,
        lctype: query.message_type,
        ..LogsCommand::default()
    };
    if query.direction == Direction::Newer {
        body.direction = Some(QueryDirection::New as i32);
    }
    if let Some(start) = &query.start {
        body.t = start.timestamp.map(|time| time.0);
        body.mid = start.message.as_ref().map(ToString::to_string);
        body.t_included = flag(start.included);
    }
    if let Some(stop) = &query.stop {
        body.tt = stop.timestamp.map(|time| time.0);
        body.tmid = stop.message.as_ref().map(ToString::to_string);
        body.tt_included = flag(stop.included);
    }
    command.set(CommandType::Logs, None);
    command.logs_message = Some(Box::new(body));
}
