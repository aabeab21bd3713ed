//! Listed words: what others receive, what history holds, and what the sender is told.

use std::fs;

use tempfile::TempDir;
use yanshu_protocol::{
    Code, Command, Content, ConversationId, ConversationKind, Event, Mentions, PatchItem, PatchReason,
    PatchRequest, SendMessage,
};

use super::{Peer, World, plain_message, text};

/// A world with a list of two words.
async fn world() -> (World, TempDir) {
    let folder = TempDir::new().unwrap();
    let words = folder.path().join("words.txt");
    fs::write(&words, "darn\n坏话\n").unwrap();
    let world = World::with(|config| config.apps[0].settings.filter.words = Some(words)).await;
    (world, folder)
}

/// What a sender was told the server made of its message.
async fn told(peer: &mut Peer) -> PatchItem {
    peer.find(|event| match &event.event {
        Event::Patch(item) => Some(item.clone()),
        _ => None,
    })
    .await
}

async fn patches(peer: &mut Peer) -> usize {
    peer.told().await.iter().filter(|event| matches!(event, Event::Patch(_))).count()
}

async fn edit(peer: &mut Peer, conversation: &ConversationId, ack: &yanshu_protocol::MessageAck, to: &str) {
    let request = PatchRequest {
        conversation: conversation.clone(),
        message: ack.message.clone(),
        timestamp: Some(ack.timestamp),
        recall: false,
        content: Some(Content::Text(to.into())),
        mentions: Mentions::default(),
    };
    let reply = peer.ask(Command::Patch(vec![request])).await;
    assert!(matches!(reply.event, Event::Patched { .. }), "{reply:?}");
}

#[tokio::test]
async fn in_a_group_others_and_history_get_stars_and_the_sender_is_told_behind_its_ack() {
    // B-452, B-453, B-456, W-356, W-357, W-436, R-156
    let (world, _folder) = world().await;
    let (mut tom, mut jerry) = (world.modern("tom").await, world.modern("jerry").await);
    let conversation = tom.start(&["jerry", "spike"]).await;
    let ack = tom.send(&conversation, "a DARN text 坏话").await;
    assert_eq!(ack.reject, None);
    let change = told(&mut tom).await;
    assert_eq!(change.message, ack.message);
    assert_eq!(change.timestamp, ack.timestamp);
    assert_eq!(change.content, Content::Text("a *** text ***".into()));
    let reason = PatchReason { code: -4408, text: Some("MESSAGE_MODIFIED_BY_CENSORSHIP".to_owned()) };
    assert_eq!(change.reason, Some(reason));
    assert_eq!(jerry.next_texts(1).await, ["a *** text ***"]);
    assert_eq!(patches(&mut jerry).await, 0, "the others simply get the replaced text");
    assert_eq!(tom.history_texts(&conversation).await, ["a *** text ***"]);
}

