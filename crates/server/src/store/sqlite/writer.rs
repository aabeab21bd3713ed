//! The one thread that writes: group commit.
//!
//! A batch is whatever waits when the previous one is committed, so a lone change is never delayed and load
//! makes the batches. Completions are called after the commit, in its order.

use std::sync::Arc;

use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};
use tracing::{error, warn};

use crate::store::{StoreError, Write};

use super::checkpoint::Nudge;
use super::job::{Job, job};
use super::write::{Batch, Memory};

/// What the writer is sent.
pub(super) enum Message {
    Write(Write),
    /// Commit what was sent before, then stop and say so.
    Close(oneshot::Sender<()>),
}

/// How large a batch may grow.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caps {
    pub(super) count: usize,
    pub(super) bytes: usize,
}

pub(super) struct Writer {
    pub(super) connection: Connection,
    pub(super) memory: Memory,
    pub(super) caps: Caps,
    /// Held while a transaction is open, so that the checkpointer can have the log to itself for a moment.
    pub(super) gate: Arc<Mutex<()>>,
    pub(super) nudge: Nudge,
}

impl Writer {
    /// Works until the queue is closed and empty.
    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Message>) {
        let mut closers = Vec::new();
        while let Some(first) = queue.blocking_recv() {
            let mut batch = Vec::new();
            let mut bytes = 0;
            let mut next = Some(first);
            while let Some(message) = next {
                match message {
                    Message::Write(write) => {
                        bytes += size(&write);
                        batch.push(job(write));
                    }
                    Message::Close(closed) => {
                        queue.close();
                        closers.push(closed);
                    }
                }
                let room = batch.len() < self.caps.count && bytes < self.caps.bytes;
                next = if room { queue.try_recv().ok() } else { None };
            }
            if !batch.is_empty() {
                self.commit(batch);
            }
        }
        // The connection closes before anyone is told, so that the folder is free by then.
        drop(self);
        for closed in closers {
            // Whoever asked may have stopped waiting.
            let _ = closed.send(());
        }
    }

    fn commit(&mut self, mut batch: Vec<Box<dyn Job>>) {
        match self.attempt(&mut batch) {
            Ok(()) => {
                self.nudge.committed(batch.len());
                finish(batch, None);
            }
            Err(Attempt::Statement(cause)) if batch.len() > 1 => {
                // One change met a fault. Alone, each of the others has its chance.
                warn!(error = %cause, "a batch was rolled back, its changes are tried one by one");
                for single in batch {
                    self.commit(vec![single]);
                }
            }
            Err(Attempt::Statement(cause) | Attempt::Commit(cause)) => {
                error!(error = %cause, changes = batch.len(), "changes could not be stored");
                finish(batch, Some(&StoreError::Unavailable(cause.to_string())));
            }
        }
    }

    fn attempt(&mut self, jobs: &mut [Box<dyn Job>]) -> Result<(), Attempt> {
        let gate = self.gate.clone();
        let _turn = gate.lock();
        let result = self.transaction(jobs);
        if result.is_err() {
            if !self.connection.is_autocommit()
                && let Err(cause) = self.connection.execute_batch("ROLLBACK")
            {
                error!(error = %cause, "a transaction could not be rolled back");
            }
            self.memory.forget();
        } else {
            self.memory.committed();
        }
        result
    }

    fn transaction(&mut self, jobs: &mut [Box<dyn Job>]) -> Result<(), Attempt> {
        let changes = jobs.iter().any(|job| job.changes());
        if changes {
            self.step("BEGIN IMMEDIATE").map_err(Attempt::Commit)?;
        }
        let mut batch = Batch { connection: &self.connection, memory: &mut self.memory };
        if changes {
            batch.begin().map_err(Attempt::Statement)?;
        }
        for job in jobs {
            job.run(&mut batch).map_err(Attempt::Statement)?;
        }
        batch.flush().map_err(Attempt::Statement)?;
        if changes {
            self.step("COMMIT").map_err(Attempt::Commit)?;
        }
        Ok(())
    }

    fn step(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(drop)
    }
}

/// Where an attempt failed.
enum Attempt {
    /// In one of the changes.
    Statement(rusqlite::Error),
    /// Before the first or after the last: all share it.
    Commit(rusqlite::Error),
}

fn finish(batch: Vec<Box<dyn Job>>, failure: Option<&StoreError>) {
    for job in batch {
        job.finish(failure);
    }
}

/// Refuses a change that the writer can no longer take.
pub(super) fn refuse(write: Write) {
    job(write).finish(Some(&StoreError::Unavailable("it is shutting down".into())));
}

/// Roughly how much a change adds to a batch.
fn size(write: &Write) -> usize {
    match write {
        Write::Append(draft, _) => draft.content.len(),
        Write::Direct(draft, clients, _) => draft.content.len() * clients.len(),
        Write::Patch(draft, _) => draft.content.as_ref().map_or(0, |content| content.len()),
        Write::MoveCursors(moves, _) => moves.len() * 64,
        _ => 0,
    }
}

#[cfg(test)]
mod tests;
