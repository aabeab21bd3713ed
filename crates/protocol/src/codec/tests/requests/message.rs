//! Messages, acks, reads, history and edits (`wire-protocol.md` §4.5 to 4.10).

use bytes::Bytes;

use super::super::super::wire::*;
use super::super::{own, read, refused, request, some, understood};
use super::{CID, direct};
use crate::{
    AckMessages, Code, Command, Content, Direction, HistoryQuery, Point, ReadMark, SendMessage, Timestamp,
    Unsupported,
};

fn sent(body: DirectCommand) -> SendMessage {
    match understood(&direct(DirectCommand { cid: some(CID), ..body })) {
        Command::Send(message) => *message,
        other => panic!("{other:?}"),
    }
}

fn ack(body: AckCommand) -> AckMessages {
    let command =
        GenericCommand { i: None, ack_message: Some(Box::new(body)), ..request(CommandType::Ack, None) };
    match understood(&command) {
        Command::Ack(ack) => ack,
        other => panic!("{other:?}"),
    }
}

fn logs(body: LogsCommand) -> HistoryQuery {
    let body = LogsCommand { cid: some(CID), ..body };
    let command = GenericCommand { logs_message: Some(Box::new(body)), ..request(CommandType::Logs, None) };
    match understood(&command) {
        Command::History(query) => query,
        other => panic!("{other:?}"),
    }
}

fn patch(item: PatchItem) -> GenericCommand {
    let body = PatchCommand { patches: vec![item], last_patch_time: None };
    GenericCommand {
        patch_message: Some(Box::new(body)),
        ..request(CommandType::Patch, Some(OpType::Modify))
    }
}

fn text(text: &str) -> Content {
    Content::Text(text.into())
}

#[test]
fn a_message_is_text_or_bytes_or_empty_text() {
    // §4.5.1, W-261
    let content = |msg: Option<&str>, binary: Option<&'static [u8]>| {
        let body = DirectCommand {
            msg: msg.map(str::to_owned),
            binary_msg: binary.map(Bytes::from_static),
            ..DirectCommand::default()
        };
        sent(body).content
    };
    assert_eq!(content(Some("hi"), None), text("hi"));
    assert_eq!(content(None, Some(b"\xff\0")), Content::Binary(Bytes::from_static(b"\xff\0")));
    assert_eq!(content(Some("{}"), Some(b"\x01")), Content::Binary(Bytes::from_static(b"\x01")));
    assert_eq!(content(Some("hi"), Some(b"")), text("hi"));
    assert_eq!(content(None, None), text(""));
}

#[test]
fn content_passes_byte_for_byte() {
    // W-262
    let odd = "{ \"_lctype\" : -1 ,\n\"a\":1e2,\"a\":\"\\u00e9\u{0}\u{feff}雁\" } ";
    assert_eq!(sent(DirectCommand { msg: some(odd), ..Default::default() }).content, text(odd));
}

#[test]
fn an_empty_resend_key_is_none() {
    // W-274, W-276
    for (dt, key) in [(None, None), (some(""), None), (some("uuid"), some("uuid"))] {
        assert_eq!(sent(DirectCommand { dt, ..DirectCommand::default() }).resend_key, key);
    }
}

#[test]
fn what_one_sdk_adds_to_a_message_is_ignored() {
    // W-72
    let body =
        DirectCommand { cid: some(CID), from_peer_id: some("eve"), msg: some("hi"), ..Default::default() };
    let command = GenericCommand { op: Some(OpType::Open as i32), app_id: some("app"), ..direct(body) };
    let envelope = read(&command);
    assert_eq!(envelope.client.unwrap().as_str(), "tom");
    assert!(matches!(envelope.command, Ok(Command::Send(message)) if message.content == text("hi")));
}

#[test]
fn a_mention_of_what_cannot_be_a_client_is_no_mention() {
    // W-434
    let body = DirectCommand { mention_pids: vec!["x".repeat(65), "jerry".to_owned()], ..Default::default() };
    assert_eq!(sent(body).mentions.clients, ["jerry".parse().unwrap()]);
}

