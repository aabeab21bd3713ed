//! What an app does not want kept for ever.

use yanshu_protocol::{Code, Command, ConversationId, Event, HistoryQuery};

use super::{Peer, World, plain_conversation};

const DAY: i64 = 24 * 60 * 60 * 1000;

async fn history_refusal(peer: &mut Peer, conversation: &ConversationId) -> Option<Code> {
    let query = HistoryQuery {
        conversation: conversation.clone(),
        start: None,
        stop: None,
        direction: yanshu_protocol::Direction::Older,
        limit: None,
        message_type: None,
    };
    match peer.ask(Command::History(query)).await.event {
        Event::Error { reject, .. } => Some(reject.code),
        _ => None,
    }
}

async fn refusal(peer: &mut Peer, conversation: &ConversationId) -> Option<Code> {
    peer.send(conversation, "anyone?").await.reject.map(|reject| reject.code)
}

#[tokio::test]
async fn everything_is_kept_for_ever_unless_an_app_says_otherwise() {
    // B-513, B-514
    let world = World::new().await;
    let mut tom = world.modern("tom").await;
    let conversation = tom.start(&["jerry"]).await;
    tom.send(&conversation, "old").await;
    world.clock.advance(3650 * DAY);
    world.tidy().await;
    let mut tom = world.modern("tom").await;
    assert_eq!(tom.history_texts(&conversation).await, ["old"]);
    assert_eq!(refusal(&mut tom, &conversation).await, None);
}

#[tokio::test]
async fn messages_older_than_the_app_wants_are_deleted_and_newer_ones_stay() {
    // B-513
    let world = World::with(|config| config.apps[0].settings.message.retention_days = 180).await;
    let mut tom = world.modern("tom").await;
    let (busy, quiet) = (tom.start(&["jerry"]).await, tom.start_room().await);
    tom.send(&busy, "old").await;
    tom.send(&quiet, "old").await;
    world.clock.advance(90 * DAY);
    let mut tom = world.modern("tom").await;
    tom.send(&busy, "newer").await;
    world.clock.advance(91 * DAY);
    world.tidy().await;
    let mut tom = world.modern("tom").await;
    assert_eq!(tom.history_texts(&busy).await, ["newer"]);
    assert!(tom.history_texts(&quiet).await.is_empty());
    assert_eq!(refusal(&mut tom, &busy).await, None, "the conversations themselves stay");
    assert_eq!(refusal(&mut tom, &quiet).await, None);
}

#[tokio::test]
async fn what_was_deleted_is_neither_unread_nor_missed() {
    // B-513
    let world = World::with(|config| config.apps[0].settings.message.retention_days = 1).await;
    let mut tom = world.modern("tom").await;
    let conversation = tom.start(&["jerry"]).await;
    tom.send(&conversation, "old").await;
    world.clock.advance(2 * DAY);
    world.tidy().await;
    let mut tom = world.modern("tom").await;
    tom.send(&conversation, "new").await;
    let mut jerry = world.legacy("jerry").await;
    assert_eq!(jerry.next_texts(1).await, ["new"]);
    assert!(!jerry.told().await.iter().any(|event| matches!(event, Event::Message(_))));
}

#[tokio::test]
async fn an_idle_conversation_is_deleted_with_its_history_and_sending_to_it_fails_with_4401() {
    // B-514, B-515
    let world = World::with(|config| config.apps[0].settings.conversation.idle_days = 180).await;
    let mut tom = world.modern("tom").await;
    let (idle, room, used) =
        (tom.start(&["jerry"]).await, tom.start_room().await, tom.start(&["spike"]).await);
    tom.send(&idle, "old").await;
    world.clock.advance(100 * DAY);
    let mut tom = world.modern("tom").await;
    tom.send(&used, "still used").await;
    world.clock.advance(81 * DAY);
    world.tidy().await;
    let mut tom = world.modern("tom").await;
    assert_eq!(refusal(&mut tom, &idle).await, Some(Code::InvalidMessagingTarget));
    assert_eq!(refusal(&mut tom, &room).await, Some(Code::InvalidMessagingTarget));
    assert!(history_refusal(&mut tom, &idle).await.is_some(), "its history cannot be read");
    assert_eq!(refusal(&mut tom, &used).await, None);
    assert_eq!(tom.history_texts(&used).await, ["still used", "anyone?"]);
}

#[tokio::test]
async fn reading_its_history_does_not_keep_a_conversation() {
    // B-514
    let world = World::with(|config| config.apps[0].settings.conversation.idle_days = 10).await;
    let mut tom = world.modern("tom").await;
    let conversation = tom.start(&["jerry"]).await;
    for _ in 0..11 {
        world.clock.advance(DAY);
        let mut tom = world.modern("tom").await;
        assert_eq!(history_refusal(&mut tom, &conversation).await, None);
    }
    world.tidy().await;
    let mut tom = world.modern("tom").await;
    assert_eq!(refusal(&mut tom, &conversation).await, Some(Code::InvalidMessagingTarget));
}

#[tokio::test]
async fn a_deleted_unique_conversation_is_made_anew() {
    // B-67, B-514
    let world = World::with(|config| config.apps[0].settings.conversation.idle_days = 10).await;
    let unique = || yanshu_protocol::StartConversation {
        members: super::peer::ids(&["jerry"]),
        unique: true,
        ..plain_conversation()
    };
    let old = world.modern("tom").await.start_with(unique()).await;
    world.clock.advance(11 * DAY);
    world.tidy().await;
    let mut tom = world.modern("tom").await;
    let new = tom.start_with(unique()).await;
    assert_ne!(old, new);
    assert_eq!(refusal(&mut tom, &new).await, None);
}

#[tokio::test]
async fn a_changed_retention_is_in_force_the_next_time() {
    // B-440, B-513
    let mut world = World::new().await;
    let mut tom = world.modern("tom").await;
    let conversation = tom.start(&["jerry"]).await;
    tom.send(&conversation, "old").await;
    world.clock.advance(2 * DAY);
    world.tidy().await;
    world.set(|settings| settings.message.retention_days = 1);
    world.tidy().await;
    let mut tom = world.modern("tom").await;
    assert!(tom.history_texts(&conversation).await.is_empty());
}
