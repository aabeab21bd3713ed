//! The command line of `yanshu bench`.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::{Args, Subcommand};

use crate::Inside;
use crate::baseline::process;
use crate::meter::Machine;
use crate::report::{Report, Row, middle_of};
use crate::scenario::{self, Bench, Members};
use crate::target::Address;

/// Loads a server and measures it beside the machine's own limits.
///
/// Starts a server of its own for each scenario, on a free port with an empty data folder, unless --url names
/// one. Every row is a figure, the machine's limit for the same work measured in the same run, and the budget.
#[derive(Debug, Args)]
pub struct BenchArgs {
    /// Load this running server instead (ws://HOST:PORT/PATH). Its rate limits must allow the load.
    #[arg(long, global = true, requires = "app_id")]
    url: Option<String>,
    /// The app to log in to, on the server named by --url.
    #[arg(long, global = true, requires = "url")]
    app_id: Option<String>,
    /// Process of the server named by --url, to measure its CPU time and memory.
    #[arg(long, global = true, requires = "url")]
    pid: Option<u32>,
    /// Where data folders are made: on the disk that is to be measured. Default: the folder for temporary files.
    #[arg(long, global = true)]
    dir: Option<PathBuf>,
    /// Measures everything this often and prints the medians.
    #[arg(long, global = true, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..100))]
    repeat: u32,
    /// Seconds of each measurement, warm-up not included.
    #[arg(long, global = true, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..3600))]
    seconds: u64,
    /// Bytes of content in each message.
    #[arg(long, global = true, default_value_t = 128, value_parser = clap::value_parser!(u64).range(40..4096))]
    text: u64,
    /// Seconds to wait, in each scenario, for others on this machine to be quiet; what they disturbed is measured
    /// again.
    #[arg(long, global = true, default_value_t = 0, value_name = "SECONDS")]
    patience: u64,
    /// Writes the report as JSON, too.
    #[arg(long, global = true, value_name = "FILE")]
    json: Option<PathBuf>,
    #[command(subcommand)]
    scenario: Scenario,
}

#[derive(Debug, Subcommand)]
enum Scenario {
    /// Everything below with its default sizes, in one table.
    Suite,
    /// The machine's own limits alone.
    Limits,
    /// Memory of logged-in connections that do nothing.
    Idle {
        #[arg(long, default_value_t = 10_000)]
        connections: usize,
    },
    /// Messages between pairs of clients: at a rate for latency, or as fast as they are acknowledged.
    Send {
        /// How many clients; an even number, unless --offline.
        #[arg(long, default_value_t = 200)]
        connections: usize,
        /// Messages a second, all connections together, sent by a timetable.
        #[arg(long, conflicts_with = "outstanding")]
        rate: Option<u32>,
        /// Messages that each connection keeps in flight.
        #[arg(long, default_value_t = 1)]
        outstanding: usize,
        /// Send to clients that are offline, so that nothing is delivered.
        #[arg(long)]
        offline: bool,
    },
    /// One sender, many receivers, one message after the other: a normal conversation.
    Fanout {
        #[arg(long, default_value_t = 499, value_parser = clap::value_parser!(u64).range(1..500))]
        members: u64,
        /// Messages sent at once.
        #[arg(long, default_value_t = 1)]
        batch: usize,
    },
    /// The same in a chat room, of any size.
    Room {
        #[arg(long, default_value_t = 1000)]
        members: usize,
        /// Messages sent at once.
        #[arg(long, default_value_t = 1)]
        batch: usize,
    },
    /// Many clients log in at once.
    Login {
        #[arg(long, default_value_t = 5000)]
        clients: usize,
        /// How many at the same time.
        #[arg(long, default_value_t = 100)]
        at_once: usize,
    },
    /// What a large fan-out does to the round trips of others.
    EchoDuringFanout {
        #[arg(long, default_value_t = 1000)]
        members: usize,
    },
    /// A chat room in which more is said than some readers take in: what is dropped, and what the others feel.
    Overload {
        #[command(flatten)]
        size: OverloadSize,
    },
    /// What a service says to all its subscribers, few and many of them offline.
    Broadcast {
        #[command(flatten)]
        size: BroadcastSize,
    },
    /// What the store commits, without sockets.
    Store,
    /// The last messages of one conversation among many.
    History {
        #[command(flatten)]
        size: HistorySize,
    },
    /// From start to ready, with an empty store and with a full one.
    Startup {
        #[command(flatten)]
        size: HistorySize,
    },
    /// A bare server, for the limits.
    #[command(hide = true)]
    Bare { kind: process::Kind },
}

