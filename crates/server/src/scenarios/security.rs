//! Bad input: each gets the protocol's code, and the connection lives.

use serde_json::json;
use yanshu_protocol::frame::Opcode;
use yanshu_protocol::{
    Code, Command, ConversationCommand, Event, OpenSession, QueryConversations, QueryTarget, SessionCommand,
};

use super::{MODERN_CONFIG, Peer, World, plain_message};

fn code(event: &Event) -> Option<Code> {
    match event {
        Event::Error { reject, .. } => Some(reject.code),
        Event::MessageAck(ack) => ack.reject.as_ref().map(|reject| reject.code),
        _ => None,
    }
}

async fn query(peer: &mut Peer, target: QueryTarget) -> Event {
    let query = QueryConversations {
        target,
        sort: None,
        limit: None,
        skip: None,
        compact: false,
        with_last_message: false,
    };
    peer.ask(Command::Conversation(ConversationCommand::Query(Box::new(query)))).await.event
}

async fn still_lives(peer: &mut Peer) {
    assert_eq!(peer.ask(Command::Echo).await.event, Event::Echo);
}

#[tokio::test]
async fn a_strangers_send_gets_4401_and_so_does_an_unknown_conversation() {
    // W-268, B-187
    let world = World::new().await;
    let (mut tom, mut stranger) = (world.modern("tom").await, world.modern("stranger").await);
    let conversation = tom.start(&["jerry"]).await;
    for target in [conversation, "0123456789abcdef01234567".parse().unwrap()] {
        let ack = stranger.send(&target, "let me in").await;
        assert_eq!(ack.reject.map(|reject| reject.code), Some(Code::InvalidMessagingTarget));
    }
    let gone = "_tmp:0123456789abcdef01234567".parse().unwrap();
    let ack = stranger.send(&gone, "let me in").await;
    assert_eq!(ack.reject.map(|reject| reject.code), Some(Code::ConversationNotFound));
    still_lives(&mut stranger).await;
}

#[tokio::test]
async fn a_message_over_the_limit_gets_4109_and_the_connection_lives() {
    // B-199, B-200, W-31
    let world = World::new().await;
    let mut tom = world.modern("tom").await;
    let conversation = tom.start(&["jerry"]).await;
    assert!(tom.send(&conversation, &"x".repeat(5120)).await.reject.is_none());
    let ack = tom.send(&conversation, &"x".repeat(5121)).await;
    assert_eq!(ack.reject.map(|reject| reject.code), Some(Code::FrameTooLong));
    still_lives(&mut tom).await;
}

#[tokio::test]
async fn a_frame_over_the_hard_limit_closes_with_4109() {
    // W-31, B-200
    let world = World::new().await;
    let mut tom = world.modern("tom").await;
    tom.send_frame(Opcode::Binary, &vec![0; 64 * 1024 + 1]);
    assert_eq!(tom.closed().await, Some(4109));
}

#[tokio::test]
async fn a_condition_that_cannot_be_read_gets_4310() {
    // B-339, W-196
    let world = World::new().await;
    let mut tom = world.modern("tom").await;
    for target in [
        QueryTarget::Malformed,
        QueryTarget::Where(Some(json!([]))),
        QueryTarget::Where(Some(json!({ "name": { "$near": 1 } }))),
        QueryTarget::Where(Some(json!({ "name": { "$regex": "(" } }))),
    ] {
        let event = query(&mut tom, target.clone()).await;
        assert_eq!(code(&event), Some(Code::ConversationQueryFailed), "{target:?}");
    }
    still_lives(&mut tom).await;
}

#[tokio::test]
async fn a_regex_bomb_gets_4310_and_nobody_else_waits_for_it() {
    // B-338
    let world = World::new().await;
    let (mut tom, mut jerry) = (world.modern("tom").await, world.modern("jerry").await);
    let request = yanshu_protocol::StartConversation {
        attributes: json!({ "name": "a".repeat(4000) }).as_object().unwrap().clone(),
        ..super::plain_conversation()
    };
    tom.start_with(request).await;
    let bomb = json!({ "name": { "$regex": "^(?=(a+)+$)(a|a)*\\1*b$" } });
    let event = query(&mut tom, QueryTarget::Where(Some(bomb))).await;
    assert_eq!(code(&event), Some(Code::ConversationQueryFailed), "{event:?}");
    still_lives(&mut jerry).await;
}

