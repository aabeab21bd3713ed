//! Messages: by id, by place in history, the newest.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};
use yanshu_protocol::{AppId, ClientId, ConversationId, Direction, MessageId, Timestamp};

use crate::ids::message_time;
use crate::store::sqlite::readers::{Fault, Reader};
use crate::store::sqlite::rows;
use crate::store::{HistoryPage, Interval, ReceiptRequest, StoredMessage};

use super::conversations;

/// Where a message is.
#[derive(Debug, Clone, Copy)]
pub(in crate::store::sqlite) struct Place {
    pub(in crate::store::sqlite) row: i64,
}

/// Finds a message by its id, which tells its time; one of another origin is found by the hint alone.
pub(in crate::store::sqlite) fn locate(
    connection: &Connection,
    conversation: i64,
    id: &MessageId,
    hint: Option<Timestamp>,
) -> rusqlite::Result<Option<Place>> {
    for at in [message_time(id), hint].into_iter().flatten() {
        let place = connection
            .prepare_cached("SELECT row FROM message_index WHERE conversation = ? AND at = ? AND id = ?")?
            .query_row(params![conversation, at.0, id.as_str()], |row| Ok(Place { row: row.get(0)? }))
            .optional()?;
        if place.is_some() {
            return Ok(place);
        }
    }
    Ok(None)
}

/// The message in a row.
pub(in crate::store::sqlite) fn by_row(
    connection: &Connection,
    row: i64,
    conversation: &ConversationId,
) -> rusqlite::Result<Option<StoredMessage>> {
    connection
        .prepare_cached(&format!("SELECT {} FROM message WHERE row = ?", rows::MESSAGE))?
        .query_row([row], |row| rows::message(row, conversation))
        .optional()
}

pub(in crate::store::sqlite) fn message(
    reader: &mut Reader,
    app: &AppId,
    conversation: &ConversationId,
    id: &MessageId,
    hint: Option<Timestamp>,
) -> Result<Option<StoredMessage>, Fault> {
    let Some(key) = key(reader, app, conversation)? else { return Ok(None) };
    let Some(place) = locate(&reader.connection, key, id, hint)? else { return Ok(None) };
    Ok(by_row(&reader.connection, place.row, conversation)?)
}

/// The key of a conversation.
pub(super) fn key(reader: &mut Reader, app: &AppId, id: &ConversationId) -> Result<Option<i64>, Fault> {
    let Some(app) = reader.app(app)? else { return Ok(None) };
    Ok(conversations::key(&reader.connection, app, id)?)
}

pub(in crate::store::sqlite) fn history(
    reader: &mut Reader,
    app: &AppId,
    page: &HistoryPage,
) -> Result<Vec<StoredMessage>, Fault> {
    let Some(key) = key(reader, app, &page.conversation)? else { return Ok(Vec::new()) };
    let mut sql = format!(
        "SELECT {} FROM message_index AS place CROSS JOIN message ON message.row = place.row
         WHERE place.conversation = ?",
        rows::MESSAGE
    );
    let mut values = vec![Value::from(key)];
    let (older, newer, order) = match page.direction {
        Direction::Older => (&page.stop, &page.start, "DESC"),
        Direction::Newer => (&page.start, &page.stop, "ASC"),
    };
    if let Some(end) = older {
        bound(&mut sql, &mut values, after(end));
    }
    if let Some(end) = newer {
        bound(&mut sql, &mut values, before(end));
    }
    if let Some(kind) = page.message_type {
        sql.push_str(" AND place.type = ?");
        values.push(i64::from(kind).into());
    }
    sql.push_str(&format!(" ORDER BY place.at {order}, place.id {order} LIMIT ?"));
    values.push(i64::try_from(page.limit).unwrap_or(i64::MAX).into());

    let mut messages = reader
        .connection
        .prepare_cached(&sql)?
        .query_map(params_from_iter(values), |row| rows::message(row, &page.conversation))?
        .collect::<Result<Vec<_>, _>>()?;
    if page.direction == Direction::Older {
        messages.reverse();
    }
    Ok(messages)
}

/// A comparison of the pair (time, id). An end without a message stands before all of its millisecond, or
/// behind them: ids are never empty.
struct Bound<'a> {
    comparison: &'static str,
    at: Timestamp,
    id: &'a str,
}

fn after(end: &Interval) -> Bound<'_> {
    match (&end.message, end.included) {
        (Some(id), true) => Bound { comparison: ">=", at: end.timestamp, id: id.as_str() },
        (Some(id), false) => Bound { comparison: ">", at: end.timestamp, id: id.as_str() },
        (None, true) => Bound { comparison: ">", at: end.timestamp, id: "" },
        (None, false) => Bound { comparison: ">", at: end.timestamp.next(), id: "" },
    }
}

fn before(end: &Interval) -> Bound<'_> {
    match (&end.message, end.included) {
        (Some(id), true) => Bound { comparison: "<=", at: end.timestamp, id: id.as_str() },
        (Some(id), false) => Bound { comparison: "<", at: end.timestamp, id: id.as_str() },
        (None, true) => Bound { comparison: "<", at: end.timestamp.next(), id: "" },
        (None, false) => Bound { comparison: "<", at: end.timestamp, id: "" },
    }
}

fn bound(sql: &mut String, values: &mut Vec<Value>, bound: Bound<'_>) {
    sql.push_str(&format!(" AND (place.at, place.id) {} (?, ?)", bound.comparison));
    values.push(bound.at.0.into());
    values.push(bound.id.to_owned().into());
}

pub(in crate::store::sqlite) fn last(
    reader: &mut Reader,
    app: &AppId,
    conversations: &[ConversationId],
) -> Result<Vec<StoredMessage>, Fault> {
    let Some(app) = reader.app(app)? else { return Ok(Vec::new()) };
    let sql = format!(
        "SELECT {} FROM conversation CROSS JOIN tail ON tail.conversation = conversation.key
         CROSS JOIN message ON message.row = tail.last_row
         WHERE conversation.app = ? AND conversation.id = ?",
        rows::MESSAGE
    );
    let mut question = reader.connection.prepare_cached(&sql)?;
    let mut messages = Vec::new();
    for id in conversations {
        messages
            .extend(question.query_row(params![app, id.as_str()], |row| rows::message(row, id)).optional()?);
    }
    Ok(messages)
}

pub(in crate::store::sqlite) fn receipt_requests(
    reader: &mut Reader,
    app: &AppId,
    conversation: &ConversationId,
    client: &ClientId,
    after: Timestamp,
    to: Timestamp,
) -> Result<Vec<ReceiptRequest>, Fault> {
    let Some(key) = key(reader, app, conversation)? else { return Ok(Vec::new()) };
    let mut question = reader.connection.prepare_cached(&format!(
        "SELECT place.id, place.at, message.sender
         FROM message_index AS place CROSS JOIN message ON message.row = place.row
         WHERE place.conversation = ? AND place.at > ? AND place.at <= ?
         AND place.flags & {} AND message.sender <> ? ORDER BY place.at, place.id",
        rows::RECEIPT
    ))?;
    let requests = question.query_map(params![key, after.0, to.0, client.as_str()], |row| {
        Ok(ReceiptRequest {
            message: rows::id(row, 0)?,
            timestamp: rows::time(row, 1)?,
            sender: rows::id(row, 2)?,
        })
    })?;
    Ok(requests.collect::<Result<_, _>>()?)
}
