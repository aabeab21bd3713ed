//! Who is told what when members come and go (B-95).

use yanshu_protocol::{Code, Event};

use super::{Peer, World};
use crate::config::EventRule;

/// What a peer was told about members, in short.
async fn told(peer: &mut Peer) -> Vec<&'static str> {
    let short = |event: Event| match event {
        Event::Joined { .. } => Some("joined"),
        Event::Left { .. } => Some("left"),
        Event::MembersJoined { .. } => Some("members_joined"),
        Event::MembersLeft { .. } => Some("members_left"),
        _ => None,
    };
    peer.told().await.into_iter().filter_map(short).collect()
}

struct Group {
    tom: Peer,
    bob: Peer,
    eve: Peer,
}

/// Tom and Eve are members of one conversation; Bob is only logged in.
async fn group(world: &World) -> (Group, yanshu_protocol::ConversationId) {
    let mut group = Group {
        tom: world.modern("tom").await,
        bob: world.modern("bob").await,
        eve: world.modern("eve").await,
    };
    let conversation = group.tom.start(&["eve"]).await;
    group.tom.told().await;
    group.eve.told().await;
    (group, conversation)
}

#[tokio::test]
async fn everyone_in_a_new_conversation_is_told_that_it_is_in_and_then_who_is() {
    // B-65, W-180, W-182
    let world = World::new().await;
    let (mut tom, mut jerry) = (world.modern("tom").await, world.modern("jerry").await);
    tom.start(&["jerry"]).await;
    assert_eq!(told(&mut tom).await, ["joined", "members_joined"]);
    assert_eq!(told(&mut jerry).await, ["joined", "members_joined"]);
}

#[tokio::test]
async fn the_table_of_member_events_holds() {
    // B-95, W-209, W-210, S-88 to S-91
    let world = World::new().await;
    let (Group { mut tom, mut bob, mut eve }, conversation) = group(&world).await;

    tom.add(&conversation, &["bob"]).await;
    assert_eq!(told(&mut tom).await, ["members_joined"]);
    assert_eq!(told(&mut bob).await, ["joined", "members_joined"]);
    assert_eq!(told(&mut eve).await, ["members_joined"]);

    tom.remove(&conversation, &["bob"]).await;
    assert_eq!(told(&mut tom).await, ["members_left"]);
    assert_eq!(told(&mut bob).await, ["left"]);
    assert_eq!(told(&mut eve).await, ["members_left"]);

    bob.add(&conversation, &["bob"]).await;
    assert_eq!(told(&mut bob).await, ["joined", "members_joined"]);
    assert_eq!(told(&mut tom).await, ["members_joined"]);

    bob.remove(&conversation, &["bob"]).await;
    assert_eq!(told(&mut bob).await, ["left"]);
    assert_eq!(told(&mut eve).await, ["members_joined", "members_left"]);
}

#[tokio::test]
async fn the_rule_of_2019_tells_each_only_once() {
    // B-96
    let world = World::with(|config| config.apps[0].settings.members.event_rule = EventRule::Guides).await;
    let (Group { mut tom, mut bob, .. }, conversation) = group(&world).await;

    tom.add(&conversation, &["bob"]).await;
    assert_eq!(told(&mut bob).await, ["joined"]);
    assert_eq!(told(&mut tom).await, ["members_joined"]);
    bob.remove(&conversation, &["bob"]).await;
    assert_eq!(told(&mut bob).await, ["members_left"]);
    bob.add(&conversation, &["bob"]).await;
    assert_eq!(told(&mut bob).await, ["members_joined"]);
}

#[tokio::test]
async fn the_union_rule_tells_a_leaving_client_both() {
    // B-96
    let world = World::with(|config| config.apps[0].settings.members.event_rule = EventRule::Union).await;
    let (Group { mut bob, .. }, conversation) = group(&world).await;
    bob.add(&conversation, &["bob"]).await;
    told(&mut bob).await;
    bob.remove(&conversation, &["bob"]).await;
    assert_eq!(told(&mut bob).await, ["left", "members_left"]);
}

#[tokio::test]
async fn adding_who_is_there_and_removing_who_is_not_succeeds_in_silence() {
    // B-91, W-204
    let world = World::new().await;
    let (Group { mut tom, mut eve, .. }, conversation) = group(&world).await;
    let Event::MembersAdded(added) = tom.add(&conversation, &["eve"]).await else { panic!("refused") };
    assert_eq!(added.allowed, super::peer::ids(&["eve"]));
    let Event::MembersRemoved(removed) = tom.remove(&conversation, &["nobody"]).await else {
        panic!("refused")
    };
    assert_eq!(removed.allowed, super::peer::ids(&["nobody"]));
    assert!(told(&mut tom).await.is_empty());
    assert!(told(&mut eve).await.is_empty());
}

#[tokio::test]
async fn a_stranger_may_add_only_itself() {
    // B-89, W-207, W-208
    let world = World::new().await;
    let (Group { mut bob, .. }, conversation) = group(&world).await;
    for event in [bob.add(&conversation, &["mary"]).await, bob.remove(&conversation, &["eve"]).await] {
        let Event::Error { reject, .. } = event else { panic!("{event:?}") };
        assert_eq!(reject.code, Code::ConversationMembershipRequired);
    }
}

#[tokio::test]
async fn the_reply_comes_before_what_it_causes() {
    // W-85, W-86
    let world = World::new().await;
    let mut tom = world.modern("tom").await;
    for _ in 0..20 {
        let request = yanshu_protocol::ConversationCommand::Start(Box::new(super::plain_conversation()));
        tom.tell(yanshu_protocol::Command::Conversation(request));
    }
    let told = tom.told().await;
    let mut started = std::collections::HashSet::new();
    for event in &told {
        match event {
            Event::ConversationStarted { conversation, .. } => {
                started.insert(conversation.clone());
            }
            Event::Joined { conversation, .. } | Event::MembersJoined { conversation, .. } => {
                assert!(started.contains(conversation), "told before the reply");
            }
            _ => {}
        }
    }
    assert_eq!(started.len(), 20);
}

#[tokio::test]
async fn a_removed_member_gets_nothing_more_and_can_send_nothing_more() {
    // B-93, S-96
    let world = World::new().await;
    let (Group { mut tom, mut eve, .. }, conversation) = group(&world).await;
    tom.remove(&conversation, &["eve"]).await;
    assert_eq!(
        eve.send(&conversation, "still here?").await.reject.unwrap().code,
        Code::InvalidMessagingTarget
    );
    tom.send(&conversation, "she is gone").await;
    assert!(!eve.told().await.iter().any(|event| matches!(event, Event::Message(_))));
}

#[tokio::test]
async fn the_501st_member_is_refused_with_4304() {
    // B-72, B-90, T-27
    let world = World::new().await;
    let mut tom = world.modern("tom").await;
    let names: Vec<String> = (0..499).map(|number| format!("member {number}")).collect();
    let members: Vec<&str> = names.iter().map(String::as_str).collect();
    let conversation = tom.start(&members).await;
    let Event::Error { reject, .. } = tom.add(&conversation, &["one too many"]).await else {
        panic!("added")
    };
    assert_eq!(reject.code, Code::ConversationFull);
    tom.remove(&conversation, &["member 0"]).await;
    assert!(matches!(tom.add(&conversation, &["just fits"]).await, Event::MembersAdded(_)));
}
