//! Conversations and who is in them.

use rusqlite::{Connection, OptionalExtension, Row, params};
use yanshu_protocol::{AppId, ClientId, ConversationId, ConversationKind, Timestamp};

use crate::store::sqlite::readers::{Fault, Reader};
use crate::store::sqlite::rows;
use crate::store::{Conversation, Member, Roster};

use super::order;

/// The columns that [`without_members`] reads.
pub(super) const COLUMNS: &str = "conversation.key, conversation.id, conversation.kind, conversation.creator, \
     conversation.created_at, conversation.updated_at, conversation.unique_id, conversation.expires_at, \
     tail.last_at, conversation.attributes";

/// The members in order of joining. Subscribers of a service conversation are never loaded as a whole.
pub(in crate::store::sqlite) fn members(
    connection: &Connection,
    conversation: i64,
    kind: ConversationKind,
) -> rusqlite::Result<Vec<Member>> {
    if matches!(kind, ConversationKind::Room | ConversationKind::Service) {
        return Ok(Vec::new());
    }
    let mut members = connection
        .prepare_cached("SELECT position, client, muted FROM member WHERE conversation = ?")?
        .query_map([conversation], |row| {
            Ok((row.get::<_, i64>(0)?, Member { client: rows::id(row, 1)?, muted: row.get(2)? }))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    members.sort_unstable_by_key(|(position, _)| *position);
    Ok(members.into_iter().map(|(_, member)| member).collect())
}

/// Reads [`COLUMNS`], attributes and members left out.
pub(super) fn bare(row: &Row<'_>) -> rusqlite::Result<(i64, Conversation)> {
    let kind = rows::kind(row, 2)?;
    // Before the first message there is no time, and service conversations never have one (B-53).
    let last_message_at =
        Some(rows::time(row, 8)?).filter(|at| at.0 != 0 && kind != ConversationKind::Service);
    let conversation = Conversation {
        id: rows::id(row, 1)?,
        kind,
        creator: rows::id(row, 3)?,
        created_at: rows::time(row, 4)?,
        updated_at: rows::time(row, 5)?,
        last_message_at,
        unique_id: rows::optional_id(row, 6)?,
        attributes: yanshu_protocol::Attributes::new(),
        expires_at: rows::optional_time(row, 7)?,
        members: Vec::new(),
    };
    Ok((row.get(0)?, conversation))
}

/// A conversation with its members, whether it has expired or not.
pub(in crate::store::sqlite) fn by_id(
    connection: &Connection,
    app: i64,
    id: &ConversationId,
) -> rusqlite::Result<Option<Conversation>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM conversation JOIN tail ON tail.conversation = key WHERE app = ? AND id = ?"
    );
    let found = connection
        .prepare_cached(&sql)?
        .query_row(params![app, id.as_str()], |row| Ok((bare(row)?, rows::attributes(row, 9)?)))
        .optional()?;
    let Some(((key, conversation), attributes)) = found else { return Ok(None) };
    let members = members(connection, key, conversation.kind)?;
    Ok(Some(Conversation { attributes, members, ..conversation }))
}

pub(in crate::store::sqlite) fn conversation(
    reader: &mut Reader,
    app: &AppId,
    id: &ConversationId,
    now: Timestamp,
) -> Result<Option<Conversation>, Fault> {
    let Some(app) = reader.app(app)? else { return Ok(None) };
    let found = reader.look(|connection| Ok(by_id(connection, app, id)?))?;
    Ok(found.filter(|conversation| conversation.expires_at.is_none_or(|end| now < end)))
}

pub(in crate::store::sqlite) fn roster(
    reader: &mut Reader,
    app: &AppId,
    id: &ConversationId,
    now: Timestamp,
) -> Result<Option<Roster>, Fault> {
    let Some(app) = reader.app(app)? else { return Ok(None) };
    reader.look(|connection| {
        let found = connection
            .prepare_cached(
                "SELECT key, kind, expires_at, creator FROM conversation WHERE app = ? AND id = ?",
            )?
            .query_row(params![app, id.as_str()], |row| {
                Ok((row.get(0)?, rows::kind(row, 1)?, rows::optional_time(row, 2)?, rows::id(row, 3)?))
            })
            .optional()?;
        let Some((key, kind, expires_at, creator)) = found else { return Ok(None) };
        if expires_at.is_some_and(|end| end <= now) {
            return Ok(None);
        }
        let members = members(connection, key, kind)?.into_iter().map(|member| member.client).collect();
        Ok(Some(Roster { kind, members, expires_at, creator, order: order::of(connection, key)? }))
    })
}

pub(in crate::store::sqlite) fn memberships(
    reader: &mut Reader,
    app: &AppId,
    client: &ClientId,
    conversations: &[ConversationId],
    now: Timestamp,
) -> Result<Vec<bool>, Fault> {
    let Some(app) = reader.app(app)? else { return Ok(vec![false; conversations.len()]) };
    reader.look(|connection| {
        let mut question = connection.prepare_cached(
            "SELECT 1 FROM conversation JOIN member ON member.conversation = conversation.key AND client = ?3
             WHERE app = ?1 AND id = ?2 AND (expires_at IS NULL OR expires_at > ?4)",
        )?;
        let mut is_member = |id: &ConversationId| {
            question.exists(params![app, id.as_str(), client.as_str(), now.0]).map_err(Fault::from)
        };
        conversations.iter().map(&mut is_member).collect()
    })
}
