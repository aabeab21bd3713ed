//! Measuring on a machine that others use as well: wait until they rest, note what they did meanwhile, and
//! measure again what they spoiled, within the patience asked for.

use std::future::Future;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::Bench;
use crate::meter::{Others, Process};
use crate::report::{CALM, Row};

/// The machine is calm once it was for this long.
const REST: Duration = Duration::from_millis(500);

impl Bench {
    /// Runs a scenario, with patience; each of its rows tells what others did meanwhile.
    pub(crate) async fn calmly<F>(&self, scenario: impl Fn() -> F) -> Result<Vec<Row>>
    where
        F: Future<Output = Result<Vec<Row>>>,
    {
        let server = self.running.as_ref().and_then(|(_, pid)| *pid).map(Process::new);
        self.calmly_beside(server.as_ref(), scenario).await
    }

    /// The same with a server that was there before the scenario and will be there after it.
    pub(crate) async fn calmly_beside<F>(
        &self,
        server: Option<&Process>,
        scenario: impl Fn() -> F,
    ) -> Result<Vec<Row>>
    where
        F: Future<Output = Result<Vec<Row>>>,
    {
        let until = Instant::now() + self.patience;
        let mut calmest: Option<(f64, Vec<Row>)> = None;
        loop {
            wait_for_calm(until, server).await?;
            let before = Others::read(server)?;
            let mut rows = scenario().await?;
            let others = Others::read(server)?.cores_since(before);
            rows.iter_mut().for_each(|row| row.others = others);
            if calmest.as_ref().is_none_or(|&(fewest, _)| others < fewest) {
                calmest = Some((others, rows));
            }
            match calmest {
                Some((fewest, rows)) if fewest <= CALM || Instant::now() >= until => {
                    rows.iter().for_each(tell);
                    return Ok(rows);
                }
                _ => {}
            }
        }
    }
}

/// Shows that something is going on, long before the report.
fn tell(row: &Row) {
    eprintln!("{}: {}", row.what, row.unit.show(row.value));
}

async fn wait_for_calm(until: Instant, server: Option<&Process>) -> Result<()> {
    while Instant::now() < until {
        let before = Others::read(server)?;
        tokio::time::sleep(REST).await;
        if Others::read(server)?.cores_since(before) <= CALM {
            break;
        }
    }
    Ok(())
}
