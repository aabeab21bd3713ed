//! Edits and recalls that a client has not heard of.

use rusqlite::params;
use yanshu_protocol::{AppId, ClientId, ConversationId, Timestamp};

use crate::store::StoredMessage;
use crate::store::sqlite::readers::{Fault, Reader};
use crate::store::sqlite::rows::{self, Strand};

use super::messages::by_row;

pub(in crate::store::sqlite) fn since(
    reader: &mut Reader,
    app: &AppId,
    client: &ClientId,
    device: Option<&str>,
    after: Timestamp,
    limit: usize,
    now: Timestamp,
) -> Result<Vec<StoredMessage>, Fault> {
    let Some(app) = reader.app(app)? else { return Ok(Vec::new()) };
    reader.look(|connection| {
        let mut changed = connection.prepare_cached(
            "SELECT conversation.id, conversation.key, membership.subscribed AND tail.patched_at > ?3,
                 membership.thread, own.patched_at > ?3
             FROM membership CROSS JOIN tail ON tail.conversation = membership.conversation
             LEFT JOIN tail AS own ON own.conversation = membership.thread
             CROSS JOIN conversation ON conversation.key = membership.conversation
             WHERE membership.app = ?1 AND membership.client = ?2 AND conversation.app = ?1
             AND (tail.patched_at > ?3 OR own.patched_at > ?3)
             AND (conversation.expires_at IS NULL OR conversation.expires_at > ?4)",
        )?;
        let mut changed = changed.query(params![app, client.as_str(), after.0, now.0])?;
        let mut patches = connection.prepare_cached(
            "SELECT patch.patched_at, patch.row
             FROM patch CROSS JOIN message ON message.row = patch.row
             WHERE patch.conversation = ?1 AND patch.patched_at > ?2
             AND NOT (message.sender = ?3 AND patch.device IS NOT NULL AND patch.device IS ?4)
             ORDER BY patch.patched_at LIMIT ?5",
        )?;
        let most = rows::count(limit);
        let mut found: Vec<Found> = Vec::new();
        while let Some(row) = changed.next()? {
            let conversation: ConversationId = rows::id(row, 0)?;
            let here = row.get::<_, bool>(2)?.then(|| row.get(1)).transpose()?;
            let in_thread = row.get::<_, Option<bool>>(4)?.unwrap_or_default();
            let in_thread = in_thread.then(|| row.get(3)).transpose()?;
            for (key, thread) in [(here, false), (in_thread, true)] {
                let Some(key): Option<i64> = key else { continue };
                let mut rows = patches.query(params![key, after.0, client.as_str(), device, most])?;
                while let Some(row) = rows.next()? {
                    let conversation = conversation.clone();
                    found.push(Found { at: row.get(0)?, row: row.get(1)?, key, conversation, thread });
                }
            }
        }
        found.sort_unstable_by_key(|found| (found.at, found.row));
        found.truncate(limit);
        let mut messages = Vec::with_capacity(found.len());
        for Found { row, key, conversation, thread, .. } in &found {
            let thread = thread.then_some(client);
            messages.extend(by_row(connection, *row, Strand { key: *key, conversation, thread })?);
        }
        Ok(messages)
    })
}

/// The latest change of a message.
struct Found {
    at: i64,
    row: i64,
    key: i64,
    conversation: ConversationId,
    /// It passed between the service conversation and the client.
    thread: bool,
}
