//! Messages between pairs of clients (G4 to G7). Every message is durable before its ack and is delivered to
//! the other client, which the limits do not do.

use anyhow::Result;

use super::Bench;
use crate::baseline::{append, wire};
use crate::client::{Connection, commands, session};
use crate::drive::{Outcome, Requests, closed, open};
use crate::report::{Budget, Row, Unit, budget};
use crate::target::Server;

/// By a timetable: what senders wait for their acks on a server that is busy but not saturated.
pub(crate) async fn send_at_rate(
    bench: &Bench,
    connections: usize,
    rate: u32,
    offline: bool,
) -> Result<Vec<Row>> {
    let limit = bench.limits().durable_at_rate(connections, rate).await?;
    let server = bench.server()?;
    let (senders, requests) = prepare(bench, &server, connections, offline).await?;
    let (real, _) = open::run(senders, &requests, rate, bench.length(), &server.meters()).await?;
    let what = |share| format!("ack at {rate}/s, {connections} connections{}, {share}", suffix(offline));
    let budgets = match rate {
        5000 | 20_000 => (Some(budget::G4_P50), Some(budget::G4_P99)),
        _ => (None, None),
    };
    Ok(vec![
        time(what("p50"), real.latency.p50(), limit.latency.p50(), budgets.0).note(real.cores()),
        time(what("p99"), real.latency.p99(), limit.latency.p99(), budgets.1),
    ])
}

/// As fast as acks come.
pub(crate) async fn send_at_once(
    bench: &Bench,
    connections: usize,
    outstanding: usize,
    offline: bool,
) -> Result<Vec<Row>> {
    let limit = bench.limits().durable(connections, outstanding).await?;
    let real = saturate(bench, connections, outstanding, offline).await?;
    let what =
        format!("durable messages, {connections} connections, {outstanding} outstanding{}", suffix(offline));
    let budget = match (connections, outstanding) {
        (200, 1) => Some(budget::G6),
        (200, 16) => Some(budget::G7),
        _ => None,
    };
    let note = format!("p99 {}, {}", Unit::Seconds.show(real.latency.p99().as_secs_f64()), real.cores());
    let row = Row::new(what, Unit::PerSecond, real.per_second()).limit(limit.per_second()).note(note);
    Ok(vec![budget.into_iter().fold(row, Row::budget)])
}

/// One message in flight in the whole server.
pub(crate) async fn send_alone(bench: &Bench) -> Result<Vec<Row>> {
    let echo = bench.limits().echo().await?.latency.p50();
    let record = bench.text + wire::SEND_OVERHEAD;
    let (_, append) = append::measure(&bench.folder, record, 1, bench.length)?;
    let real = saturate(bench, 1, 1, true).await?;
    let show = |time: std::time::Duration| Unit::Seconds.show(time.as_secs_f64());
    let note = format!("limit: fdatasync {} + echo {}", show(append.p50()), show(echo));
    let what = "ack with one message in flight, p50".to_owned();
    Ok(vec![time(what, real.latency.p50(), append.p50() + echo, Some(budget::G5)).note(note)])
}

async fn saturate(bench: &Bench, connections: usize, outstanding: usize, offline: bool) -> Result<Outcome> {
    let server = bench.server()?;
    let (senders, requests) = prepare(bench, &server, connections, offline).await?;
    closed::run(senders, &requests, outstanding, bench.length(), &server.meters()).await
}

/// Senders, each with a conversation of two. Online, both of a pair are senders and share a conversation.
async fn prepare(
    bench: &Bench,
    server: &Server,
    connections: usize,
    offline: bool,
) -> Result<(Vec<Connection>, Requests)> {
    let mut senders = server.connections(connections, |number| format!("pair-{number}")).await?;
    let mut conversations = Vec::with_capacity(connections);
    let step = if offline { 1 } else { 2 };
    for first in (0..senders.len()).step_by(step) {
        let other = if offline { format!("absent-{first}") } else { format!("pair-{}", first + 1) };
        let conversation = session::start(&mut senders[first], &[other], false).await?;
        (0..step).for_each(|_| conversations.push(vec![conversation.clone()]));
    }
    Ok((senders, commands::messages(conversations, bench.text)))
}

fn suffix(offline: bool) -> &'static str {
    if offline { ", receivers offline" } else { "" }
}

fn time(what: String, real: std::time::Duration, limit: std::time::Duration, budget: Option<Budget>) -> Row {
    let row = Row::new(what, Unit::Seconds, real.as_secs_f64()).limit(limit.as_secs_f64());
    budget.into_iter().fold(row, Row::budget)
}
