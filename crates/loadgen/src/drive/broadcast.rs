//! Broadcasts to a service's subscribers: one after the other, each timed from its post until the last of those
//! online has it. Beside them others are online who must get nothing.

use std::future::Future;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::{Meters, STALLED};
use crate::client::{Connection, Incoming, commands, text_of};
use crate::latency::Latency;
use crate::meter::Cpu;

/// Rest behind each broadcast, in which what should not come would.
const PAUSE: Duration = Duration::from_millis(50);

/// Who listens.
#[derive(Debug)]
pub(crate) struct Audience {
    pub(crate) subscribers: Vec<Connection>,
    /// Online as well, but no subscribers.
    pub(crate) others: Vec<Connection>,
}

/// What a run measured.
#[derive(Debug)]
pub(crate) struct Broadcasts {
    /// From the post until its answer.
    pub(crate) answer: Latency,
    /// From the post until each delivery.
    pub(crate) delivery: Latency,
    /// From the post until the last delivery.
    pub(crate) last: Latency,
    /// The sum of the times until the last delivery.
    pub(crate) busy: Duration,
    pub(crate) deliveries: u64,
    /// What the server used, if its process is known.
    pub(crate) server: Option<Cpu>,
}

/// What a subscriber has got so far: each broadcast once, in order.
#[derive(Debug, Default)]
struct Inbox(u32);

impl Inbox {
    /// Takes the next broadcast, which carries the number of those before it.
    fn take(&mut self, number: Option<u32>) -> Result<()> {
        let number = number.ok_or_else(|| anyhow!("a message came that nobody posted"))?;
        ensure!(number == self.0, "broadcast {number} came where {} was due", self.0);
        self.0 += 1;
        Ok(())
    }
}

#[derive(Debug)]
struct Shared {
    origin: Instant,
    /// When the last broadcast was posted, in nanoseconds since the origin.
    posted_at: AtomicU64,
    posted: AtomicU32,
    delivered: AtomicU64,
    awaited: AtomicU64,
    all_there: Notify,
    times: Mutex<(Latency, Duration)>,
}

/// Posts `count` broadcasts. `post` sends one that carries this number, and returns with the answer. Closes the
/// connections.
pub(crate) async fn run<F>(
    audience: Audience,
    count: u32,
    mut post: impl FnMut(u32) -> F,
    meters: &Meters,
) -> Result<Broadcasts>
where
    F: Future<Output = Result<()>>,
{
    let shared = Arc::new(Shared {
        origin: Instant::now(),
        posted_at: AtomicU64::new(0),
        posted: AtomicU32::new(0),
        delivered: AtomicU64::new(0),
        awaited: AtomicU64::new(0),
        all_there: Notify::new(),
        times: Mutex::new((Latency::new(), Duration::ZERO)),
    });
    let subscribers = audience.subscribers.len() as u64;
    let mut listeners = JoinSet::new();
    for connection in audience.subscribers {
        listeners.spawn(subscribe(connection, Arc::clone(&shared)));
    }
    for connection in audience.others {
        listeners.spawn(stay_out(connection));
    }
    let (mut answer, mut last, mut busy) = (Latency::new(), Latency::new(), Duration::ZERO);
    let before = meters.read()?;
    for number in 0..count {
        shared.awaited.fetch_add(subscribers, Relaxed);
        shared.posted.fetch_add(1, Relaxed);
        let begin = Instant::now();
        shared.posted_at.store(shared.origin.elapsed().as_nanos() as u64, Relaxed);
        let round = async {
            post(number).await?;
            answer.record(begin.elapsed());
            while shared.delivered.load(Relaxed) < shared.awaited.load(Relaxed) {
                shared.all_there.notified().await;
            }
            anyhow::Ok(())
        };
        tokio::select! {
            done = timeout(STALLED, round) => done.map_err(|_| missing(&shared))??,
            Some(ended) = listeners.join_next() => ended.context("a listener's task died")??,
        }
        let took = std::mem::take(&mut shared.times.lock().unwrap_or_else(PoisonError::into_inner).1);
        last.record(took);
        busy += took;
        tokio::select! {
            () = sleep(PAUSE) => {}
            Some(ended) = listeners.join_next() => ended.context("a listener's task died")??,
        }
    }
    let (server, _) = meters.since(before)?;
    let delivery = shared.times.lock().unwrap_or_else(PoisonError::into_inner).0.clone();
    Ok(Broadcasts { answer, delivery, last, busy, deliveries: shared.delivered.load(Relaxed), server })
}

fn missing(shared: &Shared) -> anyhow::Error {
    let missing = shared.awaited.load(Relaxed).saturating_sub(shared.delivered.load(Relaxed));
    anyhow!("{missing} deliveries of a broadcast never came")
}

async fn subscribe(mut connection: Connection, shared: Arc<Shared>) -> Result<()> {
    let mut inbox = Inbox::default();
    loop {
        let mut outcome = Ok(());
        let mut fresh = 0;
        connection
            .receive(|event| {
                if outcome.is_ok() && Incoming::of(event) == Incoming::Delivery {
                    fresh += 1;
                    outcome = inbox.take(text_of(event).and_then(commands::number_of));
                }
            })
            .await?;
        outcome?;
        ensure!(inbox.0 <= shared.posted.load(Relaxed), "a broadcast came before it was posted");
        if fresh == 0 {
            continue;
        }
        let posted_at = Duration::from_nanos(shared.posted_at.load(Relaxed));
        let took = shared.origin.elapsed().saturating_sub(posted_at);
        {
            let mut times = shared.times.lock().unwrap_or_else(PoisonError::into_inner);
            times.0.record(took);
            times.1 = took;
        }
        let delivered = shared.delivered.fetch_add(fresh, Relaxed) + fresh;
        if delivered >= shared.awaited.load(Relaxed) {
            shared.all_there.notify_one();
        }
    }
}

async fn stay_out(mut connection: Connection) -> Result<()> {
    loop {
        let mut delivered = false;
        connection.receive(|event| delivered |= Incoming::of(event) == Incoming::Delivery).await?;
        if delivered {
            bail!("a client that does not subscribe got a broadcast");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_broadcast_is_due_once_and_in_order() {
        let mut inbox = Inbox::default();
        inbox.take(Some(0)).unwrap();
        inbox.take(Some(1)).unwrap();
        for wrong in [Some(1), Some(0), Some(3), None] {
            assert!(inbox.take(wrong).is_err(), "{wrong:?}");
        }
        inbox.take(Some(2)).unwrap();
    }
}
