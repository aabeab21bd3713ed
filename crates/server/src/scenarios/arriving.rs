//! Coming back after having been away.

use yanshu_protocol::{Command, Event, OpenSession, PatchRequest, ReadMark, UnreadConversation};

use super::{MODERN_CONFIG, Peer, World, text};

async fn unread(peer: &mut Peer) -> Vec<UnreadConversation> {
    peer.find(|event| match &event.event {
        Event::Unread { conversations, .. } => Some(conversations.clone()),
        _ => None,
    })
    .await
}

#[tokio::test]
async fn a_legacy_client_gets_the_latest_twenty_of_each_conversation_in_order() {
    // B-272, S-71, W-290
    let world = World::new().await;
    let mut tom = world.modern("tom").await;
    let one = tom.start(&["jerry"]).await;
    let two = tom.start(&["jerry"]).await;
    for number in 0..30 {
        tom.send(&one, &format!("one {number}")).await;
        tom.send(&two, &format!("two {number}")).await;
    }
    let mut jerry = world.legacy("jerry").await;
    let told = jerry.told().await;
    for (conversation, name) in [(&one, "one"), (&two, "two")] {
        let messages: Vec<_> = told
            .iter()
            .filter_map(|event| match event {
                Event::Message(message) if message.conversation == *conversation => Some(message),
                _ => None,
            })
            .collect();
        let expected: Vec<_> = (10..30).map(|number| format!("{name} {number}")).collect();
        assert_eq!(messages.iter().map(|message| text(&message.content)).collect::<Vec<_>>(), expected);
        assert_eq!(jerry.history(conversation, 1000).await.len(), 30);
    }
}

#[tokio::test]
async fn what_a_legacy_client_acknowledged_does_not_come_again() {
    // B-280, W-291
    let world = World::new().await;
    let mut tom = world.modern("tom").await;
    let conversation = tom.start(&["jerry"]).await;
    tom.send(&conversation, "first").await;
    tom.send(&conversation, "second").await;
    let mut jerry = world.legacy("jerry").await;
    let first = jerry.next_message().await;
    assert_eq!(text(&first.content), "first");
    jerry.tell(Command::Ack(yanshu_protocol::AckMessages::One {
        conversation: conversation.clone(),
        message: first.id,
    }));
    jerry.told().await;
    drop(jerry);
    let mut jerry = world.legacy("jerry").await;
    assert_eq!(jerry.next_texts(1).await, ["second"]);
}

#[tokio::test]
async fn a_modern_client_gets_counts_and_the_last_message() {
    // B-285, W-306, W-310
    let world = World::new().await;
    let mut tom = world.modern("tom").await;
    let conversation = tom.start(&["jerry"]).await;
    for number in 0..3 {
        tom.send(&conversation, &format!("message {number}")).await;
    }
    let mut jerry = world.modern("jerry").await;
    let unread = unread(&mut jerry).await;
    assert_eq!(unread.len(), 1);
    assert_eq!((unread[0].count, unread[0].mentioned), (3, false));
    assert_eq!(text(&unread[0].last.as_ref().unwrap().content), "message 2");
}

#[tokio::test]
async fn a_count_never_passes_a_hundred() {
    // B-290, B-276
    let world = World::new().await;
    let mut tom = world.modern("tom").await;
    let conversation = tom.start(&["jerry"]).await;
    for number in 0..103 {
        tom.send(&conversation, &format!("{number}")).await;
    }
    let mut jerry = world.modern("jerry").await;
    assert_eq!(unread(&mut jerry).await[0].count, 100);
}

#[tokio::test]
async fn reading_sets_the_count_to_zero_on_every_device() {
    // B-289, W-317
    let world = World::new().await;
    let mut tom = world.modern("tom").await;
    let conversation = tom.start(&["jerry"]).await;
    let sent = tom.send(&conversation, "hello").await;
    let (mut phone, mut desk) = (world.modern("jerry").await, world.modern("jerry").await);
    for device in [&mut phone, &mut desk] {
        assert_eq!(unread(device).await[0].count, 1);
    }
    phone.tell(Command::Read(vec![ReadMark {
        conversation: conversation.clone(),
        message: Some(sent.message),
        timestamp: Some(sent.timestamp),
    }]));
    for device in [&mut phone, &mut desk] {
        let unread = unread(device).await;
        assert_eq!((unread[0].count, unread[0].last.is_some()), (0, true));
    }
    let mut later = world.modern("jerry").await;
    assert!(!later.told().await.iter().any(|event| matches!(event, Event::Unread { .. })));
}

