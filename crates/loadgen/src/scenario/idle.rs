//! Memory of connections that are logged in and do nothing (G3).

use anyhow::Result;

use super::Bench;
use crate::baseline::measure::settled_memory;
use crate::report::{Row, Unit, budget};

pub(crate) async fn idle(bench: &Bench, connections: usize) -> Result<Vec<Row>> {
    let bare = bench.limits().task_memory(connections).await?;
    let server = bench.server()?;
    let process = server.known_process()?;
    // The first clients make the server allocate what it needs whoever comes.
    let first = server.connections(100, |number| format!("first-{number}")).await?;
    drop(first);
    let before = settled_memory(process).await?;
    let clients = server.connections(connections, |number| format!("idle-{number}")).await?;
    let after = settled_memory(process).await?;
    drop(clients);
    let each = after.saturating_sub(before) as f64 / connections as f64;
    let note = format!("{} in all", Unit::Bytes.show(after as f64));
    let what = format!("memory of an idle connection, {connections} logged in");
    Ok(vec![Row::new(what, Unit::Bytes, each).limit(bare).budget(budget::G3).note(note)])
}
