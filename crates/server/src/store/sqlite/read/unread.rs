//! What a client has not read or not received, computed from its cursors.

use std::collections::HashMap;

use rusqlite::{CachedStatement, Connection, OptionalExtension, params};
use yanshu_protocol::{AppId, ClientId, ConversationId, ConversationKind, Timestamp};

use crate::store::sqlite::readers::{Fault, Reader};
use crate::store::sqlite::recent::Places;
use crate::store::sqlite::rows;
use crate::store::{CommitPoint, MissedMessages, StoredMessage, UnreadState};

use super::messages::by_row;

/// Everything, for questions about this moment.
const NOW: CommitPoint = CommitPoint(i64::MAX);

/// A conversation of the client, with what its cursors say.
struct Candidate {
    key: i64,
    id: ConversationId,
    kind: ConversationKind,
    /// The client read up to here.
    read: i64,
    /// And received up to here; what it read, it received.
    received: i64,
    read_changed_at: i64,
    last_at: i64,
    patched_at: i64,
}

const CANDIDATE: &str = "SELECT conversation.key, conversation.id, conversation.kind, \
     max(membership.floor, coalesce(membership.read, 0)), \
     max(membership.floor, coalesce(membership.read, 0), coalesce(membership.delivered, 0)), \
     coalesce(membership.read_changed_at, 0), tail.last_at, tail.patched_at \
     FROM membership CROSS JOIN tail ON tail.conversation = membership.conversation \
     CROSS JOIN conversation ON conversation.key = membership.conversation \
     WHERE membership.app = ?1 AND membership.client = ?2 \
     AND (conversation.expires_at IS NULL OR conversation.expires_at > ?3)";

fn candidate(row: &rusqlite::Row<'_>) -> rusqlite::Result<Candidate> {
    Ok(Candidate {
        key: row.get(0)?,
        id: rows::id(row, 1)?,
        kind: rows::kind(row, 2)?,
        read: row.get(3)?,
        received: row.get(4)?,
        read_changed_at: row.get(5)?,
        last_at: row.get(6)?,
        patched_at: row.get(7)?,
    })
}

/// Looks at a conversation's messages with one client's eyes, newest first.
struct Eyes<'c> {
    connection: &'c Connection,
    /// Places that are not in the index yet, of every conversation that has any.
    recent: HashMap<i64, Places>,
    newest_first: CachedStatement<'c>,
    own: Own<'c>,
    until: CommitPoint,
}

/// Knows the client's own messages.
struct Own<'c> {
    client: &'c ClientId,
    hash: u32,
    is_from: CachedStatement<'c>,
}

impl Own<'_> {
    fn wrote(&mut self, row: i64, sender_hash: u32) -> rusqlite::Result<bool> {
        // The hash is nearly always enough to know that it is someone else's.
        Ok(sender_hash == self.hash && self.is_from.exists(params![row, self.client.as_str()])?)
    }
}

/// A message of someone else.
struct Seen {
    at: i64,
    row: i64,
    flags: i64,
}

impl<'c> Eyes<'c> {
    fn new(
        connection: &'c Connection,
        recent: HashMap<i64, Places>,
        client: &'c ClientId,
        until: CommitPoint,
    ) -> rusqlite::Result<Self> {
        let newest_first = connection.prepare_cached(
            "SELECT at, row, flags, sender_hash FROM message_index
             WHERE conversation = ? AND at > ? AND at < ? ORDER BY at DESC, id DESC",
        )?;
        let is_from = connection.prepare_cached("SELECT 1 FROM message WHERE row = ? AND sender = ?")?;
        let own = Own { client, hash: rows::client_hash(client), is_from };
        Ok(Self { connection, recent, newest_first, own, until })
    }

