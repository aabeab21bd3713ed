//! Receipts, as the clients of 2015 and of today expect them.

use yanshu_protocol::{
    AckMessages, Command, ConversationCommand, ConversationId, Event, PeerReadState, ReadMark, Receipt,
    SendMessage, Timestamp,
};

use super::{Peer, World, plain_message};
use crate::config::GroupReceipts;

async fn send_with_receipt(peer: &mut Peer, conversation: &ConversationId) -> yanshu_protocol::MessageAck {
    peer.send_message(SendMessage { receipt: true, ..plain_message(conversation, "did it arrive?") }).await
}

async fn receipt(peer: &mut Peer) -> Receipt {
    peer.find(|event| match &event.event {
        Event::Receipt(receipt) => Some(receipt.clone()),
        _ => None,
    })
    .await
}

async fn receipts_told(peer: &mut Peer) -> usize {
    peer.told().await.iter().filter(|event| matches!(event, Event::Receipt(_))).count()
}

fn acknowledge(peer: &mut Peer, conversation: &ConversationId, to: Timestamp) {
    let range = AckMessages::Range { conversation: conversation.clone(), from: Some(to), to };
    peer.tell(Command::Ack(range));
}

#[tokio::test]
async fn the_sender_hears_once_that_a_message_arrived() {
    // B-223, W-297, W-298, W-296, S-60
    let world = World::new().await;
    let (mut tom, mut jerry) = (world.modern("tom").await, world.modern("jerry").await);
    let mut tablet = world.modern("jerry").await;
    let conversation = tom.start(&["jerry"]).await;
    let sent = send_with_receipt(&mut tom, &conversation).await;
    acknowledge(&mut jerry, &conversation, sent.timestamp);
    let receipt = receipt(&mut tom).await;
    assert_eq!((receipt.message, receipt.read, receipt.from), (sent.message, false, jerry.name.clone()));
    acknowledge(&mut tablet, &conversation, sent.timestamp);
    tablet.told().await;
    assert_eq!(receipts_told(&mut tom).await, 0);
}

#[tokio::test]
async fn no_receipt_comes_for_a_message_that_asked_for_none() {
    // B-222
    let world = World::new().await;
    let (mut tom, mut jerry) = (world.modern("tom").await, world.modern("jerry").await);
    let conversation = tom.start(&["jerry"]).await;
    let sent = tom.send(&conversation, "quietly").await;
    acknowledge(&mut jerry, &conversation, sent.timestamp);
    jerry.told().await;
    assert_eq!(receipts_told(&mut tom).await, 0);
}

#[tokio::test]
async fn reading_tells_the_other_of_two() {
    // B-227, W-299
    let world = World::new().await;
    let (mut tom, mut jerry) = (world.modern("tom").await, world.modern("jerry").await);
    let conversation = tom.start(&["jerry"]).await;
    send_with_receipt(&mut tom, &conversation).await;
    let newest = send_with_receipt(&mut tom, &conversation).await;
    let mark =
        ReadMark { conversation, message: Some(newest.message.clone()), timestamp: Some(newest.timestamp) };
    jerry.tell(Command::Read(vec![mark]));
    let receipt = receipt(&mut tom).await;
    assert_eq!((receipt.message, receipt.read), (newest.message, true));
    assert_eq!(receipts_told(&mut tom).await, 0);
}

#[tokio::test]
async fn in_a_group_receipts_come_to_sessions_that_can_handle_them() {
    // B-230, W-300, W-301
    for (group, legacy_hears) in [(GroupReceipts::Auto, true), (GroupReceipts::Never, false)] {
        let world = World::with(|config| config.apps[0].settings.receipts.group = group).await;
        let mut modern = world.modern("tom").await;
        let mut legacy = world.legacy("tom").await;
        let (mut jerry, mut bob) = (world.modern("jerry").await, world.modern("bob").await);
        let conversation = modern.start(&["jerry", "bob"]).await;
        let sent = send_with_receipt(&mut legacy, &conversation).await;
        for receiver in [&mut jerry, &mut bob] {
            acknowledge(receiver, &conversation, sent.timestamp);
            receiver.told().await;
        }
        assert_eq!(receipts_told(&mut modern).await, 0);
        assert_eq!(receipts_told(&mut legacy).await, if legacy_hears { 2 } else { 0 });
    }
}

#[tokio::test]
async fn a_client_can_ask_how_far_the_other_is() {
    // B-229, W-233, W-234, W-235
    let world = World::new().await;
    let (mut tom, mut jerry) = (world.modern("tom").await, world.modern("jerry").await);
    let conversation = tom.start(&["jerry"]).await;
    let sent = tom.send(&conversation, "hello").await;
    let ask = || {
        Command::Conversation(ConversationCommand::MaxRead {
            conversation: conversation.clone(),
            each_member: true,
        })
    };
    let Event::MaxRead { all, each, .. } = tom.ask(ask()).await.event else { panic!("refused") };
    assert_eq!(all, PeerReadState::default());
    assert!(each.unwrap().iter().all(|(_, state)| *state == PeerReadState::default()));

    acknowledge(&mut jerry, &conversation, sent.timestamp);
    jerry.told().await;
    let Event::MaxRead { all, each, .. } = tom.ask(ask()).await.event else { panic!("refused") };
    let state = PeerReadState { delivered: Some(sent.timestamp), read: None };
    assert_eq!((all, each), (state, Some(vec![(jerry.name.clone(), state)])));
}

#[tokio::test]
async fn history_of_two_shows_when_a_message_arrived_and_was_read() {
    // W-336, B-315
    let world = World::new().await;
    let (mut tom, mut jerry) = (world.modern("tom").await, world.modern("jerry").await);
    let conversation = tom.start(&["jerry"]).await;
    let sent = tom.send(&conversation, "hello").await;
    let item = tom.history(&conversation, 1).await.remove(0);
    assert_eq!((item.delivered_at, item.read_at), (None, None));

    world.clock.advance(1000);
    acknowledge(&mut jerry, &conversation, sent.timestamp);
    jerry.told().await;
    world.clock.advance(1000);
    let mark = ReadMark { conversation: conversation.clone(), message: None, timestamp: None };
    jerry.tell(Command::Read(vec![mark]));
    jerry.told().await;
    let item = tom.history(&conversation, 1).await.remove(0);
    let after = |millis: i64| Some(Timestamp(1_700_000_000_000 + millis));
    assert_eq!((item.delivered_at, item.read_at), (after(1000), after(2000)));
}
