//! What a client has not read or not received, computed from its cursors.

use std::collections::HashMap;

use rusqlite::{CachedStatement, Connection, OptionalExtension, params};
use smallvec::SmallVec;
use yanshu_protocol::{AppId, ClientId, ConversationId, ConversationKind, Timestamp};

use crate::store::sqlite::readers::{Fault, Reader};
use crate::store::sqlite::recent::Places;
use crate::store::sqlite::rows::{self, Strand};
use crate::store::{CommitPoint, MissedMessages, StoredMessage, UnreadState};

use super::messages::by_row;

/// Everything, for questions about this moment.
const NOW: CommitPoint = CommitPoint(i64::MAX);

/// A conversation of the client, with what its cursors say.
struct Candidate {
    id: ConversationId,
    kind: ConversationKind,
    read_changed_at: i64,
    /// Its messages, unless the client has only a thread there; then those of the client's thread.
    parts: SmallVec<[Part; 2]>,
}

/// Messages in one order, and how far the client is among them.
struct Part {
    key: i64,
    /// They pass between a service conversation and the client.
    own: bool,
    /// The client read up to here.
    read: i64,
    /// And received up to here; what it read, it received.
    received: i64,
    last_at: i64,
    patched_at: i64,
}

impl Candidate {
    fn strand<'a>(&'a self, part: &Part, client: &'a ClientId) -> Strand<'a> {
        Strand { key: part.key, conversation: &self.id, thread: part.own.then_some(client) }
    }
}

const CANDIDATE: &str = "SELECT conversation.id, conversation.kind, coalesce(membership.read_changed_at, 0), \
     membership.conversation, membership.floor, coalesce(membership.read, 0), coalesce(membership.delivered, 0), \
     tail.last_at, tail.patched_at, membership.subscribed, membership.thread, own.last_at, own.patched_at \
     FROM membership CROSS JOIN tail ON tail.conversation = membership.conversation \
     LEFT JOIN tail AS own ON own.conversation = membership.thread \
     CROSS JOIN conversation ON conversation.key = membership.conversation \
     WHERE membership.app = ?1 AND membership.client = ?2 \
     AND (conversation.expires_at IS NULL OR conversation.expires_at > ?3)";

/// Newest activity first.
const NEWEST_FIRST: &str =
    "ORDER BY max(tail.last_at * membership.subscribed, coalesce(own.last_at, 0)) DESC";

fn candidate(row: &rusqlite::Row<'_>) -> rusqlite::Result<Candidate> {
    let mut parts = SmallVec::new();
    let (floor, read, delivered): (i64, i64, i64) = (row.get(4)?, row.get(5)?, row.get(6)?);
    if row.get(9)? {
        let (read, received) = (floor.max(read), floor.max(read).max(delivered));
        let (last_at, patched_at) = (row.get(7)?, row.get(8)?);
        parts.push(Part { key: row.get(3)?, own: false, read, received, last_at, patched_at });
    }
    if let Some(key) = row.get(10)? {
        // What was sent to the client alone counts from the first on.
        let (received, last_at, patched_at) = (read.max(delivered), row.get(11)?, row.get(12)?);
        parts.push(Part { key, own: true, read, received, last_at, patched_at });
    }
    Ok(Candidate { id: rows::id(row, 0)?, kind: rows::kind(row, 1)?, read_changed_at: row.get(2)?, parts })
}

