//! Appending messages.

use std::sync::Arc;

use rusqlite::params;
use yanshu_protocol::{ClientId, ConversationKind, MessageId, Timestamp};

use crate::store::sqlite::read;
use crate::store::sqlite::rows::{self, Strand};
use crate::store::{Appended, CommitPoint, Draft, StoredMessage, WriteError};

use super::threads::Whose;
use super::{Batch, Failure, Known, Tail};

/// Keeps a message, unless it is a repeat.
pub(in crate::store::sqlite) fn append(batch: &mut Batch<'_>, draft: &Draft) -> Result<Appended, Failure> {
    let known = *batch.conversation(&draft.app, &draft.conversation, draft.now)?;
    if let Some(client) = &draft.thread {
        return append_to_thread(batch, draft, known, client);
    }
    let hash = resend_hash(draft);
    if let Some(first) = repeat_of(batch, draft, &known, hash)? {
        return Ok(Appended { message: Arc::new(first), repeated: true });
    }
    // Later than all that a subscriber can have been told in its thread.
    let at = Timestamp(draft.now.0.max(known.tail.last_at + 1).max(known.tail.threads_at + 1));
    let message = stored(draft, None, batch.memory.ids.message(at), at);
    let row = insert(batch, known.key, &message, draft, hash)?;
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
    Ok(Appended { message: Arc::new(message), repeated: false })
}

fn append_to_thread(
    batch: &mut Batch<'_>,
    draft: &Draft,
    service: Known,
    client: &ClientId,
) -> Result<Appended, Failure> {
    let thread = open_thread(batch, draft, service, client)?;
    let hash = resend_hash(draft);
    if let Some(first) = repeat_of(batch, draft, &thread, hash)? {
        return Ok(Appended { message: Arc::new(first), repeated: true });
    }
    let at = time_in_threads(draft, &service, &[thread]);
    let id = batch.memory.ids.message(at);
    let message = keep_in_thread(batch, draft, client, thread, id, at, hash)?;
    Ok(Appended { message, repeated: false })
}

/// A message to some clients of a service conversation.
pub(in crate::store::sqlite) struct Direct {
    pub(in crate::store::sqlite) draft: Draft,
    pub(in crate::store::sqlite) clients: Vec<ClientId>,
}

/// Keeps the same message, with one id and time, in the thread of each client.
pub(in crate::store::sqlite) fn direct(
    batch: &mut Batch<'_>,
    direct: &Direct,
) -> Result<Vec<Arc<StoredMessage>>, Failure> {
    let Direct { draft, clients } = direct;
    let service = *batch.conversation(&draft.app, &draft.conversation, draft.now)?;
    let mut threads = Vec::with_capacity(clients.len());
    for (number, client) in clients.iter().enumerate() {
        if !clients[..number].contains(client) {
            threads.push((client, open_thread(batch, draft, service, client)?));
        }
    }
    let known: Vec<Known> = threads.iter().map(|(_, thread)| *thread).collect();
    let at = time_in_threads(draft, &service, &known);
    let id = batch.memory.ids.message(at);
    let mut messages = Vec::with_capacity(threads.len());
    for (client, thread) in threads {
        messages.push(keep_in_thread(batch, draft, client, thread, id.clone(), at, None)?);
    }
    Ok(messages)
}

fn open_thread(
    batch: &mut Batch<'_>,
    draft: &Draft,
    service: Known,
    client: &ClientId,
) -> Result<Known, Failure> {
    if service.kind != ConversationKind::Service {
        return Err(WriteError::NotFound.into());
    }
    let app = batch.app(&draft.app)?;
    Ok(batch.thread(&Whose { app, service, id: &draft.conversation, client })?)
}

