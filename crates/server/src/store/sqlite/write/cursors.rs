//! How far members are.

use rusqlite::{OptionalExtension, params};

use crate::store::CursorMove;

use super::{Batch, Failure, WriteError};

/// The cursor reached the messages.
pub(in crate::store::sqlite) const DELIVERED: i64 = 0;
/// The reader did.
pub(in crate::store::sqlite) const READ: i64 = 1;

/// Moves cursors forward. A move of a client that is not a member, or in a conversation that is gone, is
/// nothing (W-294).
pub(in crate::store::sqlite) fn advance(
    batch: &mut Batch<'_>,
    moves: &Vec<CursorMove>,
) -> Result<(), Failure> {
    for step in moves {
        match one(batch, step) {
            Err(Failure::Refused(WriteError::NotFound)) => {}
            other => other?,
        }
    }
    Ok(())
}

fn one(batch: &mut Batch<'_>, step: &CursorMove) -> Result<(), Failure> {
    let app = batch.app(&step.app)?;
    let known = *batch.conversation(&step.app, &step.conversation, step.at)?;
    let place = params![app, step.client.as_str(), known.key];
    let before = batch
        .connection
        .prepare_cached(
            "SELECT delivered, read, thread FROM membership WHERE app = ? AND client = ? AND conversation = ?",
        )?
        .query_row(place, |row| {
            Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Option<i64>>(1)?, row.get::<_, Option<i64>>(2)?))
        })
        .optional()?;
    let Some((delivered, read, thread)) = before else { return Ok(()) };
    let last_in_thread = thread.map(|key| batch.tail(key)).transpose()?.map_or(0, |tail| tail.last_at);
    let last_at = known.tail.last_at.max(last_in_thread);
    // A cursor beyond the newest message would swallow one that comes within the same millisecond.
    let forward = |before: Option<i64>, asked: Option<yanshu_protocol::Timestamp>| {
        let to = asked?.0.min(last_at);
        (to > before.unwrap_or(0)).then_some(to)
    };
    let (now_delivered, now_read) = (forward(delivered, step.delivered), forward(read, step.read));
    if now_delivered.is_none() && now_read.is_none() {
        return Ok(());
    }
    batch
        .connection
        .prepare_cached(
            "UPDATE membership SET delivered = coalesce(?4, delivered), read = coalesce(?5, read),
                 read_changed_at = iif(?5 IS NULL, read_changed_at, ?6)
             WHERE app = ?1 AND client = ?2 AND conversation = ?3",
        )?
        .execute(params![app, step.client.as_str(), known.key, now_delivered, now_read, step.at.0])?;
    if step.keep_times {
        for (what, position) in [(DELIVERED, now_delivered), (READ, now_read)] {
            if let Some(position) = position {
                batch
                    .connection
                    .prepare_cached(
                        "INSERT INTO receipt_time (conversation, client, what, position, at)
                         VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                    )?
                    .execute(params![known.key, step.client.as_str(), what, position, step.at.0])?;
            }
        }
    }
    Ok(())
}
