//! Messages: by id, the newest, those that want a receipt.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, params};
use yanshu_protocol::{AppId, ClientId, ConversationId, ConversationKind, MessageId, Timestamp};

use crate::ids::message_time;
use crate::store::sqlite::readers::{Fault, Reader};
use crate::store::sqlite::recent::Place;
use crate::store::sqlite::rows::{self, Strand};
use crate::store::{ReceiptRequest, StoredMessage};

use super::threads;

/// The times at which a message may be: its id tells, if it was made here; the hint may.
pub(in crate::store::sqlite) fn times(id: &MessageId, hint: Option<Timestamp>) -> impl Iterator<Item = i64> {
    [message_time(id), hint].into_iter().flatten().map(|at| at.0)
}

/// The row of a message, if its place is in the index.
pub(in crate::store::sqlite) fn locate(
    connection: &Connection,
    conversation: i64,
    id: &MessageId,
    hint: Option<Timestamp>,
) -> rusqlite::Result<Option<i64>> {
    for at in times(id, hint) {
        let row = connection
            .prepare_cached("SELECT row FROM message_index WHERE conversation = ? AND at = ? AND id = ?")?
            .query_row(params![conversation, at, id.as_str()], |row| row.get(0))
            .optional()?;
        if row.is_some() {
            return Ok(row);
        }
    }
    Ok(None)
}

/// The message in a row.
pub(in crate::store::sqlite) fn by_row(
    connection: &Connection,
    row: i64,
    strand: Strand<'_>,
) -> rusqlite::Result<Option<StoredMessage>> {
    connection
        .prepare_cached(&format!("SELECT {} FROM message WHERE row = ?", rows::MESSAGE))?
        .query_row([row], |row| rows::message(row, strand))
        .optional()
}

pub(in crate::store::sqlite) fn message(
    reader: &mut Reader,
    app: &AppId,
    conversation: &ConversationId,
    id: &MessageId,
    hint: Option<Timestamp>,
    viewer: Option<&ClientId>,
) -> Result<Option<StoredMessage>, Fault> {
    for strand in reader.strands(app, conversation, viewer)? {
        let recent = reader.recent.of(strand.key);
        let mut waiting = times(id, hint).filter_map(|at| {
            let position = recent.binary_search_by_key(&at, |place| place.at).ok()?;
            recent.get(position).filter(|place| place.id == *id)
        });
        let row = match waiting.next() {
            Some(place) => Some(place.row),
            None => locate(&reader.connection, strand.key, id, hint)?,
        };
        if let Some(row) = row {
            return Ok(by_row(&reader.connection, row, strand)?);
        }
    }
    Ok(None)
}

pub(in crate::store::sqlite) fn last(
    reader: &mut Reader,
    app: &AppId,
    conversations: &[ConversationId],
    viewer: Option<&ClientId>,
) -> Result<Vec<StoredMessage>, Fault> {
    let Some(app) = reader.app(app)? else { return Ok(Vec::new()) };
    let sql = format!(
        "SELECT {}, conversation.key, conversation.kind
         FROM conversation CROSS JOIN tail ON tail.conversation = conversation.key
         LEFT JOIN message ON message.row = tail.last_row
         WHERE conversation.app = ? AND conversation.id = ?",
        rows::MESSAGE
    );
    let mut question = reader.connection.prepare_cached(&sql)?;
    let mut messages = Vec::new();
    for conversation in conversations {
        let mut found = question.query(params![app, conversation.as_str()])?;
        let Some(row) = found.next()? else { continue };
        let strand = Strand { key: row.get(7)?, conversation, thread: None };
        let mut last = match row.get_ref(0)? {
            ValueRef::Null => None,
            _ => Some(rows::message(row, strand)?),
        };
        let service = rows::kind(row, 8)? == ConversationKind::Service;
        if let Some(viewer) = viewer.filter(|_| service)
            && let Some(key) = threads::key(&reader.connection, strand.key, viewer)?
        {
            let strand = Strand { key, thread: Some(viewer), ..strand };
            let of_thread = last_in(&reader.connection, strand)?;
            last = [last, of_thread].into_iter().flatten().max_by_key(|message| message.timestamp);
        }
        messages.extend(last);
    }
    Ok(messages)
}

/// The newest message of a strand.
fn last_in(connection: &Connection, strand: Strand<'_>) -> rusqlite::Result<Option<StoredMessage>> {
    let sql = format!(
        "SELECT {} FROM tail CROSS JOIN message ON message.row = tail.last_row WHERE tail.conversation = ?",
        rows::MESSAGE
    );
    connection.prepare_cached(&sql)?.query_row([strand.key], |row| rows::message(row, strand)).optional()
}

pub(in crate::store::sqlite) fn receipt_requests(
    reader: &mut Reader,
    app: &AppId,
    conversation: &ConversationId,
    client: &ClientId,
    after: Timestamp,
    to: Timestamp,
) -> Result<Vec<ReceiptRequest>, Fault> {
    let Some(key) = reader.key(app, conversation)? else { return Ok(Vec::new()) };
    let recent = reader.recent.of(key);
    let filed_before = recent.front().map_or(i64::MAX, |first| first.at);
    reader.look(|connection| {
        let mut question = connection.prepare_cached(&format!(
            "SELECT place.id, place.at, message.sender
             FROM message_index AS place CROSS JOIN message ON message.row = place.row
             WHERE place.conversation = ? AND place.at > ? AND place.at <= ? AND place.at < ?
             AND place.flags & {} AND message.sender <> ? ORDER BY place.at, place.id",
            rows::RECEIPT
        ))?;
        let filed =
            question.query_map(params![key, after.0, to.0, filed_before, client.as_str()], |row| {
                Ok(ReceiptRequest {
                    message: rows::id(row, 0)?,
                    timestamp: rows::time(row, 1)?,
                    sender: rows::id(row, 2)?,
                })
            })?;
        let mut requests = filed.collect::<Result<Vec<_>, _>>()?;
        let wanting =
            |place: &&Place| place.at > after.0 && place.at <= to.0 && place.flags & rows::RECEIPT != 0;
        for place in recent.iter().filter(wanting) {
            let sender: ClientId = connection
                .prepare_cached("SELECT sender FROM message WHERE row = ?")?
                .query_row([place.row], |row| rows::id(row, 0))?;
            if sender != *client {
                let timestamp = Timestamp(place.at);
                requests.push(ReceiptRequest { message: place.id.clone(), timestamp, sender });
            }
        }
        Ok(requests)
    })
}
