//! What the SDKs find in a server's frames over protobuf: what must be there, and what must not
//! (`wire-protocol.md` §3.5, 4).

mod conversation;
mod message;
mod moderation;
mod view;

use super::super::wire::*;
use super::super::{Dialect, base64_frame, encode_event, encode_shared, protobuf, recipient_head};
use super::{SERIAL, push, reply, seen, some};
use crate::{
    Code, Content, ConversationId, ConversationKind, Delivery, Event, IdError, LastMessage, Mentions,
    MessageAck, Outbound, Reject, Timestamp, Unsupported,
};

const CID: &str = "5f8a1b2c3d4e5f6a7b8c9d0e";

fn conversation() -> ConversationId {
    CID.parse().unwrap()
}

fn id<T: std::str::FromStr<Err = IdError>>(text: &str) -> T {
    text.parse().unwrap()
}

/// The envelope every messaging reply has (W-56, W-68, W-70).
fn envelope(cmd: CommandType, op: Option<OpType>) -> GenericCommand {
    let mut command = GenericCommand {
        peer_id: some("tom"),
        i: Some(SERIAL),
        service: Some(2),
        ..GenericCommand::default()
    };
    command.set(cmd, op);
    command
}

fn last_message() -> LastMessage {
    LastMessage {
        id: id("m9"),
        from: id("jerry"),
        timestamp: Timestamp(90),
        content: Content::Text("hi".into()),
        patched_at: None,
        mentions: Mentions::default(),
    }
}

fn delivery() -> Delivery {
    Delivery {
        conversation: conversation(),
        kind: ConversationKind::Normal,
        id: id("m1"),
        from: id("jerry"),
        timestamp: Timestamp(5),
        content: Content::Text("".into()),
        mentions: Mentions::default(),
        transient: false,
        offline: false,
        has_more: false,
        patched_at: None,
    }
}

fn conv_body(event: Event) -> ConvCommand {
    *seen(&reply(event)).conv_message.unwrap()
}

fn session(op: OpType, body: SessionCommand) -> GenericCommand {
    GenericCommand { session_message: Some(Box::new(body)), ..envelope(CommandType::Session, Some(op)) }
}

fn reject() -> Reject {
    Reject {
        code: Code::ConversationRejectedByApp,
        said: None,
        detail: Some("why".into()),
        app: Some((17, "the app's words".to_owned())),
    }
}

#[test]
fn the_number_of_the_command_is_written_even_when_it_is_zero() {
    // W-24
    let frame = encode_event(Dialect::Protobuf, &reply(Event::SessionClosed(None)));
    assert_eq!(frame[..2], [0x08, 0x00]);
    let frame = encode_shared(Dialect::Protobuf, &push(Event::SessionClosed(None)));
    assert_eq!(frame[..2], [0x08, 0x00]);
}

#[test]
fn a_head_is_the_field_that_names_the_client() {
    // W-68
    assert_eq!(recipient_head(Dialect::Protobuf, &id("tom")), &b"\x22\x03tom"[..]);
    let long = "雁".repeat(64);
    let head = recipient_head(Dialect::Protobuf, &id(&long));
    assert_eq!(protobuf::decode(&head).unwrap().peer_id, Some(long));
}

#[test]
fn base64_is_of_the_standard_alphabet_with_padding() {
    // W-29
    let event = push(Event::Message(delivery()));
    let whole = encode_event(Dialect::ProtobufBase64, &event);
    assert_eq!(protobuf::from_base64(&whole).unwrap(), encode_event(Dialect::Protobuf, &event).as_ref());
    let to = id("tom");
    let parts = base64_frame(
        &recipient_head(Dialect::ProtobufBase64, &to),
        &encode_shared(Dialect::ProtobufBase64, &event),
    );
    assert_eq!(parts.len() % 4, 0);
    assert_eq!(protobuf::decode(&protobuf::from_base64(&parts).unwrap()).unwrap(), seen(&event));
}

#[test]
fn a_heartbeat_is_answered_with_its_serial_or_with_none() {
    // W-36, W-37
    assert_eq!(seen(&reply(Event::Echo)).i, Some(SERIAL));
    let bare = Outbound { serial: None, ..reply(Event::Echo) };
    assert_eq!(seen(&bare).i, None);
    assert_eq!(seen(&bare).cmd, Some(14));
}

#[test]
fn a_reliable_notification_is_marked_and_others_are_not() {
    // W-74
    let event = Event::Left { conversation: conversation(), by: id("jerry"), at: Timestamp(0) };
    assert_eq!(seen(&push(event.clone())).notification_type, None);
    let permanent = Outbound { permanent: true, ..push(event) };
    assert_eq!(seen(&permanent).notification_type, Some(1));
}

