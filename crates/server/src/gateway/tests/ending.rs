//! Silence, closes and broken lines.

use std::time::Duration;

use tokio::time::Instant;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_connection_on_which_nobody_logs_in_is_closed() {
    // W-43, B-10
    let world = World::new();
    let mut alice = world.connect(Some(MODERN));
    let start = Instant::now();
    assert_eq!(alice.close_code().await, 4108);
    assert_eq!(start.elapsed().as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn a_silent_connection_is_closed_and_its_session_lost() {
    // W-40, B-20
    let mut world = World::new();
    let mut alice = world.client("alice").await;
    tokio::time::sleep(Duration::from_secs(300)).await;
    alice.frame(Opcode::Pong, b"").await;
    let start = Instant::now();
    assert_eq!(alice.close_code().await, 4107);
    assert_eq!(start.elapsed().as_secs(), 400);
    assert_eq!(world.seen().await, Seen::Lost(client("alice"), Loss::Silent));
}

#[tokio::test(start_paused = true)]
async fn setting_the_machines_clock_closes_nobody() {
    // B-20: it is silence that counts
    let mut world = World::new();
    let mut alice = world.client("alice").await;
    tokio::time::sleep(Duration::from_secs(300)).await;
    world.clock.set_forward(24 * 3_600_000);
    assert_eq!(alice.command(None, count()).await, alice.replied().await);
    world.clock.set_forward(-24 * 3_600_000);
    tokio::time::sleep(Duration::from_secs(399)).await;
    assert_eq!(alice.command(None, count()).await, alice.replied().await);
}

#[tokio::test(start_paused = true)]
async fn a_silent_legacy_connection_is_pinged_and_stays_if_it_answers() {
    // W-41, W-399
    let world = World::new();
    let mut alice = world.connect(None);
    alice.open("alice").await;
    for _ in 0..10 {
        assert_eq!(alice.next().await, Received::Ping);
        alice.frame(Opcode::Pong, b"").await;
    }
    assert_eq!(alice.next().await, Received::Ping);
    assert_eq!(alice.close_code().await, 4107);
}

#[tokio::test(start_paused = true)]
async fn a_half_open_connection_is_given_up() {
    // B-38
    let mut world = World::new();
    let alice = world.client("alice").await;
    alice.end.cut();
    let start = Instant::now();
    assert_eq!(world.seen().await, Seen::Lost(client("alice"), Loss::Silent));
    assert_eq!(start.elapsed().as_secs(), 405);
    world.gateway.core.live.none().await;
    assert!(world.sessions("alice").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_broken_line_loses_the_session_at_once() {
    // B-38
    let mut world = World::new();
    drop(world.client("alice").await);
    assert_eq!(world.seen().await, Seen::Lost(client("alice"), Loss::Broken));
    world.gateway.core.live.none().await;
    assert!(world.sessions("alice").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_close_is_answered_at_once_and_the_line_ends() {
    // W-49
    let mut world = World::new();
    let mut alice = world.client("alice").await;
    alice.frame(Opcode::Close, b"\x03\xe8bye").await;
    let start = Instant::now();
    assert_eq!(alice.close_code().await, 1000);
    assert_eq!(alice.next().await, Received::End);
    assert_eq!(start.elapsed().as_millis(), 0);
    assert_eq!(world.seen().await, Seen::Lost(client("alice"), Loss::Closed));
}

#[tokio::test(start_paused = true)]
async fn what_was_queued_before_a_close_is_sent_before_its_answer() {
    let mut world = World::new();
    let mut alice = world.client("alice").await;
    assert!(world.registry.deliver(push(to(&["alice"]), 1)).is_none());
    alice.frame(Opcode::Close, b"").await;
    assert_eq!(number(&alice.event().await), 1);
    assert_eq!(alice.next().await, Received::Close(None));
}

#[tokio::test(start_paused = true)]
async fn a_clean_close_logs_a_legacy_client_out() {
    // W-407
    for (payload, logs_out) in [(&b""[..], true), (b"\x03\xe8", true), (b"\x03\xe9", false)] {
        let mut world = World::new();
        let mut alice = world.connect(None);
        alice.open("alice").await;
        world.seen().await;
        world.seen().await;
        alice.frame(Opcode::Close, payload).await;
        let expected =
            if logs_out { Seen::Close(client("alice")) } else { Seen::Lost(client("alice"), Loss::Closed) };
        assert_eq!(world.seen().await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn every_session_of_a_connection_is_lost_with_it() {
    // W-64
    let mut world = World::new();
    let mut connection = world.client("alice").await;
    connection.open("bob").await;
    world.seen().await;
    world.seen().await;
    drop(connection);
    let lost = [world.seen().await, world.seen().await];
    assert_eq!(lost, ["alice", "bob"].map(|name| Seen::Lost(client(name), Loss::Broken)));
}

#[tokio::test(start_paused = true)]
async fn an_open_that_is_decided_too_late_is_lost_as_well() {
    let mut world = World::new();
    world.domain.opens.forget_permits(usize::MAX);
    let mut alice = world.connect(Some(MODERN));
    alice.command(Some("alice"), open(0)).await;
    assert_eq!(world.seen().await, Seen::Open(Some(client("alice"))));
    drop(alice);
    tokio::time::sleep(Duration::from_secs(1)).await;
    world.domain.opens.add_permits(1);
    assert_eq!(world.seen().await, Seen::Lost(client("alice"), Loss::Broken));
    world.gateway.core.live.none().await;
    assert_eq!(world.registry.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_fault_in_one_connections_work_leaves_nothing_behind() {
    let mut world = World::new();
    let mut bob = world.client("bob").await;
    let mut alice = world.client("alice").await;
    world.domain.told.lock().panic = true;
    alice.command(None, count()).await;
    while world.gateway.connections() > 1 {
        tokio::task::yield_now().await;
    }
    assert!(world.sessions("alice").is_empty());
    world.domain.told.lock().panic = false;
    assert_eq!(bob.command(None, count()).await, bob.replied().await);
}
