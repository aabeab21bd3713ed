//! Who subscribes to service conversations. There may be hundreds of thousands: nothing reads them all.

use rusqlite::{OptionalExtension, params};
use yanshu_protocol::{AppId, ClientId, ConversationId, ConversationKind, Timestamp};

use crate::store::Subscription;
use crate::store::sqlite::readers::{Fault, Reader};
use crate::store::sqlite::rows;

pub(in crate::store::sqlite) fn among(
    reader: &mut Reader,
    app: &AppId,
    client: &ClientId,
    conversations: &[ConversationId],
) -> Result<Vec<Option<Subscription>>, Fault> {
    let Some(app) = reader.app(app)? else { return Ok(vec![None; conversations.len()]) };
    reader.look(|connection| {
        let mut question = connection.prepare_cached(
            "SELECT membership.since, member.muted FROM conversation
             CROSS JOIN member ON member.conversation = conversation.key AND member.client = ?2
             CROSS JOIN membership ON membership.app = ?1 AND membership.client = ?2
                 AND membership.conversation = conversation.key
             WHERE conversation.app = ?1 AND conversation.id = ?3 AND conversation.kind = ?4",
        )?;
        let mut subscription = |id: &ConversationId| {
            let service = ConversationKind::Service.number();
            let found = question.query_row(params![app, client.as_str(), id.as_str(), service], |row| {
                Ok(Subscription { since: rows::time(row, 0)?, muted: row.get(1)? })
            });
            found.optional().map_err(Fault::from)
        };
        conversations.iter().map(&mut subscription).collect()
    })
}

pub(in crate::store::sqlite) fn subscribed(
    reader: &mut Reader,
    app: &AppId,
    conversation: &ConversationId,
    clients: &[ClientId],
) -> Result<Vec<bool>, Fault> {
    let Some(app) = reader.app(app)? else { return Ok(vec![false; clients.len()]) };
    reader.look(|connection| {
        let mut question = connection.prepare_cached(
            "SELECT 1 FROM conversation CROSS JOIN member
                 ON member.conversation = conversation.key AND member.client = ?3
             WHERE conversation.app = ?1 AND conversation.id = ?2 AND conversation.kind = ?4",
        )?;
        let service = ConversationKind::Service.number();
        let mut subscribes = |client: &ClientId| {
            question
                .exists(params![app, conversation.as_str(), client.as_str(), service])
                .map_err(Fault::from)
        };
        clients.iter().map(&mut subscribes).collect()
    })
}

pub(in crate::store::sqlite) fn subscribers(
    reader: &mut Reader,
    app: &AppId,
    conversation: &ConversationId,
    after: Option<&ClientId>,
    limit: usize,
) -> Result<Vec<(ClientId, Timestamp)>, Fault> {
    let Some(address) = reader.address(app, conversation)?.filter(|address| address.service) else {
        return Ok(Vec::new());
    };
    let Some(app) = reader.app(app)? else { return Ok(Vec::new()) };
    let after = after.map_or("", ClientId::as_str);
    let mut question = reader.connection.prepare_cached(
        "SELECT member.client, membership.since FROM member
         CROSS JOIN membership ON membership.app = ?1 AND membership.client = member.client
             AND membership.conversation = ?2
         WHERE member.conversation = ?2 AND member.client > ?3 ORDER BY member.client LIMIT ?4",
    )?;
    let found = question.query_map(params![app, address.key, after, rows::count(limit)], |row| {
        Ok((rows::id(row, 0)?, rows::time(row, 1)?))
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}

pub(in crate::store::sqlite) fn count(
    reader: &mut Reader,
    app: &AppId,
    conversation: &ConversationId,
) -> Result<u64, Fault> {
    let Some(key) = reader.key(app, conversation)? else { return Ok(0) };
    let count: Option<i64> = reader
        .connection
        .prepare_cached("SELECT subscribers FROM tail WHERE conversation = ?")?
        .query_row([key], |row| row.get(0))
        .optional()?;
    Ok(count.unwrap_or(0).unsigned_abs())
}

pub(in crate::store::sqlite) fn of_client(
    reader: &mut Reader,
    app: &AppId,
    client: &ClientId,
    after: Option<&(Timestamp, ConversationId)>,
    newest_first: bool,
    limit: usize,
) -> Result<Vec<(ConversationId, Timestamp)>, Fault> {
    let Some(app) = reader.app(app)? else { return Ok(Vec::new()) };
    let mut question = reader.connection.prepare_cached(
        "SELECT conversation.id, membership.since
         FROM membership CROSS JOIN conversation ON conversation.key = membership.conversation
         WHERE membership.app = ?1 AND membership.client = ?2 AND membership.subscribed
         AND conversation.app = ?1 AND conversation.kind = ?3",
    )?;
    let service = ConversationKind::Service.number();
    let found = question.query_map(params![app, client.as_str(), service], |row| {
        Ok((rows::time(row, 1)?, rows::id(row, 0)?))
    })?;
    let mut found = found.collect::<Result<Vec<(Timestamp, ConversationId)>, _>>()?;
    found.sort_unstable();
    if newest_first {
        found.reverse();
    }
    let page = found.into_iter().filter(|entry| match after {
        None => true,
        Some(after) if newest_first => entry < after,
        Some(after) => entry > after,
    });
    Ok(page.take(limit).map(|(since, conversation)| (conversation, since)).collect())
}
