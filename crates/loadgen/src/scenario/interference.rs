//! What a large fan-out does to the round trips of others (G12).

use anyhow::Result;

use super::fanout::{Members, gather};
use super::{Bench, Server};
use crate::client::{commands, session};
use crate::drive::disturbance::{self, Crowd, Disturbed};
use crate::report::{Row, Unit, budget};

pub(crate) async fn echo_during_fanout(bench: &Bench, members: usize) -> Result<Vec<Row>> {
    let bare = bench.limits().echo_during_broadcast(members).await?;
    let server = bench.server()?;
    let bystander = || session::log_in(&server.address, "bystander");
    // The crowd logs in on its own thread; the server stays here, so that it outlives both.
    let (address, process, text) = (server.address.clone(), server.process.clone(), bench.text);
    let crowd = move || async move {
        let server = Server::seen_from(address, process);
        let (sender, members, requests) = gather(&server, Members::Room(members), text).await?;
        Ok(Crowd { sender, members, requests })
    };
    let real =
        disturbance::run(crowd, bystander, &commands::echoes(), bench.length(), &server.meters()).await?;
    let row = |who: &str, found: &Disturbed| {
        let show = |time: std::time::Duration| Unit::Seconds.show(time.as_secs_f64());
        Row::new(
            format!("echo p99 during a fan-out to {members}{who}"),
            Unit::Seconds,
            found.during.p99().as_secs_f64(),
        )
        .limit(found.alone.p99().as_secs_f64())
        .note(format!(
            "limit: without it; fan-out p50 {}, echo p50 {}",
            show(found.fanout.p50()),
            show(found.during.p50())
        ))
    };
    Ok(vec![row("", &real).budget(budget::G12), row(", bare loop and bare echo", &bare)])
}