/// Looks at a conversation's messages with one client's eyes, newest first.
struct Eyes<'c> {
    connection: &'c Connection,
    /// Places that are not in the index yet, of every conversation that has any.
    recent: HashMap<i64, Places>,
    newest_first: CachedStatement<'c>,
    own: Own<'c>,
    until: CommitPoint,
    now: Timestamp,
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
    /// Which of the candidate's parts it is in.
    part: usize,
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
        now: Timestamp,
    ) -> rusqlite::Result<Self> {
        let newest_first = connection.prepare_cached(
            "SELECT at, row, flags, sender_hash FROM message_index
             WHERE conversation = ? AND at > ? AND at < ? ORDER BY at DESC, id DESC",
        )?;
        let is_from = connection.prepare_cached("SELECT 1 FROM message WHERE row = ? AND sender = ?")?;
        let own = Own { client, hash: rows::client_hash(client), is_from };
        Ok(Self { connection, recent, newest_first, own, until, now })
    }

    /// The newest messages of others behind a place in each part, newest first, until `most` of them were
    /// wanted.
    fn others(
        &mut self,
        candidate: &Candidate,
        after: impl Fn(&Part) -> i64,
        most: usize,
        wanted: impl Fn(&Seen) -> bool,
    ) -> rusqlite::Result<Vec<Seen>> {
        let mut found = Vec::new();
        for (number, part) in candidate.parts.iter().enumerate() {
            let after = after(part);
            if part.last_at > after {
                self.others_in(part.key, number, after, most, &wanted, &mut found)?;
            }
        }
        if candidate.parts.len() > 1 {
            found.sort_by_key(|seen| std::cmp::Reverse(seen.at));
            found.truncate(most);
        }
        Ok(found)
    }

    fn others_in(
        &mut self,
        key: i64,
        part: usize,
        after: i64,
        most: usize,
        wanted: &impl Fn(&Seen) -> bool,
        found: &mut Vec<Seen>,
    ) -> rusqlite::Result<()> {
        let most = found.len().saturating_add(most);
        let recent = self.recent.get(&key).cloned().unwrap_or_default();
        let (until, now, connection) = (self.until, self.now, self.connection);
        let mut take = |seen: Seen, sender_hash: u32| {
            let counts = seen.row <= until.0 && wanted(&seen) && is_valid(connection, &seen, now)?;
            if counts && !self.own.wrote(seen.row, sender_hash)? {
                found.push(seen);
            }
            Ok::<_, rusqlite::Error>(found.len() < most)
        };
        let mut more = true;
        for place in recent.iter().rev().take_while(|place| place.at > after) {
            if more {
                let seen = Seen { part, at: place.at, row: place.row, flags: place.flags };
                more = take(seen, place.sender_hash)?;
            }
        }
        let filed_before = recent.front().map_or(i64::MAX, |first| first.at);
        let mut filed = self.newest_first.query([key, after, filed_before])?;
        while more && let Some(place) = filed.next()? {
            let seen = Seen { part, at: place.get(0)?, row: place.get(1)?, flags: place.get(2)? };
            more = take(seen, place.get(3)?)?;
        }
        Ok(())
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

    /// The message that was seen.
    fn message(&self, candidate: &Candidate, seen: &Seen) -> rusqlite::Result<Option<StoredMessage>> {
        let strand = candidate.strand(&candidate.parts[seen.part], self.own.client);
        by_row(self.connection, seen.row, strand)
    }

    /// The newest message of all.
    fn newest(&self, candidate: &Candidate) -> rusqlite::Result<Option<StoredMessage>> {
        let mut newest: Option<StoredMessage> = None;
        for part in &candidate.parts {
            let mut recent = self.recent.get(&part.key).into_iter().flat_map(|places| places.iter().rev());
            let row = match recent.find(|place| place.row <= self.until.0) {
                Some(place) => Some(place.row),
                None => self
                    .connection
                    .prepare_cached(
                        "SELECT row FROM message_index WHERE conversation = ? AND row <= ?
                         ORDER BY at DESC, id DESC LIMIT 1",
                    )?
                    .query_row([part.key, self.until.0], |row| row.get(0))
                    .optional()?,
            };
            let strand = candidate.strand(part, self.own.client);
            let of_part = row.map(|row| by_row(self.connection, row, strand)).transpose()?.flatten();
            newest = [newest, of_part].into_iter().flatten().max_by_key(|message| message.timestamp);
        }
        Ok(newest)
    }

    /// The state of a conversation, and the time of the newest message that counts.
    fn state(&mut self, candidate: &Candidate, most: u32) -> rusqlite::Result<(UnreadState, i64)> {
        // Recalled messages do not count (W-309).
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let unread =
            self.others(candidate, |part| part.read, most, |seen| seen.flags & rows::RECALLED == 0)?;
        let mut mentioned = false;
        for seen in &unread {
            if self.mentioned_in(seen)? {
                mentioned = true;
                break;
            }
        }
        let last = match unread.first() {
            Some(newest) => self.message(candidate, newest)?,
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

/// Whether a message may still be unread or missed (B-148).
fn is_valid(connection: &Connection, seen: &Seen, now: Timestamp) -> rusqlite::Result<bool> {
    if seen.flags & rows::LIMITED == 0 {
        return Ok(true);
    }
    connection
        .prepare_cached("SELECT valid_till > ? FROM message WHERE row = ?")?
        .query_row([now.0, seen.row], |row| row.get(0))
}

/// The recent places of all conversations of a client.
fn recent(reader: &Reader, app: i64, client: &ClientId) -> rusqlite::Result<HashMap<i64, Places>> {
    let mut question = reader
        .connection
        .prepare_cached("SELECT conversation, thread FROM membership WHERE app = ? AND client = ?")?;
    let mut found = question.query(params![app, client.as_str()])?;
    let mut keys: Vec<i64> = Vec::new();
    while let Some(row) = found.next()? {
        keys.push(row.get(0)?);
        keys.extend(row.get::<_, Option<i64>>(1)?);
    }
    Ok(reader.recent.of_all(keys))
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
             membership.subscribed AND tail.last_at > max(membership.floor, coalesce(membership.read, 0))
                 OR own.last_at > coalesce(membership.read, 0),
             membership.subscribed AND (tail.last_at > ?4 OR tail.patched_at > ?4)
                 OR own.last_at > ?4 OR own.patched_at > ?4 OR membership.read_changed_at > ?4)
         {NEWEST_FIRST}"
    );
    reader.look(|connection| {
        let mut candidates = connection.prepare_cached(&sql)?;
        let since = changed_after.map(|time| time.0);
        let mut candidates = candidates.query(params![app, client.as_str(), now.0, since])?;
        let mut eyes = Eyes::new(connection, recent, client, until, now)?;
        let mut states = Vec::new();
        while states.len() < max_conversations
            && let Some(row) = candidates.next()?
        {
            let candidate = candidate(row)?;
            let (state, newest) = eyes.state(&candidate, max_count)?;
            let wanted = match since {
                None => state.count > 0,
                Some(since) => {
                    let mut parts = candidate.parts.iter();
                    let recalled = parts.any(|part| part.patched_at > since && part.last_at > part.read);
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
    let strands = reader.strands(app, conversation, Some(client))?;
    let Some(key) = strands.first().map(|strand| strand.key) else { return Ok(None) };
    let Some(app) = reader.app(app)? else { return Ok(None) };
    let recent = reader.recent.of_all(strands.iter().map(|strand| strand.key));
    reader.look(|connection| {
        let found = connection
            .prepare_cached(&format!("{CANDIDATE} AND membership.conversation = ?4"))?
            .query_row(params![app, client.as_str(), now.0, key], candidate)
            .optional()?;
        let Some(candidate) = found else { return Ok(None) };
        let (state, _) = Eyes::new(connection, recent, client, NOW, now)?.state(&candidate, max_count)?;
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
        "{CANDIDATE} AND (membership.subscribed AND tail.last_at >
                 max(membership.floor, coalesce(membership.read, 0), coalesce(membership.delivered, 0))
             OR own.last_at > max(coalesce(membership.read, 0), coalesce(membership.delivered, 0)))
         {NEWEST_FIRST}"
    );
    reader.look(|connection| {
        let mut candidates = connection.prepare_cached(&sql)?;
        let mut candidates = candidates.query(params![app, client.as_str(), now.0])?;
        let mut eyes = Eyes::new(connection, recent, client, until, now)?;
        let mut missed = Vec::new();
        while missed.len() < max_conversations
            && let Some(row) = candidates.next()?
        {
            let candidate = candidate(row)?;
            let places = eyes.others(&candidate, |part| part.received, max_messages, |_| true)?;
            let mut messages = Vec::with_capacity(places.len());
            for place in places.iter().rev() {
                messages.extend(eyes.message(&candidate, place)?);
            }
            if !messages.is_empty() {
                missed.push(MissedMessages { conversation: candidate.id, kind: candidate.kind, messages });
            }
        }
        Ok(missed)
    })
}
