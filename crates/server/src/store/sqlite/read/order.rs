//! Roles, restrictions and block lists.

use std::sync::Arc;

use rusqlite::{Connection, params};
use yanshu_protocol::{AppId, ClientId, ConversationId, Restriction};

use crate::store::Order;
use crate::store::sqlite::readers::{Fault, Reader};
use crate::store::sqlite::rows;

/// Who may not speak, for ever.
pub(in crate::store::sqlite) const SILENCED: i64 = 0;
/// Who may not be in the conversation.
pub(in crate::store::sqlite) const BLOCKED: i64 = 1;
/// Who may not speak for a time.
pub(in crate::store::sqlite) const SILENCED_FOR_A_TIME: i64 = 2;

/// The list of those restricted for ever.
pub(in crate::store::sqlite) fn list(restriction: Restriction) -> i64 {
    match restriction {
        Restriction::Silenced => SILENCED,
        Restriction::Blocked => BLOCKED,
    }
}

/// The order of a conversation.
pub(in crate::store::sqlite) fn of(
    connection: &Connection,
    conversation: i64,
) -> rusqlite::Result<Arc<Order>> {
    let mut order = Order::default();
    let mut managers = connection.prepare_cached("SELECT client FROM manager WHERE conversation = ?")?;
    let mut managers = managers.query([conversation])?;
    while let Some(row) = managers.next()? {
        order.managers.insert(rows::id(row, 0)?);
    }
    let mut restricted =
        connection.prepare_cached("SELECT list, client, until FROM restriction WHERE conversation = ?")?;
    let mut restricted = restricted.query([conversation])?;
    while let Some(row) = restricted.next()? {
        let client = rows::id(row, 1)?;
        match row.get(0)? {
            BLOCKED => {
                order.blocked.insert(client);
            }
            SILENCED => {
                order.silenced.insert(client, None);
            }
            _ => {
                order.silenced.entry(client).or_insert(rows::optional_time(row, 2)?);
            }
        }
    }
    Ok(order.share())
}

pub(in crate::store::sqlite) fn restricted(
    reader: &mut Reader,
    app: &AppId,
    conversation: &ConversationId,
    restriction: Restriction,
    offset: usize,
    limit: usize,
) -> Result<Vec<ClientId>, Fault> {
    let Some(key) = reader.key(app, conversation)? else { return Ok(Vec::new()) };
    let mut question = reader.connection.prepare_cached(
        "SELECT client FROM restriction WHERE conversation = ? AND list = ? ORDER BY position LIMIT ? OFFSET ?",
    )?;
    let clients = question
        .query_map(params![key, list(restriction), rows::count(limit), rows::count(offset)], |row| {
            rows::id(row, 0)
        })?;
    Ok(clients.collect::<Result<_, _>>()?)
}

pub(in crate::store::sqlite) fn restricted_among(
    reader: &mut Reader,
    app: &AppId,
    conversation: &ConversationId,
    restriction: Restriction,
    clients: Vec<ClientId>,
) -> Result<Vec<ClientId>, Fault> {
    let Some(key) = reader.key(app, conversation)? else { return Ok(Vec::new()) };
    let mut question = reader
        .connection
        .prepare_cached("SELECT 1 FROM restriction WHERE conversation = ? AND list = ? AND client = ?")?;
    let mut found = Vec::new();
    for client in clients {
        if question.exists(params![key, list(restriction), client.as_str()])? {
            found.push(client);
        }
    }
    Ok(found)
}

pub(in crate::store::sqlite) fn blocked_conversations(
    reader: &mut Reader,
    app: &AppId,
    client: &ClientId,
    offset: usize,
    limit: usize,
) -> Result<Vec<ConversationId>, Fault> {
    let Some(app) = reader.app(app)? else { return Ok(Vec::new()) };
    let mut question = reader.connection.prepare_cached(
        "SELECT conversation.id FROM blocked_conversation AS blocked
         CROSS JOIN conversation ON conversation.key = blocked.conversation
         WHERE blocked.app = ?1 AND blocked.client = ?2 AND conversation.app = ?1
         ORDER BY blocked.position LIMIT ?3 OFFSET ?4",
    )?;
    let ids = question
        .query_map(params![app, client.as_str(), rows::count(limit), rows::count(offset)], |row| {
            rows::id(row, 0)
        })?;
    Ok(ids.collect::<Result<_, _>>()?)
}