#[tokio::test]
async fn commands_before_login_get_4105() {
    // W-67, B-8
    let world = World::new().await;
    let mut tom = world.connect_as("tom", "lc.protobuf2.3");
    let event = query(&mut tom, QueryTarget::Where(None)).await;
    assert_eq!(code(&event), Some(Code::SessionRequired));
    tom.log_in().await;
}

#[tokio::test]
async fn an_expired_or_made_up_token_gets_4112() {
    // W-118, B-17
    let world = World::new().await;
    let tom = world.modern("tom").await;
    let token = tom.token.clone();
    for token in [Some("made-up".parse().unwrap()), token] {
        world.clock.advance(8 * 24 * 60 * 60 * 1000);
        let mut again = world.connect_as("tom", "lc.protobuf2.3");
        let reply = again.open(OpenSession { token, reconnect: true, ..OpenSession::default() }).await;
        assert_eq!(code(&reply.event), Some(Code::SessionTokenExpired));
        again.log_in().await;
    }
}

#[tokio::test]
async fn the_token_of_a_closed_session_gets_4105_on_a_reopen_and_4112_otherwise() {
    // W-121, W-459
    let world = World::new().await;
    for (reconnect, expected) in [(true, Code::SessionRequired), (false, Code::SessionTokenExpired)] {
        let mut tom = world.modern("tom").await;
        tom.ask(Command::Session(SessionCommand::Close)).await;
        let token = tom.token.clone();
        let reply = tom.open(OpenSession { token, reconnect, ..OpenSession::default() }).await;
        assert_eq!(code(&reply.event), Some(expected));
    }
}

#[tokio::test]
async fn garbage_closes_nothing_at_first_and_others_notice_nothing() {
    // W-33, W-400
    let world = World::new().await;
    let (mut tom, mut jerry) = (world.modern("tom").await, world.legacy("jerry").await);
    tom.send_frame(Opcode::Binary, b"\xff\xff\xff not protobuf");
    still_lives(&mut tom).await;
    jerry.send_frame(Opcode::Text, b"{ not json");
    jerry.send_frame(Opcode::Text, b"[1, 2]");
    still_lives(&mut jerry).await;
}

#[tokio::test]
async fn a_flood_gets_4116_and_the_connection_lives() {
    // B-505, W-292
    let world = World::with(|config| {
        let limits = &mut config.apps[0].settings.limits;
        limits.messages_per_minute = 60;
        limits.messages_burst = 5;
    })
    .await;
    let mut tom = world.modern("tom").await;
    let conversation = tom.start(&["jerry"]).await;
    let mut refused = 0;
    for _ in 0..50 {
        let ack = tom.send_message(plain_message(&conversation, "spam")).await;
        refused +=
            usize::from(ack.reject.is_some_and(|reject| reject.code == Code::MessageSentQuotaExceeded));
    }
    assert_eq!(refused, 45);
    still_lives(&mut tom).await;
}

#[tokio::test]
async fn an_older_device_is_told_of_the_conflict_and_a_reconnect_gives_way() {
    // W-122, W-123, W-126, B-28, B-32
    let world = World::new().await;
    let tagged = |device: &str, reconnect| OpenSession {
        config: Some(MODERN_CONFIG),
        tag: Some("phone".parse().unwrap()),
        device: Some(device.parse().unwrap()),
        reconnect,
        ..OpenSession::default()
    };
    let mut old = world.connect_as("tom", "lc.protobuf2.3");
    old.open(tagged("one", false)).await;
    let mut new = world.connect_as("tom", "lc.protobuf2.3");
    new.open(tagged("two", false)).await;
    let closed = old
        .find(|event| match &event.event {
            Event::SessionClosed(reject) => reject.clone(),
            _ => None,
        })
        .await;
    assert_eq!(closed.code, Code::SessionConflict);
    let reply = old.open(tagged("one", true)).await;
    assert_eq!(code(&reply.event), Some(Code::SessionConflict));
    still_lives(&mut new).await;
    // The same device takes its own place.
    let mut again = world.connect_as("tom", "lc.protobuf2.3");
    let reply = again.open(tagged("two", true)).await;
    assert!(matches!(reply.event, Event::SessionOpened { .. }));
}
