//! Edits and recalls.

use yanshu_protocol::{Content, Mentions, Timestamp};

use super::world::{client, clients, text, texts};
use super::{Place, World};
use crate::store::{Draft, PatchDraft, StoredMessage, WriteError};

pub(crate) async fn an_edit_keeps_place_and_identity(place: &impl Place) {
    // W-358, B-242
    let world = World::open(place);
    let id = world.conversation(&["Tom", "Jerry"]).await;
    let message = world.send(&id, "Tom", "one").await;
    let next = world.send(&id, "Tom", "two").await;
    world.pass(1_000);
    let mentions = Mentions { clients: clients(&["Jerry"]), all: false };
    let binary = Content::Binary(vec![0, 159].into());
    let draft =
        PatchDraft { mentions: mentions.clone(), ..world.patch_draft(&message, Some(binary.clone())) };
    let patched = world.patch(draft).await.unwrap();
    assert!(!patched.unchanged);
    let expected = StoredMessage { content: binary, mentions, patched_at: Some(world.now()), ..message };
    assert_eq!(*patched.message, expected);
    assert_eq!(world.history(&id).await, [expected.clone(), next]);
    assert!(world.unread("Jerry").await[0].mentioned);
}

pub(crate) async fn text_for_a_binary_message_is_its_new_bytes(place: &impl Place) {
    // W-345
    let world = World::open(place);
    let id = world.conversation(&["Tom"]).await;
    let binary = |bytes: &'static [u8]| Content::Binary(bytes.into());
    let draft = world.draft(&id, "Tom", binary(&[0, 159]));
    let message = StoredMessage::clone(&world.append(draft).await.unwrap().message);
    let patched = world.patch(world.patch_draft(&message, Some(text("AB")))).await.unwrap();
    assert_eq!(patched.message.content, binary(b"AB"));
    assert_eq!(world.history(&id).await, [StoredMessage::clone(&patched.message)]);
}

pub(crate) async fn a_recalled_message_keeps_nothing_of_its_content(place: &impl Place) {
    // B-243, W-200
    let world = World::open(place);
    let id = world.conversation(&["Tom"]).await;
    world.pass(1);
    let mentions = Mentions { clients: clients(&["Jerry"]), all: true };
    let draft = Draft { mentions, receipt: true, ..world.draft(&id, "Tom", text("secret")) };
    let message = StoredMessage::clone(&world.append(draft).await.unwrap().message);
    let recalled = world.recall(&message).await;
    let expected = StoredMessage {
        content: Content::recalled(),
        mentions: Mentions::default(),
        recalled: true,
        patched_at: Some(world.now()),
        ..message
    };
    assert_eq!(recalled, expected);
    assert_eq!(world.history(&id).await, [expected]);
}

pub(crate) async fn only_the_sender_may_change_a_message(place: &impl Place) {
    // W-349
    let world = World::open(place);
    let id = world.conversation(&["Tom", "Jerry"]).await;
    let message = world.send(&id, "Tom", "mine").await;
    let by = |who, content| PatchDraft { editor: client(who), ..world.patch_draft(&message, content) };
    assert_eq!(world.patch(by("Jerry", None)).await.unwrap_err(), WriteError::NotOwner);
    assert_eq!(world.patch(by("Jerry", Some(text("ours")))).await.unwrap_err(), WriteError::NotOwner);
    assert_eq!(world.history(&id).await, std::slice::from_ref(&message));
    let unknown = PatchDraft { message: "unknown".parse().unwrap(), ..by("Tom", None) };
    assert_eq!(world.patch(unknown).await.unwrap_err(), WriteError::NotFound);
    let elsewhere = PatchDraft { conversation: "nowhere".parse().unwrap(), ..by("Tom", None) };
    assert_eq!(world.patch(elsewhere).await.unwrap_err(), WriteError::NotFound);
}

pub(crate) async fn a_message_older_than_the_edit_window_stays(place: &impl Place) {
    // B-240
    let world = World::open(place);
    let id = world.conversation(&["Tom"]).await;
    let message = world.send(&id, "Tom", "old").await;
    let since = |oldest: Timestamp| PatchDraft {
        not_before: Some(oldest),
        ..world.patch_draft(&message, Some(text("new")))
    };
    assert_eq!(world.patch(since(message.timestamp.next())).await.unwrap_err(), WriteError::NotOwner);
    world.patch(since(message.timestamp)).await.unwrap();
}

pub(crate) async fn a_recalled_message_can_be_recalled_again_but_not_edited(place: &impl Place) {
    // W-350
    let world = World::open(place);
    let id = world.conversation(&["Tom"]).await;
    let message = world.send(&id, "Tom", "oops").await;
    let recalled = world.recall(&message).await;
    world.pass(1_000);
    let again = world.patch(world.patch_draft(&message, None)).await.unwrap();
    assert!(again.unchanged);
    assert_eq!(*again.message, recalled);
    let edit = world.patch(world.patch_draft(&message, Some(text("back")))).await;
    assert_eq!(edit.unwrap_err(), WriteError::NotFound);
}

