//! Roles, silencing and block lists (`wire-protocol.md` §4.3.10, 4.3.11, 4.11).

use super::super::super::wire::*;
use super::super::{own, refused, request, some, understood};
use super::CID;
use crate::{
    BlockConversations, Code, Command, ConversationCommand, Page, Restrict, Restriction, Role, Signature,
    Unsupported,
};

fn conv(op: OpType, body: ConvCommand) -> GenericCommand {
    GenericCommand { conv_message: Some(Box::new(body)), ..request(CommandType::Conv, Some(op)) }
}

fn blacklist(op: OpType, body: BlacklistCommand) -> GenericCommand {
    GenericCommand { blacklist_message: Some(Box::new(body)), ..request(CommandType::Blacklist, Some(op)) }
}

fn conversation(command: &GenericCommand) -> ConversationCommand {
    match understood(command) {
        Command::Conversation(conversation) => conversation,
        other => panic!("{other:?}"),
    }
}

fn restrict(restriction: Restriction, lift: bool, signature: Option<Signature>) -> ConversationCommand {
    ConversationCommand::Restrict(Restrict {
        conversation: CID.parse().unwrap(),
        restriction,
        lift,
        clients: vec!["bob".parse().unwrap(), "jerry".parse().unwrap()],
        signature,
    })
}

fn role(target: Option<&str>, pid: Option<&str>, role: Option<&str>) -> ConvCommand {
    ConvCommand {
        cid: some(CID),
        target_client_id: target.map(str::to_owned),
        info: Some(ConvMemberInfo {
            pid: pid.map(str::to_owned),
            role: role.map(str::to_owned),
            info_id: some("5f8a1b2c3d4e5f6a7b8c9d0f"),
        }),
        ..ConvCommand::default()
    }
}

#[test]
fn a_role_is_for_a_member_that_is_named_twice() {
    // W-236, W-464
    let expected = ConversationCommand::SetRole {
        conversation: CID.parse().unwrap(),
        member: "bob".parse().unwrap(),
        role: Some(Role::Manager),
    };
    for (target, pid) in [(Some("bob"), Some("bob")), (Some("bob"), None), (None, Some("bob"))] {
        let sent = conv(OpType::MemberInfoUpdate, role(target, pid, Some("Manager")));
        assert_eq!(conversation(&sent), expected);
    }
}

#[test]
fn a_name_that_is_no_role_is_told_from_one() {
    // W-242
    let cases = [
        (Some("Owner"), Some(Role::Owner)),
        (Some("Member"), Some(Role::Member)),
        (Some("manager"), None),
        (Some(""), None),
        (None, None),
    ];
    for (name, expected) in cases {
        let sent = conv(OpType::MemberInfoUpdate, role(Some("bob"), Some("bob"), name));
        let ConversationCommand::SetRole { role, .. } = conversation(&sent) else { panic!() };
        assert_eq!(role, expected, "{name:?}");
    }
}

#[test]
fn a_role_for_nobody_is_refused() {
    let nobody = ConvCommand { cid: some(CID), ..ConvCommand::default() };
    for body in [nobody, role(None, None, Some("Manager")), role(Some(""), Some(""), Some("Manager"))] {
        let (family, reject) = refused(&conv(OpType::MemberInfoUpdate, body));
        assert_eq!((family, reject.code), (Unsupported::Conversation, Code::ConversationApiFailed));
    }
}

#[test]
fn silencing_names_its_clients_in_the_command_of_the_conversation() {
    // W-245
    for (op, lift) in [(OpType::AddShutup, false), (OpType::RemoveShutup, true)] {
        let sent =
            conv(op, ConvCommand { cid: some(CID), m: own(["bob", "jerry"]), ..ConvCommand::default() });
        assert_eq!(conversation(&sent), restrict(Restriction::Silenced, lift, None));
    }
}

#[test]
fn blocking_is_a_command_of_its_own_with_a_signature() {
    // W-363, W-439
    let signed = Signature { value: "S".to_owned(), timestamp: 5, nonce: "N".to_owned() };
    for (op, lift) in [(OpType::Block, false), (OpType::Unblock, true)] {
        let body = BlacklistCommand {
            src_cid: some(CID),
            to_pids: own(["bob", "jerry"]),
            s: some("S"),
            t: Some(5),
            n: some("N"),
            ..BlacklistCommand::default()
        };
        let expected = restrict(Restriction::Blocked, lift, Some(signed.clone()));
        assert_eq!(conversation(&blacklist(op, body)), expected);
    }
}

#[test]
fn a_client_blocks_conversations_for_itself_whatever_client_it_names() {
    // B-135
    for src_pid in [some("tom"), some("somebody else"), None] {
        for (op, lift) in [(OpType::Block, false), (OpType::Unblock, true)] {
            let body = BlacklistCommand {
                src_pid: src_pid.clone(),
                to_cids: own([CID, "other"]),
                ..BlacklistCommand::default()
            };
            let expected = ConversationCommand::BlockConversations(BlockConversations {
                conversations: vec![CID.parse().unwrap(), "other".parse().unwrap()],
                lift,
                signature: None,
            });
            assert_eq!(conversation(&blacklist(op, body)), expected);
        }
    }
    let body = BlacklistCommand { src_pid: some("tom"), limit: Some(5), ..BlacklistCommand::default() };
    let expected = ConversationCommand::BlockedConversations(Page { limit: Some(5), offset: 0 });
    assert_eq!(conversation(&blacklist(OpType::Query, body)), expected);
}