#[test]
fn a_message_without_a_usable_conversation_has_no_target() {
    // W-268
    for cid in [None, some(""), Some("x".repeat(200))] {
        let (family, reject) = refused(&direct(DirectCommand { cid, ..DirectCommand::default() }));
        assert_eq!((family, reject.code), (Unsupported::Message, Code::InvalidMessagingTarget));
    }
    assert_eq!(refused(&request(CommandType::Direct, None)).1.code, Code::InvalidMessagingTarget);
}

#[test]
fn every_form_of_ack_is_understood() {
    // W-293, W-295, W-375
    let conversation: crate::ConversationId = CID.parse().unwrap();
    let one = AckCommand { cid: some(CID), mid: some("m1"), ..AckCommand::default() };
    let expected = AckMessages::One { conversation: conversation.clone(), message: "m1".parse().unwrap() };
    assert_eq!(ack(one), expected);

    let range = AckCommand { cid: some(CID), fromts: Some(5), tots: Some(5), ..AckCommand::default() };
    let expected =
        AckMessages::Range { conversation: conversation.clone(), from: Some(Timestamp(5)), to: Timestamp(5) };
    assert_eq!(ack(range), expected);

    let up_to = AckCommand { cid: some(CID), tots: Some(9), ..AckCommand::default() };
    assert_eq!(ack(up_to), AckMessages::Range { conversation, from: None, to: Timestamp(9) });

    let foreign = AckCommand { ids: own(["a", "b"]), ..AckCommand::default() };
    assert_eq!(ack(foreign), AckMessages::Foreign);
    assert_eq!(ack(AckCommand { cid: some(CID), ..AckCommand::default() }), AckMessages::Foreign);
    assert_eq!(
        ack(AckCommand { cid: some(""), mid: some("m1"), ..Default::default() }),
        AckMessages::Foreign
    );
}

#[test]
fn a_read_names_conversations_with_and_without_positions() {
    // W-314, W-316, W-319, W-320
    let tuple = |cid: &str, timestamp, mid: Option<&str>| ReadTuple {
        cid: cid.to_owned(),
        timestamp,
        mid: mid.map(str::to_owned),
    };
    let body = ReadCommand {
        convs: vec![
            tuple("a", Some(5), Some("m1")),
            tuple("b", Some(5), None),
            tuple("c", Some(0), Some("")),
            tuple("", Some(5), None),
        ],
        cid: some("d"),
        cids: own(["e", ""]),
    };
    let command = GenericCommand { read_message: Some(Box::new(body)), ..request(CommandType::Read, None) };
    let mark = |conversation: &str, timestamp: Option<i64>, message: Option<&str>| ReadMark {
        conversation: conversation.parse().unwrap(),
        message: message.map(|id| id.parse().unwrap()),
        timestamp: timestamp.map(Timestamp),
    };
    let expected = vec![
        mark("a", Some(5), Some("m1")),
        mark("b", Some(5), None),
        mark("c", None, None),
        mark("d", None, None),
        mark("e", None, None),
    ];
    assert_eq!(understood(&command), Command::Read(expected));
}

#[test]
fn zero_and_empty_are_no_end_of_history() {
    // W-321
    let query = logs(LogsCommand {
        t: Some(0),
        tt: Some(0),
        mid: some(""),
        tmid: some(""),
        t_included: Some(true),
        ..LogsCommand::default()
    });
    assert_eq!((query.start, query.stop), (None, None));
}

#[test]
fn an_end_of_history_is_a_time_a_message_or_both() {
    // W-322, W-328
    let query = logs(LogsCommand {
        t: Some(64_092_211_200_000),
        mid: some("m1"),
        t_included: Some(true),
        tmid: some("m2"),
        ..LogsCommand::default()
    });
    let start = Point {
        timestamp: Some(Timestamp(64_092_211_200_000)),
        message: Some("m1".parse().unwrap()),
        included: true,
    };
    let stop = Point { timestamp: None, message: Some("m2".parse().unwrap()), included: false };
    assert_eq!((query.start, query.stop), (Some(start), Some(stop)));
}

