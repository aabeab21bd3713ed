//! Removing conversations: at once for everybody who asks, row by row in portions.

use rusqlite::{Connection, OptionalExtension, params};
use yanshu_protocol::{AppId, ConversationId, ConversationKind, Timestamp};

use crate::store::sqlite::rows::{self, count};

use super::{Batch, Failure};

/// Deletes a conversation: nobody finds it any more. All that belongs to it goes later, as if it had expired.
pub(in crate::store::sqlite) fn delete(
    batch: &mut Batch<'_>,
    (app, id): &(AppId, ConversationId),
) -> Result<(), Failure> {
    let place = (batch.app(app)?, id.clone());
    let key = batch.conversation(app, id, Timestamp(i64::MIN))?.key;
    hide(batch, key, &place)?;
    Ok(())
}

/// Gives the conversation an app and an id that nobody asks for, and lets it expire.
pub(super) fn hide(batch: &mut Batch<'_>, key: i64, place: &(i64, ConversationId)) -> rusqlite::Result<()> {
    batch
        .connection
        .prepare_cached(
            "UPDATE conversation SET app = -app, id = 'gone:' || key, unique_id = NULL, expires_at = 0
             WHERE key = ?",
        )?
        .execute([key])?;
    batch.memory.conversations.remove(place);
    batch.memory.filing.conversation_gone();
    Ok(())
}

/// A conversation on its way out.
struct Leaving {
    key: i64,
    /// Negative if it was deleted; then it is remembered under no id.
    app: i64,
    id: ConversationId,
    kind: ConversationKind,
}

/// Deletes up to about `most` rows of a conversation that has expired or was deleted; itself last. Gives the
/// number, 0 if there is no such conversation.
pub(super) fn remove_some(batch: &mut Batch<'_>, now: Timestamp, most: i64) -> rusqlite::Result<i64> {
    let found = batch
        .connection
        .prepare_cached(
            "SELECT key, app, id, kind FROM conversation
             WHERE expires_at IS NOT NULL AND expires_at <= ? ORDER BY expires_at LIMIT 1",
        )?
        .query_row([now.0], |row| {
            Ok(Leaving {
                key: row.get(0)?,
                app: row.get(1)?,
                id: rows::id(row, 2)?,
                kind: rows::kind(row, 3)?,
            })
        })
        .optional()?;
    let Some(leaving) = found else { return Ok(0) };
    if leaving.kind == ConversationKind::Service {
        let rows = remove_threads(batch, &leaving, most)?;
        if rows > 0 {
            return Ok(rows);
        }
    }
    let rows = remove_messages(batch, leaving.key, most)?;
    if rows > 0 {
        // There may be more of it; the rest goes when nothing else is left.
        return Ok(rows);
    }
    let rows = remove_members(batch.connection, &leaving, most)?;
    if rows > 0 {
        return Ok(rows);
    }
    remove_itself(batch, &leaving)?;
    Ok(1)
}

/// Deletes rows of a strand: its messages, and what is known of them.
fn remove_messages(batch: &mut Batch<'_>, key: i64, most: i64) -> rusqlite::Result<i64> {
    // What is not in the index could not be found by it.
    batch.memory.filing.file_all_of(batch.connection, key)?;
    portions(
        batch.connection,
        key,
        most,
        &[
            "DELETE FROM message WHERE row IN (SELECT row FROM message_index WHERE conversation = ?1 LIMIT ?2)",
            "DELETE FROM message_index WHERE (conversation, at, id) IN
                 (SELECT conversation, at, id FROM message_index WHERE conversation = ?1 LIMIT ?2)",
            "DELETE FROM patch WHERE (conversation, patched_at) IN
                 (SELECT conversation, patched_at FROM patch WHERE conversation = ?1 LIMIT ?2)",
            "DELETE FROM receipt_time WHERE (conversation, client, what, position) IN
                 (SELECT conversation, client, what, position FROM receipt_time WHERE conversation = ?1 LIMIT ?2)",
            "DELETE FROM resend_even WHERE (conversation, hash) IN
                 (SELECT conversation, hash FROM resend_even WHERE conversation = ?1 LIMIT ?2)",
            "DELETE FROM resend_odd WHERE (conversation, hash) IN
                 (SELECT conversation, hash FROM resend_odd WHERE conversation = ?1 LIMIT ?2)",
        ],
    )
}

