//! Messages, receipts, unread notices, history and edits (`wire-protocol.md` §4.5 to 4.10).

use bytes::Bytes;

use super::super::super::wire::*;
use super::super::{own, push, reply, seen, some};
use super::{CID, conversation, delivery, envelope, id, last_message};
use crate::codec::{Dialect, encode_event, protobuf};
use crate::{
    Code, Content, ConversationKind, Delivery, Event, HistoryItem, Mentions, PatchReason, Receipt, Timestamp,
    UnreadConversation,
};

#[test]
fn a_message_has_exactly_one_content_and_no_flag_that_is_not_set() {
    // W-58, W-70, W-73, W-281, W-282
    let body = DirectCommand {
        cid: some(CID),
        id: some("m1"),
        from_peer_id: some("jerry"),
        timestamp: Some(5),
        msg: some(""),
        conv_type: Some(1),
        ..DirectCommand::default()
    };
    let expected = |body| GenericCommand {
        i: None,
        server_ts: Some(1000),
        direct_message: Some(Box::new(body)),
        ..envelope(CommandType::Direct, None)
    };
    assert_eq!(seen(&push(Event::Message(delivery()))), expected(body.clone()));

    let full = Delivery {
        content: Content::Binary(Bytes::from_static(b"\xff")),
        mentions: Mentions { clients: vec![id("tom"), id("bob")], all: true },
        transient: true,
        offline: true,
        has_more: true,
        patched_at: Some(Timestamp(6)),
        ..delivery()
    };
    let body = DirectCommand {
        msg: None,
        binary_msg: Some(Bytes::from_static(b"\xff")),
        mention_pids: own(["tom", "bob"]),
        mention_all: Some(true),
        transient: Some(true),
        offline: Some(true),
        has_more: Some(true),
        patch_timestamp: Some(6),
        ..body
    };
    assert_eq!(seen(&push(Event::Message(full))), expected(body));
}

#[test]
fn a_delivery_receipt_does_not_mention_reading() {
    // W-297, W-298, W-299, W-304
    let receipt = |read| Receipt {
        conversation: conversation(),
        message: id("m1"),
        at: Timestamp(8),
        from: id("jerry"),
        read,
    };
    let body = |read| RcpCommand { id: some("m1"), cid: some(CID), t: Some(8), read, from: some("jerry") };
    let shown = |read| *seen(&push(Event::Receipt(receipt(read)))).rcp_message.unwrap();
    assert_eq!(shown(false), body(None));
    assert_eq!(shown(true), body(Some(true)));
}

#[test]
fn an_unread_count_of_zero_is_there_with_the_last_message() {
    // W-53, W-305, W-306, W-318
    let unread = UnreadConversation {
        conversation: conversation(),
        kind: ConversationKind::Normal,
        count: 0,
        mentioned: false,
        last: Some(last_message()),
    };
    let tuple = UnreadTuple {
        cid: CID.to_owned(),
        unread: 0,
        mid: some("m9"),
        timestamp: Some(90),
        from: some("jerry"),
        data: some("hi"),
        patch_timestamp: None,
        mentioned: Some(false),
        binary_msg: None,
        conv_type: Some(1),
    };
    let event = Event::Unread { conversations: vec![unread], notified_at: Timestamp(99) };
    let frame = encode_event(Dialect::Protobuf, &push(event));
    let shown = protobuf::decode(&frame).unwrap();
    assert_eq!(*shown.unread_message.unwrap(), UnreadCommand { convs: vec![tuple], notif_time: Some(99) });
    // The required zero is really in the frame: field 2 after the 24 bytes of field 1.
    let cid = frame.windows(CID.len()).position(|window| window == CID.as_bytes()).unwrap();
    assert_eq!(frame[cid + CID.len()..][..2], [0x10, 0x00]);
}

#[test]
fn an_empty_page_of_history_is_there() {
    // W-333
    let event = Event::History { conversation: conversation(), messages: vec![] };
    let body = LogsCommand { cid: some(CID), ..LogsCommand::default() };
    let expected = GenericCommand { logs_message: Some(Box::new(body)), ..envelope(CommandType::Logs, None) };
    assert_eq!(seen(&reply(event)), expected);
}

#[test]
fn a_message_in_history_has_data_and_no_time_that_never_was() {
    // W-334, W-335, W-431
    let item = |content| HistoryItem {
        id: id("m1"),
        from: id("jerry"),
        timestamp: Timestamp(5),
        content,
        kind: ConversationKind::Temporary,
        delivered_at: None,
        read_at: None,
        patched_at: None,
        mentions: Mentions::default(),
    };
    let messages =
        vec![item(Content::Text("".into())), item(Content::Binary(Bytes::from_static(b"\xff\xfe")))];
    let event = Event::History { conversation: conversation(), messages };
    let plain = LogItem {
        msg_id: some("m1"),
        from: some("jerry"),
        timestamp: Some(5),
        data: some(""),
        conv_type: Some(4),
        ..LogItem::default()
    };
    let binary = LogItem { data: some("//4="), bin: Some(true), ..plain.clone() };
    assert_eq!(seen(&reply(event)).logs_message.unwrap().logs, [plain, binary]);
}

#[test]
fn a_done_change_tells_its_time() {
    // W-347
    let body = PatchCommand { patches: vec![], last_patch_time: Some(5) };
    let expected = GenericCommand {
        patch_message: Some(Box::new(body)),
        ..envelope(CommandType::Patch, Some(OpType::Modified))
    };
    assert_eq!(seen(&reply(Event::Patched { at: Timestamp(5) })), expected);
}

#[test]
fn a_pushed_change_always_says_whether_it_is_a_recall() {
    // W-352, W-353, W-355, W-356
    let change = |recall, content| crate::PatchItem {
        conversation: conversation(),
        message: id("m1"),
        timestamp: Timestamp(5),
        from: id("jerry"),
        recall,
        content,
        patched_at: Timestamp(6),
        mentions: Mentions::default(),
        reason: None,
    };
    let item = |recall, data: &'static str| PatchItem {
        cid: some(CID),
        mid: some("m1"),
        timestamp: Some(5),
        recall: Some(recall),
        data: Some(Bytes::from_static(data.as_bytes())),
        patch_timestamp: Some(6),
        from: some("jerry"),
        ..PatchItem::default()
    };
    let shown = |change| seen(&push(Event::Patch(change))).patch_message.unwrap().patches;
    assert_eq!(shown(change(false, Content::Text("new".into()))), [item(false, "new")]);
    assert_eq!(shown(change(true, Content::recalled())), [item(true, r#"{"_lctype":-127}"#)]);

    let reason = Some(PatchReason::of(Code::MessageModifiedByCensorship));
    let censored = crate::PatchItem { reason, ..change(false, Content::Text("***".into())) };
    let expected = PatchItem {
        patch_code: Some(-4408),
        patch_reason: some("MESSAGE_MODIFIED_BY_CENSORSHIP"),
        ..item(false, "***")
    };
    assert_eq!(shown(censored), [expected]);
}
