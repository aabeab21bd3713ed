//! What a service says to all its subscribers (B-146, R-93): how long until the last of those online has it, and
//! that those offline cost nothing.

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tokio::sync::Mutex;
use yanshu_protocol::ConversationId;

use super::Bench;
use crate::cli::BroadcastSize;
use crate::client::{Backend, commands, session};
use crate::drive::broadcast::{self, Audience, Broadcasts};
use crate::meter::ensure_open_files;
use crate::report::{Row, Unit};
use crate::target::Server;

/// Offline subscribers of the run that the other is compared with.
const FEW: usize = 10;

pub(crate) async fn broadcast(bench: &Bench, size: BroadcastSize) -> Result<Vec<Row>> {
    let BroadcastSize { online, others, offline, posts } = size;
    ensure!(bench.running.is_none(), "subscribers who are offline are made in a store of our own");
    ensure_open_files(online + others + 16)?;
    let few = drive(bench, BroadcastSize { offline: FEW, ..size }).await?;
    let many = drive(bench, size).await?;
    let what = |figure: &str| format!("broadcast to {online} online and {offline} offline, {figure}");
    let row = |figure: &str, of: fn(&Broadcasts) -> f64| {
        Row::new(what(figure), Unit::Seconds, of(&many)).limit(of(&few))
    };
    let rate = |found: &Broadcasts| found.deliveries as f64 / found.busy.as_secs_f64();
    let mut rows = vec![
        row("answer p50", |found| found.answer.p50().as_secs_f64())
            .note(format!("limit: with {FEW} offline; {others} others online got nothing")),
        row("answer p99", |found| found.answer.p99().as_secs_f64()),
        row("a delivery p50", |found| found.delivery.p50().as_secs_f64()),
        row("the last delivery p50", |found| found.last.p50().as_secs_f64()),
        row("the last delivery p99", |found| found.last.p99().as_secs_f64()),
        Row::new(what("deliveries"), Unit::PerSecond, rate(&many)).limit(rate(&few)),
    ];
    if let (Some(many), Some(few)) = (many.server, few.server) {
        let each = |cpu: crate::meter::Cpu| cpu.total().as_secs_f64() / f64::from(posts);
        rows.push(Row::new(what("CPU of a post"), Unit::Seconds, each(many)).limit(each(few)));
    }
    Ok(rows)
}

async fn drive(bench: &Bench, size: BroadcastSize) -> Result<Broadcasts> {
    let server = Server::start(&bench.folder)?;
    let mut backend = Backend::connect(&server.address, Server::MASTER_KEY).await?;
    let name = json!({ "name": "news" });
    let made = backend.post("/1.2/rtm/service-conversations", &name).await?;
    let service = made["objectId"].as_str().context("a service conversation without an id")?.to_owned();
    let server = fill(bench, server, &service, size.offline).await?;

    let service: ConversationId = service.parse()?;
    let mut subscribers = server.connections(size.online, subscriber).await?;
    for (number, connection) in subscribers.iter_mut().enumerate() {
        session::join(connection, &service, &subscriber(number)).await?;
    }
    let others = server.connections(size.others, |number| format!("other-{number}")).await?;

    let backend = Mutex::new(Backend::connect(&server.address, Server::MASTER_KEY).await?);
    let path = format!("/1.2/rtm/service-conversations/{service}/broadcasts");
    let post = async |number| {
        let message = commands::numbered_text(number, bench.text);
        let body = json!({ "from_client": "editor", "message": message });
        backend.lock().await.post(&path, &body).await.map(drop)
    };
    broadcast::run(Audience { subscribers, others }, size.posts, post, &server.meters()).await
}

fn subscriber(number: usize) -> String {
    format!("online-{number}")
}

/// Subscribes clients that are offline: by the store's own code, as conv/add does it, with the server down.
async fn fill(bench: &Bench, server: Server, service: &str, offline: usize) -> Result<Server> {
    let app = server.address.app.clone();
    let folder = server.kill().context("a server of our own has a folder")?;
    let data = Server::data_in(folder.path());
    let (subscribe, service) = (bench.inside.subscribe, service.to_owned());
    tokio::task::spawn_blocking(move || subscribe(&data, &app, &service, offline)).await??;
    Ok(Server::start_in(folder)?.0)
}
