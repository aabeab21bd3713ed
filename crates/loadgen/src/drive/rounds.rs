//! Fan-out in rounds: one sender sends, and when everyone has everything it sends again.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::{Length, Meters, Outcome, Requests, STALLED, Tally, accept_no_refusals};
use crate::client::{Connection, Incoming};
use crate::latency::Latency;

/// How a fan-out is driven.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// Messages sent at once in each round.
    pub(crate) batch: usize,
    /// Rest between rounds; zero for the highest rate.
    pub(crate) pause: Duration,
    pub(crate) length: Length,
}

/// A time in which a fan-out was under way.
pub(crate) type Busy = (Instant, Instant);

/// Drives rounds; the outcome counts deliveries, and its latency runs from the send to each delivery.
/// Closes the connections.
pub(crate) async fn run(
    sender: Connection,
    members: Vec<Connection>,
    requests: &Requests,
    plan: Plan,
    meters: &Meters,
) -> Result<(Outcome, Vec<Busy>)> {
    let arrivals = Arc::new(Arrivals {
        origin: Instant::now(),
        sent: AtomicU64::new(0),
        awaited: AtomicU64::new(0),
        all_there: Notify::new(),
        tally: Tally::default(),
        latency: Mutex::new(Latency::new()),
    });
    let each_round = (members.len() * plan.batch) as u64;
    let mut listeners = JoinSet::new();
    for member in members {
        listeners.spawn(listen(member, Arc::clone(&arrivals)));
    }
    let mut rounds = Rounds { sender, requests, plan, arrivals: &arrivals, each_round, serial: 0 };

    let until = Instant::now() + plan.length.warm_up;
    rounds.until(until, &mut listeners).await?;
    *arrivals.latency.lock().unwrap_or_else(PoisonError::into_inner) = Latency::new();
    let (before, delivered, start) = (meters.read()?, arrivals.tally.deliveries(), Instant::now());
    let busy = rounds.until(start + plan.length.measured, &mut listeners).await?;
    let (elapsed, operations) = (start.elapsed(), arrivals.tally.deliveries() - delivered);
    let (server, client) = meters.since(before)?;
    accept_no_refusals(&arrivals.tally)?;
    let latency = arrivals.latency.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok((Outcome { operations, elapsed, latency, server, client }, busy))
}

/// What sender and members share.
struct Arrivals {
    origin: Instant,
    /// When the round began, in nanoseconds since the origin.
    sent: AtomicU64,
    /// The number of deliveries at which the round is over.
    awaited: AtomicU64,
    all_there: Notify,
    tally: Tally,
    latency: Mutex<Latency>,
}

struct Rounds<'a> {
    sender: Connection,
    requests: &'a Requests,
    plan: Plan,
    arrivals: &'a Arrivals,
    each_round: u64,
    serial: i32,
}

impl Rounds<'_> {
    async fn until(&mut self, end: Instant, listeners: &mut JoinSet<Result<()>>) -> Result<Vec<Busy>> {
        let mut busy = Vec::new();
        while Instant::now() < end {
            let begin = Instant::now();
            tokio::select! {
                done = timeout(STALLED, self.round()) => done.map_err(|_| self.missing())??,
                Some(ended) = listeners.join_next() => ended.context("a member's task died")??,
            }
            busy.push((begin, Instant::now()));
            if !self.plan.pause.is_zero() {
                sleep(self.plan.pause).await;
            }
        }
        Ok(busy)
    }

    async fn round(&mut self) -> Result<()> {
        let arrivals = self.arrivals;
        arrivals.awaited.fetch_add(self.each_round, Relaxed);
        arrivals.sent.store(arrivals.origin.elapsed().as_nanos() as u64, Relaxed);
        let mut command = Vec::new();
        for _ in 0..self.plan.batch {
            command.clear();
            (self.requests)(0, self.serial, &mut command);
            self.serial = self.serial.wrapping_add(1) & i32::MAX;
            self.sender.queue(&command);
        }
        self.sender.flush().await?;
        let answered = arrivals.tally.replies() + self.plan.batch as u64;
        while arrivals.tally.replies() < answered {
            self.sender.receive(|event| arrivals.tally.count(Incoming::of(event))).await?;
        }
        accept_no_refusals(&arrivals.tally)?;
        while arrivals.tally.deliveries() < arrivals.awaited.load(Relaxed) {
            arrivals.all_there.notified().await;
        }
        if arrivals.tally.deliveries() > arrivals.awaited.load(Relaxed) {
            bail!("more deliveries than messages: something was delivered twice");
        }
        Ok(())
    }

    fn missing(&self) -> anyhow::Error {
        let (awaited, got) = (self.arrivals.awaited.load(Relaxed), self.arrivals.tally.deliveries());
        anyhow!("{} of the last {} deliveries never came", awaited.saturating_sub(got), self.each_round)
    }
}

async fn listen(mut member: Connection, arrivals: Arc<Arrivals>) -> Result<()> {
    loop {
        let mut fresh = 0;
        member
            .receive(|event| {
                let incoming = Incoming::of(event);
                fresh += u64::from(incoming == Incoming::Delivery);
                arrivals.tally.count(incoming);
            })
            .await?;
        let sent = Duration::from_nanos(arrivals.sent.load(Relaxed));
        let took = arrivals.origin.elapsed().saturating_sub(sent);
        let mut latency = arrivals.latency.lock().unwrap_or_else(PoisonError::into_inner);
        (0..fresh).for_each(|_| latency.record(took));
        drop(latency);
        if arrivals.tally.deliveries() >= arrivals.awaited.load(Relaxed) {
            arrivals.all_there.notify_one();
        }
    }
}
