//! The flat JSON of SDK 2.4.0 (`wire-protocol.md` §5).

use serde_json::{Value, json};

use super::super::{DecodeError, decode_command, encode_event, encode_shared, recipient_head};
use super::{Dialect, SERIAL, push, reply};
use crate::*;

fn read(frame: &Value) -> Envelope {
    decode_command(Dialect::Json, frame.to_string().as_bytes()).unwrap()
}

fn understood(frame: Value) -> Command {
    read(&frame).command.unwrap()
}

fn shown(event: &Outbound) -> Value {
    serde_json::from_slice(&encode_event(Dialect::Json, event)).unwrap()
}

fn id<T: std::str::FromStr<Err = IdError>>(text: &str) -> T {
    text.parse().unwrap()
}

fn object(value: Value) -> Attributes {
    match value {
        Value::Object(object) => object,
        other => panic!("{other}"),
    }
}

fn delivery(content: Content) -> Delivery {
    Delivery {
        conversation: id("K"),
        kind: ConversationKind::Normal,
        id: id("m2"),
        from: id("jerry"),
        timestamp: Timestamp(5),
        content,
        mentions: Mentions::default(),
        transient: false,
        offline: false,
        has_more: false,
        patched_at: None,
    }
}

#[test]
fn every_command_of_the_sdk_is_understood() {
    // W-401
    let cases = [
        (
            json!({ "cmd": "session", "op": "query", "sessionPeerIds": ["tom", "bob"] }),
            Command::Session(SessionCommand::Query(vec![id("tom"), id("bob")])),
        ),
        (
            json!({ "cmd": "conv", "op": "add", "cid": "K", "m": ["bob"] }),
            Command::Conversation(ConversationCommand::Add(ChangeMembers {
                conversation: id("K"),
                members: vec![id("bob")],
                signature: None,
            })),
        ),
        (
            json!({ "cmd": "conv", "op": "remove", "cid": "K", "m": ["bob"], "n": "N", "t": 5, "s": "S" }),
            Command::Conversation(ConversationCommand::Remove(ChangeMembers {
                conversation: id("K"),
                members: vec![id("bob")],
                signature: Some(Signature { value: "S".into(), timestamp: 5, nonce: "N".into() }),
            })),
        ),
        (
            json!({ "cmd": "conv", "op": "update", "cid": "K", "attr": { "name": "n" } }),
            Command::Conversation(ConversationCommand::Update {
                conversation: id("K"),
                changes: object(json!({ "name": "n" })),
            }),
        ),
        (
            json!({ "cmd": "conv", "op": "count", "cid": "K" }),
            Command::Conversation(ConversationCommand::Count(id("K"))),
        ),
        (
            json!({ "cmd": "ack", "cid": "K", "mid": "m1" }),
            Command::Ack(AckMessages::One { conversation: id("K"), message: id("m1") }),
        ),
    ];
    for (frame, command) in cases {
        assert_eq!(understood(frame.clone()), command, "{frame}");
    }
}

#[test]
fn roles_and_lists_are_flat_too() {
    // W-236, W-245, W-249, W-363, W-367
    let lists = [
        (json!({ "cmd": "conv", "op": "add-shutup", "cid": "K", "m": ["bob"] }), Restriction::Silenced),
        (
            json!({ "cmd": "blacklist", "op": "block", "srcCid": "K", "toPids": ["bob"] }),
            Restriction::Blocked,
        ),
    ];
    for (frame, restriction) in lists {
        let clients = vec![id("bob")];
        let restrict = Restrict { conversation: id("K"), restriction, lift: false, clients, signature: None };
        assert_eq!(understood(frame), Command::Conversation(ConversationCommand::Restrict(restrict)));
    }
    let pages = [
        (json!({ "cmd": "conv", "op": "query-shutup", "cid": "K", "next": "20" }), Restriction::Silenced),
        (json!({ "cmd": "blacklist", "op": "query", "srcCid": "K", "next": 20 }), Restriction::Blocked),
    ];
    for (frame, restriction) in pages {
        let page = Page { limit: None, offset: 20 };
        let asked = ConversationCommand::Restricted { conversation: id("K"), restriction, page };
        assert_eq!(understood(frame), Command::Conversation(asked));
    }
    let role = json!({
        "cmd": "conv", "op": "member-info-update", "cid": "K", "targetClientId": "bob",
        "info": { "pid": "bob", "role": "Manager" },
    });
    let set =
        ConversationCommand::SetRole { conversation: id("K"), member: id("bob"), role: Some(Role::Manager) };
    assert_eq!(understood(role), Command::Conversation(set));
}

