//! Finding and counting conversations.

use serde_json::{Value, json};
use yanshu_protocol::{
    Command, ConversationCommand, ConversationView, Event, QueryConversations, QueryTarget,
};

use super::{Peer, World, plain_conversation};

async fn start_with(peer: &mut Peer, attr: Value) {
    let attributes = json!({ "attr": attr }).as_object().unwrap().clone();
    peer.start_with(yanshu_protocol::StartConversation { attributes, ..plain_conversation() }).await;
}

pub(super) async fn find(
    peer: &mut Peer,
    condition: Value,
    adjust: impl FnOnce(&mut QueryConversations),
) -> Vec<ConversationView> {
    let mut query = QueryConversations {
        target: QueryTarget::Where(Some(condition)),
        sort: None,
        limit: None,
        skip: None,
        compact: false,
        with_last_message: false,
    };
    adjust(&mut query);
    match peer.ask(Command::Conversation(ConversationCommand::Query(Box::new(query)))).await.event {
        Event::Conversations(views) => views,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_count_gives_every_match_also_beyond_the_limit_of_a_query() {
    // B-334, S-116
    let world = World::new().await;
    let mut tom = world.modern("tom").await;
    for age in 10..30 {
        start_with(&mut tom, json!({ "keywords": "教育 and more", "age": age })).await;
    }
    let condition = json!({ "attr.keywords": { "$regex": "\\Q教育\\E" }, "attr.age": { "$lt": 25 } });
    assert_eq!(find(&mut tom, condition.clone(), |_| {}).await.len(), 10);
    let count = Command::Conversation(ConversationCommand::CountMatching(condition));
    assert_eq!(tom.ask(count).await.event, Event::MatchCount(15));
}

#[tokio::test]
async fn a_query_without_a_condition_finds_ones_own_newest_activity_first() {
    // B-324, B-326, S-105, W-184
    let world = World::new().await;
    let (mut tom, mut jerry) = (world.modern("tom").await, world.modern("jerry").await);
    let first = tom.start(&["jerry"]).await;
    let second = tom.start(&["jerry"]).await;
    tom.start(&[]).await;
    tom.send(&second, "earlier").await;
    world.clock.advance(10);
    tom.send(&first, "later").await;
    let found: Vec<_> = find(&mut jerry, json!({}), |_| {}).await.into_iter().map(|view| view.id).collect();
    assert_eq!(found, [first, second]);
}

#[tokio::test]
async fn the_flags_leave_members_out_and_bring_the_last_message() {
    // W-192, B-336, B-337
    let world = World::new().await;
    let mut tom = world.modern("tom").await;
    let conversation = tom.start(&["jerry"]).await;
    tom.send(&conversation, "hello").await;
    let plain = find(&mut tom, json!({}), |_| {}).await.remove(0);
    assert_eq!((plain.members.map(|members| members.len()), plain.last_message), (Some(2), None));
    let compact = |query: &mut QueryConversations| query.compact = true;
    assert_eq!(find(&mut tom, json!({}), compact).await.remove(0).members, None);
    let with_last = |query: &mut QueryConversations| query.with_last_message = true;
    let last = find(&mut tom, json!({}), with_last).await.remove(0).last_message.unwrap();
    assert_eq!(super::text(&last.content), "hello");
}

#[tokio::test]
async fn the_words_of_a_conversation_are_shown_to_its_members_only() {
    // W-195
    let world = World::new().await;
    let (mut tom, mut stranger) = (world.modern("tom").await, world.modern("stranger").await);
    let conversation = tom.start(&["jerry"]).await;
    tom.send(&conversation, "secret").await;
    let condition = json!({ "objectId": conversation.as_str() });
    let with_last = |query: &mut QueryConversations| query.with_last_message = true;
    let view = find(&mut stranger, condition, with_last).await.remove(0);
    assert_eq!(view.last_message, None);
    assert!(view.last_message_at.is_some());
}
