//! Who is in a conversation.

use rusqlite::params;
use yanshu_protocol::{AppId, ClientId, Code, ConversationId, ConversationKind, Reject, Timestamp};

use crate::store::sqlite::{read, rows};
use crate::store::{MembersOutcome, MembersRequest, Noticed, Roster, WriteError};

use super::notices::Teller;
use super::{Batch, Failure, Known, blocklists, order, subscriptions};

/// The creator, and the members in order of joining.
pub(super) struct Seats {
    pub(super) creator: ClientId,
    pub(super) members: Vec<ClientId>,
}

pub(super) fn seats(batch: &Batch<'_>, known: &Known) -> rusqlite::Result<Seats> {
    let creator = batch
        .connection
        .prepare_cached("SELECT creator FROM conversation WHERE key = ?")?
        .query_row([known.key], |row| rows::id(row, 0))?;
    let members = read::conversations::members(batch.connection, known.key, known.kind)?;
    Ok(Seats { creator, members: members.into_iter().map(|member| member.client).collect() })
}

/// Who gets the conversation's messages, as it is now.
pub(super) fn roster(batch: &mut Batch<'_>, known: &Known) -> rusqlite::Result<Roster> {
    let Seats { creator, members } = seats(batch, known)?;
    let order = batch.order(known.key)?;
    Ok(Roster { kind: known.kind, members: members.into(), expires_at: known.expires_at, creator, order })
}

/// With `whole`, one refused id refuses all (W-104).
pub(super) fn refuse_whole(whole: bool, refused: &[(ClientId, Code)]) -> Result<(), Failure> {
    match refused.first() {
        Some((_, code)) if whole => Err(WriteError::Refused(Reject::from(*code)).into()),
        _ => Ok(()),
    }
}

/// Adds and removes members. New ones start with nothing unread: their floor is the newest message.
pub(in crate::store::sqlite) fn change(
    batch: &mut Batch<'_>,
    request: &MembersRequest,
) -> Result<MembersOutcome, Failure> {
    let app = batch.app(&request.app)?;
    let known = *batch.conversation(&request.app, &request.conversation, request.now)?;
    if known.kind == ConversationKind::Service {
        return subscriptions::change(batch, app, &known, request);
    }
    let Seats { creator, mut members } = seats(batch, &known)?;
    let order = batch.order(known.key)?;

    let mut refused = Vec::new();
    let mut left = Vec::new();
    for client in &request.remove {
        if let Some(place) = members.iter().position(|member| member == client) {
            if request.keep_owner && *client == creator {
                refused.push((client.clone(), Code::ConversationNeedOwner));
            } else {
                left.push(members.remove(place));
            }
        }
    }
    let mut joined = Vec::new();
    for client in &request.add {
        if members.contains(client) {
            continue;
        }
        if order.blocked.contains(client) || blocklists::blocks(batch, app, client, known.key)? {
            refused.push((client.clone(), Code::BlockedByConversation));
        } else {
            members.push(client.clone());
            joined.push(client.clone());
        }
    }
    refuse_whole(request.whole, &refused)?;
    if !joined.is_empty() && members.len() > request.limit {
        return Err(WriteError::Full.into());
    }

    let teller = Teller { app, known: &known, by: Some(&request.by) };
    let mut updated_at = batch.updated_at(known.key)?;
    for client in &left {
        remove(batch, app, known.key, client)?;
    }
    if !left.is_empty() {
        updated_at = batch.changed(known.key, request.now)?;
        tell_of_leaving(batch, &teller, updated_at, &left)?;
    }
    if !joined.is_empty() {
        updated_at = batch.changed(known.key, request.now)?;
        let position = next_position(batch, known.key)?;
        for (client, position) in joined.iter().zip(position..) {
            let seat = Seat { position, floor: known.tail.last_at, since: updated_at };
            add(batch, app, known.key, client, &seat)?;
            teller.tell(batch, client, updated_at, &Noticed::Joined)?;
        }
        teller.tell_all(batch, updated_at, &Noticed::MembersJoined { members: joined.clone() })?;
    }
    let changed = [left, joined].concat();
    let roster = Roster {
        kind: known.kind,
        members: members.into(),
        expires_at: known.expires_at,
        creator,
        order: batch.order(known.key)?,
    };
    Ok(MembersOutcome { changed, refused, updated_at, roster })
}

/// Keeps for those who left that they did, and for all others who left.
pub(super) fn tell_of_leaving(
    batch: &Batch<'_>,
    teller: &Teller<'_>,
    at: Timestamp,
    left: &[ClientId],
) -> rusqlite::Result<()> {
    for client in left {
        teller.tell(batch, client, at, &Noticed::Left)?;
    }
    teller.tell_all(batch, at, &Noticed::MembersLeft { members: left.to_vec() })
}

fn next_position(batch: &Batch<'_>, conversation: i64) -> rusqlite::Result<i64> {
    batch
        .connection
        .prepare_cached("SELECT coalesce(max(position), 0) + 1 FROM member WHERE conversation = ?")?
        .query_row([conversation], |row| row.get(0))
}

/// Where a new member begins.
pub(super) struct Seat {
    pub(super) position: i64,
    pub(super) floor: i64,
    pub(super) since: Timestamp,
}

pub(super) fn add(
    batch: &Batch<'_>,
    app: i64,
    conversation: i64,
    client: &ClientId,
    seat: &Seat,
) -> rusqlite::Result<()> {
    batch
        .connection
        .prepare_cached("INSERT INTO member (conversation, client, position, muted) VALUES (?, ?, ?, 0)")?
        .execute(params![conversation, client.as_str(), seat.position])?;
    batch
        .connection
        .prepare_cached(
            "INSERT INTO membership (app, client, conversation, floor, since) VALUES (?, ?, ?, ?, ?)",
        )?
        .execute(params![app, client.as_str(), conversation, seat.floor, seat.since.0])?;
    Ok(())
}

/// Takes out those who are in, and gives them.
pub(super) fn remove_all(
    batch: &mut Batch<'_>,
    app: i64,
    known: &Known,
    clients: &[ClientId],
) -> rusqlite::Result<Vec<ClientId>> {
    if known.kind == ConversationKind::Service {
        return subscriptions::unsubscribe(batch, app, known, clients);
    }
    let mut left = Vec::new();
    for client in clients {
        if remove(batch, app, known.key, client)? {
            left.push(client.clone());
        }
    }
    Ok(left)
}

/// Takes a member out, and its role with it; says whether it was in.
fn remove(batch: &mut Batch<'_>, app: i64, conversation: i64, client: &ClientId) -> rusqlite::Result<bool> {
    let found = batch
        .connection
        .prepare_cached("DELETE FROM member WHERE conversation = ? AND client = ?")?
        .execute(params![conversation, client.as_str()])?;
    batch
        .connection
        .prepare_cached("DELETE FROM membership WHERE app = ? AND client = ? AND conversation = ?")?
        .execute(params![app, client.as_str(), conversation])?;
    if batch.order(conversation)?.managers.contains(client) {
        order::drop_role(batch, conversation, client)?;
    }
    Ok(found > 0)
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
    let known = *batch.conversation(&wish.app, &wish.conversation, wish.now)?;
    let members = batch
        .connection
        .prepare_cached("UPDATE member SET muted = ? WHERE conversation = ? AND client = ?")?
        .execute(params![wish.muted, known.key, wish.client.as_str()])?;
    // Who of its subscribers mutes it is no part of a service conversation.
    let part = members > 0 && known.kind != ConversationKind::Service;
    Ok(if part { batch.changed(known.key, wish.now)? } else { batch.updated_at(known.key)? })
}
