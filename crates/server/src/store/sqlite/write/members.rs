//! Who is in a conversation.

use rusqlite::params;
use yanshu_protocol::{AppId, ClientId, ConversationId, Timestamp};

use crate::store::sqlite::read;
use crate::store::{MembersOutcome, MembersRequest, Roster, WriteError};

use super::{Batch, Failure};

/// Adds and removes members. New ones start with nothing unread: their floor is the newest message.
pub(in crate::store::sqlite) fn change(
    batch: &mut Batch<'_>,
    request: &MembersRequest,
) -> Result<MembersOutcome, Failure> {
    let app = batch.app(&request.app)?;
    let known = *batch.conversation(&request.app, &request.conversation, request.now)?;
    let mut roster: Vec<ClientId> = read::conversations::members(batch.connection, known.key)?
        .into_iter()
        .map(|member| member.client)
        .collect();

    let mut left = Vec::new();
    for client in &request.remove {
        if let Some(place) = roster.iter().position(|member| member == client) {
            left.push(roster.remove(place));
        }
    }
    let mut joined = Vec::new();
    for client in &request.add {
        if !roster.contains(client) {
            roster.push(client.clone());
            joined.push(client.clone());
        }
    }
    if !joined.is_empty() && roster.len() > request.limit {
        return Err(WriteError::Full.into());
    }

    for client in &left {
        remove(batch, app, known.key, client)?;
    }
    let position = next_position(batch, known.key)?;
    for (client, position) in joined.iter().zip(position..) {
        add(batch, app, known.key, client, position, known.tail.last_at)?;
    }
    let changed = [left, joined].concat();
    let updated_at = if changed.is_empty() {
        batch.updated_at(known.key)?
    } else {
        batch.changed(known.key, request.now)?
    };
    let roster = Roster { kind: known.kind, members: roster.into(), expires_at: known.expires_at };
    Ok(MembersOutcome { changed, updated_at, roster })
}

fn next_position(batch: &Batch<'_>, conversation: i64) -> rusqlite::Result<i64> {
    batch
        .connection
        .prepare_cached("SELECT coalesce(max(position), 0) + 1 FROM member WHERE conversation = ?")?
        .query_row([conversation], |row| row.get(0))
}

pub(super) fn add(
    batch: &Batch<'_>,
    app: i64,
    conversation: i64,
    client: &ClientId,
    position: i64,
    floor: i64,
) -> rusqlite::Result<()> {
    batch
        .connection
        .prepare_cached("INSERT INTO member (conversation, client, position, muted) VALUES (?, ?, ?, 0)")?
        .execute(params![conversation, client.as_str(), position])?;
    batch
        .connection
        .prepare_cached("INSERT INTO membership (app, client, conversation, floor) VALUES (?, ?, ?, ?)")?
        .execute(params![app, client.as_str(), conversation, floor])?;
    Ok(())
}

fn remove(batch: &Batch<'_>, app: i64, conversation: i64, client: &ClientId) -> rusqlite::Result<()> {
    batch
        .connection
        .prepare_cached("DELETE FROM member WHERE conversation = ? AND client = ?")?
        .execute(params![conversation, client.as_str()])?;
    batch
        .connection
        .prepare_cached("DELETE FROM membership WHERE app = ? AND client = ? AND conversation = ?")?
        .execute(params![app, client.as_str(), conversation])?;
    Ok(())
}

/// A member's wish to be left in peace, or not.
pub(in crate::store::sqlite) struct Mute {
    pub(in crate::store::sqlite) app: AppId,
    pub(in crate::store::sqlite) conversation: ConversationId,
    pub(in crate::store::sqlite) client: ClientId,
    pub(in crate::store::sqlite) muted: bool,
    pub(in crate::store::sqlite) now: Timestamp,
}

/// Sets whether a member mutes the conversation, and gives its time of change.
pub(in crate::store::sqlite) fn mute(batch: &mut Batch<'_>, wish: &Mute) -> Result<Timestamp, Failure> {
    let key = batch.conversation(&wish.app, &wish.conversation, wish.now)?.key;
    let members = batch
        .connection
        .prepare_cached("UPDATE member SET muted = ? WHERE conversation = ? AND client = ?")?
        .execute(params![wish.muted, key, wish.client.as_str()])?;
    Ok(if members == 0 { batch.updated_at(key)? } else { batch.changed(key, wish.now)? })
}
