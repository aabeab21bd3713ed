//! Conversations and their members (`wire-protocol.md` §4.3).

use super::super::super::wire::*;
use super::super::{own, refused, request, some, understood};
use super::CID;
use crate::{Code, Command, ConversationCommand, QueryTarget, StartConversation, Unsupported};

fn conv(op: OpType, body: ConvCommand) -> GenericCommand {
    GenericCommand { conv_message: Some(Box::new(body)), ..request(CommandType::Conv, Some(op)) }
}

fn conversation(command: &GenericCommand) -> ConversationCommand {
    match understood(command) {
        Command::Conversation(conversation) => conversation,
        other => panic!("{other:?}"),
    }
}

fn started(body: ConvCommand) -> StartConversation {
    match conversation(&conv(OpType::Start, body)) {
        ConversationCommand::Start(start) => *start,
        other => panic!("{other:?}"),
    }
}

fn json(data: &str) -> Option<JsonObjectMessage> {
    Some(JsonObjectMessage { data: data.to_owned() })
}

#[test]
fn a_start_keeps_members_as_received() {
    // W-171
    let start = started(ConvCommand {
        m: own(["tom", "jerry", "tom"]),
        attr: json(r#"{"name":"x","attr":{"k":[1]}}"#),
        unique: Some(true),
        ..ConvCommand::default()
    });
    assert_eq!(
        start.members.iter().map(crate::ClientId::as_str).collect::<Vec<_>>(),
        ["tom", "jerry", "tom"]
    );
    assert_eq!(start.attributes["attr"]["k"][0], 1);
    assert!(start.unique && !start.transient && !start.temporary);
}

#[test]
fn a_lifetime_of_zero_or_less_is_the_default_one() {
    // W-163
    for (sent, ttl_seconds) in [(None, None), (Some(0), None), (Some(-5), None), (Some(60), Some(60))] {
        let start = started(ConvCommand { temp_conv: Some(true), temp_conv_ttl: sent, ..Default::default() });
        assert!(start.temporary);
        assert_eq!(start.ttl_seconds, ttl_seconds);
    }
}

#[test]
fn a_member_that_cannot_be_a_client_spoils_the_command() {
    // W-183
    for id in [String::new(), "x".repeat(65)] {
        for op in [OpType::Start, OpType::Add, OpType::Remove] {
            let body =
                ConvCommand { cid: some(CID), m: vec!["tom".to_owned(), id.clone()], ..Default::default() };
            let (family, reject) = refused(&conv(op, body));
            assert_eq!((family, reject.code), (Unsupported::Conversation, Code::ConversationApiFailed));
            assert!(reject.detail.is_some());
        }
    }
}

#[test]
fn attributes_that_are_no_json_object_are_refused() {
    for op in [OpType::Start, OpType::Update] {
        for attr in ["{", "[]", "1", "x"] {
            let body = ConvCommand { cid: some(CID), attr: json(attr), ..ConvCommand::default() };
            assert_eq!(refused(&conv(op, body)).1.code, Code::ConversationApiFailed, "{attr}");
        }
    }
    let nothing = ConvCommand { cid: some(CID), ..ConvCommand::default() };
    assert_eq!(refused(&conv(OpType::Update, nothing)).1.code, Code::ConversationApiFailed);
}

#[test]
fn a_conversation_command_needs_its_conversation() {
    let ops = [
        OpType::Add,
        OpType::Remove,
        OpType::Update,
        OpType::Mute,
        OpType::Unmute,
        OpType::Count,
        OpType::Members,
        OpType::MaxRead,
    ];
    for op in ops {
        for (cid, code) in [
            (None, Code::ConversationApiFailed),
            (some(""), Code::ConversationApiFailed),
            (Some("x".repeat(200)), Code::ConversationNotFound),
        ] {
            let (family, reject) = refused(&conv(op, ConvCommand { cid, ..ConvCommand::default() }));
            assert_eq!((family, reject.code), (Unsupported::Conversation, code), "{op:?}");
        }
        let (family, _) = refused(&request(CommandType::Conv, Some(op)));
        assert_eq!(family, Unsupported::Conversation);
    }
}

#[test]
fn a_condition_is_json_or_malformed_or_absent() {
    // W-184, W-193, W-196
    let target = |body: ConvCommand| match conversation(&conv(OpType::Query, body)) {
        ConversationCommand::Query(query) => query.target,
        other => panic!("{other:?}"),
    };
    let by = |condition: &str| target(ConvCommand { r#where: json(condition), ..ConvCommand::default() });
    assert_eq!(target(ConvCommand::default()), QueryTarget::Where(None));
    assert_eq!(by(""), QueryTarget::Where(None));
    assert_eq!(by("{}"), QueryTarget::Where(Some(serde_json::json!({}))));
    assert_eq!(by(r#"{"m":"tom"}"#), QueryTarget::Where(Some(serde_json::json!({ "m": "tom" }))));
    assert_eq!(by("{m:tom}"), QueryTarget::Malformed);
    let temporary = ConvCommand { temp_conv_ids: own(["_tmp:1", ""]), ..ConvCommand::default() };
    assert_eq!(target(temporary), QueryTarget::Temporary(vec!["_tmp:1".parse().unwrap()]));
}

#[test]
fn the_flag_of_a_query_has_two_bits() {
    // W-192
    for (flag, compact, with_last_message) in
        [(None, false, false), (Some(1), true, false), (Some(2), false, true), (Some(3), true, true)]
    {
        let body = ConvCommand { flag, ..ConvCommand::default() };
        let ConversationCommand::Query(query) = conversation(&conv(OpType::Query, body)) else { panic!() };
        assert_eq!((query.compact, query.with_last_message), (compact, with_last_message));
    }
}

#[test]
fn a_limit_of_zero_is_told_from_none() {
    // W-191
    for limit in [None, Some(0), Some(999)] {
        let body = ConvCommand { limit, ..ConvCommand::default() };
        let ConversationCommand::Query(query) = conversation(&conv(OpType::Query, body)) else { panic!() };
        assert_eq!(query.limit, limit);
    }
}
