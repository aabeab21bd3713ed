//! Forgetting what has expired, a bounded portion at a time so that messages need not wait for it.

use rusqlite::OptionalExtension;
use yanshu_protocol::{ConversationId, Timestamp};

use crate::store::sqlite::rows::{self, count};

use super::{Batch, Failure};

/// Rows deleted in one go, roughly.
const PORTION: i64 = 2_000;

/// When things are old enough to go.
pub(in crate::store::sqlite) struct Expire {
    pub(in crate::store::sqlite) now: Timestamp,
    pub(in crate::store::sqlite) resend_keys_before: Timestamp,
    pub(in crate::store::sqlite) rooms_lost_before: Timestamp,
    pub(in crate::store::sqlite) notices_before: Timestamp,
}

/// Forgets, and gives the number of rows; 0 when nothing is left to forget.
pub(in crate::store::sqlite) fn expire(batch: &mut Batch<'_>, due: &Expire) -> Result<u64, Failure> {
    let forgotten = batch.memory.filing.expire_keys(batch.connection, due.resend_keys_before, due.now)?;
    let mut rows = count(forgotten);
    batch
        .connection
        .prepare_cached(
            "UPDATE notices_kept SET since = ?1 WHERE since < ?1 AND EXISTS
             (SELECT 1 FROM notice WHERE at < ?1 UNION ALL SELECT 1 FROM group_notice WHERE at < ?1)",
        )?
        .execute([due.notices_before.0])?;
    for (sql, boundary) in [
        (
            "DELETE FROM session_end WHERE (app, session) IN (SELECT app, session FROM session_end WHERE until <= ? LIMIT ?)",
            due.now,
        ),
        (
            "DELETE FROM tag_holder WHERE (app, client, tag) IN (SELECT app, client, tag FROM tag_holder WHERE until <= ? LIMIT ?)",
            due.now,
        ),
        (
            "DELETE FROM room_presence WHERE (app, client, device) IN (SELECT app, client, device FROM room_presence WHERE lost_at < ? LIMIT ?)",
            due.rooms_lost_before,
        ),
        (
            "DELETE FROM notice WHERE (app, client, reliable, at) IN
                 (SELECT app, client, reliable, at FROM notice WHERE at < ? LIMIT ?)",
            due.notices_before,
        ),
        (
            "DELETE FROM group_notice WHERE (conversation, at) IN
                 (SELECT conversation, at FROM group_notice WHERE at < ? LIMIT ?)",
            due.notices_before,
        ),
        // Who may speak again is left in the orders that are remembered: their time tells.
        (
            "DELETE FROM restriction WHERE (conversation, list, client) IN
                 (SELECT conversation, list, client FROM restriction WHERE until <= ? LIMIT ?)",
            due.now,
        ),
    ] {
        rows += count(batch.connection.prepare_cached(sql)?.execute([boundary.0, PORTION])?);
    }
    while rows < PORTION {
        let portion = conversation(batch, due.now, PORTION - rows)?;
        if portion == 0 {
            break;
        }
        rows += portion;
    }
    Ok(rows.unsigned_abs())
}

/// Deletes up to `most` rows of one expired conversation; itself last.
fn conversation(batch: &mut Batch<'_>, now: Timestamp, most: i64) -> rusqlite::Result<i64> {
    let connection = batch.connection;
    let expired = connection
        .prepare_cached(
            "SELECT key, app, id FROM conversation WHERE expires_at IS NOT NULL AND expires_at <= ? LIMIT 1",
        )?
        .query_row([now.0], |row| {
            Ok((row.get::<_, i64>(0)?, (row.get::<_, i64>(1)?, rows::id::<ConversationId>(row, 2)?)))
        })
        .optional()?;
    let Some((key, place)) = expired else { return Ok(0) };

    // What is not in the index could not be found by it.
    batch.memory.filing.file_all_of(connection, key)?;
    let mut rows = 0;
    for sql in [
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
    ] {
        rows += count(connection.prepare_cached(sql)?.execute([key, most])?);
    }
    if rows > 0 {
        // There may be more of it; the rest goes when nothing else is left.
        return Ok(rows);
    }
    connection
        .prepare_cached(
            "DELETE FROM membership WHERE conversation = ?1 AND app = ?2
             AND client IN (SELECT client FROM member WHERE conversation = ?1)",
        )?
        .execute([key, place.0])?;
    for sql in [
        "DELETE FROM group_notice WHERE conversation = ?",
        "DELETE FROM manager WHERE conversation = ?",
        "DELETE FROM restriction WHERE conversation = ?",
        "DELETE FROM blocked_conversation WHERE conversation = ?",
        "DELETE FROM member WHERE conversation = ?",
        "DELETE FROM tail WHERE conversation = ?",
        "DELETE FROM conversation WHERE key = ?",
    ] {
        connection.prepare_cached(sql)?.execute([key])?;
    }
    batch.memory.moved.remove(&key);
    batch.memory.conversations.remove(&place);
    batch.memory.orders.remove(&key);
    Ok(1)
}
