//! Edits and recalls.

use std::sync::Arc;

use rusqlite::params;
use yanshu_protocol::{Content, Mentions, Timestamp};

use crate::store::sqlite::{read, rows};
use crate::store::{PatchDraft, Patched, StoredMessage, WriteError};

use super::{Batch, Failure, Tail};

/// Edits or recalls a message of the editor's own.
pub(in crate::store::sqlite) fn patch(batch: &mut Batch<'_>, draft: &PatchDraft) -> Result<Patched, Failure> {
    let known = *batch.conversation(&draft.app, &draft.conversation, draft.now)?;
    let place = read::messages::locate(batch.connection, known.key, &draft.message, draft.hint)?
        .ok_or(WriteError::NotFound)?;
    let message = read::messages::by_row(batch.connection, place.row, &draft.conversation)?
        .ok_or(WriteError::NotFound)?;
    if message.from != draft.editor || draft.not_before.is_some_and(|oldest| message.timestamp < oldest) {
        return Err(WriteError::NotOwner.into());
    }
    if message.recalled {
        return match draft.content {
            // W-350
            None => Ok(Patched { message: Arc::new(message), unchanged: true }),
            Some(_) => Err(WriteError::NotFound.into()),
        };
    }
    // W-359
    let at = Timestamp(draft.now.0.max(known.tail.patched_at + 1));
    let patched = changed(message, draft, at);
    store(batch, known.key, place.row, &patched, draft)?;
    let tail = Tail { patched_at: at.0, ..known.tail };
    batch.conversation(&draft.app, &draft.conversation, draft.now)?.tail = tail;
    batch.memory.moved.insert(known.key, tail);
    Ok(Patched { message: Arc::new(patched), unchanged: false })
}

fn changed(message: StoredMessage, draft: &PatchDraft, at: Timestamp) -> StoredMessage {
    let patched_at = Some(at);
    match &draft.content {
        Some(content) => StoredMessage {
            content: content.clone(),
            mentions: draft.mentions.clone(),
            patched_at,
            ..message
        },
        None => StoredMessage {
            content: Content::recalled(),
            mentions: Mentions::default(),
            recalled: true,
            patched_at,
            ..message
        },
    }
}

fn store(
    batch: &Batch<'_>,
    conversation: i64,
    row: i64,
    message: &StoredMessage,
    draft: &PatchDraft,
) -> rusqlite::Result<()> {
    let connection = batch.connection;
    let recalled = if message.recalled { rows::RECALLED } else { 0 };
    let flags = rows::flags(message.receipt, &message.mentions) | recalled;
    // Only the latest change of a message is told (W-360).
    connection
        .prepare_cached(
            "DELETE FROM patch WHERE conversation = ?1
             AND patched_at = (SELECT patched_at FROM message WHERE row = ?2)",
        )?
        .execute([conversation, row])?;
    connection
        .prepare_cached("INSERT INTO patch (conversation, patched_at, row, device) VALUES (?, ?, ?, ?)")?
        .execute(params![
            conversation,
            message.patched_at.map(|at| at.0),
            row,
            draft.device.as_ref().map(|device| device.as_str()),
        ])?;
    // Nothing of a recalled message is kept.
    let content = draft.content.as_ref().map(rows::ContentColumn);
    connection
        .prepare_cached(
            "UPDATE message SET content = ?, flags = ?, mentions = ?, patched_at = ? WHERE row = ?",
        )?
        .execute(params![
            content,
            flags,
            rows::mentions_column(&message.mentions),
            message.patched_at.map(|at| at.0),
            row,
        ])?;
    connection
        .prepare_cached(
            "UPDATE message_index SET flags = ?, type = ? WHERE conversation = ? AND at = ? AND id = ?",
        )?
        .execute(params![
            flags,
            rows::type_column(&message.content),
            conversation,
            message.timestamp.0,
            message.id.as_str(),
        ])?;
    Ok(())
}
