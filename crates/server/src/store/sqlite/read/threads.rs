//! What passes between a service conversation and one client.

use rusqlite::{Connection, OptionalExtension, params};
use yanshu_protocol::ClientId;

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
