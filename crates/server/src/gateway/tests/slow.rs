//! Clients that take in too little.

use std::time::Duration;

use super::registry::fresh_session;
use super::*;
use crate::gateway::outbox::Bounds;

const TIGHT: Bounds = Bounds { frames: 64, bytes: 1 << 20 };

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_in_is_closed_so_that_it_comes_back() {
    // design: slow consumers; W-47 forbids the fatal codes
    let mut world = World::with(|settings| settings.bounds = TIGHT);
    let mut alice = world.client_over("alice", 1024).await;
    for index in 0..200 {
        world.publish(&push(to(&["alice"]), index));
    }
    let mut received = Vec::new();
    let code = loop {
        match alice.next().await {
            Received::Event(event) => received.push(number(&event)),
            Received::Close(Some(frame)) => break frame.code,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(code, 1001);
    assert_eq!(received, (0..i32::try_from(received.len()).unwrap()).collect::<Vec<_>>());
    drop(alice);
    assert_eq!(world.seen().await, Seen::Lost(client("alice"), Loss::Slow));
}

#[tokio::test(start_paused = true)]
async fn a_slow_client_misses_low_and_normal_messages_of_rooms_and_stays() {
    // B-269
    let mut world = World::with(|settings| settings.bounds = TIGHT);
    let mut alice = world.client_over("alice", 1024).await;
    for index in 0..300 {
        let priority = [1, 2, 3][index as usize % 3];
        if priority > 1 || index < 90 {
            world.publish(&Push { priority, ..push(to(&["alice"]), index) });
        }
    }
    world.publish(&push(to(&["alice"]), 999));
    let mut received = Vec::new();
    while received.last() != Some(&999) {
        received.push(number(&alice.event().await));
    }
    let of =
        |priority: i32| received.iter().filter(|&&index| index < 999 && index % 3 == priority - 1).count();
    assert_eq!(of(1), 30, "high ones are never dropped");
    assert!(of(3) < of(2), "low ones are dropped first");
    assert!(received.is_sorted());
}

#[tokio::test(start_paused = true)]
async fn high_messages_take_the_place_of_low_and_normal_ones_that_wait() {
    // B-269: the connection is not closed while anything may be dropped.
    let mut world = World::with(|settings| settings.bounds = TIGHT);
    let mut alice = world.client_over("alice", 1024).await;
    let priorities = [[3].repeat(40), [2].repeat(40), [1].repeat(50)].concat();
    for (index, &priority) in (0..).zip(&priorities) {
        world.publish(&Push { priority, ..push(to(&["alice"]), index) });
    }
    let mut received = Vec::new();
    while received.last() != Some(&129) {
        received.push(number(&alice.event().await));
    }
    assert!(received.is_sorted());
    assert!(received.ends_with(&(80..130).collect::<Vec<_>>()), "{received:?}");
    assert!(received.len() < 80, "{received:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_for_a_session_is_dropped_by_priority_too() {
    // B-269
    let mut world = World::with(|settings| settings.bounds = TIGHT);
    let mut alice = world.client("alice").await;
    let fresh = fresh_session(&world, "alice");
    world.registry.hold(fresh);
    world.registry.enter_room(fresh, &"lounge".parse().unwrap());
    let priorities = [[3].repeat(40), [2].repeat(40), [1].repeat(60)].concat();
    for (index, &priority) in (0..).zip(&priorities) {
        let lounge = Audience::Room("lounge".parse().unwrap());
        world.publish(&Push { priority, ..push(lounge, index) });
    }
    assert_eq!(number(&alice.event().await), 0, "the answer to the open");
    world.registry.release(fresh);
    while world.registry.flush(64) {}
    let mut received = Vec::new();
    while received.last() != Some(&139) {
        received.push(number(&alice.event().await));
    }
    assert!(received.ends_with(&(80..140).collect::<Vec<_>>()), "{received:?}");
    assert!(received.len() <= 64, "{received:?}");
}

#[tokio::test(start_paused = true)]
async fn what_the_line_refuses_follows_when_it_takes_more() {
    let mut world = World::new();
    let mut alice = world.client_over("alice", 100).await;
    for index in 0..500 {
        world.publish(&push(to(&["alice"]), index));
    }
    for index in 0..500 {
        assert_eq!(number(&alice.event().await), index);
    }
}

#[tokio::test(start_paused = true)]
async fn a_line_that_takes_nothing_for_too_long_is_given_up() {
    let mut world = World::new();
    let alice = world.client_over("alice", 100).await;
    for index in 0..10 {
        world.publish(&push(to(&["alice"]), index));
    }
    let start = tokio::time::Instant::now();
    assert_eq!(world.seen().await, Seen::Lost(client("alice"), Loss::Silent));
    assert_eq!(start.elapsed(), Duration::from_secs(60));
    drop(alice);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_no_answers_has_no_more_commands_started() {
    let mut world = World::with(|settings| settings.bounds = TIGHT);
    let mut alice = world.client_over("alice", 1024).await;
    let sending = async {
        loop {
            alice.command(None, count()).await;
        }
    };
    let _: Result<(), _> = tokio::time::timeout(Duration::from_secs(1), sending).await;
    let started = std::iter::from_fn(|| world.unseen()).count();
    assert!(started < 128, "{started} were started");
    // Nothing was refused: as soon as the answers are read, everything goes on.
    let cut_off = alice.serial;
    for serial in 2..cut_off {
        assert_eq!(alice.replied().await, serial);
    }
}

#[tokio::test(start_paused = true)]
async fn commands_go_on_when_what_waited_is_taken_in_at_once() {
    let bounds = Bounds { frames: 16, bytes: 1 << 20 };
    let mut world = World::with(|settings| settings.bounds = bounds);
    let mut alice = world.client_over("alice", 1024).await;
    let sending = async {
        loop {
            alice.command(None, count()).await;
        }
    };
    let _: Result<(), _> = tokio::time::timeout(Duration::from_secs(1), sending).await;
    let cut_off = alice.serial;
    for serial in 2..cut_off {
        let replied = tokio::time::timeout(Duration::from_secs(1), alice.replied()).await;
        assert_eq!(replied, Ok(serial));
    }
}
