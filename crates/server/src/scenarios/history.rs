//! Reading what was said long ago.

use yanshu_protocol::{
    Command, ConversationId, ConversationKind, Direction, Event, HistoryItem, HistoryQuery, Point, Timestamp,
};

use super::{Peer, World, text};
use crate::clock::Clock;

const HOUR: i64 = 60 * 60 * 1000;

/// A page of the messages before `start`, down to `stop`, newest page first.
async fn page(
    peer: &mut Peer,
    conversation: &ConversationId,
    start: Option<&HistoryItem>,
    stop: Timestamp,
) -> Vec<HistoryItem> {
    let point = |timestamp, message| Point { timestamp: Some(timestamp), message, included: false };
    let query = HistoryQuery {
        conversation: conversation.clone(),
        start: start.map(|item| point(item.timestamp, Some(item.id.clone()))),
        stop: Some(point(stop, None)),
        direction: Direction::Older,
        limit: Some(5),
        message_type: None,
    };
    match peer.ask(Command::History(query)).await.event {
        Event::History { messages, .. } => messages,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_last_24_hours_hold_what_is_23_hours_old_and_not_what_is_25() {
    // S-124, B-305: a normal conversation, a chat room, and an imported one with an id of 32 digits.
    let world = World::new().await;
    let mut tom = world.modern("tom").await;
    let imported = "0123456789abcdef0123456789abcdef";
    let conversations = [
        tom.start(&["jerry"]).await,
        tom.start_room().await,
        world.import(imported, ConversationKind::Normal, &["tom", "jerry"]).await,
    ];
    for (age, next) in [("25", 2 * HOUR), ("23", 23 * HOUR)] {
        for conversation in &conversations {
            for number in 0..12 {
                tom.send(conversation, &format!("{age} h, {number}")).await;
            }
        }
        world.clock.advance(next);
    }
    let day_ago = world.clock.now().plus_millis(-24 * HOUR);
    let mut tom = world.modern("tom").await;
    for conversation in &conversations {
        let mut found: Vec<HistoryItem> = Vec::new();
        loop {
            let older = page(&mut tom, conversation, found.first(), day_ago).await;
            if older.is_empty() {
                break;
            }
            found.splice(0..0, older);
        }
        let texts: Vec<_> = found.iter().map(|item| text(&item.content)).collect();
        let expected: Vec<_> = (0..12).map(|number| format!("23 h, {number}")).collect();
        assert_eq!(texts, expected, "{conversation}");
    }
}
