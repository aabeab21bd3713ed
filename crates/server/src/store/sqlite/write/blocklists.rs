//! Conversations to which a client may not be added (B-135).

use rusqlite::{OptionalExtension, params};
use yanshu_protocol::{AppId, ClientId, ConversationId, Timestamp};

use crate::store::WriteError;
use crate::store::sqlite::rows;

use super::{Batch, Failure};

/// A client's wish about conversations.
pub(in crate::store::sqlite) struct Block {
    pub(in crate::store::sqlite) app: AppId,
    pub(in crate::store::sqlite) client: ClientId,
    pub(in crate::store::sqlite) conversations: Vec<ConversationId>,
    pub(in crate::store::sqlite) lift: bool,
    pub(in crate::store::sqlite) limit: usize,
    pub(in crate::store::sqlite) now: Timestamp,
}

/// Puts conversations on the client's list, or takes them off; gives those that exist.
pub(in crate::store::sqlite) fn block(
    batch: &mut Batch<'_>,
    request: &Block,
) -> Result<Vec<ConversationId>, Failure> {
    let app = batch.app(&request.app)?;
    let client = request.client.as_str();
    let mut existing: Vec<ConversationId> = Vec::new();
    let mut keys = Vec::new();
    for id in &request.conversations {
        match batch.conversation(&request.app, id, request.now) {
            Ok(known) if !existing.contains(id) => {
                keys.push(known.key);
                existing.push(id.clone());
            }
            Ok(_) | Err(Failure::Refused(_)) => {}
            Err(failure) => return Err(failure),
        }
    }
    if request.lift {
        for key in keys {
            batch
                .connection
                .prepare_cached(
                    "DELETE FROM blocked_conversation WHERE app = ? AND client = ? AND conversation = ?",
                )?
                .execute(params![app, client, key])?;
        }
        return Ok(existing);
    }
    let mut new = Vec::new();
    for key in keys {
        if !blocks(batch, app, &request.client, key)? {
            new.push(key);
        }
    }
    let (before, last): (i64, i64) = batch
        .connection
        .prepare_cached(
            "SELECT count(*), coalesce(max(position), 0) FROM blocked_conversation WHERE app = ? AND client = ?",
        )?
        .query_row(params![app, client], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if !new.is_empty() && before.saturating_add(rows::count(new.len())) > rows::count(request.limit) {
        return Err(WriteError::ListFull.into());
    }
    for (key, position) in new.into_iter().zip(last + 1..) {
        batch
            .connection
            .prepare_cached(
                "INSERT INTO blocked_conversation (app, client, conversation, position) VALUES (?, ?, ?, ?)",
            )?
            .execute(params![app, client, key, position])?;
    }
    Ok(existing)
}

/// Whether the client wants not to be added to a conversation.
pub(super) fn blocks(
    batch: &Batch<'_>,
    app: i64,
    client: &ClientId,
    conversation: i64,
) -> rusqlite::Result<bool> {
    let row: Option<i64> = batch
        .connection
        .prepare_cached(
            "SELECT 1 FROM blocked_conversation WHERE app = ? AND client = ? AND conversation = ?",
        )?
        .query_row(params![app, client.as_str(), conversation], |row| row.get(0))
        .optional()?;
    Ok(row.is_some())
}
