//! Appending messages and finding them again.

use std::collections::HashSet;

use bytes::Bytes;
use yanshu_protocol::{Content, Mentions, Timestamp};

use super::world::{START, client, clients, text};
use super::{Place, World};
use crate::store::{Completion, Draft, Write, WriteError};

const DAY: i64 = 24 * 60 * 60 * 1_000;

pub(crate) async fn ids_are_unique_and_sort_as_the_messages_do(place: &impl Place) {
    // W-266
    let world = World::open(place);
    let conversation = world.conversation(&["Tom", "Jerry"]).await;
    for number in 0..300 {
        world.append(world.draft(&conversation, "Tom", text(&number.to_string()))).await.unwrap();
    }
    let history = world.history(&conversation).await;
    let ids: HashSet<_> = history.iter().map(|message| message.id.clone()).collect();
    assert_eq!(ids.len(), 300);
    assert!(history.is_sorted_by_key(|message| message.id.clone()));
    assert!(history.iter().enumerate().all(|(number, message)| message.content == text(&number.to_string())));
}

pub(crate) async fn times_grow_while_the_clock_stands(place: &impl Place) {
    let world = World::open(place);
    let conversation = world.conversation(&["Tom"]).await;
    for number in 0..10 {
        let appended = world.append(world.draft(&conversation, "Tom", text("hi"))).await.unwrap();
        assert_eq!(appended.message.timestamp, Timestamp(START + number));
    }
}

pub(crate) async fn times_grow_while_the_clock_steps_back(place: &impl Place) {
    let world = World::open(place);
    let conversation = world.conversation(&["Tom"]).await;
    let first = world.send(&conversation, "Tom", "before").await;
    world.pass(-DAY);
    let second = world.send(&conversation, "Tom", "after").await;
    assert_eq!(second.timestamp, first.timestamp.next());
    assert!(second.id > first.id);
}

pub(crate) async fn times_grow_across_a_restart(place: &impl Place) {
    let world = World::open(place);
    let conversation = world.conversation(&["Tom"]).await;
    let first = world.send(&conversation, "Tom", "before").await;
    let world = world.reopen(place);
    world.set(Timestamp(START));
    let second = world.append(world.draft(&conversation, "Tom", text("after"))).await.unwrap().message;
    assert_eq!(second.timestamp, first.timestamp.next());
    assert!(second.id > first.id);
}

pub(crate) async fn content_is_kept_byte_for_byte(place: &impl Place) {
    // W-262, W-261: also what looks like a number, is empty, or holds a NUL.
    let world = World::open(place);
    let conversation = world.conversation(&["Tom"]).await;
    let contents = [
        text(""),
        text("007"),
        text("1e3"),
        text("a\0b"),
        text("{\"b\":1, \"a\":2}"),
        text("雁书 🪿"),
        Content::Binary(Bytes::new()),
        Content::Binary(Bytes::from_static(b"\0\xff text?")),
        text(&"x".repeat(100_000)),
    ];
    for content in &contents {
        world.append(world.draft(&conversation, "Tom", content.clone())).await.unwrap();
    }
    let kept: Vec<Content> =
        world.history(&conversation).await.into_iter().map(|message| message.content).collect();
    assert_eq!(kept, contents);
}

pub(crate) async fn mentions_and_the_wish_for_a_receipt_are_kept(place: &impl Place) {
    let world = World::open(place);
    let conversation = world.conversation(&["Tom"]).await;
    let draft = Draft {
        mentions: Mentions { clients: clients(&["Jerry", "a\"b\0c"]), all: true },
        receipt: true,
        ..world.draft(&conversation, "Tom", text("hi"))
    };
    let appended = world.append(draft.clone()).await.unwrap().message;
    let kept = world.message(&conversation, &appended.id, None).await.unwrap();
    assert_eq!(kept, *appended);
    assert_eq!((kept.mentions, kept.receipt), (draft.mentions, true));
}

pub(crate) async fn a_message_to_an_unknown_conversation_is_refused(place: &impl Place) {
    // W-268
    let world = World::open(place);
    let unknown = "000000000000000000000000".parse().unwrap();
    let refused = world.append(world.draft(&unknown, "Tom", text("hi"))).await;
    assert_eq!(refused.unwrap_err(), WriteError::NotFound);
}

pub(crate) async fn a_message_to_an_expired_conversation_is_refused(place: &impl Place) {
    let world = World::open(place);
    let conversation = world.temporary(&["Tom", "Jerry"], 1_000).await;
    world.pass(998);
    world.send(&conversation, "Tom", "in time").await;
    world.pass(1);
    let refused = world.append(world.draft(&conversation, "Tom", text("too late"))).await;
    assert_eq!(refused.unwrap_err(), WriteError::NotFound);
}

fn keyed(draft: Draft, key: &str) -> Draft {
    Draft { resend_key: Some(key.to_owned()), ..draft }
}

pub(crate) async fn a_repeat_gives_the_first_message(place: &impl Place) {
    // W-274
    let world = World::open(place);
    let conversation = world.conversation(&["Tom", "Jerry"]).await;
    let draft = keyed(world.draft(&conversation, "Tom", text("hi")), "key");
    let first = world.append(draft.clone()).await.unwrap();
    world.send(&conversation, "Jerry", "hello").await;
    let second = world.append(draft).await.unwrap();
    assert!(!first.repeated && second.repeated);
    assert_eq!(second.message, first.message);
    assert_eq!(world.history(&conversation).await.len(), 2);
}

