//! What must not depend on how many subscribe to a service conversation, counted in steps of the engine.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::{Connection, params};
use tempfile::TempDir;
use yanshu_protocol::{
    Attributes, ClientId, Content, ConversationId, ConversationKind, Direction, Mentions, Timestamp,
};

use super::file;
use super::read::{conversations, history, unread};
use super::readers::Reader;
use super::recent::Recent;
use super::write::filing::Filing;
use super::write::{Batch, Memory, cursors, members, messages, properties};
use crate::ids::IdSource;
use crate::store::{CommitPoint, CursorMove, Draft, HistoryPage, MembersRequest, NewConversation};

const MANY: u32 = 300_000;
const FEW: u32 = 10;
/// Conversations of the client that logs in.
const LOGIN: u32 = 50;

/// A writer and a reader without threads.
struct Bench {
    _folder: TempDir,
    connection: Connection,
    memory: Memory,
    reader: Reader,
    now: i64,
}

fn client(name: &str) -> ClientId {
    name.parse().unwrap()
}

/// Counts the steps that the engine takes, until [`counted`].
fn count(connection: &mut Connection) -> Arc<AtomicU64> {
    let count = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&count);
    let count_one = move || {
        counter.fetch_add(1, Ordering::Relaxed);
        false
    };
    connection.progress_handler(1, Some(count_one)).unwrap();
    count
}

fn counted(connection: &mut Connection, count: &AtomicU64) -> u64 {
    connection.progress_handler(0, None::<fn() -> bool>).unwrap();
    count.load(Ordering::Relaxed)
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let connection = file::writing(folder.path(), 64_000).unwrap();
        let recent = Arc::new(Recent::default());
        let memory = Memory::new(Arc::new(IdSource::new(1)), 1_000, Filing::new(Arc::clone(&recent), 16_384));
        let reader = Reader::new(file::reading(folder.path(), 8_000).unwrap(), recent);
        Self { _folder: folder, connection, memory, reader, now: 1_700_000_000_000 }
    }

    /// Makes a change in a transaction of its own, and counts its steps.
    fn change<T>(&mut self, change: impl FnOnce(&mut Batch<'_>) -> T) -> (T, u64) {
        self.connection.execute_batch("BEGIN").unwrap();
        let count = count(&mut self.connection);
        let mut batch = Batch { connection: &self.connection, memory: &mut self.memory };
        batch.begin().unwrap();
        let outcome = change(&mut batch);
        batch.flush().unwrap();
        let steps = counted(&mut self.connection, &count);
        self.connection.execute_batch("COMMIT").unwrap();
        self.memory.committed();
        (outcome, steps)
    }

    /// Counts the steps of a question.
    fn ask<T>(&mut self, question: impl FnOnce(&mut Reader) -> T) -> u64 {
        let count = count(&mut self.reader.connection);
        question(&mut self.reader);
        counted(&mut self.reader.connection, &count)
    }

    fn make(&mut self, name: &str, kind: ConversationKind, first: &[&str]) -> ConversationId {
        let id: ConversationId = name.parse().unwrap();
        let request = NewConversation {
            app: "app".parse().unwrap(),
            id: id.clone(),
            kind,
            creator: client("operator"),
            members: first.iter().map(|name| client(name)).collect(),
            attributes: Attributes::new(),
            unique_id: None,
            expires_at: None,
            now: Timestamp(self.now),
        };
        self.change(|batch| properties::create(batch, &request).unwrap());
        id
    }

    /// Adds so many subscribers at once.
    fn crowd(&self, id: &ConversationId, count: u32) {
        let key: i64 = self
            .connection
            .query_row("SELECT key FROM conversation WHERE id = ?", [id.as_str()], |row| row.get(0))
            .unwrap();
        let numbers =
            "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?1)";
        self.connection.execute_batch("BEGIN").unwrap();
        for rows in [
            "INSERT INTO member (conversation, client, position, muted)
                 SELECT ?2, printf('subscriber %06d', n), 0, 0 FROM number",
            "INSERT INTO membership (app, client, conversation, floor, since)
                 SELECT (SELECT key FROM app), printf('subscriber %06d', n), ?2, 0, 1 FROM number",
        ] {
            self.connection.execute(&format!("{numbers} {rows}"), params![count, key]).unwrap();
        }
        self.connection
            .execute(
                "UPDATE tail SET subscribers = subscribers + ? WHERE conversation = ?",
                [i64::from(count), key],
            )
            .unwrap();
        self.connection.execute_batch("COMMIT").unwrap();
    }

    fn post(&mut self, id: &ConversationId, thread: Option<&str>) -> u64 {
        self.now += 1;
        let draft = Draft {
            app: "app".parse().unwrap(),
            conversation: id.clone(),
            from: client("operator"),
            content: Content::Text("hello".into()),
            mentions: Mentions::default(),
            receipt: false,
            resend_key: None,
            thread: thread.map(client),
            valid_till: None,
            now: Timestamp(self.now),
        };
        self.change(|batch| messages::append(batch, &draft).unwrap()).1
    }

    fn subscribe(&mut self, id: &ConversationId, who: &str) -> u64 {
        let request = MembersRequest {
            app: "app".parse().unwrap(),
            conversation: id.clone(),
            add: vec![client(who)],
            remove: Vec::new(),
            by: client(who),
            limit: 500,
            keep_owner: false,
            whole: false,
            now: Timestamp(self.now),
        };
        self.change(|batch| members::change(batch, &request).unwrap()).1
    }

    fn read(&mut self, id: &ConversationId, who: &str) -> u64 {
        let at = Timestamp(self.now);
        let step = CursorMove {
            app: "app".parse().unwrap(),
            conversation: id.clone(),
            client: client(who),
            delivered: Some(at),
            read: Some(at),
            at,
            keep_times: false,
        };
        self.change(|batch| cursors::advance(batch, &vec![step]).unwrap()).1
    }

    /// What a login asks.
    fn login(&mut self, who: &str) -> u64 {
        let (app, now, until) = ("app".parse().unwrap(), Timestamp(self.now), CommitPoint(i64::MAX));
        let who = client(who);
        self.ask(|reader| {
            unread::unread(reader, &app, &who, None, 50, 100, until, now).unwrap();
            unread::missed(reader, &app, &who, 50, 20, until, now).unwrap();
        })
    }
}

