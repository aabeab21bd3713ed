//! Conversations and their members (`wire-protocol.md` §4.3, 4.4).

use serde_json::{Value, json};

use super::super::super::wire::*;
use super::super::{own, reply, seen, some};
use super::{CID, conv_body, conversation, envelope, id};
use crate::{Attributes, ClientId, Code, Event, MemberFailure, MembersChanged, PeerReadState, Timestamp};

fn conv(op: OpType, body: ConvCommand) -> GenericCommand {
    let body = ConvCommand { cid: some(CID), ..body };
    GenericCommand { conv_message: Some(Box::new(body)), ..envelope(CommandType::Conv, Some(op)) }
}

#[test]
fn a_start_is_answered_with_what_its_kind_has() {
    // W-55, W-174, W-175, W-176
    let started = |unique_id, ttl_seconds, existing| {
        seen(&reply(Event::ConversationStarted {
            conversation: conversation(),
            created_at: Timestamp(1_700_000_000_007),
            unique_id,
            ttl_seconds,
            existing,
        }))
    };
    let cdate = some("2023-11-14T22:13:20.007Z");
    let plain = ConvCommand { cdate, ..ConvCommand::default() };
    assert_eq!(started(None, None, false), conv(OpType::Started, plain.clone()));
    let unique = ConvCommand { unique_id: some("U"), existing: Some(true), ..plain.clone() };
    assert_eq!(started(Some(id("U")), None, true), conv(OpType::Started, unique));
    let temporary = ConvCommand { temp_conv_ttl: Some(60), ..plain };
    assert_eq!(started(None, Some(60), false), conv(OpType::Started, temporary));
}

#[test]
fn no_results_are_an_empty_list() {
    // W-169, W-194
    let body = conv_body(Event::Conversations(vec![]));
    assert_eq!(body.results.unwrap().data, "[]");
    assert_eq!(body.cid, None);
}

#[test]
fn a_change_of_members_names_both_outcomes() {
    // W-203
    let changed = MembersChanged {
        conversation: conversation(),
        updated_at: Timestamp(0),
        allowed: vec![id("bob")],
        failed: vec![MemberFailure { reject: Code::ConversationNeedOwner.into(), members: vec![id("tom")] }],
    };
    let failure = ErrorCommand {
        code: 4324,
        reason: "CONVERSATION_NEED_OWNER".to_owned(),
        pids: own(["tom"]),
        ..ErrorCommand::default()
    };
    let body = ConvCommand {
        udate: some("1970-01-01T00:00:00.000Z"),
        allowed_pids: own(["bob"]),
        failed_pids: vec![failure],
        ..ConvCommand::default()
    };
    assert_eq!(seen(&reply(Event::MembersRemoved(changed.clone()))), conv(OpType::Removed, body.clone()));
    assert_eq!(seen(&reply(Event::MembersAdded(changed))), conv(OpType::Added, body));
}

#[test]
fn an_update_shows_the_request_and_the_result_as_text() {
    // W-219, W-221, W-222
    let Value::Object(attr) = json!({ "attr.a": { "__op": "Delete" } }) else { unreachable!() };
    let event = |by| Event::ConversationUpdated {
        conversation: conversation(),
        updated_at: Timestamp(0),
        by,
        changes: Some((attr.clone(), Attributes::new())),
    };
    let body = conv_body(event(None));
    assert_eq!(body.attr.unwrap().data, r#"{"attr.a":{"__op":"Delete"}}"#);
    assert_eq!(body.attr_modified.unwrap().data, "{}");
    assert_eq!((body.init_by, body.udate), (None, some("1970-01-01T00:00:00.000Z")));
    assert_eq!(conv_body(event(Some(id("tom")))).init_by, some("tom"));
}

#[test]
fn a_mute_is_answered_like_an_update_without_changes() {
    // W-226, W-227
    let event = Event::ConversationUpdated {
        conversation: conversation(),
        updated_at: Timestamp(0),
        by: None,
        changes: None,
    };
    let body = ConvCommand { udate: some("1970-01-01T00:00:00.000Z"), ..ConvCommand::default() };
    assert_eq!(seen(&reply(event)), conv(OpType::Updated, body));
}

#[test]
fn a_count_of_zero_is_there() {
    // W-229
    let event = Event::MemberCount { conversation: conversation(), count: 0 };
    assert_eq!(
        seen(&reply(event)),
        conv(OpType::Result, ConvCommand { count: Some(0), ..ConvCommand::default() })
    );
}

#[test]
fn every_asked_conversation_has_its_answer() {
    // W-232
    let body = conv_body(Event::IsMember(vec![(conversation(), true), (id("other"), false)]));
    assert_eq!(body.results.unwrap().data, format!(r#"{{"{CID}":true,"other":false}}"#));
    assert_eq!(body.cid, None);
}

#[test]
fn a_receipt_time_that_never_was_is_absent() {
    // W-233, W-234, W-235
    let never = PeerReadState::default();
    let delivered = PeerReadState { delivered: Some(Timestamp(5)), read: None };
    let event = Event::MaxRead {
        conversation: conversation(),
        all: delivered,
        each: Some(vec![(id("jerry"), delivered), (id("bob"), never)]),
    };
    let tuple =
        |pid, max_ack_timestamp| MaxReadTuple { pid: some(pid), max_ack_timestamp, max_read_timestamp: None };
    let body = ConvCommand {
        max_ack_timestamp: Some(5),
        max_read_tuples: vec![tuple("jerry", Some(5)), tuple("bob", None)],
        ..ConvCommand::default()
    };
    assert_eq!(seen(&reply(event)), conv(OpType::MaxRead, body));
}

#[test]
fn coming_and_going_name_who_and_when() {
    // W-181, W-254, W-255, W-256
    let (conversation, by, at) = (conversation, id::<ClientId>("jerry"), Timestamp(0));
    let moved = ConvCommand {
        cid: some(CID),
        init_by: some("jerry"),
        udate: some("1970-01-01T00:00:00.000Z"),
        ..ConvCommand::default()
    };
    let temporary = ConvCommand { temp_conv: Some(true), temp_conv_ttl: Some(60), ..moved.clone() };
    let joined =
        |ttl_seconds| Event::Joined { conversation: conversation(), by: by.clone(), at, ttl_seconds };
    assert_eq!(conv_body(joined(None)), moved);
    assert_eq!(conv_body(joined(Some(60))), temporary);
    let members = vec![id("tom")];
    let members_joined = Event::MembersJoined {
        conversation: conversation(),
        members: members.clone(),
        by: by.clone(),
        at,
        ttl_seconds: Some(60),
    };
    assert_eq!(conv_body(members_joined), ConvCommand { m: own(["tom"]), ..temporary });
    let left = Event::Left { conversation: conversation(), by: by.clone(), at };
    assert_eq!(conv_body(left), moved);
    let members_left = Event::MembersLeft { conversation: conversation(), members, by, at };
    assert_eq!(conv_body(members_left), ConvCommand { m: own(["tom"]), ..moved });
}
