//! Changes, by aggregate, as they run in the writer's transaction.
//!
//! All of them work on a [`Batch`]. What every message changes (the tails) is kept there and written once per
//! conversation at the end of the batch.

pub(super) mod blocklists;
pub(super) mod cursors;
pub(super) mod expiry;
pub(super) mod filing;
pub(super) mod members;
pub(super) mod messages;
pub(super) mod notices;
pub(super) mod order;
pub(super) mod patches;
pub(super) mod properties;
pub(super) mod removal;
mod resends;
mod retention;
pub(super) mod sessions;
mod subscriptions;
mod threads;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row, params};
use yanshu_protocol::{AppId, ClientId, ConversationId, ConversationKind, Timestamp};

use crate::ids::IdSource;
use crate::store::{Order, WriteError};

use super::cache::Generations;
use super::rows;

use filing::Filing;
use retention::Walk;

/// Why a change was not made.
#[derive(Debug)]
pub(super) enum Failure {
    /// It may not be.
    Refused(WriteError),
    /// The engine failed: the transaction is lost.
    Engine(rusqlite::Error),
}

impl From<WriteError> for Failure {
    fn from(refusal: WriteError) -> Self {
        Self::Refused(refusal)
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Engine(error)
    }
}

/// What the writer remembers between batches, so that an append reads nothing that it knows.
#[derive(Debug)]
pub(super) struct Memory {
    ids: Arc<IdSource>,
    apps: HashMap<AppId, i64>,
    conversations: Generations<(i64, ConversationId), Known>,
    /// Threads, by service conversation and client.
    threads: Generations<(i64, ClientId), Known>,
    /// Roles and restrictions, by conversation; the empty ones are shared.
    orders: Generations<i64, Arc<Order>>,
    /// Tails that this batch has moved, by conversation.
    moved: BTreeMap<i64, Tail>,
    filing: Filing,
    walk: Walk,
    /// The row of the newest message ever appended; read again after a rollback.
    last_row: Option<i64>,
}

impl Memory {
    /// Remembers about `conversations` of them.
    pub(super) fn new(ids: Arc<IdSource>, conversations: usize, filing: Filing) -> Self {
        Self {
            ids,
            apps: HashMap::new(),
            conversations: Generations::new(conversations),
            threads: Generations::new(conversations),
            orders: Generations::new(conversations),
            moved: BTreeMap::new(),
            filing,
            walk: Walk::default(),
            last_row: None,
        }
    }

    /// Forgets all that may have been rolled back.
    pub(super) fn forget(&mut self) {
        self.apps.clear();
        self.conversations.clear();
        self.threads.clear();
        self.orders.clear();
        self.moved.clear();
        self.filing.rolled_back();
        self.walk = Walk::default();
        self.last_row = None;
    }

    /// The transaction is committed.
    pub(super) fn committed(&mut self) {
        self.filing.committed();
        // Nothing is forgotten in the middle of a batch.
        self.conversations.age();
        self.threads.age();
        self.orders.age();
    }
}

/// What the writer knows of a conversation, or of a thread.
#[derive(Debug, Clone, Copy)]
struct Known {
    key: i64,
    kind: ConversationKind,
    expires_at: Option<Timestamp>,
    active_hour: i64,
    tail: Tail,
}

impl Known {
    /// One that was just made.
    fn new(key: i64, kind: ConversationKind, expires_at: Option<Timestamp>) -> Self {
        Self { key, kind, expires_at, active_hour: -1, tail: Tail::default() }
    }
}

/// A row of the table `tail`.
#[derive(Debug, Clone, Copy, Default)]
struct Tail {
    last_at: i64,
    last_row: Option<i64>,
    patched_at: i64,
    /// The greatest time of a message in a thread.
    threads_at: i64,
}

impl Tail {
    /// Reads the four columns.
    fn read(row: &Row<'_>, first: usize) -> rusqlite::Result<Self> {
        Ok(Self {
            last_at: row.get(first)?,
            last_row: row.get(first + 1)?,
            patched_at: row.get(first + 2)?,
            threads_at: row.get(first + 3)?,
        })
    }
}

