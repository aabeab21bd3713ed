//! Forgetting old messages and idle conversations, where an app wants that (B-513, B-514).
//!
//! One walk over all conversations, and then over all threads, meets everything that is old, also what was imported.
//! Each portion goes on where the one before ended; when the walk is over, the next one begins after the boundaries
//! have moved on for a while.

use std::collections::HashMap;

use rusqlite::{Connection, params};
use yanshu_protocol::{AppId, ConversationId, ConversationKind, Timestamp};

use crate::store::Retention;
use crate::store::sqlite::rows::{self, count};

use super::{Batch, removal};

/// Conversations looked at in one portion.
const LOOKS: i64 = 500;
/// How far the boundaries must have moved for another walk, in milliseconds.
const STEP: i64 = 3_600_000;

/// Where the walk is.
#[derive(Debug, Default)]
pub(super) struct Walk {
    under_way: Option<Place>,
    /// What the last whole walk forgot, by app.
    done: HashMap<i64, Retention>,
}

/// The next one to look at has a greater key.
#[derive(Debug, Clone, Copy)]
enum Place {
    Conversations(i64),
    Threads(i64),
}

/// What a portion did.
#[derive(Debug, Default)]
pub(super) struct Portion {
    /// How much: looks and deleted rows.
    pub(super) work: i64,
    /// Idle conversations that nobody finds any more.
    pub(super) conversations: Vec<(AppId, ConversationId)>,
}

/// What the walk meets: something with messages.
struct Met {
    /// Of the conversation or the thread, always positive.
    key: i64,
    app: i64,
    /// Under which its messages stand.
    strand: i64,
    /// For conversations that may be idle: since when nothing changed but messages, and the id.
    idle: Option<(i64, ConversationId)>,
}

/// Goes on with the walk: at most about `most` rows.
pub(super) fn walk(
    batch: &mut Batch<'_>,
    policies: &[(AppId, Retention)],
    most: i64,
) -> rusqlite::Result<Portion> {
    let mut portion = Portion::default();
    let mut wanted = HashMap::new();
    for (app, policy) in policies {
        if *policy != Retention::default() {
            wanted.insert(batch.app(app)?, (app, *policy));
        }
    }
    let due = |(app, (_, policy)): (&i64, &(&AppId, Retention))| {
        batch.memory.walk.done.get(app).is_none_or(|done| moved_on(done, policy))
    };
    let begin = batch.memory.walk.under_way.is_none() && wanted.iter().any(due);
    let start = if begin { Some(Place::Conversations(0)) } else { batch.memory.walk.under_way };
    let Some(start) = start.filter(|_| !wanted.is_empty()) else { return Ok(portion) };
    let next = match start {
        Place::Conversations(after) => conversations(batch.connection, after)?,
        Place::Threads(after) => threads(batch.connection, after)?,
    };
    let mut place = match (start, next.is_empty()) {
        (Place::Conversations(_), true) => Some(Place::Threads(0)),
        (Place::Threads(_), true) => None,
        (place, false) => Some(place),
    };
    portion.work = 1;
    for met in next {
        portion.work += 1;
        if let Some((app, policy)) = wanted.get(&met.app) {
            if let Some(id) = forget_idle(batch, &met, policy)? {
                portion.conversations.push(((*app).clone(), id));
            } else if let Some(before) = policy.messages_before {
                portion.work += forget_messages(batch, met.strand, before, most - portion.work)?;
            }
        }
        if portion.work >= most {
            // There may be more of this one.
            break;
        }
        place = Some(match start {
            Place::Conversations(_) => Place::Conversations(met.key),
            Place::Threads(_) => Place::Threads(met.key),
        });
    }
    batch.memory.walk.under_way = place;
    if place.is_none() {
        batch.memory.walk.done = wanted.into_iter().map(|(app, (_, policy))| (app, policy)).collect();
    }
    Ok(portion)
}

