//! A chat room in which more is said than some readers take in (B-266 to B-270, W-155).

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, ensure};
use yanshu_protocol::{Content, ConversationId, Point};

use super::Bench;
use crate::baseline::measure::settled_memory;
use crate::cli::OverloadSize;
use crate::client::{Connection, Line, commands, session};
use crate::drive::overload::ledger::{Class, Numbering, Priority};
use crate::drive::overload::{self, Cast, Compared, Found, Plan};
use crate::drive::{Outcome, Requests, arrivals};
use crate::latency::Latency;
use crate::meter::ensure_open_files;
use crate::report::{Row, Unit};
use crate::target::{Address, Server};

/// Clients that come in at the same time.
const AT_ONCE: usize = 64;

pub(crate) async fn overload(bench: &Bench, size: OverloadSize) -> Result<Vec<Row>> {
    let OverloadSize { readers, slow, silent, senders, rate } = size;
    ensure!(slow + silent <= 100, "{slow} % slow and {silent} % silent readers are more than all");
    ensure_open_files(readers + senders as usize + 16)?;
    let calm = bench.length();
    let plan = Plan {
        rate,
        senders,
        slow_rate: rate / 4,
        warm_up: calm.warm_up,
        calm: calm.warm_up + calm.measured,
        overload: 3 * calm.measured,
    };
    let server = bench.server()?;
    let address = server.address.clone();
    let seats = Seats { readers, slow: readers * slow / 100, silent: readers * silent / 100 };
    let crowd = Server::seen_from(address.clone(), server.process.clone());
    let (crowd, arrival) = overload::gather(plan, move || async move { arrive(&crowd, seats).await }).await?;

    let room = arrival.room.clone();
    let cast = || async {
        let senders = server.connections(senders as usize, |slot| format!("sender-{slot}")).await?;
        let bystander = session::log_in(&address, "bystander").await?;
        Ok(Cast { senders, bystander })
    };
    let numbering = plan.numbering();
    let text = bench.text;
    let message = |first: u32| {
        commands::numbered(room.clone(), text, move |serial| {
            let number = first + serial as u32;
            (number, numbering.priority(number).number())
        })
    };
    let last = |number| say(&server.address, message(number));
    let log_in = || session::log_in(&server.address, "latecomer");
    let found = crowd.drive(cast, message, &commands::echoes(), log_in, last, &server.meters()).await?;
    found.ledger.verdict()?;
    check_history(&server, &room, numbering).await?;
    Ok([arrival_rows(&arrival, readers), latency_rows(&found, readers), loss_rows(&found)].concat())
}

/// Sends one message and waits for its ack.
async fn say(server: &Address, message: Requests) -> Result<()> {
    let mut sender = session::log_in(server, "sender-0").await?;
    let mut command = Vec::new();
    message(0, 0, &mut command);
    sender.queue(&command);
    sender.flush().await?;
    sender.receive(|_| ()).await.context("a message is not acknowledged")?;
    Ok(())
}

/// Who reads how.
#[derive(Debug, Clone, Copy)]
struct Seats {
    readers: usize,
    slow: usize,
    silent: usize,
}

impl Seats {
    fn class(self, number: usize) -> Class {
        match number {
            number if number < self.slow => Class::Slow,
            number if number < self.slow + self.silent => Class::Silent,
            _ => Class::Fast,
        }
    }

    fn line(self, number: usize) -> Line {
        if self.class(number) == Class::Fast { Line::Wide } else { Line::Narrow }
    }
}

/// How everyone came in.
#[derive(Debug)]
struct Arrival {
    room: ConversationId,
    joins: Outcome,
    /// Growth of the server's own memory by everyone's presence.
    memory: Option<u64>,
}

/// Logs everyone in, then lets everyone join.
async fn arrive(server: &Server, seats: Seats) -> Result<(Vec<(Class, Connection)>, Arrival)> {
    let name = |number: usize| format!("reader-{number}");
    let mut host = session::log_in(&server.address, "host").await?;
    let room = session::start(&mut host, &[], true).await?;
    let log_in = |number| {
        let address = server.address.clone();
        async move { session::log_in_over(&address, &name(number), seats.line(number)).await }
    };
    let connections = arrivals::run(seats.readers, AT_ONCE, &server.meters(), log_in).await?.connections;
    let before = memory(server).await?;

    let outside: Arc<[Mutex<Option<Connection>>]> =
        connections.into_iter().map(|connection| Mutex::new(Some(connection))).collect();
    let join = |number: usize| {
        let (outside, room) = (Arc::clone(&outside), room.clone());
        async move {
            let connection = outside[number].lock().unwrap_or_else(PoisonError::into_inner).take();
            let mut connection = connection.context("a reader joins twice")?;
            session::join(&mut connection, &room, &name(number)).await?;
            Ok(connection)
        }
    };
    let joined = arrivals::run(seats.readers, AT_ONCE, &server.meters(), join).await?;
    let after = memory(server).await?;
    // Whoever makes a room is in it (B-377).
    let (count, present) = (session::count(&mut host, &room).await?, seats.readers + 1);
    ensure!(count as usize == present, "{count} are counted in a room of {present}");
    let readers = joined.connections.into_iter().enumerate();
    let readers = readers.map(|(number, connection)| (seats.class(number), connection)).collect();
    let memory = before.zip(after).map(|(before, after)| after.saturating_sub(before));
    Ok((readers, Arrival { room, joins: joined.outcome, memory }))
}