/// Deletes threads of a service conversation, with the memberships of their clients.
fn remove_threads(batch: &mut Batch<'_>, leaving: &Leaving, most: i64) -> rusqlite::Result<i64> {
    // What is to be done for one thread, counted in rows.
    const EACH: i64 = 8;
    let mut removed = 0;
    while removed < most {
        let next: Option<(i64, String)> = batch
            .connection
            .prepare_cached("SELECT key, client FROM thread WHERE conversation = ? LIMIT 1")?
            .query_row([leaving.key], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((thread, client)) = next else { break };
        let rows = remove_messages(batch, -thread, most - removed)?;
        if rows > 0 {
            removed += rows;
            continue;
        }
        let connection = batch.connection;
        connection
            .prepare_cached("DELETE FROM membership WHERE app = ? AND client = ? AND conversation = ?")?
            .execute(params![leaving.app.abs(), client, leaving.key])?;
        connection.prepare_cached("DELETE FROM tail WHERE conversation = ?")?.execute([-thread])?;
        connection.prepare_cached("DELETE FROM thread WHERE key = ?")?.execute([thread])?;
        batch.memory.moved.remove(&-thread);
        if let Ok(client) = client.parse() {
            batch.memory.threads.remove(&(leaving.key, client));
        }
        removed += EACH;
    }
    Ok(removed)
}

/// Deletes who is in it, and what is kept for all of them.
fn remove_members(connection: &Connection, leaving: &Leaving, most: i64) -> rusqlite::Result<i64> {
    let clients = connection
        .prepare_cached("SELECT client FROM member WHERE conversation = ? LIMIT ?")?
        .query_map([leaving.key, most], |row| row.get::<_, String>(0))?
        .collect::<Result<Vec<_>, _>>()?;
    for client in &clients {
        connection
            .prepare_cached("DELETE FROM membership WHERE app = ? AND client = ? AND conversation = ?")?
            .execute(params![leaving.app.abs(), client, leaving.key])?;
        connection
            .prepare_cached("DELETE FROM member WHERE conversation = ? AND client = ?")?
            .execute(params![leaving.key, client])?;
    }
    let rows = portions(
        connection,
        leaving.key,
        most,
        &[
            "DELETE FROM group_notice WHERE (conversation, at) IN
                 (SELECT conversation, at FROM group_notice WHERE conversation = ?1 LIMIT ?2)",
            "DELETE FROM manager WHERE (conversation, client) IN
                 (SELECT conversation, client FROM manager WHERE conversation = ?1 LIMIT ?2)",
            "DELETE FROM restriction WHERE (conversation, list, client) IN
                 (SELECT conversation, list, client FROM restriction WHERE conversation = ?1 LIMIT ?2)",
            "DELETE FROM blocked_conversation WHERE (app, client, conversation) IN
                 (SELECT app, client, conversation FROM blocked_conversation WHERE conversation = ?1 LIMIT ?2)",
        ],
    )?;
    Ok(count(clients.len()) + rows)
}

fn remove_itself(batch: &mut Batch<'_>, leaving: &Leaving) -> rusqlite::Result<()> {
    for sql in ["DELETE FROM tail WHERE conversation = ?", "DELETE FROM conversation WHERE key = ?"] {
        batch.connection.prepare_cached(sql)?.execute([leaving.key])?;
    }
    batch.memory.moved.remove(&leaving.key);
    batch.memory.orders.remove(&leaving.key);
    batch.memory.conversations.remove(&(leaving.app, leaving.id.clone()));
    Ok(())
}

/// Runs statements that each delete up to so many rows of one conversation or thread.
fn portions(connection: &Connection, key: i64, most: i64, statements: &[&str]) -> rusqlite::Result<i64> {
    let mut rows = 0;
    for sql in statements {
        rows += count(connection.prepare_cached(sql)?.execute([key, most])?);
    }
    Ok(rows)
}