/// Whether another walk would find much more.
fn moved_on(done: &Retention, wanted: &Retention) -> bool {
    let moved = |done: Option<Timestamp>, wanted: Option<Timestamp>| match (done, wanted) {
        (Some(done), Some(wanted)) => wanted.millis_since(done) >= STEP,
        (None, Some(_)) => true,
        (_, None) => false,
    };
    moved(done.messages_before, wanted.messages_before) || moved(done.idle_before, wanted.idle_before)
}

fn conversations(connection: &Connection, after: i64) -> rusqlite::Result<Vec<Met>> {
    let mut question = connection.prepare_cached(
        "SELECT key, app, kind, updated_at, id FROM conversation WHERE key > ? ORDER BY key LIMIT ?",
    )?;
    let met = question.query_map([after, LOOKS], |row| {
        let key = row.get(0)?;
        let idle = match rows::kind(row, 2)? {
            ConversationKind::Temporary => None,
            _ => Some((row.get(3)?, rows::id(row, 4)?)),
        };
        Ok(Met { key, app: row.get(1)?, strand: key, idle })
    })?;
    met.collect()
}

fn threads(connection: &Connection, after: i64) -> rusqlite::Result<Vec<Met>> {
    let mut question =
        connection.prepare_cached("SELECT key, app FROM thread WHERE key > ? ORDER BY key LIMIT ?")?;
    let met = question.query_map([after, LOOKS], |row| {
        let key: i64 = row.get(0)?;
        Ok(Met { key, app: row.get(1)?, strand: -key, idle: None })
    })?;
    met.collect()
}

/// Deletes a conversation in which nothing happened for long enough. Reading it is no use of it (B-514).
fn forget_idle(
    batch: &mut Batch<'_>,
    met: &Met,
    policy: &Retention,
) -> rusqlite::Result<Option<ConversationId>> {
    let (Some(before), Some((changed_at, id))) = (policy.idle_before, &met.idle) else { return Ok(None) };
    if *changed_at >= before.0 {
        return Ok(None);
    }
    let tail = batch.tail(met.key)?;
    if tail.last_at.max(tail.threads_at) >= before.0 {
        return Ok(None);
    }
    removal::hide(batch, met.key, &(met.app, id.clone()))?;
    Ok(Some(id.clone()))
}

/// Deletes up to about `most` rows of messages from before a time, and what is known of them.
fn forget_messages(
    batch: &mut Batch<'_>,
    strand: i64,
    before: Timestamp,
    most: i64,
) -> rusqlite::Result<i64> {
    // What is not in the index could not be found by it.
    let at_once = usize::try_from(most).unwrap_or(1);
    batch.memory.filing.file_old_of(batch.connection, strand, before, at_once)?;
    let connection = batch.connection;
    let mut old = connection.prepare_cached(
        "SELECT at, id, row FROM message_index WHERE conversation = ? AND at < ? ORDER BY at, id LIMIT ?",
    )?;
    let old = old.query_map([strand, before.0, most.max(1)], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, i64>(2)?))
    })?;
    let old = old.collect::<Result<Vec<_>, _>>()?;
    let Some((newest, _, _)) = old.last() else { return Ok(0) };
    for (at, id, row) in &old {
        connection
            .prepare_cached(
                "DELETE FROM patch WHERE conversation = ?1
                 AND patched_at = (SELECT patched_at FROM message WHERE row = ?2)",
            )?
            .execute([strand, *row])?;
        connection.prepare_cached("DELETE FROM message WHERE row = ?")?.execute([row])?;
        connection
            .prepare_cached("DELETE FROM message_index WHERE conversation = ? AND at = ? AND id = ?")?
            .execute(params![strand, at, id])?;
    }
    // When cursors moved on to these messages is asked no more.
    let times = connection
        .prepare_cached(
            "DELETE FROM receipt_time WHERE (conversation, client, what, position) IN
                 (SELECT conversation, client, what, position FROM receipt_time
                  WHERE conversation = ? AND position < ? LIMIT ?)",
        )?
        .execute([strand, *newest, most.max(1)])?;
    Ok(count(old.len() + times))
}