#[test]
fn a_block_list_is_answered_flat_and_told_of_by_the_conversation() {
    // W-257, W-363
    let failed = vec![MemberFailure {
        reject: Code::ConversationOperationUnauthorized.into(),
        members: vec![id("jerry")],
    }];
    let changed = Event::RestrictionChanged {
        restriction: Restriction::Blocked,
        lifted: false,
        conversation: id("K"),
        allowed: vec![id("bob")],
        failed,
    };
    let expected = json!({
        "cmd": "blacklist", "op": "blocked", "peerId": "tom", "i": SERIAL, "service": 2, "srcCid": "K",
        "allowedPids": ["bob"],
        "failedPids": [
            { "code": 4320, "reason": "CONVERSATION_OPERATION_UNAUTHORIZED", "pids": ["jerry"] },
        ],
    });
    assert_eq!(shown(&reply(changed)), expected);

    let told = Event::MembersRestricted {
        restriction: Restriction::Blocked,
        lifted: false,
        conversation: id("K"),
        members: vec![id("bob")],
        by: id("jerry"),
        in_room: true,
    };
    let expected = json!({
        "cmd": "conv", "op": "members-blocked", "peerId": "tom", "service": 2, "serverTs": 1000,
        "cid": "K", "m": ["bob"], "initBy": "jerry", "transient": true,
    });
    assert_eq!(shown(&push(told)), expected);
}

#[test]
fn a_refused_command_on_a_block_list_is_an_error_of_the_conversation() {
    // W-419
    let envelope = read(&json!({ "cmd": "blacklist", "op": "block", "toPids": ["bob"], "i": 1 }));
    let Err((family, reject)) = envelope.command else { panic!() };
    let frame = shown(&reply(Event::Error { reject, family }));
    assert_eq!(
        (&frame["cmd"], &frame["op"], &frame["code"]),
        (&json!("conv"), &json!("error"), &json!(4301))
    );
}

#[test]
fn a_start_brings_its_attributes_as_an_object() {
    // W-402
    let frame = json!({
        "cmd": "conv", "op": "start", "m": ["jerry"], "attr": { "name": "", "attr": { "k": 1 } },
        "unique": true, "transient": false, "i": 2017, "peerId": "tom",
    });
    let start = StartConversation {
        members: vec![id("jerry")],
        attributes: object(json!({ "name": "", "attr": { "k": 1 } })),
        unique: true,
        transient: false,
        temporary: false,
        ttl_seconds: None,
        signature: None,
    };
    let envelope = read(&frame);
    assert_eq!(envelope.serial, Some(Serial(2017)));
    assert_eq!(envelope.command, Ok(Command::Conversation(ConversationCommand::Start(Box::new(start)))));
}

#[test]
fn a_query_brings_its_condition_as_an_object() {
    // W-404
    let target = |condition: Value| {
        let frame = json!({ "cmd": "conv", "op": "query", "where": condition, "sort": "-lm", "limit": 10, "skip": 0 });
        match understood(frame) {
            Command::Conversation(ConversationCommand::Query(query)) => query.target,
            other => panic!("{other:?}"),
        }
    };
    for condition in
        [json!({}), json!({ "m": { "$all": ["a", "b"] } }), json!({ "objectId": { "$in": ["K"] } })]
    {
        assert_eq!(target(condition.clone()), QueryTarget::Where(Some(condition)));
    }
    assert_eq!(target(Value::Null), QueryTarget::Where(None));
    assert_eq!(target(json!("no condition")), QueryTarget::Malformed);
}

#[test]
fn a_receipt_is_wanted_with_one_and_not_with_false() {
    // W-406
    for (r, wanted) in [(json!(1), true), (json!(true), true), (json!(false), false), (json!(0), false)] {
        let frame = json!({ "cmd": "direct", "cid": "K", "msg": "hi", "r": r, "transient": false });
        assert!(matches!(understood(frame), Command::Send(message) if message.receipt == wanted));
    }
}

#[test]
fn a_time_is_a_number_or_decimal_text() {
    // W-408
    for t in [json!(1_450_000_000_000i64), json!("1450000000000"), json!(1_450_000_000_000.0)] {
        let frame = json!({ "cmd": "logs", "cid": "K", "t": t, "limit": 20 });
        let Command::History(query) = understood(frame) else { panic!() };
        assert_eq!(query.start.unwrap().timestamp, Some(Timestamp(1_450_000_000_000)));
        assert_eq!(query.limit, Some(20));
    }
}

