//! A chat room in which more is said than some take in: everyone reads for a while, then some read too little
//! or nothing, then all read what is left. Readers run on a thread of their own; beside them bystanders send
//! heartbeats and log in.

pub(crate) mod ledger;
mod reader;

use std::future::Future;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::pace::Timetable;
use super::{Length, Meters, Requests, STALLED, open};
use crate::client::Connection;
use crate::latency::Latency;
use ledger::{Class, Ledger, Numbering};
use reader::{Read, Reader, Stage, Times};

/// Heartbeats of the bystander a second.
const ECHOES: u32 = 200;
/// From one login of a bystander to the next.
const BETWEEN_LOGINS: Duration = Duration::from_millis(50);

/// How the room is driven.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// Messages a second, all senders together.
    pub(crate) rate: u32,
    pub(crate) senders: u32,
    /// What a slow reader takes in, in messages a second.
    pub(crate) slow_rate: u32,
    pub(crate) warm_up: Duration,
    /// While everyone reads, the warm-up included.
    pub(crate) calm: Duration,
    pub(crate) overload: Duration,
}

impl Plan {
    pub(crate) fn numbering(self) -> Numbering {
        let timetable = Timetable::new(self.rate);
        let count = |length| u32::try_from(timetable.requests_within(length)).unwrap_or(u32::MAX / 4);
        let calm = count(self.calm);
        Numbering { senders: self.senders, calm, total: calm + count(self.overload) }
    }
}

/// A quantity while everyone read, and in the overload.
#[derive(Debug, Clone)]
pub(crate) struct Compared<T> {
    pub(crate) calm: T,
    pub(crate) overload: T,
}

/// What a run found.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) ledger: Ledger,
    /// From when a message was due until a fast reader had it.
    pub(crate) delivery: Compared<Latency>,
    /// From when a message was due until its sender had the ack.
    pub(crate) ack: Compared<Latency>,
    /// Round trips of a bystander.
    pub(crate) echo: Compared<Latency>,
    /// Logins of bystanders.
    pub(crate) login: Compared<Latency>,
    /// Cores that the server kept busy in the overload, if its process is known, and this process.
    pub(crate) cores: (Option<f64>, f64),
    /// Own memory of the server before the overload and at the end of it.
    pub(crate) memory: Option<Compared<u64>>,
}

/// The readers, listening on a thread of their own.
#[derive(Debug)]
pub(crate) struct Readers {
    stage: watch::Sender<Stage>,
    times: Arc<Times>,
    numbering: Numbering,
    plan: Plan,
    thread: thread::JoinHandle<Result<Ledger>>,
}

/// Has readers gather, and lets them read. `gather` runs on their thread, and gives what else the caller wants
/// to know.
pub(crate) async fn gather<F, T>(
    plan: Plan,
    gather: impl FnOnce() -> F + Send + 'static,
) -> Result<(Readers, T)>
where
    F: Future<Output = Result<(Vec<(Class, Connection)>, T)>>,
    T: Send + 'static,
{
    let numbering = plan.numbering();
    let (stage, watched) = watch::channel(Stage::Calm);
    let times = Arc::new(Times {
        timetable: Timetable::new(plan.rate),
        warm_up: plan.warm_up,
        calm_start: OnceLock::new(),
        overload_start: OnceLock::new(),
        calm: Mutex::new(Latency::new()),
        overload: Mutex::new(Latency::new()),
    });
    let (is_there, there) = oneshot::channel();
    let shared = Arc::clone(&times);
    let thread = thread::Builder::new().name("readers".to_owned()).spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let (connections, gathered) = gather().await?;
            // Nobody waits any more if the other side has failed; then nobody sends.
            drop(is_there.send(gathered));
            let mut reading = JoinSet::new();
            for (class, connection) in connections {
                let (stage, times) = (watched.clone(), Arc::clone(&shared));
                let digestion = Duration::from_secs(1) / plan.slow_rate.max(1);
                reading.spawn(Reader { class, connection, numbering, stage, digestion, times }.read());
            }
            collect(reading, watched, numbering).await
        })
    })?;
    match there.await {
        Ok(gathered) => Ok((Readers { stage, times, numbering, plan, thread }, gathered)),
        Err(_) => Err(match thread.join() {
            Ok(Err(error)) => error,
            _ => anyhow!("the readers' thread died"),
        }),
    }
}

