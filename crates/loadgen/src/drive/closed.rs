//! A closed loop: every connection keeps a number of commands in flight and sends the next when one is
//! answered. It finds the highest rate; its latencies are those of a saturated server.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::{Length, Meters, Outcome, Requests, STALLED, Tally, accept_no_refusals};
use crate::client::{Connection, Incoming};
use crate::latency::Latency;

/// Loads a server with `outstanding` commands on each connection. Closes the connections.
pub(crate) async fn run(
    connections: Vec<Connection>,
    requests: &Requests,
    outstanding: usize,
    length: Length,
    meters: &Meters,
) -> Result<Outcome> {
    let (tally, latency, mut tasks) = launch(connections, requests, outstanding, i32::MAX);
    pass(length.warm_up, &mut tasks).await?;
    *latency.lock().unwrap_or_else(PoisonError::into_inner) = Latency::new();
    let (before, replies, start) = (meters.read()?, tally.replies(), Instant::now());
    pass(length.measured, &mut tasks).await?;
    let (elapsed, operations) = (start.elapsed(), tally.replies() - replies);
    let (server, client) = meters.since(before)?;
    let latency = latency.lock().unwrap_or_else(PoisonError::into_inner).clone();
    tally.stop();
    timeout(STALLED, all(&mut tasks)).await.map_err(|_| anyhow!("the server left commands unanswered"))??;
    accept_no_refusals(&tally)?;
    Ok(Outcome { operations, elapsed, latency, server, client })
}

/// Sends `each` commands on every connection, as fast as `outstanding` of them are answered. Closes the
/// connections.
pub(crate) async fn exactly(
    connections: Vec<Connection>,
    requests: &Requests,
    outstanding: usize,
    each: i32,
) -> Result<()> {
    let total = connections.len() as u64 * each as u64;
    let (tally, _, mut tasks) = launch(connections, requests, outstanding, each);
    let mut seen = 0;
    loop {
        match timeout(STALLED, all(&mut tasks)).await {
            Ok(ended) => break ended?,
            Err(_) if tally.replies() > seen => seen = tally.replies(),
            Err(_) => bail!("the server left {} of {total} commands unanswered", total - seen),
        }
    }
    accept_no_refusals(&tally)
}

type Tasks = JoinSet<Result<()>>;

fn launch(
    connections: Vec<Connection>,
    requests: &Requests,
    outstanding: usize,
    each: i32,
) -> (Arc<Tally>, Arc<Mutex<Latency>>, Tasks) {
    let tally = Arc::new(Tally::default());
    let latency = Arc::new(Mutex::new(Latency::new()));
    let mut tasks = JoinSet::new();
    for (slot, connection) in connections.into_iter().enumerate() {
        let flight = Flight {
            slot,
            connection,
            requests: Arc::clone(requests),
            each,
            tally: Arc::clone(&tally),
            latency: Arc::clone(&latency),
            sent_at: vec![Instant::now(); outstanding],
            command: Vec::new(),
        };
        tasks.spawn(flight.keep_up());
    }
    (tally, latency, tasks)
}

/// Lets time pass; an error as soon as a connection breaks.
async fn pass(time: Duration, tasks: &mut Tasks) -> Result<()> {
    tokio::select! {
        () = sleep(time) => Ok(()),
        ended = all(tasks) => ended.and_then(|()| Err(anyhow!("all connections stopped early"))),
    }
}

async fn all(tasks: &mut Tasks) -> Result<()> {
    while let Some(task) = tasks.join_next().await {
        task.context("a connection's task died")??;
    }
    Ok(())
}

/// One connection and what it waits for.
struct Flight {
    slot: usize,
    connection: Connection,
    requests: Requests,
    /// Commands to send on this connection in all.
    each: i32,
    tally: Arc<Tally>,
    latency: Arc<Mutex<Latency>>,
    /// When the command in each place was sent. Its serial is its place plus a multiple of the number of
    /// places, so that the answer finds it.
    sent_at: Vec<Instant>,
    command: Vec<u8>,
}

impl Flight {
    async fn keep_up(mut self) -> Result<()> {
        let places = self.sent_at.len();
        let mut in_flight = places.min(self.each as usize);
        let mut answered = Vec::with_capacity(places);
        for place in 0..in_flight {
            self.send(place as i32);
        }
        self.connection.flush().await?;
        while in_flight > 0 {
            self.connection
                .receive(|event| {
                    let incoming = Incoming::of(event);
                    self.tally.count(incoming);
                    match incoming {
                        Incoming::Reply(serial) => answered.push(Some(serial)),
                        Incoming::Refusal(_) => answered.push(None),
                        Incoming::Delivery | Incoming::Push => {}
                    }
                })
                .await?;
            if answered.is_empty() {
                continue;
            }
            let now = Instant::now();
            {
                let mut latency = self.latency.lock().unwrap_or_else(PoisonError::into_inner);
                for serial in answered.iter().flatten() {
                    latency.record(now - self.sent_at[*serial as usize % places]);
                }
            }
            // A refused command is not repeated: the run has failed, and what is left drains away.
            let stopped = self.tally.stopped();
            for serial in answered.drain(..) {
                let next = serial.and_then(|serial: i32| serial.checked_add(places as i32));
                match next.filter(|&next| next < self.each && !stopped) {
                    Some(next) => self.send(next),
                    None => in_flight -= 1,
                }
            }
            self.connection.flush().await?;
        }
        Ok(())
    }

    fn send(&mut self, serial: i32) {
        self.command.clear();
        (self.requests)(self.slot, serial, &mut self.command);
        self.connection.queue(&self.command);
        let place = serial as usize % self.sent_at.len();
        self.sent_at[place] = Instant::now();
    }
}
