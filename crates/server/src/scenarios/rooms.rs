//! Chat rooms.

use yanshu_protocol::{
    Code, Command, ConversationCommand, ConversationId, Event, OpenSession, Restrict, SendMessage,
};

use super::{MODERN_CONFIG, Peer, World, plain_message, text};

async fn count(peer: &mut Peer, room: &ConversationId) -> i32 {
    match peer.ask(Command::Conversation(ConversationCommand::Count(room.clone()))).await.event {
        Event::MemberCount { count, .. } => count,
        other => panic!("{other:?}"),
    }
}

async fn enter(peer: &mut Peer, room: &ConversationId) {
    let name = peer.name.clone();
    assert!(matches!(peer.add(room, &[name.as_str()]).await, Event::MembersAdded(_)));
}

/// Comes back by token, as an SDK does after a lost connection.
async fn come_back(world: &World, lost: &Peer) -> Peer {
    let mut peer = world.connect_as(lost.name.as_str(), "lc.protobuf2.3");
    peer.open(OpenSession { reconnect: true, token: lost.token.clone(), ..OpenSession::default() }).await;
    peer.told().await;
    peer
}

#[tokio::test]
async fn its_creator_is_in_a_room_and_nobody_is_told() {
    // W-148, W-152, B-377, B-383
    let world = World::new().await;
    let mut tom = world.modern("tom").await;
    let room = tom.start_room().await;
    assert_eq!(count(&mut tom, &room).await, 1);
    let mut bob = world.modern("bob").await;
    enter(&mut bob, &room).await;
    assert_eq!(count(&mut tom, &room).await, 2);
    assert!(tom.told().await.is_empty());
    assert!(bob.told().await.is_empty());
}

#[tokio::test]
async fn everyone_in_the_room_gets_a_message_and_so_does_history() {
    // W-153, B-387, B-394, W-154
    let world = World::new().await;
    let (mut tom, mut bob) = (world.modern("tom").await, world.modern("bob").await);
    let mut outside = world.modern("eve").await;
    let room = tom.start_room().await;
    enter(&mut bob, &room).await;
    assert!(outside.send(&room, "from outside").await.reject.is_none());
    assert_eq!(tom.next_texts(1).await, ["from outside"]);
    assert_eq!(bob.next_texts(1).await, ["from outside"]);
    tom.send(&room, "from inside").await;
    assert_eq!(bob.next_texts(1).await, ["from inside"]);
    assert!(!outside.told().await.iter().any(|event| matches!(event, Event::Message(_))));
    assert_eq!(outside.history_texts(&room).await, ["from outside", "from inside"]);
}

#[tokio::test]
async fn a_session_is_in_one_room_at_a_time() {
    // B-378, W-149, T-23
    let world = World::new().await;
    let (mut tom, mut bob) = (world.modern("tom").await, world.modern("bob").await);
    let first = tom.start_room().await;
    enter(&mut bob, &first).await;
    let second = bob.start_room().await;
    assert_eq!((count(&mut tom, &first).await, count(&mut tom, &second).await), (1, 1));
}

#[tokio::test]
async fn two_devices_of_one_client_count_as_one() {
    // B-389
    let world = World::new().await;
    let (mut phone, mut desk) = (world.modern("tom").await, world.modern("tom").await);
    let room = phone.start_room().await;
    enter(&mut desk, &room).await;
    assert_eq!(count(&mut phone, &room).await, 1);
}

#[tokio::test]
async fn nobody_can_be_brought_into_a_room() {
    // W-150, B-385
    let world = World::new().await;
    let mut tom = world.modern("tom").await;
    let room = tom.start_room().await;
    let Event::Error { reject, .. } = tom.add(&room, &["bob"]).await else { panic!("added") };
    assert_eq!(reject.code, Code::NormalConversationRequired);
}

#[tokio::test]
async fn who_is_lost_is_back_within_half_an_hour_without_a_call() {
    // B-380, W-151, T-24
    for (minutes, back) in [(5, true), (31, false)] {
        let mut world = World::new().await;
        let mut tom = world.modern("tom").await;
        let room = tom.start_room().await;
        let mut bob = world.connect_as("bob", "lc.protobuf2.3");
        let device = Some("bobs-phone".parse().unwrap());
        bob.open(OpenSession { config: Some(MODERN_CONFIG), device, ..OpenSession::default() }).await;
        enter(&mut bob, &room).await;
        let token = bob.token.clone();
        bob.hang_up();
        bob.closed().await;
        let mut watcher = world.modern("watcher").await;
        watcher.offline(&bob.name).await;
        world.clock.advance(minutes * 60_000);
        bob.token = token;
        let mut bob = come_back(&world, &bob).await;
        let mut eve = world.modern("eve").await;
        assert_eq!(count(&mut eve, &room).await, if back { 2 } else { 1 }, "{minutes} minutes");
        bob.told().await;
        // The same holds if it was the server that went away.
        world.restart().await;
        let bob = come_back(&world, &bob).await;
        let mut eve = world.modern("eve").await;
        assert_eq!(count(&mut eve, &room).await, i32::from(back), "{minutes} minutes, restarted");
        drop(bob);
    }
}