/// Books what each reader got. Once all should read, one of them must come to its end now and then.
async fn collect(
    mut reading: JoinSet<Result<Read>>,
    mut stage: watch::Receiver<Stage>,
    numbering: Numbering,
) -> Result<Ledger> {
    let mut ledger = Ledger::new(numbering);
    loop {
        let draining = *stage.borrow_and_update() == Stage::Drain;
        tokio::select! {
            ended = reading.join_next() => match ended {
                None => return Ok(ledger),
                Some(ended) => {
                    let Read { class, receipts, closed } = ended.context("a reader's task died")??;
                    ledger.add(class, &receipts, closed);
                }
            },
            changed = stage.changed() => changed.context("the run was given up")?,
            () = sleep(STALLED), if draining => bail!("{} readers wait for the last message", reading.len()),
        }
    }
}

/// Those who are needed for one part of a run.
#[derive(Debug)]
pub(crate) struct Cast {
    pub(crate) senders: Vec<Connection>,
    pub(crate) bystander: Connection,
}

impl Readers {
    /// Drives the room. `cast` makes the connections for a part of the run, `requests` the messages from a number
    /// on, `log_in` one login; `last` sends the last message.
    pub(crate) async fn drive<C, L, E>(
        self,
        cast: impl Fn() -> C,
        requests: impl Fn(u32) -> Requests,
        echoes: &Requests,
        log_in: impl Fn() -> L,
        last: impl FnOnce(u32) -> E,
        meters: &Meters,
    ) -> Result<Found>
    where
        C: Future<Output = Result<Cast>>,
        L: Future<Output = Result<Connection>>,
        E: Future<Output = Result<()>>,
    {
        let part = async |first: u32, start: &OnceLock<Instant>, length: Duration| {
            let Cast { senders, bystander } = cast().await?;
            let start = *start.get_or_init(|| Instant::now() + open::LEAD);
            let length = Length { warm_up: Duration::ZERO, measured: length };
            let requests = requests(first);
            let (sent, echo, login) = tokio::try_join!(
                open::run_from(start, senders, &requests, self.plan.rate, length, meters),
                open::run_from(start, vec![bystander], echoes, ECHOES, length, meters),
                log_in_until(start + length.measured, &log_in),
            )?;
            anyhow::Ok((sent.0, echo.0.latency, login))
        };
        let memory = || meters.server.as_ref().map(crate::meter::Process::own_memory).transpose();

        let (calm, calm_echo, calm_login) = part(0, &self.times.calm_start, self.plan.calm).await?;
        let before = memory()?;
        self.stage.send_replace(Stage::Overload);
        let first = self.numbering.calm;
        let (outcome, echo, login) = part(first, &self.times.overload_start, self.plan.overload).await?;
        let after = memory()?;
        last(self.numbering.total).await?;
        self.stage.send_replace(Stage::Drain);

        let ledger = tokio::task::spawn_blocking(|| self.thread.join());
        let ledger = ledger.await?.map_err(|_| anyhow!("the readers' thread died"))??;
        let taken = |latency: &Mutex<Latency>| latency.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let busy = |cpu: crate::meter::Cpu| cpu.total().as_secs_f64() / outcome.elapsed.as_secs_f64();
        Ok(Found {
            ledger,
            delivery: Compared { calm: taken(&self.times.calm), overload: taken(&self.times.overload) },
            ack: Compared { calm: calm.latency, overload: outcome.latency },
            echo: Compared { calm: calm_echo, overload: echo },
            login: Compared { calm: calm_login, overload: login },
            cores: (outcome.server.map(busy), busy(outcome.client)),
            memory: before.zip(after).map(|(calm, overload)| Compared { calm, overload }),
        })
    }
}

/// Logs in again and again.
async fn log_in_until<L>(end: Instant, log_in: &impl Fn() -> L) -> Result<Latency>
where
    L: Future<Output = Result<Connection>>,
{
    let mut latency = Latency::new();
    while Instant::now() < end {
        let begin = Instant::now();
        let login = timeout(STALLED, log_in());
        drop(login.await.map_err(|_| anyhow!("the server lets nobody in"))??);
        latency.record(begin.elapsed());
        sleep(BETWEEN_LOGINS).await;
    }
    Ok(latency)
}
