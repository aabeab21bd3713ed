//! Making conversations and changing their attributes.

use rusqlite::{OptionalExtension, params};
use yanshu_protocol::{ConversationId, ConversationKind, UniqueId};

use crate::store::sqlite::{read, rows};
use crate::store::{
    AttributesUpdated, Conversation, Created, Member, NewConversation, Noticed, StoreError, UpdateRequest,
    WriteError,
};

use super::notices::Teller;
use super::{Batch, Failure, Known, members, subscriptions};

/// Makes a conversation, or finds the unique one.
pub(in crate::store::sqlite) fn create(
    batch: &mut Batch<'_>,
    request: &NewConversation,
) -> Result<Created, Failure> {
    let app = batch.app(&request.app)?;
    if let Some(unique_id) = &request.unique_id
        && let Some(id) = unique(batch, app, request, unique_id)?
    {
        batch.flush()?;
        let conversation = read::conversations::by_id(batch.connection, app, &id)?
            .ok_or_else(|| StoreError::Unavailable(format!("conversation {id} is only half there")))
            .map_err(WriteError::from)?;
        return Ok(Created { conversation, existing: true });
    }
    batch
        .connection
        .prepare_cached(
            "INSERT INTO conversation (app, id, kind, creator, created_at, updated_at, unique_id, expires_at, attributes)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            app,
            request.id.as_str(),
            request.kind.number(),
            request.creator.as_str(),
            request.now.0,
            request.now.0,
            request.unique_id.as_ref().map(|id| id.as_str()),
            request.expires_at.map(|end| end.0),
            rows::attributes_text(&request.attributes)?,
        ])?;
    let key = batch.connection.last_insert_rowid();
    batch
        .connection
        .prepare_cached("INSERT INTO tail (conversation, last_at, patched_at) VALUES (?, 0, 0)")?
        .execute([key])?;
    let known = Known::new(key, request.kind, request.expires_at);
    if request.kind == ConversationKind::Service {
        subscriptions::subscribe(batch, app, &known, &request.members, request.now)?;
    } else {
        seat_members(batch, app, &known, request)?;
    }
    Ok(Created { conversation: made(request), existing: false })
}

/// The first members, who are to hear that they are.
fn seat_members(
    batch: &Batch<'_>,
    app: i64,
    known: &Known,
    request: &NewConversation,
) -> rusqlite::Result<()> {
    let teller = Teller { app, known, by: Some(&request.creator) };
    for (client, position) in request.members.iter().zip(1..) {
        let seat = members::Seat { position, floor: 0, since: request.now };
        members::add(batch, app, known.key, client, &seat)?;
        teller.tell(batch, client, request.now, &Noticed::Joined)?;
    }
    teller.tell_all(batch, request.now, &Noticed::MembersJoined { members: request.members.clone() })
}

/// The conversation of that name. One that has expired gives the name up.
fn unique(
    batch: &Batch<'_>,
    app: i64,
    request: &NewConversation,
    unique_id: &UniqueId,
) -> rusqlite::Result<Option<ConversationId>> {
    let found = batch
        .connection
        .prepare_cached(
            "SELECT key, id, expires_at FROM conversation WHERE app = ? AND kind = ? AND unique_id = ?",
        )?
        .query_row(params![app, request.kind.number(), unique_id.as_str()], |row| {
            Ok((row.get::<_, i64>(0)?, rows::id(row, 1)?, rows::optional_time(row, 2)?))
        })
        .optional()?;
    let Some((key, id, expires_at)) = found else { return Ok(None) };
    if expires_at.is_some_and(|end| end <= request.now) {
        batch
            .connection
            .prepare_cached("UPDATE conversation SET unique_id = NULL WHERE key = ?")?
            .execute([key])?;
        return Ok(None);
    }
    Ok(Some(id))
}

fn made(request: &NewConversation) -> Conversation {
    let member = |client: &_| Member { client: Clone::clone(client), muted: false };
    Conversation {
        id: request.id.clone(),
        kind: request.kind,
        creator: request.creator.clone(),
        created_at: request.now,
        updated_at: request.now,
        last_message_at: None,
        unique_id: request.unique_id.clone(),
        attributes: request.attributes.clone(),
        expires_at: request.expires_at,
        members: match request.kind {
            ConversationKind::Room | ConversationKind::Service => Vec::new(),
            _ => request.members.iter().map(member).collect(),
        },
    }
}

/// Changes attributes, all of what is asked or nothing.
pub(in crate::store::sqlite) fn update(
    batch: &mut Batch<'_>,
    request: &UpdateRequest,
) -> Result<AttributesUpdated, Failure> {
    let app = batch.app(&request.app)?;
    let known = *batch.conversation(&request.app, &request.conversation, request.now)?;
    let key = known.key;
    let attributes = batch
        .connection
        .prepare_cached("SELECT attributes FROM conversation WHERE key = ?")?
        .query_row([key], |row| rows::attributes(row, 0))?;
    let updated = request.update.apply(&attributes, request.max_bytes).map_err(WriteError::from)?;
    batch
        .connection
        .prepare_cached("UPDATE conversation SET attributes = ? WHERE key = ?")?
        .execute(params![rows::attributes_text(&updated.attributes)?, key])?;
    let updated_at = batch.changed(key, request.now)?;
    if let Some(by) = &request.by {
        let teller = Teller { app, known: &known, by: Some(by) };
        let (attr, modified) = (request.changes.clone(), updated.modified.clone());
        teller.tell_all(batch, updated_at, &Noticed::Updated { attr, modified })?;
    }
    Ok(AttributesUpdated { updated_at, modified: updated.modified })
}