/// Later than all that these clients can have been told, whether alone or with all subscribers. Threads of
/// others do not matter: many clients may write in one millisecond.
fn time_in_threads(draft: &Draft, service: &Known, threads: &[Known]) -> Timestamp {
    let told = threads.iter().map(|thread| thread.tail.last_at).max().unwrap_or(0);
    Timestamp(draft.now.0.max(service.tail.last_at + 1).max(told + 1))
}

fn keep_in_thread(
    batch: &mut Batch<'_>,
    draft: &Draft,
    client: &ClientId,
    thread: Known,
    id: MessageId,
    at: Timestamp,
    hash: Option<i64>,
) -> Result<Arc<StoredMessage>, Failure> {
    let message = stored(draft, Some(client.clone()), id, at);
    let row = insert(batch, thread.key, &message, draft, hash)?;
    let app = batch.app(&draft.app)?;
    let known = batch.conversation(&draft.app, &draft.conversation, draft.now)?;
    known.tail.threads_at = known.tail.threads_at.max(at.0);
    let service = *known;
    batch.memory.moved.insert(service.key, service.tail);
    let tail = Tail { last_at: at.0, last_row: Some(row), ..thread.tail };
    batch.moved_thread(&Whose { app, service, id: &draft.conversation, client }, Known { tail, ..thread });
    Ok(Arc::new(message))
}

fn stored(draft: &Draft, thread: Option<ClientId>, id: MessageId, at: Timestamp) -> StoredMessage {
    StoredMessage {
        conversation: draft.conversation.clone(),
        thread,
        id,
        from: draft.from.clone(),
        timestamp: at,
        content: draft.content.clone(),
        mentions: draft.mentions.clone(),
        receipt: draft.receipt,
        patched_at: None,
        recalled: false,
    }
}

fn resend_hash(draft: &Draft) -> Option<i64> {
    draft.resend_key.as_deref().map(|key| rows::resend_hash(&draft.from, key))
}

/// The message that this one repeats.
fn repeat_of(
    batch: &Batch<'_>,
    draft: &Draft,
    known: &Known,
    hash: Option<i64>,
) -> Result<Option<StoredMessage>, Failure> {
    let (Some(key), Some(hash)) = (draft.resend_key.as_deref(), hash) else { return Ok(None) };
    let Some(first) = batch.memory.filing.row_of_key(batch.connection, known.key, hash)? else {
        return Ok(None);
    };
    // Two keys may share a hash; only the message itself can tell.
    let same = batch
        .connection
        .prepare_cached("SELECT 1 FROM message WHERE row = ? AND sender = ? AND resend_key = ?")?
        .exists(params![first, draft.from.as_str(), key])?;
    if !same {
        return Ok(None);
    }
    let strand = Strand { key: known.key, conversation: &draft.conversation, thread: draft.thread.as_ref() };
    Ok(read::messages::by_row(batch.connection, first, strand)?)
}

/// Writes a message behind all others, and gives its row.
fn insert(
    batch: &mut Batch<'_>,
    key: i64,
    message: &StoredMessage,
    draft: &Draft,
    hash: Option<i64>,
) -> rusqlite::Result<i64> {
    let row = batch.last_row()? + 1;
    let place = rows::place(row, message, draft.valid_till.is_some(), hash);
    batch
        .connection
        .prepare_cached(
            "INSERT INTO message (row, conversation, at, id, sender, content, flags, mentions, resend_key, valid_till)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            row,
            key,
            place.at,
            place.id.as_str(),
            message.from.as_str(),
            rows::ContentColumn(&message.content),
            place.flags,
            rows::mentions_column(&message.mentions),
            draft.resend_key,
            draft.valid_till.map(|end| end.0),
        ])?;
    batch.memory.filing.add(key, place);
    batch.memory.last_row = Some(row);
    Ok(row)
}

/// Where in the order of changes the batch is.
pub(in crate::store::sqlite) fn mark(batch: &mut Batch<'_>, (): &()) -> Result<CommitPoint, Failure> {
    Ok(CommitPoint(batch.last_row()?))
}
