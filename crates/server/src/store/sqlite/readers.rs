//! Threads that read, each with its own connection.
//!
//! Searches have threads of their own, so that a costly one never delays the reading of a conversation.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::Mutex;
use rusqlite::{Connection, OptionalExtension, params};
use smallvec::SmallVec;
use tokio::sync::{mpsc, oneshot};
use tracing::error;
use yanshu_protocol::{AppId, ClientId, ConversationId, ConversationKind};

use crate::store::{Reading, StoreError};

use super::cache::Generations;
use super::file::{self, OpenError};
use super::read::threads;
use super::recent::Recent;
use super::rows::{self, Strand};

/// Questions that may wait for a thread.
const QUEUE: usize = 1_024;
/// Page cache of each connection.
const CACHE_KIB: u32 = 8 * 1_024;

/// Conversations whose keys a thread remembers, about 100 bytes each; up to twice as many.
const KEYS: usize = 10_000;

type Task = Box<dyn FnOnce(&mut Reader) + Send>;

/// A connection that reads.
pub(super) struct Reader {
    pub(super) connection: Connection,
    pub(super) recent: Arc<Recent>,
    apps: HashMap<AppId, i64>,
    /// They never change; those of deleted conversations are forgotten.
    keys: Generations<(AppId, ConversationId), Address>,
    /// How many conversations were deleted when they were last forgotten.
    gone: u64,
}

/// Where a conversation is found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Address {
    pub(super) key: i64,
    /// Messages may stand in threads too.
    pub(super) service: bool,
}

impl Reader {
    pub(super) fn new(connection: Connection, recent: Arc<Recent>) -> Self {
        let gone = recent.gone();
        Self { connection, recent, apps: HashMap::new(), keys: Generations::new(KEYS), gone }
    }

    /// The app's key; `None` if nothing of it was ever stored.
    pub(super) fn app(&mut self, app: &AppId) -> rusqlite::Result<Option<i64>> {
        if let Some(&key) = self.apps.get(app) {
            return Ok(Some(key));
        }
        let key: Option<i64> = self
            .connection
            .prepare_cached("SELECT key FROM app WHERE id = ?")?
            .query_row([app.as_str()], |row| row.get(0))
            .optional()?;
        if let Some(key) = key {
            self.apps.insert(app.clone(), key);
        }
        Ok(key)
    }

    /// The key of a conversation.
    pub(super) fn key(&mut self, app: &AppId, id: &ConversationId) -> rusqlite::Result<Option<i64>> {
        Ok(self.address(app, id)?.map(|address| address.key))
    }

    /// Where a conversation is found.
    pub(super) fn address(&mut self, app: &AppId, id: &ConversationId) -> rusqlite::Result<Option<Address>> {
        let gone = self.recent.gone();
        if gone != self.gone {
            self.gone = gone;
            self.keys.clear();
        }
        let place = (app.clone(), id.clone());
        if let Some(&mut address) = self.keys.get_mut(&place) {
            return Ok(Some(address));
        }
        let Some(app) = self.app(app)? else { return Ok(None) };
        let address = self
            .connection
            .prepare_cached("SELECT key, kind FROM conversation WHERE app = ? AND id = ?")?
            .query_row(params![app, id.as_str()], |row| {
                let service = rows::kind(row, 1)? == ConversationKind::Service;
                Ok(Address { key: row.get(0)?, service })
            })
            .optional()?;
        if let Some(address) = address {
            self.keys.insert(place, address);
            self.keys.age();
        }
        Ok(address)
    }

    /// The messages of a conversation that a viewer sees: its own ones, and those of the viewer's thread.
    pub(super) fn strands<'a>(
        &mut self,
        app: &AppId,
        conversation: &'a ConversationId,
        viewer: Option<&'a ClientId>,
    ) -> rusqlite::Result<SmallVec<[Strand<'a>; 2]>> {
        let mut strands = SmallVec::new();
        let Some(address) = self.address(app, conversation)? else { return Ok(strands) };
        strands.push(Strand { key: address.key, conversation, thread: None });
        if let Some(viewer) = viewer.filter(|_| address.service)
            && let Some(key) = threads::key(&self.connection, address.key, viewer)?
        {
            strands.push(Strand { key, conversation, thread: Some(viewer) });
        }
        Ok(strands)
    }

    /// Answers from one consistent look at the database. Places of recent messages are taken before.
    pub(super) fn look<T>(&self, question: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, Fault> {
        self.connection.prepare_cached("BEGIN")?.execute([])?;
        let answer = question(&self.connection);
        let ended = self.connection.prepare_cached("COMMIT").and_then(|mut end| end.execute([]));
        let answer = answer?;
        ended?;
        Ok(answer)
    }
}

/// Some threads with one queue.
#[derive(Debug)]
pub(super) struct Lane {
    queue: mpsc::Sender<Task>,
}

impl Lane {
    /// Starts `count` threads and gives their handles.
    pub(super) fn start(
        folder: &Path,
        name: &str,
        count: usize,
        recent: &Arc<Recent>,
    ) -> Result<(Self, Vec<JoinHandle<()>>), OpenError> {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let receiver = Arc::new(Mutex::new(receiver));
        let mut threads = Vec::new();
        for number in 0..count {
            let connection = file::reading(folder, CACHE_KIB)?;
            let reader = Reader::new(connection, Arc::clone(recent));
            let receiver = Arc::clone(&receiver);
            let thread = std::thread::Builder::new()
                .name(format!("{name}-{number}"))
                .spawn(move || work(reader, &receiver))
                .map_err(|cause| OpenError::Folder { folder: folder.to_owned(), cause })?;
            threads.push(thread);
        }
        Ok((Self { queue: sender }, threads))
    }

    /// Asks a question on one of the threads.
    pub(super) fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Reader) -> Result<T, Fault> + Send + 'static,
    ) -> Reading<'_, T> {
        let (answer, answered) = oneshot::channel();
        let task: Task = Box::new(move |reader| {
            // Whoever asked may have gone while the question waited.
            if !answer.is_closed() {
                drop(answer.send(question(reader)));
            }
        });
        Box::pin(async move {
            let gone = || StoreError::Unavailable("it is shutting down".into());
            self.queue.send(task).await.map_err(|_| gone())?;
            match answered.await.map_err(|_| gone())? {
                Ok(answer) => Ok(answer),
                Err(Fault::TooCostly) => Err(StoreError::TooCostly("it took too long".into())),
                Err(Fault::Engine(cause)) => {
                    error!(error = %cause, "the store could not be read");
                    Err(StoreError::Unavailable(cause.to_string()))
                }
            }
        })
    }
}

/// Why a question has no answer.
#[derive(Debug)]
pub(super) enum Fault {
    TooCostly,
    Engine(rusqlite::Error),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Engine(error)
    }
}

fn work(mut reader: Reader, queue: &Mutex<mpsc::Receiver<Task>>) {
    loop {
        // The thread that waits holds the lock; the others wait for their turn to wait.
        let Some(task) = queue.lock().blocking_recv() else { return };
        let outcome = catch_unwind(AssertUnwindSafe(|| task(&mut reader)));
        if outcome.is_err() {
            error!("a question to the store panicked");
        }
        // A question that ended early must not leave its look open: it would keep the log from being copied.
        if !reader.connection.is_autocommit()
            && let Err(cause) = reader.connection.execute_batch("ROLLBACK")
        {
            error!(error = %cause, "a reading transaction could not be ended");
        }
    }
}
