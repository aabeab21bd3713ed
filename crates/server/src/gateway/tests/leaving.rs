//! The server leaves.

use std::time::Duration;

use tokio::time::Instant;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_modern_connection_is_told_once_served_for_a_while_and_closed() {
    // W-50, W-51, W-52
    let mut world = World::new();
    let mut connection = world.client("alice").await;
    connection.open("bob").await;
    let start = Instant::now();
    let drain = {
        let gateway = world.gateway.clone();
        tokio::spawn(async move { gateway.drain().await })
    };
    let told = connection.event().await;
    assert_eq!(told.event, Event::GoAway);
    assert_eq!((told.client, told.serial), (Some(client("alice")), None));
    assert_eq!(connection.command(Some("bob"), count()).await, connection.replied().await);
    assert_eq!(connection.close_code().await, 1001);
    assert_eq!(start.elapsed().as_secs(), 10);
    connection.frame(Opcode::Close, b"\x03\xe9").await;
    drain.await.unwrap();
    assert_eq!(world.gateway.connections(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_legacy_connection_is_closed_without_a_notice() {
    // W-418
    let mut world = World::new();
    let mut alice = world.connect(None);
    alice.open("alice").await;
    let gateway = world.gateway.clone();
    tokio::spawn(async move { gateway.drain().await });
    assert_eq!(alice.close_code().await, 1001);
    alice.frame(Opcode::Close, b"\x03\xe9").await;
    world.seen().await;
    world.seen().await;
    assert_eq!(world.seen().await, Seen::Lost(client("alice"), Loss::Leaving));
}

#[tokio::test(start_paused = true)]
async fn notices_are_spread_so_that_not_everyone_comes_back_at_once() {
    let mut world = World::new();
    let mut connections = Vec::new();
    for number in 0..20 {
        connections.push(world.client(&format!("client-{number}")).await);
    }
    let gateway = world.gateway.clone();
    tokio::spawn(async move { gateway.drain().await });
    let start = Instant::now();
    let mut times = Vec::new();
    for connection in &mut connections {
        assert_eq!(connection.event().await.event, Event::GoAway);
        times.push(start.elapsed());
    }
    assert!(*times.last().unwrap() >= Duration::from_millis(19 * 50));
}

#[tokio::test(start_paused = true)]
async fn what_was_accepted_is_finished_before_the_drain_ends() {
    let mut world = World::new();
    let mut alice = world.client("alice").await;
    world.keep_answers();
    alice.command(None, send()).await;
    world.seen().await;
    let drain = {
        let gateway = world.gateway.clone();
        tokio::spawn(async move { gateway.drain().await })
    };
    drop(alice);
    tokio::time::sleep(Duration::from_secs(12)).await;
    assert!(!drain.is_finished());
    world.answer_one();
    assert_eq!(world.seen().await, Seen::Lost(client("alice"), Loss::Broken));
    drain.await.unwrap();
}
