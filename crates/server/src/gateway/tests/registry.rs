//! Who gets what, and what the registry knows.

use super::*;

fn room(name: &str) -> ConversationId {
    name.parse().unwrap()
}

/// A modern session with these bits of configuration.
async fn session(world: &mut World, name: &str, bits: i64) -> (Client, SessionKey) {
    let mut connection = world.connect(Some(MODERN));
    connection.command(Some(name), open(bits)).await;
    connection.event().await;
    world.seen().await;
    world.seen().await;
    let key = *world.sessions(name).last().unwrap();
    (connection, key)
}

#[tokio::test(start_paused = true)]
async fn every_session_of_a_client_is_told_but_the_one_left_out() {
    let mut world = World::new();
    let (mut phone, _) = session(&mut world, "alice", 0).await;
    let (mut laptop, key) = session(&mut world, "alice", 0).await;
    world.publish(&Push { except: Some(key), ..push(to(&["alice"]), 1) });
    world.publish(&push(to(&["alice"]), 2));
    assert_eq!(number(&phone.event().await), 1);
    assert_eq!(number(&phone.event().await), 2);
    assert_eq!(number(&laptop.event().await), 2);
}

#[tokio::test(start_paused = true)]
async fn a_session_is_told_only_what_it_can_handle() {
    // W-25, W-101, W-102, W-313
    let needs: [(Needs, i64); 2] = [
        (Needs { patches: true, ..Needs::default() }, 1),
        (Needs { temporary_conversations: true, ..Needs::default() }, 2),
    ];
    for (needs, bit) in needs {
        let mut world = World::new();
        let (mut without, _) = session(&mut world, "alice", !bit & 0xff).await;
        let (mut with, _) = session(&mut world, "alice", bit).await;
        world.publish(&Push { needs, ..push(to(&["alice"]), 1) });
        world.publish(&push(to(&["alice"]), 2));
        assert_eq!(number(&without.event().await), 2);
        assert_eq!(number(&with.event().await), 1);
    }
    let world = World::new();
    let mut legacy = world.connect(None);
    legacy.open("alice").await;
    let modern = Needs { modern: true, ..Needs::default() };
    let unread = Needs { unread_notices: true, ..Needs::default() };
    world.publish(&Push { needs: modern, ..push(to(&["alice"]), 1) });
    world.publish(&Push { needs: unread, ..push(to(&["alice"]), 2) });
    world.publish(&push(to(&["alice"]), 3));
    assert_eq!(number(&legacy.event().await), 3);
}

#[tokio::test(start_paused = true)]
async fn a_reliable_notification_is_marked_for_those_who_keep_them() {
    // W-74
    let mut world = World::new();
    let (mut keeps, _) = session(&mut world, "alice", 16).await;
    let (mut keeps_not, _) = session(&mut world, "alice", 0).await;
    world.publish(&Push { permanent: true, ..push(to(&["alice"]), 1) });
    assert!(keeps.event().await.permanent);
    assert!(!keeps_not.event().await.permanent);
}

#[tokio::test(start_paused = true)]
async fn a_push_carries_the_time_of_its_event() {
    // W-73
    let mut world = World::new();
    let (mut alice, _) = session(&mut world, "alice", 0).await;
    world.publish(&push(to(&["alice"]), 1));
    let told = alice.event().await;
    assert_eq!((told.server_time, told.serial), (Some(START), None));
}

#[tokio::test(start_paused = true)]
async fn a_room_message_reaches_those_in_the_room_now() {
    // W-149, B-387
    let mut world = World::new();
    let (mut alice, in_room) = session(&mut world, "alice", 0).await;
    let (mut bob, elsewhere) = session(&mut world, "bob", 0).await;
    assert!(world.registry.enter_room(in_room, &room("lounge")));
    assert!(world.registry.enter_room(elsewhere, &room("lounge")));
    assert!(world.registry.enter_room(elsewhere, &room("bar")));
    world.publish(&push(Audience::Room(room("lounge")), 1));
    world.publish(&push(Audience::Room(room("bar")), 2));
    assert_eq!(number(&alice.event().await), 1);
    assert_eq!(number(&bob.event().await), 2);
}

