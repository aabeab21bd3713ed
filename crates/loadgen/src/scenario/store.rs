//! What the server's store commits, without sockets (G8).

use anyhow::{Context, Result};

use super::Bench;
use crate::baseline::append;
use crate::report::{Row, Unit, budget};

/// Messages in one commit.
const BATCH: usize = 256;

pub(crate) async fn store(bench: &Bench) -> Result<Vec<Row>> {
    let (limit, _) = append::measure(&bench.folder, bench.text, BATCH, bench.length)?;
    let folder = tempfile::tempdir_in(&bench.folder).context("cannot make a data folder")?;
    let (measure, path, text, length) =
        (bench.inside.store_rate, folder.path().to_owned(), bench.text, bench.length);
    let rate = tokio::task::spawn_blocking(move || measure(&path, text, BATCH, length)).await??;
    let what = format!("store alone, batches of {BATCH}, messages");
    let note = "limit: bare append, batches of the same size";
    Ok(vec![Row::new(what, Unit::PerSecond, rate).limit(limit).budget(budget::G8).note(note)])
}
