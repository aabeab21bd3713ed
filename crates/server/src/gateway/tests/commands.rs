//! The order of commands, and one answer for each.

use super::*;

#[tokio::test(start_paused = true)]
async fn sends_do_not_wait_for_each_others_answers() {
    // W-90
    let mut world = World::new();
    let mut alice = world.client("alice").await;
    world.keep_answers();
    let serials = [alice.command(None, send()).await, alice.command(None, send()).await];
    for serial in serials {
        assert_eq!(world.seen().await, Seen::Call(client("alice"), Some(serial)));
    }
    world.answer_one();
    world.answer_one();
    assert_eq!([alice.replied().await, alice.replied().await], serials);
}

#[tokio::test(start_paused = true)]
async fn a_send_waits_until_the_one_before_it_is_accepted() {
    // W-89
    let mut world = World::new();
    let mut alice = world.client("alice").await;
    world.domain.accepts.forget_permits(usize::MAX);
    let first = alice.command(None, send()).await;
    let second = alice.command(None, send()).await;
    assert_eq!(world.seen().await, Seen::Call(client("alice"), Some(first)));
    tokio::task::yield_now().await;
    assert_eq!(world.unseen(), None);
    world.domain.accepts.add_permits(2);
    assert_eq!(world.seen().await, Seen::Call(client("alice"), Some(second)));
}

#[tokio::test(start_paused = true)]
async fn a_read_sees_the_writes_before_it() {
    // W-89
    let mut world = World::new();
    let mut alice = world.client("alice").await;
    world.keep_answers();
    let written = alice.command(None, mute()).await;
    let read = alice.command(None, count()).await;
    assert_eq!(world.seen().await, Seen::Call(client("alice"), Some(written)));
    alice.frame(Opcode::Ping, b"here").await;
    assert_eq!(alice.next().await, Received::Pong(b"here".to_vec()));
    assert_eq!(world.unseen(), None);
    world.answer_one();
    assert_eq!(world.seen().await, Seen::Call(client("alice"), Some(read)));
}

#[tokio::test(start_paused = true)]
async fn heartbeats_are_answered_whatever_waits() {
    // W-36, W-37
    let mut world = World::new();
    let mut alice = world.client("alice").await;
    world.keep_answers();
    alice.command(None, mute()).await;
    alice.command(None, count()).await;
    let serial = alice.command(None, Command::Echo).await;
    let echo = alice.event().await;
    assert_eq!((echo.event, echo.serial), (Event::Echo, Some(Serial(serial))));
    alice.envelope(&Envelope { app: None, client: None, serial: None, command: Ok(Command::Echo) }).await;
    let echo = alice.event().await;
    assert_eq!((echo.event, echo.serial), (Event::Echo, None));
}

#[tokio::test(start_paused = true)]
async fn a_connection_with_too_much_under_way_is_not_read() {
    let mut world = World::with(|settings| settings.max_pending_writes = 2);
    let mut alice = world.client_over("alice", 4096).await;
    world.keep_answers();
    // Far more than the line, the buffers and the commands under way hold together.
    let sending = async {
        for _ in 0..2000 {
            alice.command(None, send()).await;
        }
    };
    assert!(tokio::time::timeout(std::time::Duration::from_secs(10), sending).await.is_err());
    let started = std::iter::from_fn(|| world.unseen()).count();
    assert_eq!(started, 2);
}

#[tokio::test(start_paused = true)]
async fn a_command_that_is_dropped_is_answered_with_a_fault() {
    // W-45
    let mut world = World::new();
    let mut alice = world.client("alice").await;
    world.keep_answers();
    let serial = alice.command(None, count()).await;
    world.seen().await;
    let respond = world.domain.told.lock().kept.pop_front();
    drop(respond);
    world.registry.flush(64);
    let answer = alice.event().await;
    assert_eq!((refused(&answer), answer.serial), (Code::InternalError, Some(Serial(serial))));
}

#[tokio::test(start_paused = true)]
async fn a_command_without_a_serial_is_carried_out_and_not_answered() {
    // W-46
    let mut world = World::new();
    let mut alice = world.client("alice").await;
    alice.envelope(&Envelope { app: None, client: None, serial: None, command: Ok(mute()) }).await;
    assert_eq!(world.seen().await, Seen::Call(client("alice"), None));
    let serial = alice.command(None, count()).await;
    assert_eq!(alice.replied().await, serial);
}

#[tokio::test(start_paused = true)]
async fn without_a_session_a_command_is_refused() {
    // W-67
    let world = World::new();
    let mut alice = world.connect(Some(MODERN));
    let client = Some(client("alice"));
    alice.envelope(&Envelope { app: None, client, serial: Some(Serial(1)), command: Ok(count()) }).await;
    assert_eq!(refused(&alice.event().await), Code::SessionRequired);
}

#[tokio::test(start_paused = true)]
async fn commands_sent_just_before_the_connection_closes_are_carried_out_before_it_is_lost() {
    // W-89
    let mut world = World::new();
    let mut alice = world.client("alice").await;
    world.keep_answers();
    alice.command(None, mute()).await;
    alice.command(None, mute()).await;
    drop(alice);
    assert!(matches!(world.seen().await, Seen::Call(..)));
    world.answer_one();
    assert!(matches!(world.seen().await, Seen::Call(..)));
    assert_eq!(world.unseen(), None);
    world.answer_one();
    assert!(matches!(world.seen().await, Seen::Lost(..)));
}
