//! What the writer does when the engine fails it.

use std::sync::mpsc::{Receiver, channel};

use rusqlite::Connection;
use tempfile::TempDir;
use yanshu_protocol::{Attributes, Content, ConversationId, ConversationKind, Mentions, Timestamp};

use super::*;
use crate::ids::IdSource;
use crate::store::sqlite::write::filing::Filing;
use crate::store::sqlite::{checkpoint::Checkpointer, file};
use crate::store::{Completion, Draft, NewConversation, WriteError};

/// A writer without a thread, with one conversation.
struct Bench {
    folder: TempDir,
    writer: Writer,
}

fn id() -> ConversationId {
    "conversation".parse().unwrap()
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let gate = Arc::new(Mutex::new(()));
        let checkpointing = file::checkpointing(folder.path()).unwrap();
        let (_, nudge) = Checkpointer::new(checkpointing, Arc::clone(&gate));
        let writer = Writer {
            connection: file::writing(folder.path(), 1_000).unwrap(),
            memory: Memory::new(Arc::new(IdSource::new(1)), 10, Filing::new(Arc::default(), 4)),
            caps: Caps { count: 100, bytes: 1_000_000 },
            gate,
            nudge,
        };
        let mut bench = Self { folder, writer };
        let request = NewConversation {
            app: "app".parse().unwrap(),
            id: id(),
            kind: ConversationKind::Normal,
            creator: "Tom".parse().unwrap(),
            members: vec!["Tom".parse().unwrap()],
            attributes: Attributes::new(),
            unique_id: None,
            expires_at: None,
            now: Timestamp(1),
        };
        let (done, mut made) = Completion::waiter();
        bench.writer.commit(vec![job(Write::Create(Box::new(request), done))]);
        made.try_recv().unwrap().unwrap();
        bench
    }

    /// Commits messages with these texts in one batch, and gives which were kept.
    fn commit(&mut self, texts: &[&str]) -> Vec<Result<i64, WriteError>> {
        let (told, outcomes): (_, Receiver<Result<i64, WriteError>>) = channel();
        let batch = texts.iter().map(|text| {
            let draft = Draft {
                app: "app".parse().unwrap(),
                conversation: id(),
                from: "Tom".parse().unwrap(),
                content: Content::Text((*text).into()),
                mentions: Mentions::default(),
                receipt: false,
                resend_key: Some((*text).to_owned()),
                thread: None,
                valid_till: None,
                now: Timestamp(1_000),
            };
            let told = told.clone();
            let done = Completion::new(move |result: Result<crate::store::Appended, _>| {
                told.send(result.map(|appended| appended.message.timestamp.0)).unwrap();
            });
            job(Write::Append(Box::new(draft), done))
        });
        self.writer.commit(batch.collect());
        outcomes.try_iter().collect()
    }

    /// The texts that are kept.
    fn kept(&self) -> Vec<String> {
        let connection = Connection::open(self.folder.path().join("yanshu.db")).unwrap();
        let mut texts = connection.prepare("SELECT content FROM message ORDER BY row").unwrap();
        texts.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    }
}

fn unavailable(outcome: &Result<i64, WriteError>) -> bool {
    matches!(outcome, Err(WriteError::Store(StoreError::Unavailable(_))))
}

#[test]
fn a_fault_in_one_change_leaves_the_others_of_its_batch_alone() {
    let mut bench = Bench::new();
    let poison = "CREATE TRIGGER poison BEFORE INSERT ON message WHEN NEW.content = 'poison'
                  BEGIN SELECT RAISE(ABORT, 'poisoned'); END";
    bench.writer.connection.execute_batch(poison).unwrap();
    let outcomes = bench.commit(&["one", "two", "poison", "three"]);
    assert!(unavailable(&outcomes[2]));
    assert_eq!(outcomes[..2], [Ok(1_000), Ok(1_001)]);
    assert_eq!(outcomes[3], Ok(1_002));
    assert_eq!(bench.kept(), ["one", "two", "three"]);
    // The key of what was not kept is not taken (W-275).
    bench.writer.connection.execute_batch("DROP TRIGGER poison").unwrap();
    assert_eq!(bench.commit(&["poison", "one"]), [Ok(1_003), Ok(1_000)]);
    assert_eq!(bench.kept(), ["one", "two", "three", "poison"]);
}

#[test]
fn a_failed_commit_fails_the_whole_batch_and_the_next_one_succeeds() {
    let mut bench = Bench::new();
    bench.commit(&["before"]);
    bench.writer.connection.commit_hook(Some(|| true)).unwrap();
    let outcomes = bench.commit(&["one", "two"]);
    assert_eq!(outcomes.len(), 2);
    assert!(outcomes.iter().all(unavailable), "{outcomes:?}");
    assert_eq!(bench.kept(), ["before"]);
    bench.writer.connection.commit_hook(None::<fn() -> bool>).unwrap();
    assert_eq!(bench.commit(&["one", "two"]), [Ok(1_001), Ok(1_002)]);
    assert_eq!(bench.kept(), ["before", "one", "two"]);
}

#[test]
fn a_full_disk_refuses_messages_until_there_is_room_again() {
    let mut bench = Bench::new();
    bench.commit(&["before"]);
    let pages: i64 =
        bench.writer.connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    let limit = |bench: &Bench, pages: i64| {
        bench
            .writer
            .connection
            .query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))
            .unwrap();
    };
    limit(&bench, pages);
    let long = "x".repeat(100_000);
    let outcomes = bench.commit(&["small", &long, "small too"]);
    assert!(unavailable(&outcomes[1]));
    assert_eq!((outcomes[0].is_ok(), outcomes[2].is_ok()), (true, true));
    limit(&bench, 1_000_000);
    assert_eq!(bench.commit(&[&long, "small"]), [Ok(1_003), Ok(1_001)]);
    assert_eq!(bench.kept(), ["before", "small", "small too", &*long]);
}

#[test]
fn a_mark_alone_commits_nothing() {
    let mut bench = Bench::new();
    bench.commit(&["before"]);
    bench.writer.connection.commit_hook(Some(|| true)).unwrap();
    let (done, mut marked) = Completion::waiter();
    bench.writer.commit(vec![job(Write::Mark(done))]);
    assert_eq!(marked.try_recv().unwrap().unwrap(), crate::store::CommitPoint(1));
}