#[test]
fn a_part_of_a_list_begins_at_a_decimal_offset() {
    // W-249, W-250, W-367
    let cases = [(None, 0), (some(""), 0), (some("0"), 0), (some("10"), 10), (some("4294967295"), u32::MAX)];
    for (next, offset) in cases {
        let page = Page { limit: Some(50), offset };
        let silenced =
            ConvCommand { cid: some(CID), limit: Some(50), next: next.clone(), ..Default::default() };
        let blocked = BlacklistCommand { src_cid: some(CID), limit: Some(50), next, ..Default::default() };
        let asked = [
            (conv(OpType::QueryShutup, silenced), Restriction::Silenced),
            (blacklist(OpType::Query, blocked), Restriction::Blocked),
        ];
        for (sent, restriction) in asked {
            let conversation_id = CID.parse().unwrap();
            let expected =
                ConversationCommand::Restricted { conversation: conversation_id, restriction, page };
            assert_eq!(conversation(&sent), expected);
        }
    }
}

#[test]
fn an_offset_that_is_none_is_refused() {
    // W-250
    for next in ["x", "-1", "1.5", "4294967296"] {
        let silenced = ConvCommand { cid: some(CID), next: some(next), ..ConvCommand::default() };
        let blocked = BlacklistCommand { src_cid: some(CID), next: some(next), ..Default::default() };
        for sent in [conv(OpType::QueryShutup, silenced), blacklist(OpType::Query, blocked)] {
            let (family, reject) = refused(&sent);
            assert_eq!((family, reject.code), (Unsupported::Conversation, Code::ConversationApiFailed));
        }
    }
}

#[test]
fn a_check_passes_over_what_cannot_be_a_client() {
    // W-251, W-368
    let ids = vec!["bob".to_owned(), String::new(), "x".repeat(65)];
    let silenced = ConvCommand { cid: some(CID), m: ids.clone(), ..ConvCommand::default() };
    let blocked = BlacklistCommand { src_cid: some(CID), to_pids: ids, ..BlacklistCommand::default() };
    let asked = [
        (conv(OpType::CheckShutup, silenced), Restriction::Silenced),
        (blacklist(OpType::CheckBlock, blocked), Restriction::Blocked),
    ];
    for (sent, restriction) in asked {
        let expected = ConversationCommand::CheckRestricted {
            conversation: CID.parse().unwrap(),
            restriction,
            clients: vec!["bob".parse().unwrap()],
        };
        assert_eq!(conversation(&sent), expected);
    }
}

#[test]
fn an_id_that_cannot_be_one_spoils_the_command() {
    // W-183
    for id in [String::new(), "x".repeat(200)] {
        let ids = vec!["bob".to_owned(), id];
        let silenced = ConvCommand { cid: some(CID), m: ids.clone(), ..ConvCommand::default() };
        let blocked =
            BlacklistCommand { src_cid: some(CID), to_pids: ids.clone(), ..BlacklistCommand::default() };
        let own = BlacklistCommand { src_pid: some("tom"), to_cids: ids, ..BlacklistCommand::default() };
        let sent = [
            conv(OpType::AddShutup, silenced),
            blacklist(OpType::Block, blocked),
            blacklist(OpType::Block, own),
        ];
        for sent in sent {
            let (family, reject) = refused(&sent);
            assert_eq!((family, reject.code), (Unsupported::Conversation, Code::ConversationApiFailed));
        }
    }
}

#[test]
fn a_list_needs_its_conversation() {
    let cases = [
        (None, Code::ConversationApiFailed),
        (some(""), Code::ConversationApiFailed),
        (Some("x".repeat(200)), Code::ConversationNotFound),
    ];
    for (cid, code) in cases {
        for op in [OpType::AddShutup, OpType::RemoveShutup, OpType::QueryShutup, OpType::CheckShutup] {
            let (_, reject) = refused(&conv(op, ConvCommand { cid: cid.clone(), ..ConvCommand::default() }));
            assert_eq!(reject.code, code, "{op:?}");
        }
        for op in [OpType::Block, OpType::Unblock, OpType::CheckBlock] {
            let body = BlacklistCommand {
                src_cid: cid.clone(),
                to_pids: own(["bob"]),
                ..BlacklistCommand::default()
            };
            let (family, reject) = refused(&blacklist(op, body));
            assert_eq!((family, reject.code), (Unsupported::Conversation, code), "{op:?}");
        }
    }
    let (family, _) = refused(&request(CommandType::Blacklist, Some(OpType::Block)));
    assert_eq!(family, Unsupported::Conversation);
}
