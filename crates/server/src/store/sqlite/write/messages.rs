//! Appending messages.

use std::sync::Arc;

use rusqlite::params;
use yanshu_protocol::{ConversationKind, Timestamp};

use crate::store::sqlite::recent::Place;
use crate::store::sqlite::{read, rows};
use crate::store::{Appended, CommitPoint, Draft, StoredMessage, WriteError};

use super::{Batch, Failure, Tail};

/// Keeps a message, unless it is a repeat.
pub(in crate::store::sqlite) fn append(batch: &mut Batch<'_>, draft: &Draft) -> Result<Appended, Failure> {
    if draft.thread.is_some() {
        return Err(WriteError::NotFound.into());
    }
    let row = batch.last_row()? + 1;
    let known = *batch.conversation(&draft.app, &draft.conversation, draft.now)?;
    let resend_key = draft.resend_key.as_deref();
    let resend = resend_key.map(|key| rows::resend_hash(&draft.from, key));
    if let (Some(key), Some(hash)) = (resend_key, resend)
        && let Some(first) = repeat_of(batch, draft, known.key, key, hash)?
    {
        return Ok(Appended { message: Arc::new(first), repeated: true });
    }
    let at = Timestamp(draft.now.0.max(known.tail.last_at + 1));
    let message = StoredMessage {
        conversation: draft.conversation.clone(),
        thread: None,
        id: batch.memory.ids.message(at),
        from: draft.from.clone(),
        timestamp: at,
        content: draft.content.clone(),
        mentions: draft.mentions.clone(),
        receipt: draft.receipt,
        patched_at: None,
        recalled: false,
    };
    insert(batch, known.key, &message, rows::place(row, &message, resend), resend_key)?;
    // Service conversations have no time of activity (B-53).
    let hour = if known.kind == ConversationKind::Service { known.active_hour } else { at.0 / rows::HOUR };
    if hour != known.active_hour {
        // Searches in order of activity need it only roughly.
        batch
            .connection
            .prepare_cached("UPDATE conversation SET active_hour = ? WHERE key = ?")?
            .execute([hour, known.key])?;
    }
    let tail = Tail { last_at: at.0, last_row: Some(row), ..known.tail };
    let known = batch.conversation(&draft.app, &draft.conversation, draft.now)?;
    known.tail = tail;
    known.active_hour = hour;
    let key = known.key;
    batch.memory.moved.insert(key, tail);
    batch.memory.last_row = Some(row);
    Ok(Appended { message: Arc::new(message), repeated: false })
}

/// The message that this one repeats.
fn repeat_of(
    batch: &Batch<'_>,
    draft: &Draft,
    conversation: i64,
    resend_key: &str,
    hash: i64,
) -> Result<Option<StoredMessage>, Failure> {
    let Some(first) = batch.memory.filing.row_of_key(batch.connection, conversation, hash)? else {
        return Ok(None);
    };
    // Two keys may share a hash; only the message itself can tell.
    let same = batch
        .connection
        .prepare_cached("SELECT 1 FROM message WHERE row = ? AND sender = ? AND resend_key = ?")?
        .exists(params![first, draft.from.as_str(), resend_key])?;
    if !same {
        return Ok(None);
    }
    Ok(read::messages::by_row(batch.connection, first, &draft.conversation)?)
}

fn insert(
    batch: &mut Batch<'_>,
    conversation: i64,
    message: &StoredMessage,
    place: Place,
    resend_key: Option<&str>,
) -> rusqlite::Result<()> {
    batch
        .connection
        .prepare_cached(
            "INSERT INTO message (row, conversation, at, id, sender, content, flags, mentions, resend_key)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            place.row,
            conversation,
            place.at,
            place.id.as_str(),
            message.from.as_str(),
            rows::ContentColumn(&message.content),
            place.flags,
            rows::mentions_column(&message.mentions),
            resend_key,
        ])?;
    batch.memory.filing.add(conversation, place);
    Ok(())
}

/// Where in the order of changes the batch is.
pub(in crate::store::sqlite) fn mark(batch: &mut Batch<'_>, (): &()) -> Result<CommitPoint, Failure> {
    Ok(CommitPoint(batch.last_row()?))
}