#[tokio::test]
async fn a_typed_message_keeps_every_byte_around_its_text() {
    // B-454, W-262
    let (world, _folder) = world().await;
    let (mut tom, mut jerry) = (world.modern("tom").await, world.modern("jerry").await);
    let conversation = tom.start(&["jerry", "spike"]).await;
    tom.send(&conversation, r#"{"_lctype": -1, "_lctext":"darn", "_lcattrs":{"x":"darn"}}"#).await;
    assert_eq!(jerry.next_texts(1).await, [r#"{"_lctype": -1, "_lctext":"***", "_lcattrs":{"x":"darn"}}"#]);
}

#[tokio::test]
async fn what_has_no_listed_word_is_nobodys_business() {
    let (world, _folder) = world().await;
    let mut tom = world.modern("tom").await;
    let conversation = tom.start(&["jerry", "spike"]).await;
    tom.send(&conversation, "a fine text").await;
    assert_eq!(patches(&mut tom).await, 0);
}

#[tokio::test]
async fn between_two_words_stand_unless_the_app_says_otherwise() {
    // B-453
    let (mut world, _folder) = world().await;
    let (mut tom, mut jerry) = (world.modern("tom").await, world.modern("jerry").await);
    let conversation = tom.start(&["jerry"]).await;
    tom.send(&conversation, "darn").await;
    assert_eq!(jerry.next_texts(1).await, ["darn"]);
    world.set(|settings| settings.filter.one_to_one = true);
    tom.send(&conversation, "darn").await;
    assert_eq!(jerry.next_texts(1).await, ["***"]);
}

#[tokio::test]
async fn chat_rooms_are_filtered_however_few_are_present() {
    // B-453
    let (world, _folder) = world().await;
    let (mut tom, mut jerry) = (world.modern("tom").await, world.modern("jerry").await);
    let room = tom.start_room().await;
    jerry.add(&room, &["jerry"]).await;
    tom.send(&room, "darn").await;
    assert_eq!(told(&mut tom).await.content, Content::Text("***".into()));
    assert_eq!(jerry.next_texts(1).await, ["***"]);
}

#[tokio::test]
async fn an_edit_is_filtered_and_its_author_told() {
    // B-457
    let (world, _folder) = world().await;
    let (mut tom, mut jerry) = (world.modern("tom").await, world.modern("jerry").await);
    let conversation = tom.start(&["jerry", "spike"]).await;
    let ack = tom.send(&conversation, "fine").await;
    edit(&mut tom, &conversation, &ack, "darn it").await;
    let own = told(&mut tom).await;
    assert_eq!((text(&own.content), own.reason.unwrap().code), ("*** it".to_owned(), -4408));
    let seen = told(&mut jerry).await;
    assert_eq!((text(&seen.content), seen.reason), ("*** it".to_owned(), None));
    assert_eq!(seen.patched_at, own.patched_at);
    assert_eq!(tom.history_texts(&conversation).await, ["*** it"]);
    edit(&mut tom, &conversation, &ack, "fine again").await;
    assert_eq!(patches(&mut tom).await, 0);
}

#[tokio::test]
async fn transient_messages_are_filtered() {
    // B-452: before anyone receives it.
    let (world, _folder) = world().await;
    let (mut tom, mut jerry) = (world.modern("tom").await, world.modern("jerry").await);
    let conversation = tom.start(&["jerry", "spike"]).await;
    tom.send_message(SendMessage { transient: true, ..plain_message(&conversation, "darn") }).await;
    assert_eq!(told(&mut tom).await.content, Content::Text("***".into()));
    assert_eq!(jerry.next_texts(1).await, ["***"]);
}

#[tokio::test]
async fn a_will_is_filtered_by_what_is_listed_when_it_is_sent() {
    // B-452
    let (mut world, _folder) = world().await;
    let (mut tom, mut jerry) = (world.modern("tom").await, world.modern("jerry").await);
    let conversation = tom.start(&["jerry"]).await;
    let will = SendMessage { will: true, ..plain_message(&conversation, "darn, he is gone") };
    assert_eq!(tom.send_message(will).await.reject, None);
    world.set(|settings| settings.filter.one_to_one = true);
    tom.hang_up();
    assert_eq!(jerry.next_texts(1).await, ["***, he is gone"]);
}

#[tokio::test]
async fn a_will_with_a_listed_word_is_changed_when_it_is_deposited() {
    // B-456
    let (world, _folder) = world().await;
    let mut tom = world.modern("tom").await;
    let conversation = tom.start(&["jerry", "spike"]).await;
    tom.send_message(SendMessage { will: true, ..plain_message(&conversation, "darn") }).await;
    assert_eq!(told(&mut tom).await.content, Content::Text("***".into()));
}

#[tokio::test]
async fn a_message_that_is_sent_again_is_answered_with_the_same_change() {
    // W-274, W-357
    let (world, _folder) = world().await;
    let (mut tom, mut jerry) = (world.modern("tom").await, world.modern("jerry").await);
    let conversation = tom.start(&["jerry", "spike"]).await;
    let message =
        SendMessage { resend_key: Some("once".parse().unwrap()), ..plain_message(&conversation, "darn") };
    let first = tom.send_message(message.clone()).await;
    let again = tom.send_message(message).await;
    assert_eq!(first.message, again.message);
    assert_eq!(told(&mut tom).await, told(&mut tom).await);
    assert_eq!(jerry.next_texts(1).await, ["***"]);
    assert_eq!(tom.history_texts(&conversation).await, ["***"]);
}

#[tokio::test]
async fn a_message_that_is_refused_is_no_change() {
    let (world, _folder) = world().await;
    let (mut tom, mut other) = (world.modern("tom").await, world.modern("other").await);
    let conversation = tom.start(&["jerry", "spike"]).await;
    let reject = other.send(&conversation, "darn").await.reject.unwrap();
    assert_eq!(reject.code, Code::InvalidMessagingTarget);
    assert_eq!(patches(&mut other).await, 0);
}

#[tokio::test]
async fn a_client_of_2015_sees_the_stars_and_is_told_nothing_it_would_not_know() {
    // W-101
    let (world, _folder) = world().await;
    let (mut tom, mut jerry) = (world.legacy("tom").await, world.legacy("jerry").await);
    let conversation = tom.start(&["jerry", "spike"]).await;
    tom.send(&conversation, "darn").await;
    assert_eq!(patches(&mut tom).await, 0);
    assert_eq!(jerry.next_texts(1).await, ["***"]);
}

#[tokio::test]
async fn what_a_client_says_to_a_service_is_filtered() {
    // B-453: system conversations.
    let (world, _folder) = world().await;
    let service = world.import("5f0000000000000000000001", ConversationKind::Service, &[]).await;
    let mut tom = world.modern("tom").await;
    assert_eq!(tom.send(&service, "darn").await.reject, None);
    assert_eq!(told(&mut tom).await.content, Content::Text("***".into()));
    assert_eq!(tom.history_texts(&service).await, ["***"]);
}