#[tokio::test]
async fn messages_sent_while_a_client_logs_in_come_once_and_in_order() {
    // S-33, B-202, W-291
    let world = World::new().await;
    let mut tom = world.modern("tom").await;
    let conversation = tom.start(&["jerry"]).await;
    for round in 0..10 {
        let before: Vec<_> = (0..20).map(|number| format!("{round} before {number}")).collect();
        let during: Vec<_> = (0..20).map(|number| format!("{round} during {number}")).collect();
        for text in &before {
            tom.send(&conversation, text).await;
        }
        let mut jerry = world.connect_as("jerry", "");
        let opening = jerry.tell(Command::Session(yanshu_protocol::SessionCommand::Open(Box::default())));
        let mut acks = Vec::new();
        for text in &during {
            let message = super::plain_message(&conversation, text);
            acks.push(tom.tell(Command::Send(Box::new(message))));
        }
        jerry.reply_to(opening).await;
        for ack in acks {
            tom.reply_to(ack).await;
        }
        let mut texts = jerry.next_texts(20).await;
        while texts.last() != during.last() {
            texts.extend(jerry.next_texts(1).await);
        }
        // The latest twenty at the moment of the login, and then everything, each once.
        let all: Vec<_> = before.iter().chain(&during).cloned().collect();
        assert_eq!(texts, all[all.len() - texts.len()..]);
        let last = jerry.history(&conversation, 1).await.remove(0);
        jerry.tell(Command::Ack(yanshu_protocol::AckMessages::Range {
            conversation: conversation.clone(),
            from: None,
            to: last.timestamp,
        }));
        jerry.told().await;
    }
}

#[tokio::test]
async fn an_edit_is_told_after_an_absence() {
    // B-246, W-360
    let world = World::new().await;
    let mut tom = world.modern("tom").await;
    let conversation = tom.start(&["jerry"]).await;
    let sent = tom.send(&conversation, "helo").await;
    let jerry = world.modern("jerry").await;
    let known = sent.timestamp;
    drop(jerry);
    world.clock.advance(1000);
    tom.ask(Command::Patch(vec![PatchRequest {
        conversation: conversation.clone(),
        message: sent.message.clone(),
        timestamp: Some(sent.timestamp),
        recall: false,
        content: Some(yanshu_protocol::Content::Text("hello".into())),
        mentions: Default::default(),
    }]))
    .await;
    let mut jerry = world.connect_as("jerry", "lc.protobuf2.3");
    jerry
        .open(OpenSession { config: Some(MODERN_CONFIG), last_patch: Some(known), ..OpenSession::default() })
        .await;
    let patch = jerry
        .find(|event| match &event.event {
            Event::Patch(patch) => Some(patch.clone()),
            _ => None,
        })
        .await;
    assert_eq!((patch.message, text(&patch.content)), (sent.message, "hello".to_owned()));
}

#[tokio::test]
async fn two_devices_are_in_step() {
    // B-23, B-24, W-284
    let world = World::new().await;
    let (mut phone, mut desk) = (world.modern("tom").await, world.modern("tom").await);
    let mut jerry = world.modern("jerry").await;
    let conversation = phone.start(&["jerry"]).await;
    desk.find(|event| matches!(&event.event, Event::Joined { .. }).then_some(())).await;
    phone.send(&conversation, "from the phone").await;
    jerry.send(&conversation, "from jerry").await;
    desk.send(&conversation, "from the desk").await;
    assert_eq!(desk.next_texts(2).await, ["from the phone", "from jerry"]);
    assert_eq!(phone.next_texts(2).await, ["from jerry", "from the desk"]);
    assert_eq!(jerry.next_texts(2).await, ["from the phone", "from the desk"]);
    for device in [&mut phone, &mut desk] {
        let told = device.told().await;
        assert!(!told.iter().any(|event| matches!(event, Event::Message(_))), "{told:?}");
    }
}
