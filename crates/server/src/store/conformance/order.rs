//! The order of changes, and what closing means.

use std::sync::{Arc, mpsc};

use super::world::text;
use super::{Place, World};
use crate::store::{CommitPoint, Completion, StoreError, Write, WriteError};

pub(crate) async fn completions_are_called_in_the_order_of_submission(place: &impl Place) {
    // B-202, B-203: also across conversations and kinds of change.
    let world = World::open(place);
    let conversations = [world.conversation(&["Tom"]).await, world.conversation(&["Tom"]).await];
    let (called, calls) = mpsc::channel();
    for number in 0..500_u32 {
        let called = called.clone();
        let write = if number % 7 == 0 {
            let step = world.step(&conversations[0], "Tom");
            Write::MoveCursors(vec![step], Completion::new(move |_| called.send(number).unwrap()))
        } else {
            let draft = world.draft(&conversations[number as usize % 2], "Tom", text("hi"));
            Write::Append(Box::new(draft), Completion::new(move |_| called.send(number).unwrap()))
        };
        world.store.submit(write).await;
    }
    world.mark().await;
    let order: Vec<u32> = calls.try_iter().collect();
    assert_eq!(order, (0..500).collect::<Vec<_>>());
}

pub(crate) async fn a_mark_tells_the_place_between_messages(place: &impl Place) {
    let world = World::open(place);
    let conversation = world.conversation(&["Tom", "Jerry"]).await;
    let before = world.mark().await;
    world.send(&conversation, "Tom", "one").await;
    let between = world.mark().await;
    world.send(&conversation, "Tom", "two").await;
    let after = world.mark().await;
    assert!(before < between && between < after);
    assert_eq!(world.mark().await, after);
    let world = world.reopen(place);
    assert!(world.mark().await >= after);
    assert!(after > CommitPoint(0));
}

pub(crate) async fn a_refused_change_leaves_the_others_of_its_batch_alone(place: &impl Place) {
    let world = World::open(place);
    let conversation = world.conversation(&["Tom"]).await;
    let unknown = "000000000000000000000000".parse().unwrap();
    let mut outcomes = Vec::new();
    for number in 0..100 {
        let target = if number % 10 == 3 { &unknown } else { &conversation };
        let (done, outcome) = Completion::waiter();
        let draft = world.draft(target, "Tom", text("hi"));
        world.store.submit(Write::Append(Box::new(draft), done)).await;
        outcomes.push(outcome);
    }
    let mut refused = 0;
    for outcome in outcomes {
        match outcome.await.unwrap() {
            Ok(_) => {}
            Err(refusal) => {
                assert_eq!(refusal, WriteError::NotFound);
                refused += 1;
            }
        }
    }
    assert_eq!(refused, 10);
    assert_eq!(world.history(&conversation).await.len(), 90);
}

pub(crate) async fn a_closed_store_refuses_changes(place: &impl Place) {
    let world = World::open(place);
    let conversation = world.conversation(&["Tom"]).await;
    world.store.close().await;
    let refused = world.append(world.draft(&conversation, "Tom", text("hi"))).await.unwrap_err();
    assert!(matches!(refused, WriteError::Store(StoreError::Unavailable(_))), "{refused}");
    // Closing twice is closing.
    world.store.close().await;
}

pub(crate) async fn a_closed_store_has_kept_what_was_submitted_before(place: &impl Place) {
    let world = World::open(place);
    let conversation = world.conversation(&["Tom"]).await;
    let mut outcomes = Vec::new();
    for _ in 0..1_000 {
        let (done, outcome) = Completion::waiter();
        let draft = world.draft(&conversation, "Tom", text("hi"));
        world.store.submit(Write::Append(Box::new(draft), done)).await;
        outcomes.push(outcome);
    }
    world.store.close().await;
    for mut outcome in outcomes {
        outcome.try_recv().expect("it is complete when the store is closed").unwrap();
    }
    let world = world.reopen(place);
    assert_eq!(world.history(&conversation).await.len(), 1_000);
}

pub(crate) async fn a_store_dropped_without_closing_has_kept_everything_completed(place: &impl Place) {
    let world = World::open(place);
    let conversation = world.conversation(&["Tom", "Jerry"]).await;
    let sent = world.send(&conversation, "Tom", "hi").await;
    world.read(&conversation, "Jerry", &sent).await;
    assert_eq!(Arc::strong_count(&world.store), 1);
    let world = world.reopen(place);
    assert_eq!(world.history(&conversation).await, [sent]);
    assert!(world.unread("Jerry").await.is_empty());
}
