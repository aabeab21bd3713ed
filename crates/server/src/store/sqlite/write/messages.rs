//! Appending messages.

use std::sync::Arc;

use rusqlite::{OptionalExtension, params};
use yanshu_protocol::{ConversationKind, Timestamp};

use crate::store::sqlite::{read, rows};
use crate::store::{Appended, CommitPoint, Draft, StoredMessage};

use super::resends::Resends;
use super::{Batch, Failure, Tail};

/// Keeps a message, unless it is a repeat.
pub(in crate::store::sqlite) fn append(batch: &mut Batch<'_>, draft: &Draft) -> Result<Appended, Failure> {
    let row = batch.last_row()? + 1;
    let known = *batch.conversation(&draft.app, &draft.conversation, draft.now)?;
    if let Some(resend_key) = &draft.resend_key
        && let Some(first) = repeat_of(batch, draft, known.key, resend_key, row)?
    {
        return Ok(Appended { message: Arc::new(first), repeated: true });
    }
    let at = Timestamp(draft.now.0.max(known.tail.last_at + 1));
    let message = StoredMessage {
        conversation: draft.conversation.clone(),
        id: batch.memory.ids.message(at),
        from: draft.from.clone(),
        timestamp: at,
        content: draft.content.clone(),
        mentions: draft.mentions.clone(),
        receipt: draft.receipt,
        patched_at: None,
        recalled: false,
    };
    insert(batch, known.key, row, &message, draft.resend_key.as_deref())?;
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

fn repeat_of(
    batch: &mut Batch<'_>,
    draft: &Draft,
    conversation: i64,
    resend_key: &str,
    row: i64,
) -> Result<Option<StoredMessage>, Failure> {
    let resends = match batch.memory.resends {
        Some(resends) => resends,
        None => *batch.memory.resends.insert(Resends::load(batch.connection)?),
    };
    let hash = rows::resend_hash(&draft.from, resend_key);
    let Some(first) = resends.claim(batch.connection, conversation, hash, row)? else { return Ok(None) };
    // Two keys may share a hash; only the message itself can tell.
    let same = batch
        .connection
        .prepare_cached("SELECT 1 FROM message WHERE row = ? AND sender = ? AND resend_key = ?")?
        .query_row(params![first, draft.from.as_str(), resend_key], |_| Ok(()))
        .optional()?;
    if same.is_none() {
        return Ok(None);
    }
    Ok(read::messages::by_row(batch.connection, first, &draft.conversation)?)
}

fn insert(
    batch: &Batch<'_>,
    conversation: i64,
    row: i64,
    message: &StoredMessage,
    resend_key: Option<&str>,
) -> rusqlite::Result<()> {
    let flags = rows::flags(message.receipt, &message.mentions);
    batch
        .connection
        .prepare_cached(
            "INSERT INTO message (row, conversation, at, id, sender, content, flags, mentions, resend_key)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            row,
            conversation,
            message.timestamp.0,
            message.id.as_str(),
            message.from.as_str(),
            rows::ContentColumn(&message.content),
            flags,
            rows::mentions_column(&message.mentions),
            resend_key,
        ])?;
    batch
        .connection
        .prepare_cached(
            "INSERT INTO message_index (conversation, at, id, row, sender_hash, flags, type)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            conversation,
            message.timestamp.0,
            message.id.as_str(),
            row,
            rows::client_hash(&message.from),
            flags,
            rows::type_column(&message.content),
        ])?;
    Ok(())
}

/// Where in the order of changes the batch is.
pub(in crate::store::sqlite) fn mark(batch: &mut Batch<'_>, (): &()) -> Result<CommitPoint, Failure> {
    Ok(CommitPoint(batch.last_row()?))
}
