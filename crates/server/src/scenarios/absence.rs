//! Coming back after an hour, a month, or for the first time (W-380 to W-386, W-462).

use yanshu_protocol::{
    AckMessages, Attributes, Command, ConversationCommand, ConversationId, Event, Outbound, ReadMark,
    Restrict, Restriction, SendMessage, Timestamp,
};

use super::peer::ids;
use super::{Peer, World, plain_conversation, plain_message};
use crate::clock::Clock;

impl World {
    /// What a client finds of what happened to it after a time.
    async fn reliable(&self, client: &str, after: Timestamp) -> Vec<Outbound> {
        let client = client.parse().unwrap();
        let conversations = &self.server().conversations;
        conversations.reliable_notices(self.app(), &client, after, 100).await.unwrap().events
    }

    /// What a client finds of what happened around it, and whether that is not all.
    async fn droppable(&self, client: &str, after: Timestamp) -> (Vec<Outbound>, bool) {
        let client = client.parse().unwrap();
        let conversations = &self.server().conversations;
        let (missed, incomplete) =
            conversations.droppable_notices(self.app(), &client, after, 100).await.unwrap();
        (missed.events, incomplete)
    }
}

fn short(event: &Event) -> &'static str {
    match event {
        Event::Joined { .. } => "joined",
        Event::Left { .. } => "left",
        Event::Restricted { restriction: Restriction::Silenced, lifted: false, .. } => "silenced",
        Event::Restricted { restriction: Restriction::Silenced, lifted: true, .. } => "unsilenced",
        Event::Restricted { restriction: Restriction::Blocked, lifted: false, .. } => "blocked",
        Event::Restricted { restriction: Restriction::Blocked, lifted: true, .. } => "unblocked",
        Event::MembersJoined { .. } => "members joined",
        Event::MembersLeft { .. } => "members left",
        Event::MembersRestricted { .. } => "members restricted",
        Event::ConversationUpdated { .. } => "updated",
        Event::Receipt(receipt) if receipt.read => "read",
        Event::Receipt(_) => "received",
        _ => "something else",
    }
}

fn in_short(missed: &[Outbound]) -> Vec<&'static str> {
    missed.iter().map(|outbound| short(&outbound.event)).collect()
}

async fn go_away(peer: &Peer, other: &mut Peer) {
    peer.hang_up();
    other.offline(&peer.name.clone()).await;
}

async fn restrict(peer: &mut Peer, id: &ConversationId, restriction: Restriction, lift: bool, client: &str) {
    let (conversation, clients) = (id.clone(), ids(&[client]));
    let request = Restrict { conversation, restriction, lift, clients, signature: None };
    peer.ask(Command::Conversation(ConversationCommand::Restrict(request))).await;
}

#[tokio::test]
async fn what_happened_to_a_client_is_found_in_order_and_once() {
    // W-380, W-384
    let world = World::new().await;
    let (mut tom, bob) = (world.modern("tom").await, world.modern("bob").await);
    let conversation = tom.start(&["ann"]).await;
    go_away(&bob, &mut tom).await;
    let left_at = world.clock.now();
    world.clock.advance(3_600_000);
    tom.add(&conversation, &["bob"]).await;
    restrict(&mut tom, &conversation, Restriction::Silenced, false, "bob").await;
    restrict(&mut tom, &conversation, Restriction::Silenced, true, "bob").await;
    restrict(&mut tom, &conversation, Restriction::Blocked, false, "bob").await;
    restrict(&mut tom, &conversation, Restriction::Blocked, true, "bob").await;
    let missed = world.reliable("bob", left_at).await;
    assert_eq!(in_short(&missed), ["joined", "silenced", "unsilenced", "blocked", "left", "unblocked"]);
    assert!(missed.iter().all(|outbound| outbound.permanent));
    let times: Vec<_> = missed.iter().map(|outbound| outbound.server_time).collect();
    assert!(times.is_sorted_by(|a, b| a < b), "so that the next page neither skips nor repeats: {times:?}");
    let rest = world.reliable("bob", times[3].unwrap()).await;
    assert_eq!(in_short(&rest), ["left", "unblocked"]);
}

#[tokio::test]
async fn who_is_online_finds_it_too() {
    // W-386: the line may break before a push arrives
    let world = World::new().await;
    let mut tom = world.modern("tom").await;
    let before = world.clock.now().plus_millis(-1);
    tom.start(&["bob"]).await;
    assert_eq!(in_short(&world.reliable("tom", before).await), ["joined"]);
}

#[tokio::test]
async fn what_happened_to_others_can_be_dropped_but_is_not_yet() {
    // W-381, W-384
    let world = World::new().await;
    let (mut tom, mut bob) = (world.modern("tom").await, world.modern("bob").await);
    let conversation = tom.start(&["bob"]).await;
    bob.told().await;
    go_away(&bob, &mut tom).await;
    let left_at = world.clock.now();
    world.clock.advance(1000);
    tom.add(&conversation, &["ann"]).await;
    let changes = Attributes::from_iter([("name".to_owned(), "new".into())]);
    let update = ConversationCommand::Update { conversation: conversation.clone(), changes };
    tom.ask(Command::Conversation(update)).await;
    tom.remove(&conversation, &["ann"]).await;
    let (missed, incomplete) = world.droppable("bob", left_at).await;
    assert_eq!(in_short(&missed), ["members joined", "updated", "members left"]);
    assert!(!incomplete);
    assert_eq!(in_short(&world.reliable("bob", left_at).await), [""; 0]);
}

#[tokio::test]
async fn a_sender_that_was_away_finds_its_receipts() {
    // W-303
    let world = World::new().await;
    let (mut tom, mut bob) = (world.modern("tom").await, world.modern("bob").await);
    let conversation = tom.start(&["bob"]).await;
    let sent = tom.send_message(SendMessage { receipt: true, ..plain_message(&conversation, "hello") }).await;
    bob.next_message().await;
    go_away(&tom, &mut bob).await;
    let left_at = world.clock.now();
    world.clock.advance(1000);
    bob.tell(Command::Ack(AckMessages::One {
        conversation: conversation.clone(),
        message: sent.message.clone(),
    }));
    let mark = ReadMark { conversation, message: Some(sent.message), timestamp: Some(sent.timestamp) };
    bob.tell(Command::Read(vec![mark]));
    bob.told().await;
    assert_eq!(in_short(&world.droppable("tom", left_at).await.0), ["received", "read"]);
}

#[tokio::test]
async fn temporary_conversations_that_are_over_are_not_spoken_of() {
    // W-462
    let world = World::new().await;
    let (mut tom, bob) = (world.modern("tom").await, world.modern("bob").await);
    go_away(&bob, &mut tom).await;
    let left_at = world.clock.now();
    world.clock.advance(1000);
    let request = yanshu_protocol::StartConversation {
        members: ids(&["bob"]),
        temporary: true,
        ttl_seconds: Some(60),
        ..plain_conversation()
    };
    tom.start_with(request).await;
    assert_eq!(in_short(&world.reliable("bob", left_at).await), ["joined"]);
    world.clock.advance(61_000);
    assert_eq!(in_short(&world.reliable("bob", left_at).await), [""; 0]);
}

#[tokio::test]
async fn notices_outlive_the_server() {
    // W-386
    let mut world = World::new().await;
    let mut tom = world.modern("tom").await;
    let before = world.clock.now().plus_millis(-1);
    tom.start(&["bob"]).await;
    world.restart().await;
    assert_eq!(in_short(&world.reliable("bob", before).await), ["joined"]);
}