#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct OverloadSize {
    /// Clients in the room, a connection each.
    #[arg(long, default_value_t = 2000)]
    pub(crate) readers: usize,
    /// Percent of them that read a quarter of what is sent.
    #[arg(long, default_value_t = 10)]
    pub(crate) slow: usize,
    /// Percent of them that read nothing while the overload lasts.
    #[arg(long, default_value_t = 10)]
    pub(crate) silent: usize,
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) senders: u32,
    /// Messages a second, all senders together: a fifth high, the others normal and low.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(4..=100_000))]
    pub(crate) rate: u32,
}

#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct BroadcastSize {
    /// Subscribers who are online, a connection each.
    #[arg(long, default_value_t = 2000)]
    pub(crate) online: usize,
    /// Clients online who do not subscribe.
    #[arg(long, default_value_t = 200)]
    pub(crate) others: usize,
    /// Subscribers who are offline.
    #[arg(long, default_value_t = 300_000)]
    pub(crate) offline: usize,
    /// Messages, one after the other.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) posts: u32,
}

#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct HistorySize {
    #[arg(long, default_value_t = 10_000)]
    pub(crate) conversations: usize,
    /// Messages in each conversation.
    #[arg(long, default_value_t = 100)]
    pub(crate) messages: usize,
}

impl Default for HistorySize {
    fn default() -> Self {
        Self { conversations: 10_000, messages: 100 }
    }
}

pub(crate) fn run(args: &BenchArgs, inside: Inside) -> Result<()> {
    let folder = args.dir.clone().unwrap_or_else(std::env::temp_dir);
    ensure!(folder.is_dir(), "{} is not a folder", folder.display());
    if let Scenario::Bare { kind } = args.scenario {
        return process::serve(kind, args.text as usize, &folder);
    }
    let running = match (&args.url, &args.app_id) {
        (Some(url), Some(app)) => Some((Address::parse(url, app)?, args.pid)),
        _ => None,
    };
    let bench = Bench {
        folder: folder.clone(),
        text: args.text as usize,
        length: Duration::from_secs(args.seconds),
        running,
        inside,
        patience: Duration::from_secs(args.patience),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut runs = Vec::new();
    for _ in 0..args.repeat {
        runs.push(runtime.block_on(measure(&bench, &args.scenario))?);
    }
    let report = Report { machine: Machine::look(&folder), runs: args.repeat, rows: middle_of(runs) };
    report.print(std::io::stdout().lock()).context("cannot print the report")?;
    args.json.as_deref().map_or(Ok(()), |path| report.save(path))
}

async fn measure(bench: &Bench, scenario: &Scenario) -> Result<Vec<Row>> {
    match *scenario {
        // Waits for calm before each of its parts.
        Scenario::Suite => scenario::suite(bench).await,
        _ => bench.calmly(|| one(bench, scenario)).await,
    }
}

async fn one(bench: &Bench, scenario: &Scenario) -> Result<Vec<Row>> {
    match *scenario {
        Scenario::Limits => scenario::limits(bench).await,
        Scenario::Idle { connections } => scenario::idle(bench, connections).await,
        Scenario::Send { connections, rate: Some(rate), offline, .. } => {
            scenario::send_at_rate(bench, connections, rate, offline).await
        }
        Scenario::Send { connections, rate: None, outstanding, offline } => {
            scenario::send_at_once(bench, connections, outstanding, offline).await
        }
        Scenario::Fanout { members, batch } => {
            scenario::fanout(bench, Members::Conversation(members as usize), batch).await
        }
        Scenario::Room { members, batch } => scenario::fanout(bench, Members::Room(members), batch).await,
        Scenario::Login { clients, at_once } => scenario::login(bench, clients, at_once).await,
        Scenario::EchoDuringFanout { members } => scenario::echo_during_fanout(bench, members).await,
        Scenario::Overload { size } => scenario::overload(bench, size).await,
        Scenario::Broadcast { size } => scenario::broadcast(bench, size).await,
        Scenario::Store => scenario::store(bench).await,
        Scenario::History { size } => scenario::history(bench, size).await,
        Scenario::Startup { size } => scenario::startup(bench, size).await,
        Scenario::Suite | Scenario::Bare { .. } => Ok(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, FromArgMatches, Parser};

    use super::*;

    #[derive(Parser)]
    struct Bench {
        #[command(flatten)]
        args: BenchArgs,
    }

    fn parse(line: &str) -> Result<BenchArgs, clap::Error> {
        let matches = Bench::command().try_get_matches_from(format!("bench {line}").split(' '))?;
        Ok(Bench::from_arg_matches(&matches)?.args)
    }

    #[test]
    fn options_are_understood_before_and_behind_the_scenario() {
        Bench::command().debug_assert();
        assert_eq!(parse("--repeat 3 limits --text 200").unwrap().repeat, 3);
        assert_eq!(parse("limits --text 200 --repeat 5").unwrap().text, 200);
        assert!(parse("bare durable --text 64 --dir /").is_ok());
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in ["", "limits --repeat 0", "limits --pid 1", "limits --url ws://h", "limits --text 1"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
