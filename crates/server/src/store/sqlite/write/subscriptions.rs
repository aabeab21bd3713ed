//! Who subscribes to a service conversation. Nothing here depends on how many there are.

use rusqlite::params;
use yanshu_protocol::{ClientId, Code, Timestamp};

use crate::store::{MembersOutcome, MembersRequest};

use super::{Batch, Failure, Known, blocklists, members};

/// Subscribes and unsubscribes clients. Nobody is told, and the conversation itself does not change.
pub(super) fn change(
    batch: &mut Batch<'_>,
    app: i64,
    known: &Known,
    request: &MembersRequest,
) -> Result<MembersOutcome, Failure> {
    let order = batch.order(known.key)?;
    let mut refused = Vec::new();
    let mut joining = Vec::new();
    for client in &request.add {
        if joining.contains(client) || is_subscribed(batch, known.key, client)? {
            continue;
        }
        if order.blocked.contains(client) || blocklists::blocks(batch, app, client, known.key)? {
            refused.push((client.clone(), Code::BlockedByConversation));
        } else {
            joining.push(client.clone());
        }
    }
    members::refuse_whole(request.whole, &refused)?;
    let mut changed = unsubscribe(batch, app, known, &request.remove)?;
    subscribe(batch, app, known, &joining, request.now)?;
    changed.extend(joining);
    let updated_at = batch.updated_at(known.key)?;
    Ok(MembersOutcome { changed, refused, updated_at, roster: members::roster(batch, known)? })
}

fn is_subscribed(batch: &Batch<'_>, conversation: i64, client: &ClientId) -> rusqlite::Result<bool> {
    batch
        .connection
        .prepare_cached("SELECT 1 FROM member WHERE conversation = ? AND client = ?")?
        .exists(params![conversation, client.as_str()])
}

/// Subscribes clients that do not. What was sent to all before is not unread for them.
pub(super) fn subscribe(
    batch: &Batch<'_>,
    app: i64,
    known: &Known,
    clients: &[ClientId],
    since: Timestamp,
) -> rusqlite::Result<()> {
    for client in clients {
        batch
            .connection
            // They have no order but that of their names.
            .prepare_cached("INSERT INTO member (conversation, client, position, muted) VALUES (?, ?, 0, 0)")?
            .execute(params![known.key, client.as_str()])?;
        batch
            .connection
            .prepare_cached(
                "INSERT INTO membership (app, client, conversation, floor, since) VALUES (?, ?, ?, ?, ?)
                 ON CONFLICT (app, client, conversation)
                 DO UPDATE SET floor = excluded.floor, since = excluded.since, subscribed = 1",
            )?
            .execute(params![app, client.as_str(), known.key, known.tail.last_at, since.0])?;
    }
    count(batch, known.key, clients.len(), 1)
}

/// Unsubscribes those who subscribe, and gives them. One with a thread keeps it, and how far it is there.
pub(super) fn unsubscribe(
    batch: &Batch<'_>,
    app: i64,
    known: &Known,
    clients: &[ClientId],
) -> rusqlite::Result<Vec<ClientId>> {
    let mut left = Vec::new();
    for client in clients {
        let found = batch
            .connection
            .prepare_cached("DELETE FROM member WHERE conversation = ? AND client = ?")?
            .execute(params![known.key, client.as_str()])?;
        if found == 0 {
            continue;
        }
        let place = params![app, client.as_str(), known.key];
        batch
            .connection
            .prepare_cached(
                "DELETE FROM membership WHERE app = ? AND client = ? AND conversation = ? AND thread IS NULL",
            )?
            .execute(place)?;
        batch
            .connection
            .prepare_cached(
                "UPDATE membership SET subscribed = 0, floor = 0 WHERE app = ? AND client = ? AND conversation = ?",
            )?
            .execute(place)?;
        left.push(client.clone());
    }
    count(batch, known.key, left.len(), -1)?;
    Ok(left)
}

fn count(batch: &Batch<'_>, conversation: i64, clients: usize, sign: i64) -> rusqlite::Result<()> {
    if clients == 0 {
        return Ok(());
    }
    let change = sign * i64::try_from(clients).unwrap_or(i64::MAX);
    batch
        .connection
        .prepare_cached("UPDATE tail SET subscribers = subscribers + ? WHERE conversation = ?")?
        .execute([change, conversation])?;
    Ok(())
}
