//! Many clients that log in at once, as after a restart.

use anyhow::Result;

use super::Bench;
use crate::report::{Row, Unit};

pub(crate) async fn login(bench: &Bench, clients: usize, at_once: usize) -> Result<Vec<Row>> {
    let bare = bench.limits().arrivals(clients, at_once).await?.outcome;
    let server = bench.server()?;
    let real = server.log_in(clients, at_once, |number| format!("login-{number}")).await?.outcome;
    let what = |figure| format!("{clients} logins, {at_once} at the same time, {figure}");
    let p99 = |found: &crate::drive::Outcome| found.latency.p99().as_secs_f64();
    Ok(vec![
        Row::new(what("logins"), Unit::PerSecond, real.per_second())
            .limit(bare.per_second())
            .note(format!("{}; limit: connect and one echo", real.cores())),
        Row::new(what("p99"), Unit::Seconds, p99(&real)).limit(p99(&bare)),
    ])
}
