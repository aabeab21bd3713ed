//! What passes between a service conversation and one client.

use rusqlite::{Connection, OptionalExtension, params};
use yanshu_protocol::{AppId, ClientId, ConversationId};

use crate::store::sqlite::readers::{Fault, Reader};
use crate::store::sqlite::rows;

/// The key under which the messages of a thread stand, if there is one.
pub(in crate::store::sqlite) fn key(
    connection: &Connection,
    conversation: i64,
    client: &ClientId,
) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT -key FROM thread WHERE conversation = ? AND client = ?")?
        .query_row(params![conversation, client.as_str()], |row| row.get(0))
        .optional()
}

/// Whose thread has this id.
pub(in crate::store::sqlite) fn by_id(
    reader: &mut Reader,
    app: &AppId,
    id: &str,
) -> Result<Option<(ConversationId, ClientId)>, Fault> {
    let Some(app) = reader.app(app)? else { return Ok(None) };
    Ok(reader
        .connection
        .prepare_cached(
            "SELECT conversation.id, thread.client FROM thread
             JOIN conversation ON conversation.key = thread.conversation AND conversation.app = thread.app
             WHERE thread.app = ? AND thread.id = ?",
        )?
        .query_row(params![app, id], |row| Ok((rows::id(row, 0)?, rows::id(row, 1)?)))
        .optional()?)
}