    /// The newest messages of others after a time, newest first, until `most` of them were wanted.
    fn others(
        &mut self,
        conversation: i64,
        after: i64,
        most: usize,
        wanted: impl Fn(&Seen) -> bool,
    ) -> rusqlite::Result<Vec<Seen>> {
        let recent = self.recent.get(&conversation).cloned().unwrap_or_default();
        let mut found = Vec::new();
        let mut take = |seen: Seen, sender_hash: u32| {
            let counts = seen.row <= self.until.0 && wanted(&seen);
            if counts && !self.own.wrote(seen.row, sender_hash)? {
                found.push(seen);
            }
            Ok::<_, rusqlite::Error>(found.len() < most)
        };
        let mut more = most > 0;
        for place in recent.iter().rev().take_while(|place| place.at > after) {
            if more {
                let seen = Seen { at: place.at, row: place.row, flags: place.flags };
                more = take(seen, place.sender_hash)?;
            }
        }
        let filed_before = recent.front().map_or(i64::MAX, |first| first.at);
        let mut filed = self.newest_first.query([conversation, after, filed_before])?;
        while more && let Some(place) = filed.next()? {
            let seen = Seen { at: place.get(0)?, row: place.get(1)?, flags: place.get(2)? };
            more = take(seen, place.get(3)?)?;
        }
        Ok(found)
    }

    fn mentioned_in(&self, seen: &Seen) -> rusqlite::Result<bool> {
        if seen.flags & rows::MENTIONS_ALL != 0 {
            return Ok(true);
        }
        if seen.flags & rows::MENTIONS_SOME == 0 {
            return Ok(false);
        }
        let mentions = self
            .connection
            .prepare_cached("SELECT mentions FROM message WHERE row = ?")?
            .query_row([seen.row], |row| rows::mentions(row, 0, false))?;
        Ok(mentions.include(self.own.client))
    }

    /// The newest message of all.
    fn newest(&self, candidate: &Candidate) -> rusqlite::Result<Option<StoredMessage>> {
        let mut recent = self.recent.get(&candidate.key).into_iter().flat_map(|places| places.iter().rev());
        let row = match recent.find(|place| place.row <= self.until.0) {
            Some(place) => Some(place.row),
            None => self
                .connection
                .prepare_cached(
                    "SELECT row FROM message_index WHERE conversation = ? AND row <= ?
                     ORDER BY at DESC, id DESC LIMIT 1",
                )?
                .query_row([candidate.key, self.until.0], |row| row.get(0))
                .optional()?,
        };
        match row {
            Some(row) => by_row(self.connection, row, &candidate.id),
            None => Ok(None),
        }
    }

    /// The state of a conversation, and the time of the newest message that counts.
    fn state(&mut self, candidate: &Candidate, most: u32) -> rusqlite::Result<(UnreadState, i64)> {
        // Recalled messages do not count (W-309).
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let unread =
            self.others(candidate.key, candidate.read, most, |seen| seen.flags & rows::RECALLED == 0)?;
        let mut mentioned = false;
        for seen in &unread {
            if self.mentioned_in(seen)? {
                mentioned = true;
                break;
            }
        }
        let last = match unread.first() {
            Some(newest) => by_row(self.connection, newest.row, &candidate.id)?,
            None => self.newest(candidate)?,
        };
        let state = UnreadState {
            conversation: candidate.id.clone(),
            kind: candidate.kind,
            count: u32::try_from(unread.len()).unwrap_or(u32::MAX),
            mentioned,
            last,
        };
        Ok((state, unread.first().map_or(0, |newest| newest.at)))
    }
}

/// The recent places of all conversations of a client.
fn recent(reader: &Reader, app: i64, client: &ClientId) -> rusqlite::Result<HashMap<i64, Places>> {
    let mut question = reader
        .connection
        .prepare_cached("SELECT conversation FROM membership WHERE app = ? AND client = ?")?;
    let keys = question.query_map(params![app, client.as_str()], |row| row.get(0))?;
    Ok(reader.recent.of_all(keys.collect::<Result<Vec<i64>, _>>()?))
}

