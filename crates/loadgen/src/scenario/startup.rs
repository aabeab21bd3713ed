//! From start to ready, and what the server takes at rest (G13). The servers before were killed, not stopped:
//! what is measured includes recovery.

use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::{Bench, history};
use crate::cli::HistorySize;
use crate::report::{Row, Unit, budget};
use crate::target::Server;

pub(crate) async fn startup(bench: &Bench, size: HistorySize) -> Result<Vec<Row>> {
    ensure!(bench.running.is_none(), "a start can only be measured on a server of our own");
    let mut rows = empty(bench).await?;
    let server = Server::start(&bench.folder)?;
    history::fill(bench, &server, size).await?;
    rows.push(full(server, size)?);
    Ok(rows)
}

/// Starts on an empty store.
pub(super) async fn empty(bench: &Bench) -> Result<Vec<Row>> {
    let folder = Server::start(&bench.folder)?.kill().context("a server of our own has a folder")?;
    let (server, took) = Server::start_in(folder)?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let memory = server.known_process()?.resident_memory()?;
    let binary = std::env::current_exe()?.metadata()?.len();
    Ok(vec![
        row("start to ready, empty store", Unit::Seconds, took.as_secs_f64()).budget(budget::G13_EMPTY),
        row("resident memory at rest, empty store", Unit::Bytes, memory as f64).budget(budget::G13_MEMORY),
        row("size of the binary", Unit::Bytes, binary as f64).budget(budget::G13_BINARY),
    ])
}

/// Starts again on the store of a server that was filled.
pub(super) fn full(server: Server, size: HistorySize) -> Result<Row> {
    let folder = server.kill().context("a server of our own has a folder")?;
    let (_, took) = Server::start_in(folder)?;
    let messages = size.conversations * size.messages;
    let what = format!("start to ready after a kill, {messages} messages");
    Ok(row(&what, Unit::Seconds, took.as_secs_f64()).budget(budget::G13_FULL))
}

fn row(what: &str, unit: Unit, value: f64) -> Row {
    Row::new(what, unit, value)
}
