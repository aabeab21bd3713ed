//! Cursors and receipts.

use yanshu_protocol::{ConversationId, Direction, Timestamp};

use super::world::{client, text};
use super::{Place, World};
use crate::store::{Cursor, CursorMove, Draft, HistoryPage, ReceiptTimes, StoredMessage};

async fn cursor(world: &World, id: &ConversationId, who: &str) -> Cursor {
    world.store.cursor(&world.app, id, &client(who)).await.unwrap()
}

pub(crate) async fn cursors_never_go_back(place: &impl Place) {
    // W-316
    let world = World::open(place);
    let id = world.conversation(&["Tom", "Jerry"]).await;
    assert_eq!(cursor(&world, &id, "Jerry").await, Cursor::default());
    let one = world.send(&id, "Tom", "one").await;
    let two = world.send(&id, "Tom", "two").await;
    world.read(&id, "Jerry", &two).await;
    world.acknowledge(&id, "Jerry", &one).await;
    world.read(&id, "Jerry", &one).await;
    let expected = Cursor { delivered: Some(one.timestamp), read: Some(two.timestamp) };
    assert_eq!(cursor(&world, &id, "Jerry").await, expected);
    let all = world.store.cursors(&world.app, &id).await.unwrap();
    assert_eq!(all, [(client("Tom"), Cursor::default()), (client("Jerry"), expected)]);
}

pub(crate) async fn a_cursor_stops_at_the_newest_message(place: &impl Place) {
    // Else it would swallow what comes within the same millisecond.
    let world = World::open(place);
    let id = world.conversation(&["Tom", "Jerry"]).await;
    let last = world.send(&id, "Tom", "last").await;
    let now = world.pass(10_000);
    world.advance(CursorMove { read: Some(now), delivered: Some(now), ..world.step(&id, "Jerry") }).await;
    let expected = Cursor { delivered: Some(last.timestamp), read: Some(last.timestamp) };
    assert_eq!(cursor(&world, &id, "Jerry").await, expected);
    world.append(world.draft(&id, "Tom", text("next"))).await.unwrap();
    assert_eq!(world.unread("Jerry").await[0].count, 1);
    let silent = world.conversation(&["Tom", "Jerry"]).await;
    world.advance(CursorMove { read: Some(now), ..world.step(&silent, "Jerry") }).await;
    assert_eq!(cursor(&world, &silent, "Jerry").await, Cursor::default());
}

pub(crate) async fn moves_of_strangers_are_ignored(place: &impl Place) {
    // W-294
    let world = World::open(place);
    let id = world.conversation(&["Tom"]).await;
    let message = world.send(&id, "Tom", "hi").await;
    world.read(&id, "Spike", &message).await;
    assert_eq!(cursor(&world, &id, "Spike").await, Cursor::default());
    let unknown = "000000000000000000000000".parse().unwrap();
    world.read(&unknown, "Tom", &message).await;
    assert_eq!(cursor(&world, &unknown, "Tom").await, Cursor::default());
}

pub(crate) async fn a_joiner_has_received_nothing_but_misses_nothing(place: &impl Place) {
    // Joining is no receipt.
    let world = World::open(place);
    let id = world.conversation(&["Tom"]).await;
    let before = world.send(&id, "Tom", "before").await;
    world.members(&id, &["Jerry"], &[], 500).await.unwrap();
    let there = Some(before.timestamp);
    assert_eq!(cursor(&world, &id, "Jerry").await, Cursor { delivered: there, read: there });
    let all = world.store.cursors(&world.app, &id).await.unwrap();
    assert_eq!(all[1], (client("Jerry"), Cursor::default()));
}

pub(crate) async fn messages_that_want_a_receipt_are_found_between_two_times(place: &impl Place) {
    // W-297, W-299
    let world = World::open(place);
    let id = world.conversation(&["Tom", "Jerry"]).await;
    let mut wanting = Vec::new();
    for (sender, receipt) in [("Tom", true), ("Tom", false), ("Jerry", true), ("Tom", true), ("Tom", true)] {
        world.pass(1);
        let draft = Draft { receipt, ..world.draft(&id, sender, text("hi")) };
        let message = StoredMessage::clone(&world.append(draft).await.unwrap().message);
        if sender == "Tom" && receipt {
            wanting.push(message);
        }
    }
    let find = async |after: Timestamp, to: Timestamp| {
        let found = world.store.receipt_requests(&world.app, &id, &client("Jerry"), after, to).await.unwrap();
        found
            .into_iter()
            .map(|request| (request.message, request.timestamp, request.sender))
            .collect::<Vec<_>>()
    };
    let as_found = |messages: &[StoredMessage]| {
        let parts = |message: &StoredMessage| (message.id.clone(), message.timestamp, client("Tom"));
        messages.iter().map(parts).collect::<Vec<_>>()
    };
    assert_eq!(find(Timestamp(0), world.now()).await, as_found(&wanting));
    assert_eq!(find(wanting[0].timestamp, wanting[1].timestamp).await, as_found(&wanting[1..2]));
    // Asking for a receipt outlives an edit, and a recall.
    world.edit(&wanting[1], "edited", None).await;
    world.recall(&wanting[2]).await;
    assert_eq!(find(Timestamp(0), world.now()).await, as_found(&wanting));
}

pub(crate) async fn receipt_times_are_those_of_the_first_move_past_the_message(place: &impl Place) {
    // W-336, W-296
    let world = World::open(place);
    let id = world.conversation(&["Tom", "Jerry"]).await;
    let mut messages = Vec::new();
    for sender in ["Tom", "Tom", "Jerry", "Tom"] {
        messages.push(world.send(&id, sender, "hi").await);
    }
    let go = async |who: &str, delivered: Option<usize>, read: Option<usize>| {
        let at = world.pass(100);
        let time = |place: usize| messages[place].timestamp;
        let (delivered, read) = (delivered.map(time), read.map(time));
        world.advance(CursorMove { delivered, read, keep_times: true, ..world.step(&id, who) }).await;
        at
    };
    let first = go("Jerry", Some(0), None).await;
    let second = go("Jerry", Some(1), Some(1)).await;
    go("Jerry", Some(0), Some(0)).await;
    let by_tom = go("Tom", Some(3), Some(2)).await;
    let page = HistoryPage {
        conversation: id.clone(),
        viewer: None,
        start: None,
        stop: None,
        direction: Direction::Newer,
        limit: 10,
        message_type: None,
    };
    let page = world.store.history_with_times(&world.app, page).await.unwrap();
    let (read, times): (Vec<_>, Vec<_>) = page.into_iter().unzip();
    assert_eq!(read, messages);
    let both =
        |delivered_at, read_at| ReceiptTimes { delivered_at: Some(delivered_at), read_at: Some(read_at) };
    assert_eq!(
        times,
        [both(first, second), both(second, second), both(by_tom, by_tom), ReceiptTimes::default()]
    );
}