impl Bench {
    /// The steps of writing the two rows of a message and nothing else.
    fn bare(&mut self) -> u64 {
        let insert = "INSERT INTO message (row, conversation, at, id, sender, content, flags, mentions, resend_key, valid_till)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let update = "UPDATE tail SET last_at = ?, last_row = ?, patched_at = ?, threads_at = ? WHERE conversation = ?";
        let count = count(&mut self.connection);
        let none: Option<String> = None;
        self.connection
            .prepare_cached(insert)
            .unwrap()
            .execute(params![1_000, 1, 1, "id", "operator", "hello", 0, none, none, none])
            .unwrap();
        self.connection.prepare_cached(update).unwrap().execute(params![1, 1, 0, 0, 1]).unwrap();
        counted(&mut self.connection, &count)
    }
}

/// The steps of everything that is done while a service conversation is used.
fn uses(subscribers: u32) -> Vec<(&'static str, u64)> {
    let mut bench = Bench::new();
    let id = bench.make("service", ConversationKind::Service, &["Tom"]);
    bench.crowd(&id, subscribers);
    let app = "app".parse().unwrap();
    // The first time prepares statements and fills what is remembered.
    bench.post(&id, None);
    bench.post(&id, Some("Tom"));
    let page = HistoryPage {
        conversation: id.clone(),
        viewer: Some(client("Tom")),
        start: None,
        stop: None,
        direction: Direction::Older,
        limit: 20,
        message_type: None,
    };
    let now = Timestamp(bench.now);
    vec![
        ("a message to all", bench.post(&id, None)),
        ("a message to one", bench.post(&id, Some("Tom"))),
        ("subscribing", bench.subscribe(&id, "Jerry")),
        ("a login", bench.login("Tom")),
        ("a cursor", bench.read(&id, "Tom")),
        ("a page", bench.ask(|reader| history::page(reader, &app, &page).unwrap())),
        ("a roster", bench.ask(|reader| conversations::roster(reader, &app, &id, now).unwrap())),
        ("a conversation", bench.ask(|reader| conversations::conversation(reader, &app, &id, now).unwrap())),
    ]
}

#[test]
fn nothing_costs_more_with_300_000_subscribers_than_with_10() {
    let many = uses(MANY);
    assert!(many.iter().all(|(_, steps)| *steps > 0), "{many:?}");
    assert_eq!(many, uses(FEW));
}

#[test]
fn a_login_with_50_subscriptions_costs_about_as_much_as_with_50_conversations() {
    let mut bench = Bench::new();
    for number in 0..LOGIN {
        let service = bench.make(&format!("service {number}"), ConversationKind::Service, &["Tom"]);
        let normal = bench.make(&format!("normal {number}"), ConversationKind::Normal, &["Jerry"]);
        for _ in 0..3 {
            bench.post(&service, None);
            bench.post(&normal, None);
        }
        // Every second one has something for Tom alone.
        if number % 2 == 0 {
            bench.post(&service, Some("Tom"));
            bench.post(&normal, None);
        }
    }
    let (subscriptions, conversations) = (bench.login("Tom"), bench.login("Jerry"));
    assert!(conversations > 1_000, "{conversations}");
    assert!(
        subscriptions * 10 <= conversations * 13,
        "{subscriptions} steps, {conversations} for the others"
    );
}

#[test]
fn an_ordinary_message_looks_nothing_up() {
    // One row for the message, one for the tail, and no question: G4 to G8 rest on it.
    let mut bench = Bench::new();
    let id = bench.make("normal", ConversationKind::Normal, &["Tom", "Jerry"]);
    bench.post(&id, None);
    let one = bench.post(&id, None);
    let bare = bench.bare();
    assert!(one <= bare, "{one} steps, {bare} for the two rows alone");
}
