//! The machine's own limits alone, to know it before judging anything on it.

use anyhow::Result;

use super::Bench;
use crate::baseline::{append, history, wire};
use crate::cli::HistorySize;
use crate::report::{Row, Unit};

pub(crate) async fn limits(bench: &Bench) -> Result<Vec<Row>> {
    let limits = bench.limits();
    let mut rows = Vec::new();
    let mut row = |what: String, unit, value: f64, note: String| {
        rows.push(Row::new(what, unit, value).note(note));
    };

    for batch in [1, 16] {
        let fanout = limits.broadcast(1000, batch).await?;
        let what = format!("bare broadcast to 1,000, {batch} frames per write: deliveries");
        row(what, Unit::PerSecond, fanout.per_second(), fanout.cores());
        let what = format!("bare broadcast to 1,000, {batch} frames per write: user CPU of a delivery");
        row(what, Unit::Seconds, fanout.user_seconds_each().unwrap_or_default(), String::new());
    }
    let echo = limits.echo().await?;
    row("bare echo: p50".to_owned(), Unit::Seconds, echo.latency.p50().as_secs_f64(), echo.cores());
    for batch in [1, 256] {
        let record = bench.text + wire::SEND_OVERHEAD;
        let (rate, latency) = append::measure(&bench.folder, record, batch, bench.length)?;
        let note = format!("p50 {}", Unit::Seconds.show(latency.p50().as_secs_f64()));
        row(format!("bare append + fdatasync, batches of {batch}: messages"), Unit::PerSecond, rate, note);
    }
    for outstanding in [1, 16] {
        let durable = limits.durable(200, outstanding).await?;
        let what = format!("bare durable echo, 200 connections, {outstanding} outstanding: messages");
        row(what, Unit::PerSecond, durable.per_second(), durable.cores());
    }
    for rate in [5000, 20_000] {
        let durable = limits.durable_at_rate(200, rate).await?;
        for (name, time) in [("p50", durable.latency.p50()), ("p99", durable.latency.p99())] {
            let what = format!("bare durable echo at {rate}/s: {name}");
            row(what, Unit::Seconds, time.as_secs_f64(), durable.cores());
        }
    }
    let HistorySize { conversations, messages } = HistorySize::default();
    let size = history::Size { conversations, messages, text: bench.text, page: 20 };
    let (rate, latency) = history::measure(&bench.folder, size, bench.length)?;
    let note = format!("p50 {}", Unit::Seconds.show(latency.p50().as_secs_f64()));
    row("SQLite clustered by conversation: pages of 20".to_owned(), Unit::PerSecond, rate, note);
    let memory = limits.task_memory(10_000).await?;
    row("bare connection, 10,000: memory of one".to_owned(), Unit::Bytes, memory, String::new());
    Ok(rows)
}
