//! A database of an earlier layout is brought forward without loss.

use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;
use yanshu_protocol::{AppId, ClientId, Direction, Restriction, Timestamp};

use super::{Options, SqliteStore};
use crate::ids::IdSource;
use crate::store::{
    CommitPoint, Completion, Cursor, HistoryPage, Order, RestrictRequest, Store, StoredMessage, Write,
};

const FIRST: &str = include_str!("../migrations/sqlite/001_initial.sql");

/// What a server of the first layout left: Tom and Jerry talked, Jerry read the first message, the second was
/// edited, the third is not in the index yet; and there is a service conversation that was imported.
const CONTENT: &str = r#"
    INSERT INTO app (key, id) VALUES (1, 'app');
    INSERT INTO conversation (key, app, id, kind, creator, created_at, updated_at, active_hour, attributes) VALUES
        (1, 1, 'talk', 1, 'Tom', 10, 20, 0, '{"name":"Talk"}'),
        (2, 1, 'service', 3, 'operator', 10, 20, -1, '{}');
    INSERT INTO tail (conversation, last_at, last_row, patched_at) VALUES (1, 300, 3, 250), (2, 0, NULL, 0);
    INSERT INTO member (conversation, client, position, muted) VALUES (1, 'Tom', 1, 0), (1, 'Jerry', 2, 1);
    INSERT INTO membership (app, client, conversation, floor, delivered, read, read_changed_at) VALUES
        (1, 'Tom', 1, 0, NULL, NULL, NULL), (1, 'Jerry', 1, 0, 200, 100, 150);
    INSERT INTO message (row, conversation, at, id, sender, content, flags, patched_at, resend_key) VALUES
        (1, 1, 100, 'one', 'Tom', 'first', 0, NULL, 'key'),
        (2, 1, 200, 'two', 'Tom', 'second, edited', 0, 250, NULL),
        (3, 1, 300, 'three', 'Tom', 'third', 0, NULL, NULL);
    INSERT INTO message_index (conversation, at, id, row, sender_hash, flags) VALUES
        (1, 100, 'one', 1, 1, 0), (1, 200, 'two', 2, 1, 0);
    UPDATE filed SET up_to = 2;
    INSERT INTO patch (conversation, patched_at, row) VALUES (1, 250, 2);
    INSERT INTO session_end (app, session, how, until) VALUES (1, 'a session', 0, 9000000000000);
    PRAGMA user_version = 1;
"#;

fn open(folder: &Path) -> SqliteStore {
    SqliteStore::open(folder, &Options::default(), Arc::new(IdSource::new(1))).unwrap()
}

async fn history(store: &SqliteStore, app: &AppId) -> Vec<StoredMessage> {
    let page = HistoryPage {
        conversation: "talk".parse().unwrap(),
        viewer: Some("Jerry".parse().unwrap()),
        start: None,
        stop: None,
        direction: Direction::Newer,
        limit: 10,
        message_type: None,
    };
    store.history(app, page).await.unwrap()
}

#[tokio::test]
async fn a_database_of_the_first_layout_goes_on_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let connection = Connection::open(folder.path().join("yanshu.db")).unwrap();
    connection.execute_batch(FIRST).unwrap();
    connection.execute_batch(CONTENT).unwrap();
    drop(connection);
    let app: AppId = "app".parse().unwrap();
    let (talk, jerry, now) =
        ("talk".parse().unwrap(), "Jerry".parse::<ClientId>().unwrap(), Timestamp(1_000));
    // The second time everything is in its new place already.
    for _ in 0..2 {
        let store = open(folder.path());
        let texts: Vec<_> = history(&store, &app).await.into_iter().map(|message| message.id).collect();
        assert_eq!(texts.iter().map(|id| id.as_str()).collect::<Vec<_>>(), ["one", "two", "three"]);
        let conversation = store.conversation(&app, &talk, now).await.unwrap().unwrap();
        assert_eq!(conversation.attributes["name"], "Talk");
        assert!(conversation.members[1].muted);
        let roster = store.roster(&app, &talk, now).await.unwrap().unwrap();
        assert_eq!((roster.creator.as_str(), &roster.order), ("Tom", &Order::none()));
        let until = CommitPoint(i64::MAX);
        let unread = store.unread(&app, &jerry, None, 10, 100, until, now).await.unwrap();
        assert_eq!((unread.len(), unread[0].count), (1, 2));
        let missed = store.missed(&app, &jerry, 10, 10, until, now).await.unwrap();
        assert_eq!(missed[0].messages.len(), 1);
        let cursor = store.cursor(&app, &talk, &jerry).await.unwrap();
        assert_eq!(cursor, Cursor { delivered: Some(Timestamp(200)), read: Some(Timestamp(100)) });
        let patched = store.patched_since(&app, &jerry, None, Timestamp(0), 10, now).await.unwrap();
        assert_eq!(patched.len(), 1);
        assert!(store.session_end(&app, "a session").await.unwrap().is_some());
        let service = "service".parse().unwrap();
        assert_eq!(store.subscriber_count(&app, &service).await.unwrap(), 0);
        // What happened before was not kept (W-381).
        assert!(store.notices_kept_since().await.unwrap() > Timestamp(1_700_000_000_000));
        let page = store.droppable_notices(&app, &jerry, Timestamp(0), 10, now).await.unwrap();
        assert!(page.notices.is_empty());
    }
    let store = open(folder.path());
    let (done, made) = Completion::waiter();
    let request = RestrictRequest {
        app: app.clone(),
        conversation: talk,
        restriction: Restriction::Blocked,
        lift: false,
        clients: vec![jerry.clone()],
        by: "Tom".parse().unwrap(),
        until: None,
        limit: 10,
        keep_owner: true,
        whole: true,
        now,
    };
    store.submit(Write::Restrict(Box::new(request), done)).await;
    assert_eq!(made.await.unwrap().unwrap().left, [jerry]);
}
