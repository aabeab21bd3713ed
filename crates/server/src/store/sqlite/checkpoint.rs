//! Copies the write-ahead log back into the database file, away from the committing thread.
//!
//! Most of it happens beside the writer. A log that is written without pause would never be copied to its
//! end, though, and would grow for ever; so when it is long, the checkpointer first copies nearly all of it
//! and then holds the writer's gate for the short rest, after which the log starts again from its beginning.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use parking_lot::Mutex;
use rusqlite::Connection;
use tracing::warn;

/// Copy once this many pages wait (4 KiB each).
const COPY_AFTER: i64 = 2_000;
/// Start the log again once it has this many pages.
const RESTART_AFTER: i64 = 8_000;
/// Changes between two looks at the log.
const LOOK_AFTER: usize = 512;
/// Copy what waits when nothing happened for this long.
const IDLE: Duration = Duration::from_secs(5);

/// Tells the checkpointer that something was written.
#[derive(Debug)]
pub(super) struct Nudge {
    wake: SyncSender<()>,
    changes: usize,
}

impl Nudge {
    pub(super) fn committed(&mut self, changes: usize) {
        self.changes += changes;
        if self.changes >= LOOK_AFTER {
            self.changes = 0;
            // If it is awake already, it will look again.
            let _ = self.wake.try_send(());
        }
    }
}

pub(super) struct Checkpointer {
    connection: Connection,
    gate: Arc<Mutex<()>>,
    wake: Receiver<()>,
}

impl Checkpointer {
    pub(super) fn new(connection: Connection, gate: Arc<Mutex<()>>) -> (Self, Nudge) {
        let (sender, wake) = sync_channel(1);
        (Self { connection, gate, wake }, Nudge { wake: sender, changes: 0 })
    }

    /// Works until the writer is gone.
    pub(super) fn run(self) {
        loop {
            let least = match self.wake.recv_timeout(IDLE) {
                Ok(()) => COPY_AFTER,
                Err(RecvTimeoutError::Timeout) => 1,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            if let Err(cause) = self.copy(least) {
                // The log keeps everything; the next look tries again.
                warn!(error = %cause, "the log could not be copied back");
            }
        }
    }

    fn copy(&self, least: i64) -> rusqlite::Result<()> {
        if self.checkpoint("NOOP")?.waiting() < least {
            return Ok(());
        }
        let state = self.checkpoint("PASSIVE")?;
        if state.pages >= RESTART_AFTER {
            // What was written meanwhile; then the rest is short.
            self.checkpoint("PASSIVE")?;
            let _turn = self.gate.lock();
            self.checkpoint("FULL")?;
        }
        Ok(())
    }

    fn checkpoint(&self, mode: &str) -> rusqlite::Result<Log> {
        self.connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| {
            Ok(Log { pages: row.get(1)?, copied: row.get(2)? })
        })
    }
}

/// How long the log is and how much of it has been copied, in pages.
struct Log {
    pages: i64,
    copied: i64,
}

impl Log {
    fn waiting(&self) -> i64 {
        self.pages - self.copied
    }
}
