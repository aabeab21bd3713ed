//! Edits and recalls.

use std::sync::Arc;

use bytes::Bytes;
use rusqlite::params;
use yanshu_protocol::{Content, Mentions, Timestamp};

use crate::store::sqlite::read;
use crate::store::sqlite::recent::Place;
use crate::store::sqlite::rows::{self, Strand};
use crate::store::{PatchDraft, Patched, StoredMessage, WriteError};

use super::threads::Whose;
use super::{Batch, Failure, Known, Tail};

/// Edits or recalls a message of the editor's own.
pub(in crate::store::sqlite) fn patch(batch: &mut Batch<'_>, draft: &PatchDraft) -> Result<Patched, Failure> {
    let app = batch.app(&draft.app)?;
    let conversation = *batch.conversation(&draft.app, &draft.conversation, draft.now)?;
    let whose = draft.thread.as_ref().map(|client| Whose {
        app,
        service: conversation,
        id: &draft.conversation,
        client,
    });
    let known = match &whose {
        None => conversation,
        Some(whose) => batch.existing_thread(whose)?.ok_or(WriteError::NotFound)?,
    };
    let strand = Strand { key: known.key, conversation: &draft.conversation, thread: draft.thread.as_ref() };
    let (row, waiting) = locate(batch, known.key, draft)?.ok_or(WriteError::NotFound)?;
    let message = read::messages::by_row(batch.connection, row, strand)?.ok_or(WriteError::NotFound)?;
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
    let limited = is_limited(batch, row)?;
    let place = rows::place(row, &patched, limited, waiting.as_ref().and_then(|waiting| waiting.resend));
    store(batch, known.key, &place, &patched, draft)?;
    if waiting.is_some() {
        batch.memory.filing.change(known.key, place);
    }
    let tail = Tail { patched_at: at.0, ..known.tail };
    match &whose {
        None => {
            batch.conversation(&draft.app, &draft.conversation, draft.now)?.tail = tail;
            batch.memory.moved.insert(known.key, tail);
        }
        Some(whose) => batch.moved_thread(whose, Known { tail, ..known }),
    }
    Ok(Patched { message: Arc::new(patched), unchanged: false })
}

/// Whether the message is unread and missed for a time only. An edit does not change that.
fn is_limited(batch: &Batch<'_>, row: i64) -> rusqlite::Result<bool> {
    batch
        .connection
        .prepare_cached("SELECT valid_till IS NOT NULL FROM message WHERE row = ?")?
        .query_row([row], |row| row.get(0))
}

/// The row of a message, and its place if that is not in the index yet.
fn locate(
    batch: &Batch<'_>,
    conversation: i64,
    draft: &PatchDraft,
) -> rusqlite::Result<Option<(i64, Option<Place>)>> {
    for at in read::messages::times(&draft.message, draft.hint) {
        if let Some(place) = batch.memory.filing.find(conversation, at, &draft.message) {
            return Ok(Some((place.row, Some(place))));
        }
    }
    let row = read::messages::locate(batch.connection, conversation, &draft.message, draft.hint)?;
    Ok(row.map(|row| (row, None)))
}

fn changed(message: StoredMessage, draft: &PatchDraft, at: Timestamp) -> StoredMessage {
    let patched_at = Some(at);
    match &draft.content {
        Some(content) => StoredMessage {
            content: match (&message.content, content) {
                (Content::Binary(_), Content::Text(text)) => {
                    Content::Binary(Bytes::copy_from_slice(text.as_bytes()))
                }
                _ => content.clone(),
            },
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
    place: &Place,
    message: &StoredMessage,
    draft: &PatchDraft,
) -> rusqlite::Result<()> {
    let connection = batch.connection;
    // Only the latest change of a message is told (W-360).
    connection
        .prepare_cached(
            "DELETE FROM patch WHERE conversation = ?1
             AND patched_at = (SELECT patched_at FROM message WHERE row = ?2)",
        )?
        .execute([conversation, place.row])?;
    connection
        .prepare_cached("INSERT INTO patch (conversation, patched_at, row, device) VALUES (?, ?, ?, ?)")?
        .execute(params![
            conversation,
            message.patched_at.map(|at| at.0),
            place.row,
            draft.device.as_ref().map(|device| device.as_str()),
        ])?;
    // Nothing of a recalled message is kept.
    let content = (!message.recalled).then_some(rows::ContentColumn(&message.content));
    connection
        .prepare_cached(
            "UPDATE message SET content = ?, flags = ?, mentions = ?, patched_at = ? WHERE row = ?",
        )?
        .execute(params![
            content,
            place.flags,
            rows::mentions_column(&message.mentions),
            message.patched_at.map(|at| at.0),
            place.row,
        ])?;
    connection
        .prepare_cached(
            "UPDATE message_index SET flags = ?, type = ? WHERE conversation = ? AND at = ? AND id = ?",
        )?
        .execute(params![place.flags, place.kind, conversation, place.at, place.id.as_str(),])?;
    Ok(())
}
