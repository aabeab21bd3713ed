//! The last messages of one conversation among many (G9).

use anyhow::Result;

use super::Bench;
use crate::baseline::history::{self as bare, Size};
use crate::cli::HistorySize;
use crate::client::{commands, session};
use crate::drive::closed;
use crate::report::{Row, Unit, budget};
use crate::target::Server;
use yanshu_protocol::ConversationId;

/// Messages on a page.
const PAGE: usize = 20;
/// Clients that own the conversations, an equal share each.
const OWNERS: usize = 100;
/// Of them, those that ask: enough to keep the server busy, and no more.
const READERS: usize = 16;

pub(crate) async fn history(bench: &Bench, size: HistorySize) -> Result<Vec<Row>> {
    let server = bench.server()?;
    let conversations = fill(bench, &server, size).await?;
    read(bench, &server, size, &conversations).await
}

/// Asks a filled server.
pub(super) async fn read(
    bench: &Bench,
    server: &Server,
    size: HistorySize,
    conversations: &[Vec<ConversationId>],
) -> Result<Vec<Row>> {
    let HistorySize { conversations: count, messages } = size;
    let limit_size = Size { conversations: count, messages, text: bench.text, page: PAGE };
    let (limit, single) = bare::measure(&bench.folder, limit_size, bench.length)?;
    let readers = server.connections(READERS.min(conversations.len()), owner).await?;
    let requests = commands::last_pages(conversations.to_vec(), PAGE as i32);
    let real = closed::run(readers, &requests, 1, bench.length(), &server.meters()).await?;
    let show = |time: std::time::Duration| Unit::Seconds.show(time.as_secs_f64());
    let note = format!(
        "p99 {}, {}; limit: in process, p50 {}",
        show(real.latency.p99()),
        real.cores(),
        show(single.p50())
    );
    let what = format!("last {PAGE} messages of one of {count} conversations with {messages} each, pages");
    let row = Row::new(what, Unit::PerSecond, real.per_second()).limit(limit).note(note);
    Ok(vec![row.budget(budget::G9)])
}

/// Makes conversations and fills them over the wire; returns each owner's.
pub(super) async fn fill(
    bench: &Bench,
    server: &Server,
    size: HistorySize,
) -> Result<Vec<Vec<ConversationId>>> {
    let owners = OWNERS.min(size.conversations.max(1));
    let each = size.conversations.div_ceil(owners);
    let mut clients = server.connections(owners, owner).await?;
    let mut conversations = Vec::with_capacity(owners);
    for (number, client) in clients.iter_mut().enumerate() {
        let mut own = Vec::with_capacity(each);
        for _ in 0..each {
            own.push(session::start(client, &[format!("absent-{number}")], false).await?);
        }
        conversations.push(own);
    }
    let requests = commands::messages(conversations.clone(), bench.text);
    closed::exactly(clients, &requests, 32, i32::try_from(each * size.messages)?).await?;
    Ok(conversations)
}

fn owner(number: usize) -> String {
    format!("owner-{number}")
}