async fn memory(server: &Server) -> Result<Option<u64>> {
    match &server.process {
        Some(process) => Ok(Some(settled_memory(process).await?)),
        None => Ok(None),
    }
}

/// Whatever was dropped, history has every message (B-270).
async fn check_history(server: &Server, room: &ConversationId, numbering: Numbering) -> Result<()> {
    let mut historian = session::log_in(&server.address, "historian").await?;
    let mut numbers = HashSet::new();
    let mut start = None;
    loop {
        let page = session::page_before(&mut historian, room, start).await?;
        let Some(oldest) = page.first() else { break };
        let (timestamp, message) = (Some(oldest.timestamp), Some(oldest.id.clone()));
        start = Some(Point { timestamp, message, included: false });
        numbers.extend(page.iter().filter_map(|item| match &item.content {
            Content::Text(text) => commands::number_of(text.as_bytes()),
            Content::Binary(_) => None,
        }));
    }
    let all = numbering.total as usize + 1;
    ensure!(numbers.len() == all, "history has {} of {all} messages", numbers.len());
    Ok(())
}

fn arrival_rows(arrival: &Arrival, readers: usize) -> Vec<Row> {
    let p99 = Unit::Seconds.show(arrival.joins.latency.p99().as_secs_f64());
    let what = format!("joining a room of {readers}, {AT_ONCE} at the same time, joins");
    let mut rows = vec![
        Row::new(what, Unit::PerSecond, arrival.joins.per_second())
            .note(format!("p99 {p99}, {}", arrival.joins.cores())),
    ];
    if let Some(memory) = arrival.memory {
        let what = format!("memory of a presence in a room of {readers}");
        rows.push(Row::new(what, Unit::Bytes, memory as f64 / readers as f64));
    }
    rows
}

fn latency_rows(found: &Found, readers: usize) -> Vec<Row> {
    let row = |what: &str, compared: &Compared<Latency>, share: f64| {
        let seconds = |latency: &Latency| latency.quantile(share).as_secs_f64();
        let percent = (share * 100.0).round();
        Row::new(format!("room of {readers}, {what}, p{percent}"), Unit::Seconds, seconds(&compared.overload))
            .limit(seconds(&compared.calm))
    };
    let (server, client) = found.cores;
    let server = server.map_or(String::new(), |cores| format!(", server {cores:.2} cores"));
    let note = format!("limit: while all read everything{server}, client {client:.2}");
    let mut rows = vec![
        row("delivery to fast readers", &found.delivery, 0.5).note(note),
        row("delivery to fast readers", &found.delivery, 0.99),
        row("acks to senders", &found.ack, 0.5),
        row("acks to senders", &found.ack, 0.99),
        row("a bystander's echo", &found.echo, 0.5),
        row("a bystander's echo", &found.echo, 0.99),
        row("a bystander's login", &found.login, 0.5),
        row("a bystander's login", &found.login, 0.99),
    ];
    if let Some(Compared { calm, overload }) = found.memory {
        let what = format!("room of {readers}, the server's memory");
        rows.push(Row::new(what, Unit::Bytes, overload as f64).limit(calm as f64));
    }
    rows
}

/// What each class lost, beside what was meant for it.
fn loss_rows(found: &Found) -> Vec<Row> {
    let ledger = &found.ledger;
    let mut rows = Vec::new();
    for class in Class::ALL {
        let account = ledger.account(class);
        if account.stayed + account.closed == 0 {
            continue;
        }
        let who = format!("{} {} readers", account.stayed, class.name());
        for priority in Priority::ALL {
            let what = format!("{who}, {} messages dropped", priority.name());
            let row = Row::new(what, Unit::Count, ledger.dropped(class, priority) as f64)
                .limit(ledger.meant(class, priority) as f64)
                .note(format!("{} delivered", Unit::Count.show(ledger.delivered(class, priority) as f64)));
            rows.push(row);
        }
        let what = format!("{} readers closed as too slow", class.name());
        let all = (account.stayed + account.closed) as f64;
        rows.push(Row::new(what, Unit::Count, account.closed as f64).limit(all));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reader_has_its_class_and_its_line() {
        let seats = Seats { readers: 10, slow: 2, silent: 3 };
        let count = |class| (0..10).filter(|&number| seats.class(number) == class).count();
        assert_eq!(Class::ALL.map(count), [5, 2, 3]);
        assert_eq!((0..10).filter(|&number| seats.line(number) == Line::Narrow).count(), 5);
    }
}
