//! Edits and recalls that a client has not heard of.

use rusqlite::params;
use yanshu_protocol::{AppId, ClientId, ConversationId, Timestamp};

use crate::store::StoredMessage;
use crate::store::sqlite::readers::{Fault, Reader};
use crate::store::sqlite::rows;

use super::messages::by_row;

pub(in crate::store::sqlite) fn since(
    reader: &mut Reader,
    app: &AppId,
    client: &ClientId,
    device: Option<&str>,
    after: Timestamp,
    limit: usize,
) -> Result<Vec<StoredMessage>, Fault> {
    let Some(app) = reader.app(app)? else { return Ok(Vec::new()) };
    reader.look(|connection| {
        let mut changed = connection.prepare_cached(
            "SELECT membership.conversation, conversation.id
             FROM membership CROSS JOIN tail ON tail.conversation = membership.conversation
             CROSS JOIN conversation ON conversation.key = membership.conversation
             WHERE membership.app = ? AND membership.client = ? AND tail.patched_at > ?",
        )?;
        let changed = changed.query_map(params![app, client.as_str(), after.0], |row| {
            Ok((row.get::<_, i64>(0)?, rows::id::<ConversationId>(row, 1)?))
        })?;
        let mut patches = connection.prepare_cached(
            "SELECT patch.patched_at, patch.row
             FROM patch CROSS JOIN message ON message.row = patch.row
             WHERE patch.conversation = ?1 AND patch.patched_at > ?2
             AND NOT (message.sender = ?3 AND patch.device IS NOT NULL AND patch.device IS ?4)
             ORDER BY patch.patched_at LIMIT ?5",
        )?;
        let most = rows::count(limit);
        let mut found: Vec<(i64, i64, ConversationId)> = Vec::new();
        for conversation in changed {
            let (key, id) = conversation?;
            let mut rows = patches.query(params![key, after.0, client.as_str(), device, most])?;
            while let Some(row) = rows.next()? {
                found.push((row.get(0)?, row.get(1)?, id.clone()));
            }
        }
        found.sort_unstable_by_key(|(patched_at, row, _)| (*patched_at, *row));
        found.truncate(limit);
        let mut messages = Vec::with_capacity(found.len());
        for (_, row, id) in found {
            messages.extend(by_row(connection, row, &id)?);
        }
        Ok(messages)
    })
}
