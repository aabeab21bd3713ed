//! Every figure that has a budget, with the sizes of the budgets.

use anyhow::Result;

use super::history::{fill, read};
use super::{Bench, Members, startup};
use crate::cli::HistorySize;
use crate::report::Row;
use crate::target::Server;

pub(crate) async fn suite(bench: &Bench) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (members, batch) in [
        (Members::Room(1000), 1),
        (Members::Room(1000), 16),
        (Members::Conversation(499), 1),
        (Members::Conversation(499), 16),
    ] {
        rows.extend(bench.calmly(|| super::fanout(bench, members, batch)).await?);
    }
    rows.extend(bench.calmly(|| super::idle(bench, 10_000)).await?);
    for rate in [5000, 20_000] {
        rows.extend(bench.calmly(|| super::send_at_rate(bench, 200, rate, false)).await?);
    }
    rows.extend(bench.calmly(|| super::send::send_alone(bench)).await?);
    for (outstanding, offline) in [(1, false), (1, true), (16, false), (16, true)] {
        rows.extend(bench.calmly(|| super::send_at_once(bench, 200, outstanding, offline)).await?);
    }
    rows.extend(bench.calmly(|| super::store(bench)).await?);
    rows.extend(bench.calmly(|| super::echo_during_fanout(bench, 1000)).await?);
    rows.extend(bench.calmly(|| super::login(bench, 5000, 100)).await?);

    // Filling takes the longest, so what needs a full store shares one.
    let size = HistorySize::default();
    if bench.running.is_some() {
        rows.extend(super::history(bench, size).await?);
        return Ok(rows);
    }
    rows.extend(bench.calmly(|| startup::empty(bench)).await?);
    let server = Server::start(&bench.folder)?;
    let conversations = fill(bench, &server, size).await?;
    let reading = || read(bench, &server, size, &conversations);
    rows.extend(bench.calmly_beside(server.process.as_ref(), reading).await?);
    rows.push(startup::full(server, size)?);
    Ok(rows)
}