#[expect(clippy::too_many_arguments, reason = "they are those of the trait")]
pub(in crate::store::sqlite) fn unread(
    reader: &mut Reader,
    app: &AppId,
    client: &ClientId,
    changed_after: Option<Timestamp>,
    max_conversations: usize,
    max_count: u32,
    until: CommitPoint,
    now: Timestamp,
) -> Result<Vec<UnreadState>, Fault> {
    let Some(app) = reader.app(app)? else { return Ok(Vec::new()) };
    let recent = recent(reader, app, client)?;
    let sql = format!(
        "{CANDIDATE} AND iif(?4 IS NULL,
             tail.last_at > max(membership.floor, coalesce(membership.read, 0)),
             tail.last_at > ?4 OR tail.patched_at > ?4 OR membership.read_changed_at > ?4)
         ORDER BY tail.last_at DESC"
    );
    reader.look(|connection| {
        let mut candidates = connection.prepare_cached(&sql)?;
        let since = changed_after.map(|time| time.0);
        let mut candidates = candidates.query(params![app, client.as_str(), now.0, since])?;
        let mut eyes = Eyes::new(connection, recent, client, until)?;
        let mut states = Vec::new();
        while states.len() < max_conversations
            && let Some(row) = candidates.next()?
        {
            let candidate = candidate(row)?;
            let (state, newest) = eyes.state(&candidate, max_count)?;
            let wanted = match since {
                None => state.count > 0,
                Some(since) => {
                    let recalled = candidate.patched_at > since && candidate.last_at > candidate.read;
                    newest > since || candidate.read_changed_at > since || recalled
                }
            };
            if wanted {
                states.push(state);
            }
        }
        Ok(states)
    })
}

pub(in crate::store::sqlite) fn unread_in(
    reader: &mut Reader,
    app: &AppId,
    client: &ClientId,
    conversation: &ConversationId,
    max_count: u32,
    now: Timestamp,
) -> Result<Option<UnreadState>, Fault> {
    let Some(key) = reader.key(app, conversation)? else { return Ok(None) };
    let Some(app) = reader.app(app)? else { return Ok(None) };
    let recent = reader.recent.of_all([key]);
    reader.look(|connection| {
        let found = connection
            .prepare_cached(&format!("{CANDIDATE} AND membership.conversation = ?4"))?
            .query_row(params![app, client.as_str(), now.0, key], candidate)
            .optional()?;
        let Some(candidate) = found else { return Ok(None) };
        let (state, _) = Eyes::new(connection, recent, client, NOW)?.state(&candidate, max_count)?;
        Ok(Some(state))
    })
}

pub(in crate::store::sqlite) fn missed(
    reader: &mut Reader,
    app: &AppId,
    client: &ClientId,
    max_conversations: usize,
    max_messages: usize,
    until: CommitPoint,
    now: Timestamp,
) -> Result<Vec<MissedMessages>, Fault> {
    let Some(app) = reader.app(app)? else { return Ok(Vec::new()) };
    let recent = recent(reader, app, client)?;
    let sql = format!(
        "{CANDIDATE} AND tail.last_at > max(membership.floor, coalesce(membership.read, 0),
                                            coalesce(membership.delivered, 0))
         ORDER BY tail.last_at DESC"
    );
    reader.look(|connection| {
        let mut candidates = connection.prepare_cached(&sql)?;
        let mut candidates = candidates.query(params![app, client.as_str(), now.0])?;
        let mut eyes = Eyes::new(connection, recent, client, until)?;
        let mut missed = Vec::new();
        while missed.len() < max_conversations
            && let Some(row) = candidates.next()?
        {
            let candidate = candidate(row)?;
            let places = eyes.others(candidate.key, candidate.received, max_messages, |_| true)?;
            let mut messages = Vec::with_capacity(places.len());
            for place in places.iter().rev() {
                messages.extend(by_row(connection, place.row, &candidate.id)?);
            }
            if !messages.is_empty() {
                missed.push(MissedMessages { conversation: candidate.id, kind: candidate.kind, messages });
            }
        }
        Ok(missed)
    })
}