#[tokio::test(start_paused = true)]
async fn a_room_counts_clients_and_not_sessions() {
    // B-389
    let mut world = World::new();
    let (_phone, first) = session(&mut world, "alice", 0).await;
    let (_laptop, second) = session(&mut world, "alice", 0).await;
    let (_bob, third) = session(&mut world, "bob", 0).await;
    for key in [first, second, third] {
        world.registry.enter_room(key, &room("lounge"));
    }
    assert_eq!(world.registry.room_count(&app(), &room("lounge")), 2);
    assert_eq!(world.registry.room_members(&app(), &room("lounge"), 1).len(), 1);
    assert_eq!(world.registry.leave_room(first), Some(room("lounge")));
    assert_eq!(world.registry.leave_room(first), None);
    assert_eq!(world.registry.room_count(&app(), &room("lounge")), 2);
    world.registry.leave_room(second);
    assert_eq!(world.registry.room_members(&app(), &room("lounge"), 9), [client("bob")]);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_ends_leaves_its_room() {
    // B-387
    let mut world = World::new();
    let (alice, key) = session(&mut world, "alice", 0).await;
    world.registry.enter_room(key, &room("lounge"));
    drop(alice);
    world.gateway.core.live.none().await;
    assert_eq!(world.registry.room_count(&app(), &room("lounge")), 0);
    assert!(!world.registry.enter_room(key, &room("lounge")));
    assert_eq!(world.registry.room_of(key), None);
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_for_a_session_comes_after_what_it_missed() {
    // W-114
    let mut world = World::new();
    let (_other, _) = session(&mut world, "bob", 0).await;
    let (mut alice, key) = session(&mut world, "alice", 0).await;
    // Sessions of these tests are released at once; a fresh one under the same maps is not.
    let fresh = fresh_session(&world, "alice");
    world.publish(&push(to(&["alice"]), 1));
    world.registry.hold(fresh);
    world.publish(&push(to(&["alice"]), 3));
    world.publish(&push(Audience::Session(fresh), 2));
    world.registry.release(fresh);
    world.publish(&push(to(&["alice"]), 4));
    assert_ne!(fresh, key);
    let mut numbers = Vec::new();
    while numbers.len() < 7 {
        numbers.push(number(&alice.event().await));
    }
    // The first session gets 1, 3, 4 at once, the fresh one on the same line its answer 0, then 2, 3, 4.
    assert_eq!(numbers, [0, 1, 3, 2, 3, 4, 4]);
}

/// Registers one more session on the connection of the client's only one, as if it had just opened.
pub(super) fn fresh_session(world: &World, name: &str) -> SessionKey {
    let key = world.registry.next_key();
    let link = world.gateway.core.live.links().into_iter().max_by_key(|link| link.id).unwrap();
    let actor = Arc::new(Actor {
        returns_to: None,
        app: app(),
        client: client(name),
        key,
        session: String::new(),
        device: None,
        tag: None,
        capabilities: Capabilities::new(
            0,
            yanshu_session::Profile { legacy: false, offline: yanshu_session::OfflineMode::Unread },
        ),
    });
    let answer = Outbound {
        client: None,
        serial: None,
        server_time: None,
        permanent: false,
        event: push(to(&[]), 0).event,
    };
    world.registry.admit(actor, &link, &answer, None);
    key
}

#[tokio::test(start_paused = true)]
async fn a_client_is_online_while_it_has_a_session() {
    // B-38
    let mut world = World::new();
    let (phone, _) = session(&mut world, "alice", 0).await;
    let (laptop, key) = session(&mut world, "alice", 0).await;
    drop(phone);
    while world.sessions("alice").len() > 1 {
        tokio::task::yield_now().await;
    }
    assert!(world.registry.online(&app(), &client("alice")));
    assert_eq!(world.sessions("alice"), [key]);
    drop(laptop);
    world.gateway.core.live.none().await;
    assert!(!world.registry.online(&app(), &client("alice")));
}

#[tokio::test(start_paused = true)]
async fn clients_of_another_app_are_others() {
    let mut world = World::new();
    let (mut alice, _) = session(&mut world, "alice", 0).await;
    world.publish(&Push { app: "another-app".parse().unwrap(), ..push(to(&["alice"]), 1) });
    world.publish(&push(to(&["alice"]), 2));
    assert_eq!(number(&alice.event().await), 2);
}

#[tokio::test(start_paused = true)]
async fn a_large_fan_out_is_flushed_in_portions() {
    let mut world = World::new();
    let mut connections = Vec::new();
    for index in 0..10 {
        connections.push(session(&mut world, &format!("client-{index}"), 0).await.0);
    }
    let names: Vec<String> = (0..10).map(|index| format!("client-{index}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert!(world.registry.deliver(push(to(&names), 1)).is_none());
    assert!(world.registry.flush(4));
    assert!(world.registry.flush(4));
    assert!(!world.registry.flush(4));
    for connection in &mut connections {
        assert_eq!(number(&connection.event().await), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_large_room_is_told_in_portions_while_others_come_and_go() {
    // B-375, B-387: whoever is there all along is told once; whoever has left is not.
    const PRESENT: usize = 1200;
    let mut world = World::with(|settings| settings.bounds.frames = 2 * PRESENT);
    let registry = Arc::clone(&world.registry);
    let (mut first, key) = session(&mut world, "first", 0).await;
    world.registry.enter_room(key, &room("lounge"));
    let mut crowd = Vec::new();
    for index in 0..PRESENT {
        let fresh = fresh_session(&world, &format!("client-{index}"));
        world.registry.hold(fresh);
        world.registry.release(fresh);
        world.registry.enter_room(fresh, &room("lounge"));
        crowd.push(fresh);
    }
    let (mut last, key) = session(&mut world, "last", 0).await;
    world.registry.enter_room(key, &room("lounge"));
    while world.registry.flush(64) {}
    for _ in 0..PRESENT {
        assert_eq!(number(&first.event().await), 0, "the answers to the opens");
    }

    let mut rest = registry.deliver(push(Audience::Room(room("lounge")), 1)).expect("more to be told");
    assert!(rest.as_mut().now_or_never().is_none(), "it lets others go first");
    world.registry.leave_room(crowd[0]);
    world.registry.leave_room(crowd[PRESENT - 1]);
    let (mut late, key) = session(&mut world, "late", 0).await;
    world.registry.enter_room(key, &room("lounge"));
    rest.await;
    while world.registry.flush(64) {}
    assert_eq!(number(&late.event().await), 1);
    assert_eq!(number(&last.event().await), 1);
    // The crowd shares the first connection.
    assert!(world.registry.deliver(push(to(&["first", "last", "late"]), 2)).is_none());
    while world.registry.flush(64) {}
    let mut told = 0;
    while number(&first.event().await) == 1 {
        told += 1;
    }
    assert_eq!(told, 1 + PRESENT - 1);
    assert_eq!(number(&last.event().await), 2);
    assert_eq!(number(&late.event().await), 2);
}

#[tokio::test(start_paused = true)]
async fn the_local_bus_asks_the_one_node_there_is() {
    use crate::bus::{Bus, LocalBus};
    let mut world = World::new();
    let (mut alice, key) = session(&mut world, "alice", 0).await;
    let bus = LocalBus::new(Arc::clone(&world.registry) as _);
    let asked = ["bob", "alice", "carol"].map(client);
    assert_eq!(bus.online(&app(), &asked).await, [false, true, false]);
    assert!(bus.enter_room(key, &room("lounge")).await);
    assert_eq!(bus.room_of(key).await, Some(room("lounge")));
    assert_eq!(bus.room_members(&app(), &room("lounge"), 10).await, [client("alice")]);
    assert!(bus.publish(push(Audience::Room(room("lounge")), 1)).is_none());
    assert!(!bus.flush(64));
    assert_eq!(number(&alice.event().await), 1);
    assert_eq!(bus.leave_room(key).await, Some(room("lounge")));
    assert!(bus.end_session(key, None).await);
    assert!(bus.sessions_of(&app(), &client("alice")).await.is_empty());
}
