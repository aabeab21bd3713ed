//! What measurements do to the default store without a server in front of it: how fast it commits (budget G8),
//! and fill it with more subscribers than could log in.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use yanshu_protocol::{
    AppId, Attributes, ClientId, Content, ConversationId, ConversationKind, Mentions, Timestamp,
};

use super::sqlite::{Options, SqliteStore};
use super::{Completion, Draft, MembersRequest, NewConversation, Store, Write};
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

/// Subscribes clients `offline-0`, `offline-1` and so on to a service conversation of the store in `folder`.
///
/// # Errors
/// The store cannot be opened, or there is no such conversation.
pub fn subscribe_many(folder: &Path, app: &str, conversation: &str, count: usize) -> Result<()> {
    const PORTION: usize = 1000;
    let (app, conversation): (AppId, ConversationId) = (app.parse()?, conversation.parse()?);
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(async {
        let store = SqliteStore::open(folder, &Options::default(), Arc::new(IdSource::new(0)))?;
        let clock = SystemClock::default();
        for first in (0..count).step_by(PORTION) {
            let numbers = first..count.min(first + PORTION);
            let request = MembersRequest {
                app: app.clone(),
                conversation: conversation.clone(),
                add: numbers.map(|number| format!("offline-{number}").parse()).collect::<Result<_, _>>()?,
                remove: Vec::new(),
                by: "offline-0".parse()?,
                limit: 0,
                keep_owner: false,
                whole: false,
                now: clock.now(),
            };
            let (done, made) = Completion::waiter();
            store.submit(Write::ChangeMembers(Box::new(request), done)).await;
            made.await.context("the store went away")??;
        }
        store.close().await;
        Ok(())
    })
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
            members: vec![creator.clone(), "receiver".parse()?],
            ..new_conversation(app, &id, creator, clock.now())
        };
        let (done, made) = Completion::waiter();
        store.submit(Write::Create(Box::new(new), done)).await;
        made.await.context("the store went away")??;
        ids.push(id);
    }
    Ok(ids)
}

fn new_conversation(app: &AppId, id: &ConversationId, creator: &ClientId, now: Timestamp) -> NewConversation {
    NewConversation {
        app: app.clone(),
        id: id.clone(),
        kind: ConversationKind::Normal,
        creator: creator.clone(),
        members: Vec::new(),
        attributes: Attributes::new(),
        unique_id: None,
        expires_at: None,
        now,
    }
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

    #[tokio::test]
    async fn clients_subscribe_by_the_thousand() {
        let folder = tempfile::tempdir().unwrap();
        let open = || {
            let options = Options::default();
            SqliteStore::open(folder.path(), &options, Arc::new(IdSource::new(0))).unwrap()
        };
        let (app, service) = ("measured".parse().unwrap(), "0123456789abcdef01234567".parse().unwrap());
        let store = open();
        let new = NewConversation {
            kind: ConversationKind::Service,
            members: Vec::new(),
            ..new_conversation(&app, &service, &"app".parse().unwrap(), Timestamp(1))
        };
        let (done, made) = Completion::waiter();
        store.submit(Write::Create(Box::new(new), done)).await;
        made.await.unwrap().unwrap();
        store.close().await;
        drop(store);

        let path = folder.path().to_owned();
        let subscribe = move || subscribe_many(&path, "measured", "0123456789abcdef01234567", 1500);
        tokio::task::spawn_blocking(subscribe).await.unwrap().unwrap();
        assert_eq!(open().subscriber_count(&app, &service).await.unwrap(), 1500);
    }
}
