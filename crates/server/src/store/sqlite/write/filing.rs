//! Files the places of messages in the index, a portion with each batch.
//!
//! When enough wait, all that wait are one round: portions of them are filed conversation by conversation, so
//! that neighbours in the index are written together, while new ones gather for the next round. When a round
//! is done, the last row of it is noted; after a crash everything behind that row is filed at once.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::{Connection, params};
use yanshu_protocol::{ClientId, MessageId, Timestamp, message_type};

use crate::store::sqlite::recent::{Place, Recent};
use crate::store::sqlite::rows;

use super::resends::Resends;

/// Places filed with a batch, beside twice as many as the batch before had changes.
const LEAST: usize = 16;

/// Where the places of messages wait, and the work of filing them.
#[derive(Debug)]
pub(in crate::store::sqlite) struct Filing {
    recent: Arc<Recent>,
    /// A round begins when this many wait.
    enough: usize,
    /// How many wait.
    waiting: usize,
    round: Option<Round>,
    /// Keys of those that wait, by conversation and hash.
    keys: HashMap<(i64, i64), i64>,
    /// Where the keys go; read again after a rollback.
    resends: Option<Resends>,
    staged: Staged,
    /// Places that the batch before this one added.
    pace: usize,
    /// The next round begins whatever waits.
    due: bool,
}

/// What is being filed.
#[derive(Debug, Clone)]
struct Round {
    /// Conversations still to do, in descending order.
    conversations: Vec<i64>,
    /// The last row of the round.
    up_to: i64,
}

/// What the open transaction did; it counts only once that is committed.
#[derive(Debug, Default)]
struct Staged {
    added: Vec<(i64, Place)>,
    changed: Vec<(i64, Place)>,
    /// How many of the first places of a conversation were filed.
    filed: Vec<(i64, usize)>,
    filed_keys: Vec<(i64, i64)>,
    round_before: Option<Option<Round>>,
    conversation_gone: bool,
}

impl Filing {
    pub(in crate::store::sqlite) fn new(recent: Arc<Recent>, enough: usize) -> Self {
        Self {
            recent,
            enough,
            waiting: 0,
            round: None,
            keys: HashMap::new(),
            resends: None,
            staged: Staged::default(),
            pace: 0,
            due: false,
        }
    }

    fn resends(&mut self, connection: &Connection) -> rusqlite::Result<Resends> {
        match self.resends {
            Some(resends) => Ok(resends),
            None => Ok(*self.resends.insert(Resends::load(connection)?)),
        }
    }

    /// Forgets keys of messages before `boundary`, if enough of them have gathered; gives their number. What
    /// waits is filed next, so that keys do not escape by waiting.
    pub(super) fn expire_keys(
        &mut self,
        connection: &Connection,
        boundary: Timestamp,
        now: Timestamp,
    ) -> rusqlite::Result<usize> {
        let (resends, forgotten) = self.resends(connection)?.expire(connection, boundary, now)?;
        self.resends = Some(resends);
        self.due = true;
        Ok(forgotten)
    }

    /// A conversation is no longer found where readers remember it.
    pub(super) fn conversation_gone(&mut self) {
        self.staged.conversation_gone = true;
    }

    /// Adds the place of a message just written.
    pub(super) fn add(&mut self, conversation: i64, place: Place) {
        if let Some(hash) = place.resend {
            self.keys.insert((conversation, hash), place.row);
        }
        self.staged.added.push((conversation, place));
    }

    /// The row of a message whose key has this hash: most likely the same key.
    pub(super) fn row_of_key(
        &self,
        connection: &Connection,
        conversation: i64,
        hash: i64,
    ) -> rusqlite::Result<Option<i64>> {
        match self.keys.get(&(conversation, hash)) {
            Some(&row) => Ok(Some(row)),
            None => super::resends::find(connection, conversation, hash),
        }
    }

    /// The waiting place of a message.
    pub(super) fn find(&self, conversation: i64, at: i64, id: &MessageId) -> Option<Place> {
        let is_it = |place: &&Place| place.at == at && place.id == *id;
        let staged = self.staged.added.iter().filter(|(key, _)| *key == conversation);
        let staged = staged.map(|(_, place)| place).find(is_it).cloned();
        staged.or_else(|| {
            let places = self.recent.of(conversation);
            let position = places.binary_search_by_key(&at, |place| place.at).ok()?;
            places.get(position).filter(is_it).cloned()
        })
    }

    /// Replaces the place of a message that was changed, if it waits.
    pub(super) fn change(&mut self, conversation: i64, place: Place) {
        self.staged.changed.push((conversation, place));
    }

    /// Files a portion. Comes before all changes of the batch, so that they find what was filed in the index.
    pub(super) fn file_portion(&mut self, connection: &Connection, last_row: i64) -> rusqlite::Result<()> {
        self.staged.round_before = Some(self.round.clone());
        if self.round.is_none() {
            if self.waiting < if self.due { 1 } else { self.enough } {
                return Ok(());
            }
            self.due = false;
            let mut conversations = self.recent.conversations();
            conversations.sort_unstable_by(|left, right| right.cmp(left));
            self.round = Some(Round { conversations, up_to: last_row });
        }
        let Some(mut round) = self.round.take() else { return Ok(()) };
        let mut left = LEAST + 2 * self.pace;
        while left > 0
            && let Some(&conversation) = round.conversations.last()
        {
            let filed = self.file(connection, conversation, 0, round.up_to, left)?;
            left -= filed.min(left);
            if left > 0 {
                round.conversations.pop();
            }
        }
        if round.conversations.is_empty() {
            connection.prepare_cached("UPDATE filed SET up_to = ?")?.execute([round.up_to])?;
        } else {
            self.round = Some(round);
        }
        Ok(())
    }

