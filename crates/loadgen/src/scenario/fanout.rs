//! One sender, many receivers (G1, G2, G10). The next messages leave when everyone has the last ones, so that
//! batches are as large as asked for and no larger.

use anyhow::Result;

use super::Bench;
use crate::client::{Connection, commands, session};
use crate::drive::rounds::{self, Plan};
use crate::drive::{Outcome, Requests};
use crate::report::{Row, Unit, budget};
use crate::target::Server;

/// Who receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Members {
    /// Members of a normal conversation, the sender not counted; at most 499.
    Conversation(usize),
    /// Clients in a chat room, the sender not counted.
    Room(usize),
}

pub(crate) async fn fanout(bench: &Bench, members: Members, batch: usize) -> Result<Vec<Row>> {
    let (count, place) = match members {
        Members::Conversation(count) => (count, "conversation"),
        Members::Room(count) => (count, "room"),
    };
    let bare = bench.limits().broadcast(count, batch).await?;
    let real = drive(bench, members, batch).await?;
    // The budgets are for a thousand receivers.
    let (rate, cpu) = match (members, batch) {
        (Members::Room(1000), 1) => (Some(budget::G1), Some(budget::G10_SINGLE)),
        (Members::Room(1000), 16) => (Some(budget::G2), Some(budget::G10_BATCHED)),
        _ => (None, None),
    };
    let what = |figure| format!("{place} of {count}, {batch} messages at once, {figure}");
    let note = format!("p99 {}, {}", Unit::Seconds.show(real.latency.p99().as_secs_f64()), real.cores());
    let row = Row::new(what("deliveries"), Unit::PerSecond, real.per_second()).limit(bare.per_second());
    let mut rows = vec![rate.into_iter().fold(row.note(note), Row::budget)];
    if let (Some(real), Some(bare)) = (real.user_seconds_each(), bare.user_seconds_each()) {
        let row = Row::new(what("user CPU of a delivery"), Unit::Seconds, real).limit(bare);
        rows.push(cpu.into_iter().fold(row, Row::budget));
    }
    Ok(rows)
}

async fn drive(bench: &Bench, members: Members, batch: usize) -> Result<Outcome> {
    let server = bench.server()?;
    let (sender, receivers, requests) = gather(&server, members, bench.text).await?;
    let plan = Plan { batch, pause: std::time::Duration::ZERO, length: bench.length() };
    Ok(rounds::run(sender, receivers, &requests, plan, &server.meters()).await?.0)
}

/// Logs everyone in and makes the conversation.
pub(super) async fn gather(
    server: &Server,
    members: Members,
    text: usize,
) -> Result<(Connection, Vec<Connection>, Requests)> {
    let mut sender = session::log_in(&server.address, "sender").await?;
    let name = |number| format!("member-{number}");
    let (conversation, receivers) = match members {
        Members::Conversation(count) => {
            let receivers = server.connections(count, name).await?;
            let names: Vec<String> = (0..count).map(name).collect();
            (session::start(&mut sender, &names, false).await?, receivers)
        }
        Members::Room(count) => {
            let mut receivers = server.connections(count, name).await?;
            let room = session::start(&mut sender, &[], true).await?;
            for (number, receiver) in receivers.iter_mut().enumerate() {
                session::join(receiver, &room, &name(number)).await?;
            }
            (room, receivers)
        }
    };
    Ok((sender, receivers, commands::messages(vec![vec![conversation]], text)))
}