#[test]
fn a_refusal_is_a_command_of_its_own_with_all_its_words() {
    // W-76, W-79, W-80
    for family in [Unsupported::Session, Unsupported::Conversation, Unsupported::Other] {
        let error = ErrorCommand {
            code: 4305,
            reason: "CONVERSATION_REJECTED_BY_APP".to_owned(),
            detail: some("why"),
            app_code: Some(17),
            app_msg: some("the app's words"),
            pids: vec![],
        };
        let expected =
            GenericCommand { error_message: Some(Box::new(error)), ..envelope(CommandType::Error, None) };
        assert_eq!(seen(&reply(Event::Error { reject: reject(), family })), expected);
    }
}

#[test]
fn a_refused_message_is_told_by_an_ack() {
    // W-77, W-265
    let refused = MessageAck {
        conversation: conversation(),
        message: id("m1"),
        timestamp: Timestamp(5),
        reject: Some(reject()),
    };
    let body = AckCommand {
        cid: some(CID),
        uid: some("m1"),
        t: Some(5),
        code: Some(4305),
        reason: some("CONVERSATION_REJECTED_BY_APP"),
        app_code: Some(17),
        app_msg: some("the app's words"),
        ..AckCommand::default()
    };
    let expected = GenericCommand { ack_message: Some(Box::new(body)), ..envelope(CommandType::Ack, None) };
    assert_eq!(seen(&reply(Event::MessageAck(refused))), expected);

    let at_once = Event::Error { reject: Code::InvalidMessagingTarget.into(), family: Unsupported::Message };
    let body =
        AckCommand { code: Some(4401), reason: some("INVALID_MESSAGING_TARGET"), ..AckCommand::default() };
    let expected = GenericCommand { ack_message: Some(Box::new(body)), ..envelope(CommandType::Ack, None) };
    assert_eq!(seen(&reply(at_once)), expected);
}

#[test]
fn an_accepted_message_has_no_code() {
    // W-263
    let ack =
        MessageAck { conversation: conversation(), message: id("m1"), timestamp: Timestamp(5), reject: None };
    let body = AckCommand { cid: some(CID), uid: some("m1"), t: Some(5), ..AckCommand::default() };
    let expected = GenericCommand { ack_message: Some(Box::new(body)), ..envelope(CommandType::Ack, None) };
    assert_eq!(seen(&reply(Event::MessageAck(ack))), expected);
}

#[test]
fn an_open_session_has_a_token_and_no_code() {
    // W-107, W-109, W-110, W-112
    let event = Event::SessionOpened { token: id("X"), ttl_seconds: 604_800 };
    let expected = session(
        OpType::Opened,
        SessionCommand { st: some("X"), st_ttl: Some(604_800), ..Default::default() },
    );
    let expected = GenericCommand { server_ts: Some(9), ..expected };
    assert_eq!(seen(&Outbound { server_time: Some(Timestamp(9)), ..reply(event) }), expected);
}

#[test]
fn a_session_that_is_over_has_a_body_and_a_code_only_by_force() {
    // W-134, W-135, W-138, W-139
    let asked = session(OpType::Closed, SessionCommand::default());
    assert_eq!(seen(&reply(Event::SessionClosed(None))), asked);

    let by_force =
        SessionCommand { code: Some(4111), reason: some("SESSION_CONFLICT"), ..SessionCommand::default() };
    let event = Event::SessionClosed(Some(Code::SessionConflict.into()));
    assert_eq!(*seen(&push(event)).session_message.unwrap(), by_force);
}

#[test]
fn nobody_online_is_an_answer_too() {
    // W-133
    let expected = session(OpType::QueryResult, SessionCommand::default());
    assert_eq!(seen(&reply(Event::SessionsOnline(vec![]))), expected);
}

#[test]
fn the_other_services_are_answered_under_their_number() {
    // W-372, W-373, W-374
    let push_login = Outbound { client: None, ..reply(Event::LoggedIn { installation: None, service: 0 }) };
    let answer = seen(&Outbound { serial: None, ..push_login });
    assert_eq!((answer.cmd, answer.i, answer.service), (Some(15), None, Some(0)));
    assert_eq!(answer.loggedin_message, None);

    let live = seen(&reply(Event::LoggedIn { installation: some("D"), service: 1 }));
    assert_eq!((live.i, live.service, live.installation_id), (Some(SERIAL), Some(1), some("D")));
    let out = seen(&reply(Event::LoggedOut { installation: some("D") }));
    assert_eq!((out.cmd, out.service, out.installation_id), (Some(17), Some(1), some("D")));
}

#[test]
fn going_away_has_no_body() {
    // W-50
    let event = Outbound { server_time: None, ..push(Event::GoAway) };
    assert_eq!(seen(&event), GenericCommand { i: None, ..envelope(CommandType::Goaway, None) });
}
