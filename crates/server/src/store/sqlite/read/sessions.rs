//! What outlives a session.

use rusqlite::{OptionalExtension, Row, params};
use yanshu_protocol::{AppId, ClientId, ConversationId, Mentions, Tag, Timestamp};

use crate::store::sqlite::readers::{Fault, Reader};
use crate::store::sqlite::rows;
use crate::store::{SessionEnd, StoredWill, TagHolder};

pub(in crate::store::sqlite) fn end(
    reader: &mut Reader,
    app: &AppId,
    session: &str,
) -> Result<Option<SessionEnd>, Fault> {
    let Some(app) = reader.app(app)? else { return Ok(None) };
    let how: Option<i64> = reader
        .connection
        .prepare_cached("SELECT how FROM session_end WHERE app = ? AND session = ?")?
        .query_row(params![app, session], |row| row.get(0))
        .optional()?;
    Ok(how.map(|how| match how {
        0 => SessionEnd::Closed,
        1 => SessionEnd::Conflict,
        _ => SessionEnd::Kicked,
    }))
}

pub(in crate::store::sqlite) fn kicked_at(
    reader: &mut Reader,
    app: &AppId,
    client: &ClientId,
) -> Result<Option<Timestamp>, Fault> {
    let Some(app) = reader.app(app)? else { return Ok(None) };
    Ok(reader
        .connection
        .prepare_cached("SELECT at FROM kick WHERE app = ? AND client = ?")?
        .query_row(params![app, client.as_str()], |row| rows::time(row, 0))
        .optional()?)
}

pub(in crate::store::sqlite) fn tag_holder(
    reader: &mut Reader,
    app: &AppId,
    client: &ClientId,
    tag: &Tag,
    now: Timestamp,
) -> Result<Option<TagHolder>, Fault> {
    let Some(key) = reader.app(app)? else { return Ok(None) };
    Ok(reader
        .connection
        .prepare_cached(
            "SELECT device, session, until FROM tag_holder
             WHERE app = ? AND client = ? AND tag = ? AND until > ?",
        )?
        .query_row(params![key, client.as_str(), tag.as_str(), now.0], |row| {
            Ok(TagHolder {
                app: app.clone(),
                client: client.clone(),
                tag: tag.clone(),
                device: rows::optional_id(row, 0)?,
                session: row.get(1)?,
                until: rows::time(row, 2)?,
            })
        })
        .optional()?)
}

pub(in crate::store::sqlite) fn room_to_return_to(
    reader: &mut Reader,
    app: &AppId,
    client: &ClientId,
    device: &str,
    since: Timestamp,
) -> Result<Option<ConversationId>, Fault> {
    let Some(app) = reader.app(app)? else { return Ok(None) };
    Ok(reader
        .connection
        .prepare_cached(
            "SELECT room FROM room_presence
             WHERE app = ? AND client = ? AND device = ? AND (lost_at IS NULL OR lost_at >= ?)",
        )?
        .query_row(params![app, client.as_str(), device, since.0], |row| rows::id(row, 0))
        .optional()?)
}

const WILL: &str = "SELECT app.id, will.client, will.session, will.conversation, will.id, will.content, \
                    will.mentions, will.mentions_all FROM will JOIN app ON app.key = will.app";

fn read_will(row: &Row<'_>) -> rusqlite::Result<StoredWill> {
    let mentions: Mentions = rows::mentions(row, 6, row.get(7)?)?;
    Ok(StoredWill {
        app: rows::id(row, 0)?,
        client: rows::id(row, 1)?,
        session: row.get(2)?,
        conversation: rows::id(row, 3)?,
        id: rows::id(row, 4)?,
        content: rows::content(row, 5)?,
        mentions,
    })
}

pub(in crate::store::sqlite) fn will(
    reader: &mut Reader,
    app: &AppId,
    client: &ClientId,
) -> Result<Option<StoredWill>, Fault> {
    Ok(reader
        .connection
        .prepare_cached(&format!("{WILL} WHERE app.id = ? AND will.client = ?"))?
        .query_row(params![app.as_str(), client.as_str()], read_will)
        .optional()?)
}

pub(in crate::store::sqlite) fn wills(reader: &mut Reader) -> Result<Vec<StoredWill>, Fault> {
    let mut question = reader.connection.prepare(WILL)?;
    Ok(question.query_map([], read_will)?.collect::<Result<_, _>>()?)
}
