//! How far clients are, and when they came there.

use rusqlite::{Connection, OptionalExtension, params};
use yanshu_protocol::{AppId, ClientId, ConversationId, Timestamp};

use crate::store::sqlite::readers::{Address, Fault, Reader};
use crate::store::sqlite::rows;
use crate::store::sqlite::write::cursors::{DELIVERED, READ};
use crate::store::{Cursor, ReceiptTimes, StoredMessage};

pub(in crate::store::sqlite) fn cursor(
    reader: &mut Reader,
    app: &AppId,
    conversation: &ConversationId,
    client: &ClientId,
) -> Result<Cursor, Fault> {
    let Some(key) = reader.key(app, conversation)? else { return Ok(Cursor::default()) };
    let Some(app) = reader.app(app)? else { return Ok(Cursor::default()) };
    let found = reader
        .connection
        .prepare_cached(
            "SELECT floor, delivered, read FROM membership WHERE app = ? AND client = ? AND conversation = ?",
        )?
        .query_row(params![app, client.as_str(), key], |row| {
            let floor = Some(rows::time(row, 0)?).filter(|floor| floor.0 != 0);
            Ok(Cursor {
                delivered: rows::optional_time(row, 1)?.max(floor),
                read: rows::optional_time(row, 2)?.max(floor),
            })
        })
        .optional()?;
    Ok(found.unwrap_or_default())
}

pub(in crate::store::sqlite) fn cursors(
    reader: &mut Reader,
    app: &AppId,
    conversation: &ConversationId,
) -> Result<Vec<(ClientId, Cursor)>, Fault> {
    // There may be hundreds of thousands of subscribers.
    let address = reader.address(app, conversation)?.filter(|address| !address.service);
    let Some(Address { key, .. }) = address else { return Ok(Vec::new()) };
    let Some(app) = reader.app(app)? else { return Ok(Vec::new()) };
    let mut question = reader.connection.prepare_cached(
        "SELECT member.client, delivered, read FROM member CROSS JOIN membership
         ON membership.app = ?1 AND membership.client = member.client AND membership.conversation = ?2
         WHERE member.conversation = ?2 ORDER BY member.position",
    )?;
    let cursors = question.query_map([app, key], |row| {
        let cursor = Cursor { delivered: rows::optional_time(row, 1)?, read: rows::optional_time(row, 2)? };
        Ok((rows::id(row, 0)?, cursor))
    })?;
    Ok(cursors.collect::<Result<_, _>>()?)
}

/// When messages of a conversation were first received and read by others than their sender.
pub(super) fn times_of(
    connection: &Connection,
    key: i64,
    messages: &[StoredMessage],
) -> rusqlite::Result<Vec<ReceiptTimes>> {
    let clients = receivers(connection, key)?;
    // Positions and times grow together, so the first position that reaches the message tells when it was
    // reached.
    let mut first = connection.prepare_cached(
        "SELECT at FROM receipt_time WHERE conversation = ? AND client = ? AND what = ? AND position >= ?
         ORDER BY position LIMIT 1",
    )?;
    let mut earliest = |message: &StoredMessage, what: i64| {
        let mut earliest: Option<i64> = None;
        for client in clients.iter().filter(|client| **client != message.from.as_str()) {
            let reached: Option<i64> = first
                .query_row(params![key, client, what, message.timestamp.0], |row| row.get(0))
                .optional()?;
            earliest = [earliest, reached].into_iter().flatten().min();
        }
        Ok::<_, rusqlite::Error>(earliest.map(Timestamp))
    };
    let mut times = Vec::with_capacity(messages.len());
    for message in messages {
        times.push(ReceiptTimes {
            delivered_at: earliest(message, DELIVERED)?,
            read_at: earliest(message, READ)?,
        });
    }
    Ok(times)
}

/// Everyone with receipt times here: two, or few if members changed.
fn receivers(connection: &Connection, conversation: i64) -> rusqlite::Result<Vec<String>> {
    let mut next = connection.prepare_cached(
        "SELECT client FROM receipt_time WHERE conversation = ? AND client > ? ORDER BY client LIMIT 1",
    )?;
    let mut clients: Vec<String> = Vec::new();
    loop {
        let previous = clients.last().map_or("", String::as_str);
        match next.query_row(params![conversation, previous], |row| row.get(0)).optional()? {
            Some(client) => clients.push(client),
            None => return Ok(clients),
        }
    }
}
