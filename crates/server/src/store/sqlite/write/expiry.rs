//! Forgetting what has expired, a bounded portion at a time so that messages need not wait for it.

use yanshu_protocol::{AppId, Timestamp};

use crate::store::sqlite::rows::count;
use crate::store::{Forgotten, Retention};

use super::{Batch, Failure, removal, retention};

/// Rows deleted in one go, roughly: a few milliseconds of work.
const PORTION: i64 = 300;

/// When things are old enough to go.
pub(in crate::store::sqlite) struct Expire {
    pub(in crate::store::sqlite) now: Timestamp,
    pub(in crate::store::sqlite) resend_keys_before: Timestamp,
    pub(in crate::store::sqlite) rooms_lost_before: Timestamp,
    pub(in crate::store::sqlite) notices_before: Timestamp,
    pub(in crate::store::sqlite) policies: Vec<(AppId, Retention)>,
}

/// Forgets a portion.
pub(in crate::store::sqlite) fn expire(batch: &mut Batch<'_>, due: &Expire) -> Result<Forgotten, Failure> {
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
        if rows < PORTION {
            rows += count(batch.connection.prepare_cached(sql)?.execute([boundary.0, PORTION - rows])?);
        }
    }
    while rows < PORTION {
        let portion = removal::remove_some(batch, due.now, PORTION - rows)?;
        if portion == 0 {
            break;
        }
        rows += portion;
    }
    let mut conversations = Vec::new();
    if rows < PORTION {
        let portion = retention::walk(batch, &due.policies, PORTION - rows)?;
        rows += portion.work;
        conversations = portion.conversations;
    }
    Ok(Forgotten { work: rows.unsigned_abs(), conversations })
}