pub(crate) async fn patch_times_grow_within_a_conversation(place: &impl Place) {
    // W-359: also while the clock stands or steps back, and across a restart.
    let world = World::open(place);
    let id = world.conversation(&["Tom"]).await;
    let (one, two) = (world.send(&id, "Tom", "one").await, world.send(&id, "Tom", "two").await);
    let edit = async |world: &World, message: &StoredMessage| {
        let patched = world.patch(world.patch_draft(message, Some(text("new")))).await.unwrap();
        patched.message.patched_at.unwrap()
    };
    let first = edit(&world, &one).await;
    let second = edit(&world, &two).await;
    world.pass(-60_000);
    let third = edit(&world, &one).await;
    let world = world.reopen(place);
    let fourth = edit(&world, &one).await;
    assert!(first < second && second < third && third < fourth);
}

pub(crate) async fn patches_are_told_in_order_of_change_and_once_per_message(place: &impl Place) {
    // W-360, W-362
    let world = World::open(place);
    let (here, there) =
        (world.conversation(&["Tom", "Jerry"]).await, world.conversation(&["Tom", "Jerry"]).await);
    let mut messages = Vec::new();
    for number in 0..4 {
        let id = if number % 2 == 0 { &here } else { &there };
        messages.push(world.send(id, "Tom", &number.to_string()).await);
    }
    let known = world.now();
    for number in [3, 0, 2, 1] {
        world.edit(&messages[number], &format!("edit {number}"), Some("phone")).await;
    }
    world.edit(&messages[3], "edit 3 again", Some("phone")).await;
    world.recall(&messages[0]).await;
    let since = async |after, limit| {
        world
            .store
            .patched_since(&world.app, &client("Jerry"), None, after, limit, world.now())
            .await
            .unwrap()
    };
    let told = since(known, 1_000).await;
    assert_eq!(texts(&told), ["edit 2", "edit 1", "edit 3 again", r#"{"_lctype":-127}"#]);
    assert_eq!(told[1].conversation, there);
    assert!(told.is_sorted_by_key(|message| message.patched_at));
    assert_eq!(since(known, 2).await, told[..2]);
    assert_eq!(since(told[2].patched_at.unwrap(), 1_000).await, told[3..]);
}

pub(crate) async fn own_patches_of_the_same_device_are_left_out(place: &impl Place) {
    // W-361
    let world = World::open(place);
    let id = world.conversation(&["Tom", "Jerry"]).await;
    let (one, two) = (world.send(&id, "Tom", "1").await, world.send(&id, "Tom", "2").await);
    let known = world.now();
    world.edit(&one, "on the phone", Some("phone")).await;
    world.edit(&two, "on the desk", Some("desk")).await;
    let since = async |who: &str, device| {
        let told = world
            .store
            .patched_since(&world.app, &client(who), device, known, 1_000, world.now())
            .await
            .unwrap();
        texts(&told)
    };
    assert_eq!(since("Tom", Some("phone")).await, ["on the desk"]);
    assert_eq!(since("Tom", None).await, ["on the phone", "on the desk"]);
    assert_eq!(since("Jerry", Some("phone")).await, ["on the phone", "on the desk"]);
}

pub(crate) async fn patches_of_strange_conversations_are_not_told(place: &impl Place) {
    let world = World::open(place);
    let id = world.conversation(&["Tom", "Jerry"]).await;
    let message = world.send(&id, "Tom", "1").await;
    world.edit(&message, "2", None).await;
    let told = async |who: &str| {
        let after = Timestamp(0);
        world
            .store
            .patched_since(&world.app, &client(who), None, after, 1_000, world.now())
            .await
            .unwrap()
            .len()
    };
    assert_eq!(told("Spike").await, 0);
    assert_eq!(told("Jerry").await, 1);
    world.members(&id, &[], &["Jerry"], 500).await.unwrap();
    assert_eq!(told("Jerry").await, 0);
}

pub(crate) async fn patches_of_a_conversation_that_is_over_are_not_told(place: &impl Place) {
    // W-165
    let world = World::open(place);
    let id = world.temporary(&["Tom", "Jerry"], 60_000).await;
    let message = world.send(&id, "Tom", "1").await;
    world.edit(&message, "2", None).await;
    let told = async || {
        let (jerry, after) = (client("Jerry"), Timestamp(0));
        let told = world.store.patched_since(&world.app, &jerry, None, after, 1_000, world.now());
        told.await.unwrap().len()
    };
    assert_eq!(told().await, 1);
    world.pass(60_000);
    assert_eq!(told().await, 0);
}
