//! An open loop: commands leave by a timetable, from a thread of their own, whatever the server does. Only
//! so do latencies tell what users of a busy server feel.

use std::io::{ErrorKind, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use tokio::task::JoinSet;
use tokio::time::sleep;
use yanshu_protocol::frame::{Opcode, encode_masked};

use super::pace::{self, RealClock, Timetable};
use super::{Length, Meters, Outcome, Requests, STALLED, Tally, accept_no_refusals};
use crate::client::{Connection, Incoming};
use crate::latency::Latency;

/// From now until the first command, so that all is set up by then.
pub(crate) const LEAD: Duration = Duration::from_millis(5);

/// A command that was answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    /// When it was to be sent.
    pub(crate) due: Instant,
    /// From then until its answer was there.
    pub(crate) took: Duration,
}

/// Sends `per_second` commands, each on the next connection in turn. The samples are those of the measured
/// time. Closes the connections.
pub(crate) async fn run(
    connections: Vec<Connection>,
    requests: &Requests,
    per_second: u32,
    length: Length,
    meters: &Meters,
) -> Result<(Outcome, Vec<Sample>)> {
    run_from(Instant::now() + LEAD, connections, requests, per_second, length, meters).await
}

/// The same by a timetable that begins at `start`.
pub(crate) async fn run_from(
    start: Instant,
    connections: Vec<Connection>,
    requests: &Requests,
    per_second: u32,
    length: Length,
    meters: &Meters,
) -> Result<(Outcome, Vec<Sample>)> {
    let timetable = Timetable::new(per_second);
    let total = timetable.requests_within(length.warm_up + length.measured);
    if connections.is_empty() || i32::try_from(total).is_err() {
        bail!("{total} commands on {} connections cannot be sent", connections.len());
    }
    let senders = connections.iter().map(Connection::sender).collect::<Result<Vec<_>>>()?;
    let tally = Arc::new(Tally::default());
    let samples = Arc::new(Mutex::new(Vec::with_capacity(total as usize)));
    let mut receivers = JoinSet::new();
    for connection in connections {
        let (tally, samples) = (Arc::clone(&tally), Arc::clone(&samples));
        receivers.spawn(listen(connection, start, timetable, tally, samples));
    }
    let sending = thread::Builder::new().name("timetable".to_owned()).spawn({
        let requests = Arc::clone(requests);
        move || send_all(&senders, &requests, timetable, total, start)
    })?;

    sleep((start + length.warm_up).saturating_duration_since(Instant::now())).await;
    let (before, replies, begun) = (meters.read()?, tally.replies(), Instant::now());
    sleep(length.measured).await;
    let (elapsed, operations) = (begun.elapsed(), tally.replies() - replies);
    let (server, client) = meters.since(before)?;
    await_answers(&tally, total, &mut receivers).await?;
    sending.join().map_err(|_| anyhow!("the sending thread died"))??;
    accept_no_refusals(&tally)?;

    let mut samples = std::mem::take(&mut *samples.lock().unwrap_or_else(PoisonError::into_inner));
    samples.retain(|sample| sample.due >= start + length.warm_up);
    let mut latency = Latency::new();
    samples.iter().for_each(|sample| latency.record(sample.took));
    Ok((Outcome { operations, elapsed, latency, server, client }, samples))
}

/// Waits until every command is answered; an error as soon as a connection breaks or nothing moves any more.
async fn await_answers(tally: &Tally, total: u64, receivers: &mut JoinSet<Result<()>>) -> Result<()> {
    let (mut seen, mut moved) = (tally.replies(), Instant::now());
    while tally.replies() < total {
        tokio::select! {
            Some(ended) = receivers.join_next() => ended.context("a connection's task died")??,
            () = sleep(Duration::from_millis(10)) => {}
        }
        let replies = tally.replies();
        if replies > seen {
            (seen, moved) = (replies, Instant::now());
        } else if moved.elapsed() > STALLED {
            bail!("the server left {} of {total} commands unanswered", total - replies);
        }
    }
    Ok(())
}

async fn listen(
    mut connection: Connection,
    start: Instant,
    timetable: Timetable,
    tally: Arc<Tally>,
    samples: Arc<Mutex<Vec<Sample>>>,
) -> Result<()> {
    let mut answered = Vec::new();
    loop {
        connection
            .receive(|event| {
                let incoming = Incoming::of(event);
                if let Incoming::Reply(serial) = incoming {
                    answered.push(serial);
                }
                tally.count(incoming);
            })
            .await?;
        if !answered.is_empty() {
            let now = Instant::now();
            let mut samples = samples.lock().unwrap_or_else(PoisonError::into_inner);
            samples.extend(answered.drain(..).map(|serial| {
                let due = start + timetable.due_at(serial as u64);
                Sample { due, took: now.saturating_duration_since(due) }
            }));
        }
    }
}

fn send_all(
    senders: &[(TcpStream, [u8; 4])],
    requests: &Requests,
    timetable: Timetable,
    total: u64,
    start: Instant,
) -> Result<()> {
    thread::sleep(start.saturating_duration_since(Instant::now()));
    let (mut command, mut frame) = (Vec::new(), Vec::new());
    pace::follow(timetable, total, &RealClock(start), |n| {
        let slot = (n % senders.len() as u64) as usize;
        let (socket, key) = &senders[slot];
        command.clear();
        frame.clear();
        requests(slot, n as i32, &mut command);
        encode_masked(&mut frame, Opcode::Binary, *key, &command);
        write_all(socket, &frame).context("cannot send")
    })
}

/// Writes to a socket that does not block: the runtime reads from the same one.
fn write_all(mut socket: &TcpStream, mut bytes: &[u8]) -> std::io::Result<()> {
    while !bytes.is_empty() {
        match socket.write(bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // The server does not read. What is late by that counts, since times run from the timetable.
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(Duration::from_micros(100)),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