#[tokio::test]
async fn who_left_or_logged_out_is_not_put_back() {
    // B-19, B-382
    let world = World::new().await;
    let mut tom = world.modern("tom").await;
    let room = tom.start_room().await;
    for logs_out in [false, true] {
        let mut bob = world.modern("bob").await;
        enter(&mut bob, &room).await;
        if logs_out {
            bob.ask(Command::Session(yanshu_protocol::SessionCommand::Close)).await;
        } else {
            bob.remove(&room, &["bob"]).await;
        }
        drop(bob);
        let mut bob = world.modern("bob").await;
        bob.told().await;
        assert_eq!(count(&mut tom, &room).await, 1);
        bob.ask(Command::Session(yanshu_protocol::SessionCommand::Close)).await;
    }
}

#[tokio::test]
async fn a_room_wakes_nobody_who_is_away() {
    // B-391, B-283
    let world = World::new().await;
    let mut tom = world.modern("tom").await;
    let room = tom.start_room().await;
    let mut bob = world.legacy("bob").await;
    enter(&mut bob, &room).await;
    drop(bob);
    let message = yanshu_protocol::SendMessage { receipt: true, ..plain_message(&room, "hello") };
    tom.send_message(message).await;
    let mut bob = world.legacy("bob").await;
    assert!(!bob.told().await.iter().any(|event| matches!(event, Event::Message(_))));
}

#[tokio::test]
async fn over_the_ceiling_of_the_app_low_messages_are_dropped_and_high_ones_and_history_are_whole() {
    // B-508, B-269
    let world = World::with(|config| config.apps[0].settings.limits.deliveries_per_second = 20).await;
    let (mut tom, mut jerry) = (world.modern("tom").await, world.modern("jerry").await);
    let room = tom.start_room().await;
    jerry.add(&room, &["jerry"]).await;
    for number in 0..30 {
        let priority = if number % 2 == 0 { 1 } else { 3 };
        let message = plain_message(&room, &format!("{priority}: {number}"));
        tom.send_message(SendMessage { priority: Some(priority), ..message }).await;
    }
    let mut texts = Vec::new();
    for event in jerry.told().await {
        if let Event::Message(message) = event {
            texts.push(text(&message.content));
        }
    }
    let of = |priority: &str| texts.iter().filter(|text| text.starts_with(priority)).count();
    assert_eq!(of("1: "), 15, "high messages are never dropped");
    assert_eq!(of("3: "), 5, "half of what an app has left for a second is not for low ones");
    assert_eq!(tom.history(&room, 100).await.len(), 30);
}

/// A device that names itself, in a room.
async fn phone_in(world: &World, room: &ConversationId) -> Peer {
    let mut bob = phone(world).await;
    enter(&mut bob, room).await;
    bob
}

async fn phone(world: &World) -> Peer {
    let mut bob = world.connect_as("bob", "lc.protobuf2.3");
    let device = Some("bobs-phone".parse().unwrap());
    bob.open(OpenSession { config: Some(MODERN_CONFIG), device, ..OpenSession::default() }).await;
    bob.told().await;
    bob
}

#[tokio::test]
async fn leaving_a_room_one_is_not_in_forgets_nothing_of_the_other() {
    // B-380
    let world = World::new().await;
    let mut tom = world.modern("tom").await;
    let (first, second) = (tom.start_room().await, tom.start_room().await);
    let mut bob = phone_in(&world, &second).await;
    bob.remove(&first, &["bob"]).await;
    bob.hang_up();
    tom.offline(&bob.name).await;
    let _bob = come_back(&world, &bob).await;
    assert_eq!(count(&mut tom, &second).await, 2);
}

#[tokio::test]
async fn a_dead_line_that_shows_late_puts_nobody_back() {
    // B-19, B-382: the phone came back by itself before, and then logged out
    let world = World::new().await;
    let mut tom = world.modern("tom").await;
    let room = tom.start_room().await;
    let dead = phone_in(&world, &room).await;
    dead.cut();
    let mut bob = phone(&world).await;
    bob.ask(Command::Session(yanshu_protocol::SessionCommand::Close)).await;
    dead.hang_up();
    tom.offline(&bob.name).await;
    let _bob = phone(&world).await;
    assert_eq!(count(&mut tom, &room).await, 1);
}

#[tokio::test]
async fn a_dead_line_that_shows_late_takes_no_time_from_the_one_that_replaced_it() {
    // B-381
    let mut world = World::new().await;
    let mut tom = world.modern("tom").await;
    let room = tom.start_room().await;
    let dead = phone_in(&world, &room).await;
    dead.cut();
    let bob = phone(&world).await;
    dead.hang_up();
    world.until_connections(2).await;
    world.clock.advance(40 * 60_000);
    world.restart().await;
    let _bob = come_back(&world, &bob).await;
    let mut eve = world.modern("eve").await;
    assert_eq!(count(&mut eve, &room).await, 1);
}

#[tokio::test]
async fn who_was_blocked_in_a_room_is_not_put_back_later() {
    // B-134, B-382
    let world = World::new().await;
    let mut tom = world.modern("tom").await;
    let room = tom.start_room().await;
    let bob = phone_in(&world, &room).await;
    for lift in [false, true] {
        let (conversation, clients) = (room.clone(), super::peer::ids(&["bob"]));
        let restriction = yanshu_protocol::Restriction::Blocked;
        let request = Restrict { conversation, restriction, lift, clients, signature: None };
        tom.ask(Command::Conversation(ConversationCommand::Restrict(request))).await;
    }
    bob.hang_up();
    tom.offline(&bob.name).await;
    let _bob = come_back(&world, &bob).await;
    assert_eq!(count(&mut tom, &room).await, 1);
}
