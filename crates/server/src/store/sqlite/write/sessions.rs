//! What outlives a session: wills, rooms to return to, ends, tags.

use rusqlite::params;
use yanshu_protocol::{AppId, ClientId, ConversationId, Timestamp};

use crate::store::sqlite::rows;
use crate::store::{RoomPresence, SessionEnd, StoredWill, TagHolder};

use super::{Batch, Failure};

/// Keeps a will in place of the client's earlier one.
pub(in crate::store::sqlite) fn save_will(batch: &mut Batch<'_>, will: &StoredWill) -> Result<(), Failure> {
    let app = batch.app(&will.app)?;
    batch
        .connection
        .prepare_cached(
            "INSERT OR REPLACE INTO will (app, client, session, conversation, id, content, mentions, mentions_all)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            app,
            will.client.as_str(),
            will.session,
            will.conversation.as_str(),
            will.id.as_str(),
            rows::ContentColumn(&will.content),
            rows::mentions_column(&will.mentions),
            will.mentions.all,
        ])?;
    Ok(())
}

/// Forgets the client's will if this session deposited it.
pub(in crate::store::sqlite) fn clear_will(
    batch: &mut Batch<'_>,
    (app, client, session): &(AppId, ClientId, String),
) -> Result<(), Failure> {
    let app = batch.app(app)?;
    batch
        .connection
        .prepare_cached("DELETE FROM will WHERE app = ? AND client = ? AND session = ?")?
        .execute(params![app, client.as_str(), session])?;
    Ok(())
}

/// Notes which room a device is in, or that it left.
pub(in crate::store::sqlite) fn set_room(
    batch: &mut Batch<'_>,
    presence: &RoomPresence,
) -> Result<(), Failure> {
    let app = batch.app(&presence.app)?;
    let (client, device) = (presence.client.as_str(), &presence.device);
    match (&presence.room, presence.lost_at) {
        (Some(room), None) => batch
            .connection
            .prepare_cached(
                "INSERT OR REPLACE INTO room_presence (app, client, device, room, lost_at)
                 VALUES (?, ?, ?, ?, NULL)",
            )?
            .execute(params![app, client, device, room.as_str()])?,
        (Some(room), Some(lost_at)) => batch
            .connection
            .prepare_cached(
                "UPDATE room_presence SET lost_at = ?
                 WHERE app = ? AND client = ? AND device = ? AND room = ? AND lost_at IS NULL",
            )?
            .execute(params![lost_at.0, app, client, device, room.as_str()])?,
        (None, _) => batch
            .connection
            .prepare_cached("DELETE FROM room_presence WHERE app = ? AND client = ? AND device = ?")?
            .execute(params![app, client, device])?,
    };
    Ok(())
}

/// Who is blocked in a room was not lost there: its devices do not return to it.
pub(super) fn put_nobody_back(
    batch: &Batch<'_>,
    app: i64,
    room: &ConversationId,
    clients: &[ClientId],
) -> rusqlite::Result<()> {
    for client in clients {
        batch
            .connection
            .prepare_cached("DELETE FROM room_presence WHERE app = ? AND client = ? AND room = ?")?
            .execute(params![app, client.as_str(), room.as_str()])?;
    }
    Ok(())
}

/// Whoever was in a room when the server ended was lost now.
pub(in crate::store::sqlite) fn rooms_lost(batch: &mut Batch<'_>, now: &Timestamp) -> Result<(), Failure> {
    batch.connection.execute("UPDATE room_presence SET lost_at = ? WHERE lost_at IS NULL", [now.0])?;
    Ok(())
}

/// Notes how a session ended.
pub(in crate::store::sqlite) fn end(
    batch: &mut Batch<'_>,
    (app, session, end, until): &(AppId, String, SessionEnd, Timestamp),
) -> Result<(), Failure> {
    let app = batch.app(app)?;
    batch
        .connection
        .prepare_cached("INSERT OR REPLACE INTO session_end (app, session, how, until) VALUES (?, ?, ?, ?)")?
        .execute(params![app, session, number(*end), until.0])?;
    Ok(())
}

/// Notes that the app took a client offline.
pub(in crate::store::sqlite) fn kick(
    batch: &mut Batch<'_>,
    (app, client, at): &(AppId, ClientId, Timestamp),
) -> Result<(), Failure> {
    let app = batch.app(app)?;
    batch
        .connection
        .prepare_cached(
            "INSERT INTO kick (app, client, at) VALUES (?, ?, ?)
             ON CONFLICT (app, client) DO UPDATE SET at = max(at, excluded.at)",
        )?
        .execute(params![app, client.as_str(), at.0])?;
    Ok(())
}

/// Notes who holds a tag.
pub(in crate::store::sqlite) fn hold_tag(batch: &mut Batch<'_>, holder: &TagHolder) -> Result<(), Failure> {
    let app = batch.app(&holder.app)?;
    batch
        .connection
        .prepare_cached(
            "INSERT OR REPLACE INTO tag_holder (app, client, tag, device, session, until) VALUES (?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            app,
            holder.client.as_str(),
            holder.tag.as_str(),
            holder.device.as_ref().map(|device| device.as_str()),
            holder.session,
            holder.until.0,
        ])?;
    Ok(())
}

fn number(end: SessionEnd) -> i64 {
    match end {
        SessionEnd::Closed => 0,
        SessionEnd::Conflict => 1,
        SessionEnd::Kicked => 2,
    }
}
