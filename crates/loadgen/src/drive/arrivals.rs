//! Many clients that arrive at once: each is timed from its first packet until it is in.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{Meters, Outcome, STALLED};
use crate::client::Connection;
use crate::latency::Latency;

/// What a run found, and everyone who came, in order.
#[derive(Debug)]
pub(crate) struct Arrivals {
    pub(crate) outcome: Outcome,
    pub(crate) connections: Vec<Connection>,
}

/// Lets clients number 0 to `clients` arrive, `at_once` at the same time.
pub(crate) async fn run<F>(
    clients: usize,
    at_once: usize,
    meters: &Meters,
    arrive: impl Fn(usize) -> F,
) -> Result<Arrivals>
where
    F: Future<Output = Result<Connection>> + Send + 'static,
{
    let places = Arc::new(Semaphore::new(at_once));
    let mut tasks = JoinSet::new();
    let (before, start) = (meters.read()?, Instant::now());
    for number in 0..clients {
        let (places, arrival) = (Arc::clone(&places), arrive(number));
        tasks.spawn(async move {
            let _place = places.acquire().await?;
            let begin = Instant::now();
            let connection = arrival.await?;
            anyhow::Ok((number, connection, begin.elapsed()))
        });
    }
    let mut latency = Latency::new();
    let mut connections = Vec::with_capacity(clients);
    while let Some(task) =
        timeout(STALLED, tasks.join_next()).await.map_err(|_| anyhow!("the server lets nobody in"))?
    {
        let (number, connection, took): (usize, Connection, Duration) =
            task.context("an arriving client's task died")??;
        latency.record(took);
        connections.push((number, connection));
    }
    let elapsed = start.elapsed();
    let (server, client) = meters.since(before)?;
    connections.sort_unstable_by_key(|&(number, _)| number);
    let connections = connections.into_iter().map(|(_, connection)| connection).collect();
    Ok(Arrivals {
        outcome: Outcome { operations: clients as u64, elapsed, latency, server, client },
        connections,
    })
}