pub(crate) async fn a_repeat_is_recognised_after_a_restart(place: &impl Place) {
    // W-274
    let world = World::open(place);
    let conversation = world.conversation(&["Tom"]).await;
    let draft = keyed(world.draft(&conversation, "Tom", text("hi")), "key");
    let first = world.append(draft.clone()).await.unwrap();
    let world = world.reopen(place);
    let second = world.append(draft).await.unwrap();
    assert!(second.repeated);
    assert_eq!(second.message, first.message);
}

pub(crate) async fn a_repeat_is_recognised_within_one_batch(place: &impl Place) {
    // W-274: the line broke and the SDK sent again before the first was committed.
    let world = World::open(place);
    let conversation = world.conversation(&["Tom"]).await;
    let draft = keyed(world.draft(&conversation, "Tom", text("hi")), "key");
    let mut outcomes = Vec::new();
    for _ in 0..50 {
        let (done, outcome) = Completion::waiter();
        world.store.submit(Write::Append(Box::new(draft.clone()), done)).await;
        outcomes.push(outcome);
    }
    let mut new = 0;
    for outcome in outcomes {
        new += u32::from(!outcome.await.unwrap().unwrap().repeated);
    }
    assert_eq!(new, 1);
    assert_eq!(world.history(&conversation).await.len(), 1);
}

pub(crate) async fn the_same_key_of_another_sender_or_conversation_is_no_repeat(place: &impl Place) {
    // W-274
    let world = World::open(place);
    let (here, there) = (world.conversation(&["Tom"]).await, world.conversation(&["Tom"]).await);
    for (conversation, sender) in [(&here, "Tom"), (&here, "Jerry"), (&there, "Tom")] {
        let draft = keyed(world.draft(conversation, sender, text("hi")), "key");
        assert!(!world.append(draft).await.unwrap().repeated);
    }
}

pub(crate) async fn messages_without_a_key_are_never_repeats(place: &impl Place) {
    // W-276
    let world = World::open(place);
    let conversation = world.conversation(&["Tom"]).await;
    let draft = world.draft(&conversation, "Tom", text("hi"));
    for _ in 0..2 {
        assert!(!world.append(draft.clone()).await.unwrap().repeated);
    }
}

pub(crate) async fn a_repeat_is_recognised_for_as_long_as_asked(place: &impl Place) {
    // W-274: at least 24 hours, however often the store forgets, and not for ever.
    let world = World::open(place);
    let conversation = world.conversation(&["Tom"]).await;
    let draft = keyed(world.draft(&conversation, "Tom", text("hi")), "key");
    world.append(draft.clone()).await.unwrap();
    for _ in 0..24 {
        assert!(world.append(draft.clone()).await.unwrap().repeated);
        let now = world.pass(DAY / 24);
        world.expire(now.plus_millis(-DAY - 1), Timestamp(0)).await;
    }
    assert!(world.append(draft.clone()).await.unwrap().repeated);
    for _ in 0..3 * 24 {
        let now = world.pass(DAY / 24);
        world.expire(now.plus_millis(-DAY - 1), Timestamp(0)).await;
    }
    assert!(!world.append(draft).await.unwrap().repeated);
}

pub(crate) async fn a_message_is_found_by_its_id_alone(place: &impl Place) {
    // W-322, W-346: the time is a hint, and a wrong one does no harm.
    let world = World::open(place);
    let conversation = world.conversation(&["Tom"]).await;
    let message = world.send(&conversation, "Tom", "hi").await;
    for hint in [None, Some(message.timestamp), Some(Timestamp(1))] {
        assert_eq!(world.message(&conversation, &message.id, hint).await.as_ref(), Some(&message));
    }
}

pub(crate) async fn an_unknown_message_is_not_found(place: &impl Place) {
    let world = World::open(place);
    let (here, there) = (world.conversation(&["Tom"]).await, world.conversation(&["Tom"]).await);
    let message = world.send(&here, "Tom", "hi").await;
    let foreign = "qNkRkFWOeSqP65S9fDyHJw".parse().unwrap();
    assert_eq!(world.message(&here, &foreign, Some(message.timestamp)).await, None);
    assert_eq!(world.message(&there, &message.id, Some(message.timestamp)).await, None);
    let unknown = "000000000000000000000000".parse().unwrap();
    assert_eq!(world.message(&unknown, &message.id, None).await, None);
}

pub(crate) async fn the_last_message_of_each_conversation_is_found(place: &impl Place) {
    // W-192, W-200
    let world = World::open(place);
    let (busy, silent) = (world.conversation(&["Tom"]).await, world.conversation(&["Tom"]).await);
    let recalled = world.conversation(&["Tom"]).await;
    world.send(&busy, "Tom", "first").await;
    let last = world.send(&busy, "Tom", "last").await;
    let taken_back = world.send(&recalled, "Tom", "oops").await;
    let taken_back = world.recall(&taken_back).await;
    let unknown = "000000000000000000000000".parse().unwrap();
    let found =
        world.store.last_messages(&world.app, vec![busy, silent, unknown, recalled], None).await.unwrap();
    assert_eq!(found, [last, taken_back]);
    assert_eq!(found[0].from, client("Tom"));
}
