//! The exchanges of `wire-protocol.md`, appendix A, line by line.

use serde_json::{Value, json};

use super::super::wire::*;
use super::super::{decode_command, encode_event};
use super::{Dialect, SERIAL, own, push, reply, request, seen, some, understood};
use crate::*;

const K: &str = "5f8a1b2c3d4e5f6a7b8c9d0e";

fn id<T: std::str::FromStr<Err = IdError>>(text: &str) -> T {
    text.parse().unwrap()
}

fn conv(op: OpType, body: ConvCommand) -> GenericCommand {
    GenericCommand { conv_message: Some(Box::new(body)), ..request(CommandType::Conv, Some(op)) }
}

/// The line as an SDK sees it, without the fields that all lines have.
fn line(event: &Outbound) -> GenericCommand {
    let line = seen(event);
    assert_eq!((line.peer_id.as_deref(), line.service), (Some("tom"), Some(2)));
    GenericCommand { service: None, ..line }
}

fn pushed(cmd: CommandType, op: Option<OpType>) -> GenericCommand {
    GenericCommand { i: None, server_ts: Some(1000), ..request(cmd, op) }
}

#[test]
fn a1_first_open_with_unread_messages() {
    let open = crate::codec::wire::SessionCommand {
        ua: some("js/5.0.0-rc.8"),
        r: Some(false),
        device_id: some("D"),
        last_patch_time: Some(7),
        config_bitmap: Some(187),
        ..Default::default()
    };
    let command = GenericCommand {
        app_id: some("A"),
        session_message: Some(Box::new(open)),
        ..request(CommandType::Session, Some(OpType::Open))
    };
    let expected = OpenSession {
        device: Some(id("D")),
        config: Some(187),
        last_patch: Some(Timestamp(7)),
        user_agent: some("js/5.0.0-rc.8"),
        ..OpenSession::default()
    };
    assert_eq!(understood(&command), Command::Session(crate::SessionCommand::Open(Box::new(expected))));

    let opened = Event::SessionOpened { token: id("X"), ttl_seconds: 604_800 };
    let opened = line(&Outbound { server_time: Some(Timestamp(1)), ..reply(opened) });
    let body =
        crate::codec::wire::SessionCommand { st: some("X"), st_ttl: Some(604_800), ..Default::default() };
    assert_eq!((opened.i, opened.server_ts), (Some(SERIAL), Some(1)));
    assert_eq!(*opened.session_message.unwrap(), body);

    let unread = UnreadConversation {
        conversation: id(K),
        kind: ConversationKind::Normal,
        count: 2,
        mentioned: false,
        last: Some(LastMessage {
            id: id("m9"),
            from: id("jerry"),
            timestamp: Timestamp(90),
            content: Content::Text("…".into()),
            patched_at: None,
            mentions: Mentions::default(),
        }),
    };
    let unread = line(&push(Event::Unread { conversations: vec![unread], notified_at: Timestamp(1) }));
    let tuple = UnreadTuple {
        cid: K.to_owned(),
        unread: 2,
        mid: some("m9"),
        timestamp: Some(90),
        from: some("jerry"),
        data: some("…"),
        mentioned: Some(false),
        conv_type: Some(1),
        ..UnreadTuple::default()
    };
    assert_eq!(*unread.unread_message.unwrap(), UnreadCommand { convs: vec![tuple], notif_time: Some(1) });

    let condition = format!(r#"{{"objectId":{{"$in":["{K}"]}}}}"#);
    let query = ConvCommand {
        r#where: Some(JsonObjectMessage { data: condition }),
        limit: Some(999),
        flag: Some(0),
        ..ConvCommand::default()
    };
    let expected = QueryConversations {
        target: QueryTarget::Where(Some(json!({ "objectId": { "$in": [K] } }))),
        sort: None,
        limit: Some(999),
        skip: None,
        compact: false,
        with_last_message: false,
    };
    assert_eq!(
        understood(&conv(OpType::Query, query)),
        Command::Conversation(ConversationCommand::Query(Box::new(expected)))
    );
}

#[test]
fn a2_create_and_first_message() {
    let start = ConvCommand {
        m: own(["jerry", "tom"]),
        attr: Some(JsonObjectMessage { data: r#"{"name":"x"}"#.to_owned() }),
        unique: Some(true),
        ..ConvCommand::default()
    };
    let Command::Conversation(ConversationCommand::Start(start)) = understood(&conv(OpType::Start, start))
    else {
        panic!()
    };
    assert_eq!((start.members.len(), &start.attributes["name"], start.unique), (2, &json!("x"), true));

    let joined = Event::Joined { conversation: id(K), by: id("tom"), at: Timestamp(0), ttl_seconds: None };
    let body = ConvCommand {
        cid: some(K),
        init_by: some("tom"),
        udate: some("1970-01-01T00:00:00.000Z"),
        ..ConvCommand::default()
    };
    let expected = GenericCommand {
        notification_type: Some(1),
        conv_message: Some(Box::new(body.clone())),
        ..pushed(CommandType::Conv, Some(OpType::Joined))
    };
    assert_eq!(line(&Outbound { permanent: true, ..push(joined) }), expected);

    let members_joined = Event::MembersJoined {
        conversation: id(K),
        members: vec![id("jerry"), id("tom")],
        by: id("tom"),
        at: Timestamp(0),
        ttl_seconds: None,
    };
    let body = ConvCommand { m: own(["jerry", "tom"]), ..body };
    let expected = GenericCommand {
        conv_message: Some(Box::new(body)),
        ..pushed(CommandType::Conv, Some(OpType::MembersJoined))
    };
    assert_eq!(line(&push(members_joined)), expected);

    let direct = DirectCommand {
        cid: some(K),
        msg: some("…"),
        dt: some("V"),
        r: Some(true),
        ..DirectCommand::default()
    };
    let command =
        GenericCommand { direct_message: Some(Box::new(direct)), ..request(CommandType::Direct, None) };
    let Command::Send(message) = understood(&command) else { panic!() };
    assert_eq!((message.resend_key, message.receipt), (some("V"), true));

    let ack = MessageAck { conversation: id(K), message: id("m1"), timestamp: Timestamp(2), reject: None };
    let body = AckCommand { uid: some("m1"), t: Some(2), cid: some(K), ..AckCommand::default() };
    let expected = GenericCommand { ack_message: Some(Box::new(body)), ..request(CommandType::Ack, None) };
    assert_eq!(line(&reply(Event::MessageAck(ack))), expected);

    let body = AckCommand { cid: some(K), fromts: Some(2), tots: Some(2), ..AckCommand::default() };
    let command =
        GenericCommand { i: None, ack_message: Some(Box::new(body)), ..request(CommandType::Ack, None) };
    let range = AckMessages::Range { conversation: id(K), from: Some(Timestamp(2)), to: Timestamp(2) };
    assert_eq!(understood(&command), Command::Ack(range));

    let receipt =
        Receipt { conversation: id(K), message: id("m1"), at: Timestamp(4), from: id("jerry"), read: true };
    let body = RcpCommand { id: some("m1"), cid: some(K), t: Some(4), read: Some(true), from: some("jerry") };
    let expected = GenericCommand { rcp_message: Some(Box::new(body)), ..pushed(CommandType::Rcp, None) };
    assert_eq!(line(&push(Event::Receipt(receipt))), expected);
}

#[test]
fn a3_reconnect_with_an_expired_token() {
    let error = Event::Error { reject: Code::SessionTokenExpired.into(), family: Unsupported::Session };
    let body =
        ErrorCommand { code: 4112, reason: "SESSION_TOKEN_EXPIRED".to_owned(), ..ErrorCommand::default() };
    let expected =
        GenericCommand { error_message: Some(Box::new(body)), ..request(CommandType::Error, None) };
    assert_eq!(line(&reply(error)), expected);
}

#[test]
fn a4_reconnect_by_token_without_a_serial() {
    let login = GenericCommand {
        peer_id: None,
        i: None,
        app_id: some("A"),
        installation_id: some("D"),
        ..request(CommandType::Login, None)
    };
    let expected = Login { installation: some("D"), service: None };
    assert_eq!(understood(&login), Command::Login(expected));

    let logged_in = Event::LoggedIn { installation: None, service: 0 };
    let answer = seen(&Outbound { client: None, serial: None, ..reply(logged_in) });
    let mut expected = GenericCommand { service: Some(0), ..GenericCommand::default() };
    expected.set(CommandType::Loggedin, None);
    assert_eq!(answer, expected);

    let body = crate::codec::wire::SessionCommand {
        r: Some(true),
        st: some("X"),
        device_id: some("D"),
        config_bitmap: Some(175),
        ..Default::default()
    };
    let open = GenericCommand {
        app_id: some("A"),
        i: None,
        session_message: Some(Box::new(body)),
        ..request(CommandType::Session, Some(OpType::Open))
    };
    let expected = OpenSession {
        reconnect: true,
        token: Some(id("X")),
        device: Some(id("D")),
        config: Some(175),
        ..OpenSession::default()
    };
    assert_eq!(understood(&open), Command::Session(crate::SessionCommand::Open(Box::new(expected))));
}

#[test]
fn a5_partial_failure() {
    let body = ConvCommand { cid: some(K), m: own(["tom", "bob"]), ..ConvCommand::default() };
    let expected =
        ChangeMembers { conversation: id(K), members: vec![id("tom"), id("bob")], signature: None };
    assert_eq!(
        understood(&conv(OpType::Remove, body)),
        Command::Conversation(ConversationCommand::Remove(expected))
    );

    let removed = Event::MembersRemoved(MembersChanged {
        conversation: id(K),
        updated_at: Timestamp(0),
        allowed: vec![id("bob")],
        failed: vec![MemberFailure { reject: Code::ConversationNeedOwner.into(), members: vec![id("tom")] }],
    });
    let failure = ErrorCommand {
        code: 4324,
        reason: "CONVERSATION_NEED_OWNER".to_owned(),
        pids: own(["tom"]),
        ..ErrorCommand::default()
    };
    let body = ConvCommand {
        cid: some(K),
        udate: some("1970-01-01T00:00:00.000Z"),
        allowed_pids: own(["bob"]),
        failed_pids: vec![failure],
        ..ConvCommand::default()
    };
    assert_eq!(line(&reply(removed)), conv(OpType::Removed, body));
}

#[test]
fn a6_the_sdk_of_2015() {
    let read = |frame: &str| decode_command(Dialect::Json, frame.as_bytes()).unwrap();
    let shown =
        |event: &Outbound| -> Value { serde_json::from_slice(&encode_event(Dialect::Json, event)).unwrap() };

    let open = read(r#"{"cmd":"session","op":"open","appId":"A","ua":"js/2.4.0","i":2016,"peerId":"tom"}"#);
    let details = OpenSession { user_agent: some("js/2.4.0"), ..OpenSession::default() };
    let expected = Envelope {
        app: Some(id("A")),
        client: Some(id("tom")),
        serial: Some(Serial(2016)),
        command: Ok(Command::Session(crate::SessionCommand::Open(Box::new(details)))),
    };
    assert_eq!(open, expected);

    let opened = Outbound {
        client: Some(id("tom")),
        serial: Some(Serial(2016)),
        server_time: Some(Timestamp(1_700_000_000_000)),
        permanent: false,
        event: Event::SessionOpened { token: id("X"), ttl_seconds: 604_800 },
    };
    let expected = json!({
        "cmd": "session", "op": "opened", "i": 2016, "peerId": "tom", "st": "X", "stTtl": 604_800,
        "serverTs": 1_700_000_000_000i64, "service": 2,
    });
    assert_eq!(shown(&opened), expected);

    let direct =
        read(r#"{"cmd":"direct","cid":"K","msg":"hi","i":2017,"r":false,"transient":false,"peerId":"tom"}"#);
    let message = SendMessage {
        conversation: id("K"),
        content: Content::Text("hi".into()),
        transient: false,
        receipt: false,
        will: false,
        resend_key: None,
        push_data: None,
        mentions: Mentions::default(),
        priority: None,
    };
    assert_eq!(direct.command, Ok(Command::Send(Box::new(message))));

    let ack = MessageAck {
        conversation: id("K"),
        message: id("m1"),
        timestamp: Timestamp(1_700_000_000_001),
        reject: None,
    };
    let ack = Outbound { serial: Some(Serial(2017)), ..reply(Event::MessageAck(ack)) };
    let expected = json!({
        "cmd": "ack", "i": 2017, "peerId": "tom", "uid": "m1", "t": 1_700_000_000_001i64, "cid": "K", "service": 2,
    });
    assert_eq!(shown(&ack), expected);

    let delivery = Delivery {
        conversation: id("K"),
        kind: ConversationKind::Normal,
        id: id("m2"),
        from: id("jerry"),
        timestamp: Timestamp(1_700_000_000_002),
        content: Content::Text("hello".into()),
        mentions: Mentions::default(),
        transient: false,
        offline: false,
        has_more: false,
        patched_at: None,
    };
    let expected = json!({
        "cmd": "direct", "peerId": "tom", "cid": "K", "id": "m2", "fromPeerId": "jerry",
        "timestamp": 1_700_000_000_002i64, "msg": "hello", "convType": 1, "serverTs": 1000, "service": 2,
    });
    assert_eq!(shown(&push(Event::Message(delivery))), expected);

    let ack = read(r#"{"cmd":"ack","cid":"K","mid":"m2","peerId":"tom"}"#);
    let expected = AckMessages::One { conversation: id("K"), message: id("m2") };
    assert_eq!((ack.serial, ack.command), (None, Ok(Command::Ack(expected))));
}