#[test]
fn the_number_of_messages_has_two_names() {
    // W-324
    for (limit, l, expected) in [
        (Some(5), Some(9), Some(5)),
        (None, Some(9), Some(9)),
        (Some(0), Some(9), Some(0)),
        (None, None, None),
    ] {
        assert_eq!(logs(LogsCommand { limit, l, ..LogsCommand::default() }).limit, expected);
    }
}

#[test]
fn history_goes_back_unless_told_otherwise() {
    // W-326, W-327, W-331
    for (direction, expected) in [
        (None, Direction::Older),
        (Some(1), Direction::Older),
        (Some(2), Direction::Newer),
        (Some(9), Direction::Older),
    ] {
        assert_eq!(logs(LogsCommand { direction, ..LogsCommand::default() }).direction, expected);
    }
}

#[test]
fn an_operation_on_a_history_query_is_ignored() {
    // W-72
    let body = LogsCommand { cid: some(CID), lctype: Some(-1), ..LogsCommand::default() };
    let command = GenericCommand {
        logs_message: Some(Box::new(body)),
        ..request(CommandType::Logs, Some(OpType::Open))
    };
    assert!(matches!(understood(&command), Command::History(query) if query.message_type == Some(-1)));
}

#[test]
fn history_of_no_conversation_is_not_found() {
    // W-339
    let (family, reject) = refused(&request(CommandType::Logs, None));
    assert_eq!((family, reject.code), (Unsupported::Conversation, Code::ConversationNotFound));
}

#[test]
fn an_edit_carries_text_or_bytes_under_either_name() {
    // W-34, W-342, W-345
    let content =
        |item: PatchItem| match understood(&patch(PatchItem { cid: some(CID), mid: some("m1"), ..item })) {
            Command::Patch(patches) => patches[0].content.clone(),
            other => panic!("{other:?}"),
        };
    let data =
        |bytes: &'static [u8]| PatchItem { data: Some(Bytes::from_static(bytes)), ..Default::default() };
    assert_eq!(content(data(b"new")), Some(text("new")));
    assert_eq!(content(data(b"\xff\xfe")), Some(Content::Binary(Bytes::from_static(b"\xff\xfe"))));
    let binary = PatchItem { binary_msg: Some(Bytes::from_static(b"\x01")), ..data(b"") };
    assert_eq!(content(binary), Some(Content::Binary(Bytes::from_static(b"\x01"))));
    assert_eq!(content(PatchItem::default()), None);
}

#[test]
fn the_content_of_a_recall_is_ignored() {
    // W-344
    let item = PatchItem {
        cid: some(CID),
        mid: some("m1"),
        timestamp: Some(3),
        recall: Some(true),
        data: Some(Bytes::from_static(br#"{"_lctype":-127}"#)),
        ..PatchItem::default()
    };
    let Command::Patch(patches) = understood(&patch(item)) else { panic!() };
    assert!(patches[0].recall);
    assert_eq!((patches[0].content.as_ref(), patches[0].timestamp), (None, Some(Timestamp(3))));
}

#[test]
fn a_change_of_no_message_finds_none() {
    // W-346, W-349
    for (cid, mid) in [(some(CID), None), (None, some("m1")), (some(CID), some(""))] {
        let (_, reject) = refused(&patch(PatchItem { cid, mid, ..PatchItem::default() }));
        assert_eq!(reject.code, Code::MessageNotFound);
    }
}

#[test]
fn edits_are_confirmed_up_to_a_time() {
    // W-348
    let body = PatchCommand { last_patch_time: Some(5), patches: vec![] };
    let command = GenericCommand {
        i: None,
        patch_message: Some(Box::new(body)),
        ..request(CommandType::Patch, Some(OpType::Modified))
    };
    assert_eq!(understood(&command), Command::PatchConfirmed(Timestamp(5)));
}
