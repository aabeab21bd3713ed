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
        rows.extend(super::fanout(bench, members, batch).await?);
    }
    rows.extend(super::idle(bench, 10_000).await?);
    rows.extend(super::send_at_rate(bench, 200, 5000, false).await?);
    rows.extend(super::send_at_rate(bench, 200, 20_000, false).await?);
    rows.extend(super::send::send_alone(bench).await?);
    for outstanding in [1, 16] {
        rows.extend(super::send_at_once(bench, 200, outstanding, false).await?);
        rows.extend(super::send_at_once(bench, 200, outstanding, true).await?);
    }
    rows.extend(super::echo_during_fanout(bench, 1000).await?);
    rows.extend(super::login(bench, 5000, 100).await?);

    // Filling takes the longest, so what needs a full store shares one.
    let size = HistorySize::default();
    if bench.running.is_none() {
        rows.extend(startup::empty(bench).await?);
        let server = Server::start(&bench.folder)?;
        let conversations = fill(bench, &server, size).await?;
        rows.extend(read(bench, &server, size, conversations).await?);
        rows.push(startup::full(server, size)?);
    } else {
        rows.extend(super::history(bench, size).await?);
    }
    Ok(rows)
}
