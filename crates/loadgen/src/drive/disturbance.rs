//! What a crowd does to a bystander: round trips of one connection while messages go to many others. Crowd
//! and bystander run on threads of their own, so that the client's own work for the crowd delays the
//! bystander's answers as little as it can.

use std::future::Future;
use std::thread;
use std::time::Duration;

use anyhow::{Result, anyhow};
use tokio::sync::oneshot;

use super::open::{self, Sample};
use super::rounds::{self, Busy, Plan};
use super::{Length, Meters, Requests};
use crate::client::Connection;
use crate::latency::Latency;

/// Round trips of the bystander a second.
const ECHOES: u32 = 1000;
/// Rest between the messages to the crowd: the server is busy with it, not drowned.
const PAUSE: Duration = Duration::from_millis(10);

/// Those who receive, and the one who sends to them.
#[derive(Debug)]
pub(crate) struct Crowd<R> {
    pub(crate) sender: Connection,
    pub(crate) members: Vec<Connection>,
    pub(crate) requests: R,
}

/// The bystander's round trips.
#[derive(Debug)]
pub(crate) struct Disturbed {
    pub(crate) alone: Latency,
    /// Those that overlap a fan-out.
    pub(crate) during: Latency,
    /// How long a fan-out takes.
    pub(crate) fanout: Latency,
}

/// Measures the bystander alone and then beside the crowd. `crowd` runs on the crowd's thread.
pub(crate) async fn run<C, E>(
    crowd: impl FnOnce() -> C + Send + 'static,
    bystander: impl Fn() -> E,
    echoes: &Requests,
    length: Length,
    meters: &Meters,
) -> Result<Disturbed>
where
    C: Future<Output = Result<Crowd<Requests>>>,
    E: Future<Output = Result<Connection>>,
{
    let (is_there, there) = oneshot::channel();
    let (begin, may_begin) = oneshot::channel();
    let crowd_meters = meters.clone();
    let crowd = thread::Builder::new().name("crowd".to_owned()).spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let Crowd { sender, members, requests } = crowd().await?;
            // Nobody listens any more if the bystander has failed; then there is nothing to do.
            if is_there.send(()).is_err() || may_begin.await.is_err() {
                return Ok(Vec::new());
            }
            let plan = Plan { batch: 1, pause: PAUSE, length };
            rounds::run(sender, members, &requests, plan, &crowd_meters).await.map(|(_, busy)| busy)
        })
    })?;
    let undisturbed = match there.await {
        Ok(()) => Some(open::run(vec![bystander().await?], echoes, ECHOES, length, meters).await?.0),
        Err(_) => None,
    };
    let disturbed = match (undisturbed, begin.send(())) {
        (Some(alone), Ok(())) => {
            let during = open::run(vec![bystander().await?], echoes, ECHOES, length, meters).await?.1;
            Some((alone.latency, during))
        }
        _ => None,
    };
    let busy: Vec<Busy> = crowd.join().map_err(|_| anyhow!("the crowd's thread died"))??;
    let (alone, samples) = disturbed.ok_or_else(|| anyhow!("the crowd did not come"))?;
    let mut fanout = Latency::new();
    busy.iter().for_each(|(begin, end)| fanout.record(*end - *begin));
    Ok(Disturbed { alone, during: overlapping(&samples, &busy), fanout })
}

/// The samples under way while the crowd was served. Busy times are in order and do not overlap.
fn overlapping(samples: &[Sample], busy: &[Busy]) -> Latency {
    let mut latency = Latency::new();
    for sample in samples {
        let after = busy.partition_point(|&(_, end)| end < sample.due);
        if busy.get(after).is_some_and(|&(begin, _)| begin <= sample.due + sample.took) {
            latency.record(sample.took);
        }
    }
    latency
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn only_round_trips_that_meet_a_fan_out_count() {
        let start = Instant::now();
        let at = |ms: u64| start + Duration::from_millis(ms);
        let sample = |due: u64, took: u64| Sample { due: at(due), took: Duration::from_millis(took) };
        let busy = [(at(10), at(20)), (at(30), at(40))];
        let count = |samples: &[Sample]| overlapping(samples, &busy).count();
        assert_eq!(count(&[sample(0, 9), sample(21, 8), sample(41, 100)]), 0);
        assert_eq!(count(&[sample(0, 10), sample(15, 1), sample(20, 1), sample(5, 30), sample(40, 1)]), 5);
        assert_eq!(overlapping(&[sample(15, 1)], &[]).count(), 0);
    }
}
