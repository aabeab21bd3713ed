//! One reader of a chat room.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::sync::watch;
use tokio::time::sleep;

use super::ledger::{Class, Numbering, Receipts};
use crate::client::{Closed, Connection, Incoming, commands, text_of};
use crate::drive::pace::Timetable;
use crate::latency::Latency;

/// What the readers do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// All read everything.
    Calm,
    /// Each reads as its class does.
    Overload,
    /// All read what is left.
    Drain,
}

/// When messages were due, and how long after that fast readers had them.
#[derive(Debug)]
pub(super) struct Times {
    pub(super) timetable: Timetable,
    /// Not counted at the beginning: caches fill.
    pub(super) warm_up: Duration,
    pub(super) calm_start: OnceLock<Instant>,
    pub(super) overload_start: OnceLock<Instant>,
    pub(super) calm: Mutex<Latency>,
    pub(super) overload: Mutex<Latency>,
}

impl Times {
    fn record(&self, numbering: Numbering, number: u32, now: Instant) {
        let (start, from, latency, not_before) = if number < numbering.calm {
            (&self.calm_start, 0, &self.calm, self.warm_up)
        } else if number < numbering.total {
            (&self.overload_start, numbering.calm, &self.overload, Duration::ZERO)
        } else {
            return;
        };
        let due = self.timetable.due_at(u64::from(number - from));
        if let Some(&start) = start.get()
            && due >= not_before
        {
            let took = now.saturating_duration_since(start + due);
            latency.lock().unwrap_or_else(PoisonError::into_inner).record(took);
        }
    }
}

/// A reader and its ways.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) class: Class,
    pub(super) connection: Connection,
    pub(super) numbering: Numbering,
    pub(super) stage: watch::Receiver<Stage>,
    /// What a slow reader takes for each message.
    pub(super) digestion: Duration,
    pub(super) times: Arc<Times>,
}

/// What a reader got, and whether the server closed its connection before the end.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) class: Class,
    pub(super) receipts: Receipts,
    pub(super) closed: bool,
}

impl Reader {
    /// Reads until the last message is there or the server closes the connection as too slow.
    pub(super) async fn read(mut self) -> Result<Read> {
        let mut receipts = Receipts::new(self.numbering);
        let mut closed = false;
        while !receipts.is_complete() && !closed {
            let stage = *self.stage.borrow_and_update();
            if stage == Stage::Overload && self.class == Class::Silent {
                self.stage.changed().await.context("the run was given up")?;
                continue;
            }
            let received = tokio::select! {
                received = receive(&mut self.connection, &mut receipts, self.numbering,
                    (self.class == Class::Fast).then_some(&*self.times)) => received,
                changed = self.stage.changed() => {
                    changed.context("the run was given up")?;
                    continue;
                }
            };
            match received {
                Ok(count) if stage == Stage::Overload && self.class == Class::Slow => {
                    tokio::select! {
                        () = sleep(self.digestion * count) => {}
                        changed = self.stage.changed() => changed.context("the run was given up")?,
                    }
                }
                Ok(_) => {}
                Err(error) if is_too_slow(&error) => closed = true,
                Err(error) => return Err(error),
            }
        }
        Ok(Read { class: self.class, receipts, closed })
    }
}

/// Receives what is there; gives how many messages.
async fn receive(
    connection: &mut Connection,
    receipts: &mut Receipts,
    numbering: Numbering,
    times: Option<&Times>,
) -> Result<u32> {
    let mut count = 0;
    connection
        .receive(|event| {
            if Incoming::of(event) != Incoming::Delivery {
                return;
            }
            let number = text_of(event).and_then(commands::number_of);
            receipts.note(number);
            count += 1;
            if let (Some(times), Some(number)) = (times, number) {
                times.record(numbering, number, Instant::now());
            }
        })
        .await?;
    Ok(count)
}

/// The code of a connection on which too much waited.
fn is_too_slow(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<Closed>()
        .and_then(|closed| closed.0.as_ref())
        .is_some_and(|frame| frame.code == 1001)
}