    /// Files up to `most` places of one conversation from before a time.
    pub(super) fn file_old_of(
        &mut self,
        connection: &Connection,
        conversation: i64,
        boundary: Timestamp,
        most: usize,
    ) -> rusqlite::Result<()> {
        let before = self.filed_now(conversation);
        let places = self.recent.of(conversation);
        let old = places.partition_point(|place| place.at < boundary.0).saturating_sub(before);
        self.file(connection, conversation, before, i64::MAX, old.min(most)).map(drop)
    }

    /// How many places of a conversation this batch has filed.
    fn filed_now(&self, conversation: i64) -> usize {
        self.staged.filed.iter().filter(|(key, _)| *key == conversation).map(|(_, count)| count).sum()
    }

    /// Files all of one conversation.
    pub(super) fn file_all_of(&mut self, connection: &Connection, conversation: i64) -> rusqlite::Result<()> {
        let before = self.filed_now(conversation);
        self.file(connection, conversation, before, i64::MAX, usize::MAX)?;
        let (of_it, others) = std::mem::take(&mut self.staged.added)
            .into_iter()
            .partition::<Vec<_>, _>(|(key, _)| *key == conversation);
        self.staged.added = others;
        for (_, place) in of_it {
            self.staged.filed_keys.extend(place.resend.map(|hash| (conversation, hash)));
            insert(connection, self.resends(connection)?, conversation, &place)?;
        }
        Ok(())
    }

    /// Files the next places of a conversation, behind those that this batch has filed already.
    fn file(
        &mut self,
        connection: &Connection,
        conversation: i64,
        before: usize,
        up_to: i64,
        most: usize,
    ) -> rusqlite::Result<usize> {
        let mut filed = 0;
        let places = self.recent.of(conversation);
        for place in places.iter().skip(before).take_while(|place| place.row <= up_to).take(most) {
            insert(connection, self.resends(connection)?, conversation, place)?;
            self.staged.filed_keys.extend(place.resend.map(|hash| (conversation, hash)));
            filed += 1;
        }
        self.staged.filed.push((conversation, filed));
        Ok(filed)
    }

    /// The transaction is committed: what it did is to be seen.
    pub(in crate::store::sqlite) fn committed(&mut self) {
        let staged = std::mem::take(&mut self.staged);
        self.pace = staged.added.len();
        self.waiting += staged.added.len();
        self.waiting -= staged.filed.iter().map(|(_, count)| count).sum::<usize>();
        for key in &staged.filed_keys {
            self.keys.remove(key);
        }
        if staged.conversation_gone {
            self.recent.conversation_gone();
        }
        self.recent.apply(staged.added, staged.changed, staged.filed);
    }

    /// The transaction is rolled back: it did nothing.
    pub(super) fn rolled_back(&mut self) {
        self.resends = None;
        let staged = std::mem::take(&mut self.staged);
        for (conversation, place) in staged.added {
            if let Some(hash) = place.resend {
                self.keys.remove(&(conversation, hash));
            }
        }
        if let Some(round) = staged.round_before {
            self.round = round;
        }
    }
}

fn insert(
    connection: &Connection,
    resends: Resends,
    conversation: i64,
    place: &Place,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO message_index (conversation, at, id, row, sender_hash, flags, type)
             VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            conversation,
            place.at,
            place.id.as_str(),
            place.row,
            place.sender_hash,
            place.flags,
            place.kind,
        ])?;
    if let Some(hash) = place.resend {
        resends.keep(connection, conversation, hash, place.row)?;
    }
    Ok(())
}

/// Files what was not filed when the store ended.
pub(in crate::store::sqlite) fn recover(connection: &mut Connection) -> rusqlite::Result<()> {
    let change = connection.transaction()?;
    let resends = Resends::load(&change)?;
    let mut up_to: i64 = change.query_row("SELECT up_to FROM filed", [], |row| row.get(0))?;
    {
        let mut behind = change.prepare(
            "SELECT row, conversation, at, id, sender, flags, content, resend_key
             FROM message WHERE row > ? ORDER BY row",
        )?;
        let mut behind = behind.query([up_to])?;
        while let Some(row) = behind.next()? {
            up_to = row.get(0)?;
            let sender: ClientId = rows::id(row, 4)?;
            let resend_key: Option<String> = row.get(7)?;
            let place = Place {
                at: row.get(2)?,
                id: rows::id(row, 3)?,
                row: up_to,
                sender_hash: rows::client_hash(&sender),
                flags: row.get(5)?,
                kind: message_type(&rows::content(row, 6)?),
                resend: resend_key.map(|key| rows::resend_hash(&sender, &key)),
            };
            insert(&change, resends, row.get(1)?, &place)?;
        }
    }
    change.execute("UPDATE filed SET up_to = ?", [up_to])?;
    change.commit()
}
