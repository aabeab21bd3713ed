//! How fast the default store commits, without a socket or a session in front of it (budget G8).

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use yanshu_protocol::{AppId, Attributes, ClientId, Content, ConversationId, ConversationKind, Mentions};

use super::sqlite::{Options, SqliteStore};
use super::{Completion, Draft, NewConversation, Store, Write};
use crate::clock::{Clock, SystemClock};
use crate::ids::IdSource;

/// Conversations that the messages go to in turn.
const CONVERSATIONS: usize = 200;

/// Messages a second that a new store in `folder` commits in batches of `batch`, measured for `length`: with
/// all their rows, with resend keys as the SDKs send them, and with the change of their conversation.
///
/// # Errors
/// The store cannot be opened or refuses a message.
pub fn appends_per_second(folder: &Path, text_bytes: usize, batch: usize, length: Duration) -> Result<f64> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(async {
        // Twice a batch waits, so that the writer never lacks one.
        let options = Options { batch_count: batch, queue: 2 * batch, ..Options::default() };
        let store = SqliteStore::open(folder, &options, Arc::new(IdSource::new(0))).context("no store")?;
        append_for(&store, text_bytes, length).await
    })
}

async fn append_for(store: &dyn Store, text_bytes: usize, length: Duration) -> Result<f64> {
    let clock = SystemClock::default();
    let app: AppId = "measured".parse()?;
    let sender: ClientId = "sender".parse()?;
    let conversations = make_conversations(store, &app, &sender, &clock).await?;
    let content = Content::Text("m".repeat(text_bytes).into());
    let (committed, failed) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let start = Instant::now();
    for (number, conversation) in (0_u64..).zip(conversations.iter().cycle()) {
        if start.elapsed() >= length {
            break;
        }
        let draft = Draft {
            app: app.clone(),
            conversation: conversation.clone(),
            from: sender.clone(),
            content: content.clone(),
            mentions: Mentions::default(),
            receipt: false,
            resend_key: Some(format!("{number:036x}")),
            thread: None,
            valid_till: None,
            now: clock.now(),
        };
        let (committed, failed) = (Arc::clone(&committed), Arc::clone(&failed));
        let done = Completion::new(move |result| {
            let counter = if result.is_ok() { committed } else { failed };
            counter.fetch_add(1, Ordering::Relaxed);
        });
        store.submit(Write::Append(Box::new(draft), done)).await;
    }
    let rate = committed.load(Ordering::Relaxed) as f64 / start.elapsed().as_secs_f64();
    match failed.load(Ordering::Relaxed) {
        0 => Ok(rate),
        failed => Err(anyhow!("the store refused {failed} messages")),
    }
}

async fn make_conversations(
    store: &dyn Store,
    app: &AppId,
    creator: &ClientId,
    clock: &SystemClock,
) -> Result<Vec<ConversationId>> {
    let mut ids = Vec::with_capacity(CONVERSATIONS);
    for number in 0..CONVERSATIONS {
        let id: ConversationId = format!("{number:024x}").parse()?;
        let new = NewConversation {
            app: app.clone(),
            id: id.clone(),
            kind: ConversationKind::Normal,
            creator: creator.clone(),
            members: vec![creator.clone(), "receiver".parse()?],
            attributes: Attributes::new(),
            unique_id: None,
            expires_at: None,
            now: clock.now(),
        };
        let (done, made) = Completion::waiter();
        store.submit(Write::Create(Box::new(new), done)).await;
        made.await.context("the store went away")??;
        ids.push(id);
    }
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_committed_and_counted() {
        let folder = tempfile::tempdir().unwrap();
        let rate = appends_per_second(folder.path(), 64, 16, Duration::from_millis(50)).unwrap();
        assert!(rate > 0.0);
    }
}