/// The open transaction and what the writer remembers.
pub(super) struct Batch<'a> {
    pub(super) connection: &'a Connection,
    pub(super) memory: &'a mut Memory,
}

impl Batch<'_> {
    /// The key of an app, made if it has none.
    fn app(&mut self, app: &AppId) -> rusqlite::Result<i64> {
        if let Some(&key) = self.memory.apps.get(app) {
            return Ok(key);
        }
        self.connection
            .prepare_cached("INSERT INTO app (id) VALUES (?) ON CONFLICT DO NOTHING")?
            .execute([app.as_str()])?;
        let key = self
            .connection
            .prepare_cached("SELECT key FROM app WHERE id = ?")?
            .query_row([app.as_str()], |row| row.get(0))?;
        self.memory.apps.insert(app.clone(), key);
        Ok(key)
    }

    /// A conversation that exists and has not expired.
    fn conversation(
        &mut self,
        app: &AppId,
        id: &ConversationId,
        now: Timestamp,
    ) -> Result<&mut Known, Failure> {
        let place = (self.app(app)?, id.clone());
        if self.memory.conversations.get_mut(&place).is_none() {
            let known = self.load(place.0, id)?.ok_or(WriteError::NotFound)?;
            self.memory.conversations.insert(place.clone(), known);
        }
        match self.memory.conversations.get_mut(&place) {
            Some(known) if known.expires_at.is_none_or(|end| now < end) => Ok(known),
            _ => Err(WriteError::NotFound.into()),
        }
    }

    fn load(&self, app: i64, id: &ConversationId) -> rusqlite::Result<Option<Known>> {
        self.connection
            .prepare_cached(
                "SELECT key, kind, expires_at, active_hour, last_at, last_row, patched_at, threads_at
                 FROM conversation JOIN tail ON tail.conversation = key WHERE app = ? AND id = ?",
            )?
            .query_row(params![app, id.as_str()], |row| {
                Ok(Known {
                    key: row.get(0)?,
                    kind: rows::kind(row, 1)?,
                    expires_at: rows::optional_time(row, 2)?,
                    active_hour: row.get(3)?,
                    tail: Tail::read(row, 4)?,
                })
            })
            .optional()
    }

    /// The row of the newest message.
    fn last_row(&mut self) -> rusqlite::Result<i64> {
        if let Some(row) = self.memory.last_row {
            return Ok(row);
        }
        let row = self
            .connection
            // The newest may have been deleted; a row that is noted as filed is never used again.
            .prepare_cached("SELECT max(coalesce((SELECT max(row) FROM message), 0), up_to) FROM filed")?
            .query_row([], |row| row.get(0))?;
        self.memory.last_row = Some(row);
        Ok(row)
    }

    /// Begins: files a portion of the places that wait, before anything looks for them.
    pub(super) fn begin(&mut self) -> rusqlite::Result<()> {
        let last_row = self.last_row()?;
        self.memory.filing.file_portion(self.connection, last_row)
    }

    /// Writes the tails that moved. Needed before anything reads them through SQL.
    pub(super) fn flush(&mut self) -> rusqlite::Result<()> {
        if self.memory.moved.is_empty() {
            return Ok(());
        }
        let mut update = self.connection.prepare_cached(
            "UPDATE tail SET last_at = ?, last_row = ?, patched_at = ?, threads_at = ? WHERE conversation = ?",
        )?;
        for (key, tail) in std::mem::take(&mut self.memory.moved) {
            update.execute(params![tail.last_at, tail.last_row, tail.patched_at, tail.threads_at, key])?;
        }
        Ok(())
    }

    /// Sets the time of change, which always grows (W-226), and gives it.
    fn changed(&self, key: i64, now: Timestamp) -> rusqlite::Result<Timestamp> {
        self.connection
            .prepare_cached(
                "UPDATE conversation SET updated_at = max(?, updated_at + 1) WHERE key = ? RETURNING updated_at",
            )?
            .query_row([now.0, key], |row| rows::time(row, 0))
    }

    /// When it was last changed.
    fn updated_at(&self, key: i64) -> rusqlite::Result<Timestamp> {
        self.connection
            .prepare_cached("SELECT updated_at FROM conversation WHERE key = ?")?
            .query_row([key], |row| rows::time(row, 0))
    }
}
