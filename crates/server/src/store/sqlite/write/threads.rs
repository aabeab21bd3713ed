//! What passes between a service conversation and one client: a strand of its own, which outside is a part of
//! the conversation.

use rusqlite::{OptionalExtension, params};
use yanshu_protocol::{ClientId, ConversationId, ConversationKind};

use crate::store::sqlite::read;
use crate::store::thread_id;

use super::{Batch, Known, Tail};

/// Which thread.
pub(super) struct Whose<'a> {
    pub(super) app: i64,
    pub(super) service: Known,
    pub(super) id: &'a ConversationId,
    pub(super) client: &'a ClientId,
}

impl Batch<'_> {
    /// A thread, made if there is none.
    pub(super) fn thread(&mut self, whose: &Whose<'_>) -> rusqlite::Result<Known> {
        match self.existing_thread(whose)? {
            Some(known) => Ok(known),
            None => self.make_thread(whose),
        }
    }

    /// A thread, if there is one.
    pub(super) fn existing_thread(&mut self, whose: &Whose<'_>) -> rusqlite::Result<Option<Known>> {
        let place = (whose.service.key, whose.client.clone());
        if let Some(known) = self.memory.threads.get_mut(&place) {
            return Ok(Some(*known));
        }
        let Some(key) = read::threads::key(self.connection, whose.service.key, whose.client)? else {
            return Ok(None);
        };
        let known = Known { tail: self.tail(key)?, ..Known::new(key, ConversationKind::Service, None) };
        self.memory.threads.insert(place, known);
        Ok(Some(known))
    }

    /// What is remembered of a thread follows its tail.
    pub(super) fn moved_thread(&mut self, whose: &Whose<'_>, known: Known) {
        self.memory.threads.insert((whose.service.key, whose.client.clone()), known);
        self.memory.moved.insert(known.key, known.tail);
    }

    /// The tail of a strand, as this batch has moved it.
    pub(super) fn tail(&self, key: i64) -> rusqlite::Result<Tail> {
        if let Some(tail) = self.memory.moved.get(&key) {
            return Ok(*tail);
        }
        let tail = self
            .connection
            .prepare_cached(
                "SELECT last_at, last_row, patched_at, threads_at FROM tail WHERE conversation = ?",
            )?
            .query_row([key], |row| Tail::read(row, 0))
            .optional()?;
        Ok(tail.unwrap_or_default())
    }

    /// The client gets a membership too, if it has none: that is where its cursors are, and where a login looks.
    fn make_thread(&mut self, whose: &Whose<'_>) -> rusqlite::Result<Known> {
        let (service, client) = (whose.service.key, whose.client.as_str());
        self.connection
            .prepare_cached("INSERT INTO thread (app, conversation, client, id) VALUES (?, ?, ?, ?)")?
            .execute(params![whose.app, service, client, thread_id(whose.id, whose.client)])?;
        let key = -self.connection.last_insert_rowid();
        self.connection
            .prepare_cached("INSERT INTO tail (conversation, last_at, patched_at) VALUES (?, 0, 0)")?
            .execute([key])?;
        self.connection
            .prepare_cached(
                "INSERT INTO membership (app, client, conversation, floor, subscribed, thread)
                 VALUES (?, ?, ?, 0, 0, ?)
                 ON CONFLICT (app, client, conversation) DO UPDATE SET thread = excluded.thread",
            )?
            .execute(params![whose.app, client, service, key])?;
        let known = Known::new(key, ConversationKind::Service, None);
        self.memory.threads.insert((service, whose.client.clone()), known);
        Ok(known)
    }
}