#[test]
fn a_number_out_of_range_stops_at_the_bounds() {
    for (limit, read) in [(json!(1e30), i32::MAX), (json!(-1e30), i32::MIN), (json!(u64::MAX), i32::MAX)] {
        let Command::History(query) = understood(json!({ "cmd": "logs", "cid": "K", "limit": limit })) else {
            panic!()
        };
        assert_eq!(query.limit, Some(read));
    }
}

#[test]
fn an_id_may_be_a_number_and_content_an_object() {
    let frame = json!({ "cmd": "direct", "cid": "K", "msg": { "a": 1 }, "peerId": 42 });
    let envelope = read(&frame);
    assert_eq!(envelope.client, Some(id("42")));
    let Ok(Command::Send(message)) = envelope.command else { panic!() };
    assert_eq!(message.content, Content::Text(r#"{"a":1}"#.into()));
}

#[test]
fn what_is_null_is_absent() {
    // W-395
    let frame =
        json!({ "cmd": "session", "op": "open", "peerId": null, "appId": "A", "tag": null, "i": 2016 });
    let envelope = read(&frame);
    assert_eq!((envelope.client, envelope.app), (None, Some(id("A"))));
    assert_eq!(envelope.command, Ok(Command::Session(SessionCommand::Open(Box::default()))));
}

#[test]
fn a_heartbeat_is_an_empty_object_both_ways() {
    // W-39, W-398
    for frame in ["{}", " { } "] {
        let envelope = decode_command(Dialect::Json, frame.as_bytes()).unwrap();
        assert_eq!((envelope.serial, envelope.command), (None, Ok(Command::Echo)));
    }
    assert_eq!(encode_event(Dialect::Json, &push(Event::Echo)), "{}");
}

#[test]
fn what_is_no_object_is_no_command() {
    // W-400
    for frame in ["", "[]", "1", "null", "\"x\"", "{", "{}{}", "\u{0}", "{\"a\":\"\\ud800\"}"] {
        assert!(
            matches!(decode_command(Dialect::Json, frame.as_bytes()), Err(DecodeError::Json(_))),
            "{frame}"
        );
    }
    let deep = format!("{}{}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
    assert!(decode_command(Dialect::Json, deep.as_bytes()).is_err());
}

#[test]
fn an_unknown_command_can_be_answered() {
    // W-400
    for frame in [
        json!({ "cmd": "fly", "i": 1 }),
        json!({ "i": 1 }),
        json!({ "cmd": 5, "i": 1 }),
        json!({ "cmd": "presence", "i": 1 }),
    ] {
        let envelope = read(&frame);
        assert_eq!(envelope.serial, Some(Serial(1)));
        assert_eq!(envelope.command, Ok(Command::Unsupported(Unsupported::Other)));
    }
    let frame = json!({ "cmd": "conv", "op": "members_joined", "i": 1 });
    assert_eq!(understood(frame), Command::Unsupported(Unsupported::Conversation));
}

#[test]
fn names_of_operations_have_hyphens() {
    // W-393
    let name = |event| shown(&reply(event))["op"].clone();
    assert_eq!(name(Event::SessionsOnline(vec![])), "query-result");
    let (conversation, by) = (id("K"), id("jerry"));
    assert_eq!(
        name(Event::MembersLeft { conversation, members: vec![], by, at: Timestamp(0) }),
        "members-left"
    );
}

#[test]
fn lists_that_the_sdk_counts_are_there_when_empty() {
    // §5.3, W-411
    assert_eq!(shown(&reply(Event::SessionsOnline(vec![])))["onlineSessionPeerIds"], json!([]));
    assert_eq!(shown(&reply(Event::Conversations(vec![])))["results"], json!([]));
    let history = Event::History { conversation: id("K"), messages: vec![] };
    assert_eq!(shown(&reply(history))["logs"], json!([]));
}

#[test]
fn results_are_objects_and_not_text() {
    // W-411
    let view = ConversationView {
        id: id("K"),
        kind: ConversationKind::Normal,
        creator: id("tom"),
        created_at: Timestamp(0),
        updated_at: Timestamp(0),
        last_message_at: None,
        members: Some(vec![id("tom")]),
        muted_by: Some(vec![]),
        unique_id: None,
        attributes: object(json!({ "name": "n" })),
        seconds_left: None,
        subscription: None,
        last_message: None,
    };
    let frame = shown(&reply(Event::Conversations(vec![view])));
    assert_eq!(
        (&frame["cmd"], &frame["op"], &frame["i"]),
        (&json!("conv"), &json!("results"), &json!(SERIAL))
    );
    assert_eq!(frame["results"][0]["m"], json!(["tom"]));
    assert_eq!(frame["results"][0]["name"], "n");
}

#[test]
fn changed_attributes_are_objects_and_not_text() {
    // W-219, W-403
    let changes = object(json!({ "name": "n" }));
    let event = Event::ConversationUpdated {
        conversation: id("K"),
        updated_at: Timestamp(0),
        by: Some(id("jerry")),
        changes: Some((changes.clone(), changes)),
    };
    let frame = shown(&push(event));
    assert_eq!((&frame["attr"], &frame["attrModified"]), (&json!({ "name": "n" }), &json!({ "name": "n" })));
}

#[test]
fn a_binary_message_is_base64_text() {
    // W-414, W-432
    let content = Content::Binary(bytes::Bytes::from_static(b"\xff\xfe"));
    let frame = shown(&push(Event::Message(delivery(content))));
    assert_eq!((&frame["msg"], frame.get("binaryMsg")), (&json!("//4="), None));
}

#[test]
fn a_message_in_history_has_both_names_of_its_id() {
    // W-416, W-417
    let item = HistoryItem {
        id: id("m1"),
        from: id("jerry"),
        timestamp: Timestamp(5),
        content: Content::Text("hi".into()),
        kind: ConversationKind::Normal,
        delivered_at: None,
        read_at: None,
        patched_at: None,
        mentions: Mentions::default(),
    };
    let frame = shown(&reply(Event::History { conversation: id("K"), messages: vec![item] }));
    let expected = json!([{
        "msgId": "m1", "msg-id": "m1", "from": "jerry", "timestamp": 5, "data": "hi", "convType": 1,
    }]);
    assert_eq!(frame["logs"], expected);
}

#[test]
fn joining_names_the_client_itself_and_the_operator() {
    // W-413
    let event = Event::Joined { conversation: id("K"), by: id("jerry"), at: Timestamp(0), ttl_seconds: None };
    let frame = shown(&push(event));
    assert_eq!(
        (&frame["peerId"], &frame["initBy"], &frame["cid"]),
        (&json!("tom"), &json!("jerry"), &json!("K"))
    );
}

#[test]
fn a_refusal_has_the_command_of_its_family() {
    // W-419, W-421
    for (family, cmd) in [
        (Unsupported::Session, "session"),
        (Unsupported::Conversation, "conv"),
        (Unsupported::Other, "session"),
    ] {
        let frame = shown(&reply(Event::Error { reject: Code::SessionRequired.into(), family }));
        let expected = json!({
            "cmd": cmd, "op": "error", "peerId": "tom", "i": SERIAL, "service": 2,
            "code": 4105, "reason": "SESSION_REQUIRED",
        });
        assert_eq!(frame, expected);
    }
    let envelope = read(&json!({ "cmd": "logs", "i": 1 }));
    assert!(matches!(envelope.command, Err((Unsupported::Conversation, _))));
}

#[test]
fn a_refused_message_is_told_by_an_ack() {
    // W-420
    let ack = MessageAck {
        conversation: id("K"),
        message: id("m1"),
        timestamp: Timestamp(5),
        reject: Some(Code::InvalidMessagingTarget.into()),
    };
    let expected = json!({
        "cmd": "ack", "peerId": "tom", "i": SERIAL, "service": 2, "code": 4401,
        "reason": "INVALID_MESSAGING_TARGET", "uid": "m1", "t": 5, "cid": "K",
    });
    assert_eq!(shown(&reply(Event::MessageAck(ack))), expected);
}

#[test]
fn a_recipient_of_any_characters_makes_a_whole_frame_with_a_shared_body() {
    let event = push(Event::Message(delivery(Content::Text("\"quoted\"\n\u{2028}".into()))));
    for recipient in ["tom", "\"\\", "雁 \n"] {
        let frame =
            [recipient_head(Dialect::Json, &id(recipient)), encode_shared(Dialect::Json, &event)].concat();
        let whole = encode_event(Dialect::Json, &Outbound { client: Some(id(recipient)), ..event.clone() });
        let [frame, whole]: [Value; 2] =
            [&frame[..], &whole].map(|bytes| serde_json::from_slice(bytes).unwrap());
        assert_eq!(frame, whole);
        assert_eq!(frame["peerId"], recipient);
    }
}
