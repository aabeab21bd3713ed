//! Forgetting old messages and idle conversations.

use serde_json::json;
use yanshu_protocol::{ConversationId, ConversationKind, Timestamp};

use super::world::{attributes, client, text, texts};
use super::{Place, World};
use crate::query::Update;
use crate::store::{CursorMove, Draft, Retention, UpdateRequest, Write};

const DAY: i64 = 86_400_000;

fn messages(before: Timestamp) -> Retention {
    Retention { messages_before: Some(before), idle_before: None }
}

fn idle(before: Timestamp) -> Retention {
    Retention { messages_before: None, idle_before: Some(before) }
}

/// Sends so many numbered messages.
async fn send_many(world: &World, id: &ConversationId, count: usize) {
    for number in 0..count {
        world.send(id, "Tom", &number.to_string()).await;
    }
}

pub(crate) async fn old_messages_are_forgotten_and_newer_ones_stay(place: &impl Place) {
    // B-513
    let world = World::open(place);
    let (busy, quiet) =
        (world.conversation(&["Tom", "Jerry"]).await, world.conversation(&["Tom", "Jerry"]).await);
    send_many(&world, &busy, 1_200).await;
    world.send(&quiet, "Tom", "old").await;
    let boundary = world.pass(DAY);
    let kept = world.send(&busy, "Tom", "new").await;
    assert!(world.retain(messages(boundary)).await.is_empty());
    assert_eq!(world.history(&busy).await, [kept]);
    assert!(world.history(&quiet).await.is_empty());
    assert!(world.read_back(&quiet).await.is_some(), "the conversation itself stays");
    assert_eq!(world.unread("Jerry").await.len(), 1);
    // Nothing is done twice, and the next day brings more.
    assert!(world.retain(messages(boundary)).await.is_empty());
    world.pass(DAY);
    world.retain(messages(world.now())).await;
    assert!(world.history(&busy).await.is_empty());
    world.send(&busy, "Tom", "life goes on").await;
    let world = world.reopen(place);
    assert_eq!(texts(&world.history(&busy).await), ["life goes on"]);
}

pub(crate) async fn old_messages_in_threads_are_forgotten(place: &impl Place) {
    // B-513
    let world = World::open(place);
    let id = world.service(&["Tom"]).await;
    world.send(&id, "operator", "old to all").await;
    world.pass_on(&id, "Tom", "operator", "old to Tom").await;
    let boundary = world.pass(DAY);
    world.pass_on(&id, "Tom", "Tom", "new from Tom").await;
    world.send(&id, "operator", "new to all").await;
    world.retain(messages(boundary)).await;
    assert_eq!(texts(&world.history_of(&id, Some("Tom")).await), ["new from Tom", "new to all"]);
}

pub(crate) async fn a_forgotten_message_leaves_nothing_behind(place: &impl Place) {
    let world = World::open(place);
    let id = world.conversation(&["Tom", "Jerry"]).await;
    let resend_key = Some("key".to_owned());
    let draft = Draft { resend_key, ..world.draft(&id, "Tom", text("hi")) };
    let message = world.append(draft.clone()).await.unwrap().message;
    world.edit(&message, "hi, edited", None).await;
    let at = Some(message.timestamp);
    let step = CursorMove { delivered: at, read: at, keep_times: true, ..world.step(&id, "Jerry") };
    world.advance(step).await;
    world.pass(DAY);
    world.retain(messages(world.now())).await;
    let (app, jerry) = (&world.app, client("Jerry"));
    assert_eq!(world.message(&id, &message.id, None).await, None);
    assert!(world.store.last_messages(app, vec![id.clone()], None).await.unwrap().is_empty());
    assert!(
        world.store.patched_since(app, &jerry, None, Timestamp(0), 10, world.now()).await.unwrap().is_empty()
    );
    assert!(world.missed("Jerry").await.is_empty());
    // The same key is that of a new message now.
    let again = world.append(Draft { now: world.now(), ..draft }).await.unwrap();
    assert!(!again.repeated);
    assert_eq!(world.history(&id).await, [crate::store::StoredMessage::clone(&again.message)]);
}

pub(crate) async fn an_idle_conversation_is_forgotten_with_its_history(place: &impl Place) {
    // B-514
    let world = World::open(place);
    let normal = world.conversation(&["Tom", "Jerry"]).await;
    world.send(&normal, "Tom", "hi").await;
    let room = world.create(world.new_conversation(ConversationKind::Room, &[])).await.conversation.id;
    let service = world.service(&["Tom"]).await;
    let temporary = world.temporary(&["Tom"], 1_000 * DAY).await;
    let boundary = world.pass(DAY);
    let used = world.conversation(&["Tom"]).await;
    let mut gone = world.retain(idle(boundary)).await;
    gone.sort();
    let mut expected = vec![normal.clone(), room, service];
    expected.sort();
    assert_eq!(gone, expected);
    for id in &gone {
        assert_eq!(world.read_back(id).await, None);
        assert!(world.append(world.draft(id, "Tom", text("late"))).await.is_err());
    }
    assert!(world.history(&normal).await.is_empty());
    assert!(world.unread("Jerry").await.is_empty());
    assert!(world.read_back(&used).await.is_some());
    assert!(world.read_back(&temporary).await.is_some(), "it has a time of its own");
}

pub(crate) async fn what_changed_lately_is_not_idle(place: &impl Place) {
    // B-514: a message or a changed field; reading is no use.
    let world = World::open(place);
    let (written, changed) = (world.conversation(&["Tom"]).await, world.conversation(&["Tom"]).await);
    let (to_all, to_one) = (world.service(&[]).await, world.service(&[]).await);
    let read = world.conversation(&["Tom", "Jerry"]).await;
    let message = world.send(&read, "Jerry", "hi").await;
    let boundary = world.pass(DAY);
    world.send(&written, "Tom", "hi").await;
    world.send(&to_all, "operator", "hi").await;
    world.pass_on(&to_one, "Tom", "operator", "hi").await;
    let changes = attributes(json!({ "name": "new" }));
    let request = UpdateRequest {
        app: world.app.clone(),
        conversation: changed.clone(),
        update: Update::parse(&changes).unwrap(),
        changes,
        by: None,
        max_bytes: 1_000,
        now: world.now(),
    };
    world.write(|done| Write::UpdateAttributes(Box::new(request), done)).await.unwrap();
    world.read(&read, "Tom", &message).await;
    assert_eq!(world.retain(idle(boundary)).await, [read]);
}

pub(crate) async fn an_app_without_a_wish_keeps_everything(place: &impl Place) {
    // B-513, B-514
    let world = World::open(place);
    let other = world.of_app("other");
    let (ours, theirs) = (world.conversation(&["Tom"]).await, other.conversation(&["Tom"]).await);
    for (world, id) in [(&world, &ours), (&other, &theirs)] {
        world.send(id, "Tom", "hi").await;
        world.pass(DAY);
    }
    world.retain(Retention::default()).await;
    assert_eq!(world.history(&ours).await.len(), 1);
    let both = Retention { messages_before: Some(world.now()), idle_before: Some(world.now()) };
    assert_eq!(world.retain(both).await, [ours]);
    assert_eq!(texts(&other.history(&theirs).await), ["hi"]);
}
