//! Lines that break, servers that stop, clients that are slow.

use yanshu_protocol::codec::Subprotocol;
use yanshu_protocol::{Command, Event, OpenSession, SendMessage};

use super::{Peer, World, plain_message};

fn keyed(conversation: &yanshu_protocol::ConversationId, text: &str, key: &str) -> SendMessage {
    SendMessage { resend_key: Some(key.to_owned()), ..plain_message(conversation, text) }
}

async fn come_back(world: &World, lost: &Peer) -> Peer {
    let mut peer = world.connect_as(lost.name.as_str(), "lc.protobuf2.3");
    let token = lost.token.clone();
    let reply = peer.open(OpenSession { reconnect: true, token, ..OpenSession::default() }).await;
    assert!(matches!(reply.event, Event::SessionOpened { .. }), "{reply:?}");
    peer
}

#[tokio::test]
async fn a_message_sent_again_after_a_cut_is_one_message() {
    // B-195, W-274
    let world = World::new().await;
    let (mut tom, mut jerry) = (world.modern("tom").await, world.modern("jerry").await);
    let conversation = tom.start(&["jerry"]).await;
    tom.tell(Command::Send(Box::new(keyed(&conversation, "once", "k1"))));
    let first = jerry.next_message().await;
    // The answer is on its way when the line dies.
    tom.cut();
    let mut tom = come_back(&world, &tom).await;
    let again = tom.send_message(keyed(&conversation, "once", "k1")).await;
    assert_eq!((again.message, again.timestamp), (first.id, first.timestamp));
    assert_eq!(tom.history_texts(&conversation).await, ["once"]);
    assert!(!jerry.told().await.iter().any(|event| matches!(event, Event::Message(_))));
}

#[tokio::test]
async fn a_message_committed_before_a_restart_and_never_answered_is_one_message() {
    // B-195, W-119, W-274
    let mut world = World::new().await;
    let (mut tom, mut jerry) = (world.modern("tom").await, world.modern("jerry").await);
    let conversation = tom.start(&["jerry"]).await;
    tom.tell(Command::Send(Box::new(keyed(&conversation, "once", "k1"))));
    let first = jerry.next_message().await;
    world.restart().await;
    let mut tom = come_back(&world, &tom).await;
    let again = tom.send_message(keyed(&conversation, "once", "k1")).await;
    assert_eq!((again.message, again.timestamp), (first.id, first.timestamp));
    assert_eq!(tom.history_texts(&conversation).await, ["once"]);
}

#[tokio::test]
async fn without_a_key_every_send_is_a_message_of_its_own() {
    // W-276
    let world = World::new().await;
    let mut tom = world.modern("tom").await;
    let conversation = tom.start(&["jerry"]).await;
    tom.send(&conversation, "again").await;
    tom.send(&conversation, "again").await;
    assert_eq!(tom.history_texts(&conversation).await, ["again", "again"]);
}

#[tokio::test]
async fn pipelined_sends_are_accepted_in_order() {
    // B-203, W-87
    let world = World::new().await;
    let (mut tom, mut jerry) = (world.modern("tom").await, world.modern("jerry").await);
    let conversation = tom.start(&["jerry"]).await;
    let expected: Vec<_> = (0..200).map(|number| format!("{number}")).collect();
    for text in &expected {
        tom.tell(Command::Send(Box::new(plain_message(&conversation, text))));
    }
    assert_eq!(jerry.next_texts(200).await, expected);
    assert_eq!(tom.history_texts(&conversation).await, expected);
}

#[tokio::test]
async fn everyone_sees_one_order() {
    // B-202
    let world = World::new().await;
    let mut tom = world.modern("tom").await;
    let mut watchers = vec![world.modern("bob").await, world.legacy("eve").await];
    let mut jerry = world.modern("jerry").await;
    let conversation = tom.start(&["jerry", "bob", "eve"]).await;
    for number in 0..50 {
        for peer in [&mut tom, &mut jerry] {
            let text = format!("{} {number}", peer.name);
            peer.tell(Command::Send(Box::new(plain_message(&conversation, &text))));
        }
    }
    let mut orders = Vec::new();
    for watcher in &mut watchers {
        orders.push(watcher.next_texts(100).await);
    }
    assert_eq!(orders[0], orders[1]);
    assert_eq!(tom.history_texts(&conversation).await, orders[0]);
}

#[tokio::test]
async fn someone_removed_while_sending_is_acknowledged_exactly_for_what_is_kept() {
    // B-93, B-188
    let world = World::new().await;
    let (mut tom, mut eve) = (world.modern("tom").await, world.modern("eve").await);
    let conversation = tom.start(&["eve"]).await;
    eve.send(&conversation, "0").await;
    let mut serials = Vec::new();
    for number in 1..40 {
        let message = plain_message(&conversation, &format!("{number}"));
        serials.push(eve.tell(Command::Send(Box::new(message))));
        if number == 20 {
            tom.remove(&conversation, &["eve"]).await;
        }
    }
    let mut accepted = vec!["0".to_owned()];
    for (number, serial) in (1..).zip(serials) {
        let Event::MessageAck(ack) = eve.reply_to(serial).await.event else { panic!("no ack") };
        if ack.reject.is_none() {
            accepted.push(number.to_string());
        }
    }
    // How many were accepted is a race; that they are the first ones, and none after the removal, is not.
    assert!(accepted.len() <= 21, "{accepted:?}");
    assert!(
        (0..accepted.len()).map(|number| number.to_string()).eq(accepted.iter().cloned()),
        "{accepted:?}"
    );
    assert_eq!(tom.history_texts(&conversation).await, accepted);
}

#[tokio::test]
async fn a_client_that_takes_nothing_in_is_closed_and_the_others_notice_nothing() {
    // B-206
    let world = World::with(|config| config.connection.outbox_frames = 32).await;
    let (mut tom, mut jerry) = (world.modern("tom").await, world.modern("jerry").await);
    let subprotocol = Subprotocol::from_name("lc.protobuf2.3").unwrap();
    let mut slow = world.connect_on_line("slow", subprotocol, 4096);
    slow.log_in().await;
    slow.stop_reading();
    let conversation = tom.start(&["jerry", "slow"]).await;
    let text = "x".repeat(1000);
    for _ in 0..100 {
        tom.send(&conversation, &text).await;
        assert_eq!(jerry.next_texts(1).await, [text.as_str()]);
    }
    // It does not take in the close either, and is given up after a while.
    world.clock.advance(60_000);
    let mut watcher = world.modern("watcher").await;
    watcher.offline(&slow.name).await;
    // It comes back and learns what it missed.
    let mut slow = come_back(&world, &slow).await;
    assert_eq!(slow.history(&conversation, 1000).await.len(), 100);
}

#[tokio::test]
async fn on_sigterm_modern_clients_are_told_to_go_elsewhere_once() {
    // W-50, W-51, W-418
    let mut world = World::new().await;
    let (mut tom, mut old) = (world.modern("tom").await, world.legacy("jerry").await);
    world.restart().await;
    assert_eq!(tom.closed().await, Some(1001));
    assert_eq!(old.closed().await, Some(1001));
    let notices = |peer: &mut Peer| peer.kept().filter(|event| **event == Event::GoAway).count();
    assert_eq!((notices(&mut tom), notices(&mut old)), (1, 0));
}
