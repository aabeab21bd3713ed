//! Messages that are sent when their client is lost.

use yanshu_protocol::{Command, Event, OpenSession, SendMessage, SessionCommand};

use super::{MODERN_CONFIG, World, plain_message, text};

#[tokio::test]
async fn a_will_is_sent_when_the_client_is_lost_and_enters_no_history() {
    // B-215, B-216, B-219, W-277, W-278
    let world = World::new().await;
    let (mut tom, mut bob) = (world.modern("tom").await, world.modern("bob").await);
    let conversation = tom.start(&["bob"]).await;
    let will = tom.send_message(SendMessage { will: true, ..plain_message(&conversation, "gone") }).await;
    assert!(!bob.told().await.iter().any(|event| matches!(event, Event::Message(_))));
    tom.hang_up();
    let message = bob.next_message().await;
    assert_eq!((message.id, text(&message.content)), (will.message, "gone".to_owned()));
    assert!(bob.history(&conversation, 10).await.is_empty());
}

#[tokio::test]
async fn only_the_last_will_counts() {
    // B-218
    let world = World::new().await;
    let (mut tom, mut bob) = (world.modern("tom").await, world.modern("bob").await);
    let one = tom.start(&["bob"]).await;
    let two = tom.start(&["bob"]).await;
    tom.send_message(SendMessage { will: true, ..plain_message(&one, "first") }).await;
    tom.send_message(SendMessage { will: true, ..plain_message(&two, "second") }).await;
    tom.hang_up();
    assert_eq!(bob.next_texts(1).await, ["second"]);
    assert!(!bob.told().await.iter().any(|event| matches!(event, Event::Message(_))));
}

#[tokio::test]
async fn logging_out_voids_a_will() {
    // B-217, W-136
    let world = World::new().await;
    let (mut tom, mut bob) = (world.modern("tom").await, world.modern("bob").await);
    let conversation = tom.start(&["bob"]).await;
    tom.send_message(SendMessage { will: true, ..plain_message(&conversation, "gone") }).await;
    tom.ask(Command::Session(SessionCommand::Close)).await;
    tom.hang_up();
    tom.closed().await;
    assert!(!bob.told().await.iter().any(|event| matches!(event, Event::Message(_))));
}

#[tokio::test]
async fn losing_the_tag_to_another_device_sends_the_will() {
    // B-221, W-280, W-122
    let world = World::new().await;
    let tagged = |device: &str| OpenSession {
        config: Some(MODERN_CONFIG),
        tag: Some("phone".parse().unwrap()),
        device: Some(device.parse().unwrap()),
        ..OpenSession::default()
    };
    let mut bob = world.modern("bob").await;
    let mut old = world.connect_as("tom", "lc.protobuf2.3");
    old.open(tagged("one")).await;
    let conversation = old.start(&["bob"]).await;
    old.send_message(SendMessage { will: true, ..plain_message(&conversation, "gone") }).await;
    let mut new = world.connect_as("tom", "lc.protobuf2.3");
    new.open(tagged("two")).await;
    let reject = old
        .find(|event| match &event.event {
            Event::SessionClosed(reject) => reject.clone(),
            _ => None,
        })
        .await;
    assert_eq!(reject.code, yanshu_protocol::Code::SessionConflict);
    assert_eq!(bob.next_texts(1).await, ["gone"]);
}
