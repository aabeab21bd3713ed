//! Roles, silencing and block lists (`wire-protocol.md` §4.3.10, 4.3.11, 4.4, 4.11).

use super::super::super::wire::*;
use super::super::{own, push, reply, seen, some};
use super::{CID, conversation, envelope, id};
use crate::{Code, Event, MemberFailure, Reject, Restriction, Role};

fn conv(op: OpType, body: ConvCommand) -> GenericCommand {
    let body = ConvCommand { cid: some(CID), ..body };
    GenericCommand { conv_message: Some(Box::new(body)), ..envelope(CommandType::Conv, Some(op)) }
}

fn blacklist(op: OpType, body: BlacklistCommand) -> GenericCommand {
    GenericCommand { blacklist_message: Some(Box::new(body)), ..envelope(CommandType::Blacklist, Some(op)) }
}

fn about_it() -> BlacklistCommand {
    BlacklistCommand { src_cid: some(CID), ..BlacklistCommand::default() }
}

/// The operation and body of a push, which is always one of the conversation.
fn told(event: Event) -> (OpType, ConvCommand) {
    let command = seen(&push(event));
    assert_eq!((command.cmd, command.i, command.server_ts), (Some(1), None, Some(1000)));
    assert_eq!(command.blacklist_message, None);
    (OpType::try_from(command.op.unwrap()).unwrap(), *command.conv_message.unwrap())
}

fn refusal() -> (MemberFailure, ErrorCommand) {
    let failure = MemberFailure {
        reject: Code::ConversationOperationUnauthorized.into(),
        members: vec![id("jerry"), id("spike")],
    };
    let error = ErrorCommand {
        code: 4320,
        reason: "CONVERSATION_OPERATION_UNAUTHORIZED".to_owned(),
        pids: own(["jerry", "spike"]),
        ..ErrorCommand::default()
    };
    (failure, error)
}

#[test]
fn a_new_role_is_answered_and_told() {
    // W-237, W-238
    let updated = Event::RoleUpdated { conversation: conversation() };
    assert_eq!(seen(&reply(updated)), conv(OpType::MemberInfoUpdated, ConvCommand::default()));

    let changed = Event::MemberRoleChanged {
        conversation: conversation(),
        member: id("bob"),
        role: Role::Manager,
        by: id("jerry"),
    };
    let info = ConvMemberInfo { pid: some("bob"), role: some("Manager"), info_id: None };
    let body =
        ConvCommand { cid: some(CID), init_by: some("jerry"), info: Some(info), ..ConvCommand::default() };
    assert_eq!(told(changed), (OpType::MemberInfoChanged, body));
}

#[test]
fn a_change_of_the_silenced_names_both_outcomes() {
    // W-245
    let (failure, error) = refusal();
    for (lifted, op) in [(false, OpType::ShutupAdded), (true, OpType::ShutupRemoved)] {
        let event = Event::RestrictionChanged {
            restriction: Restriction::Silenced,
            lifted,
            conversation: conversation(),
            allowed: vec![id("bob")],
            failed: vec![failure.clone()],
        };
        let body = ConvCommand {
            allowed_pids: own(["bob"]),
            failed_pids: vec![error.clone()],
            ..ConvCommand::default()
        };
        assert_eq!(seen(&reply(event)), conv(op, body));
    }
}

#[test]
fn a_change_of_the_blocked_is_a_reply_of_its_own_that_names_the_conversation_as_source() {
    // W-363
    let (failure, error) = refusal();
    for (lifted, op) in [(false, OpType::Blocked), (true, OpType::Unblocked)] {
        let event = Event::RestrictionChanged {
            restriction: Restriction::Blocked,
            lifted,
            conversation: conversation(),
            allowed: vec![id("bob")],
            failed: vec![failure.clone()],
        };
        let body =
            BlacklistCommand { allowed_pids: own(["bob"]), failed_pids: vec![error.clone()], ..about_it() };
        assert_eq!(seen(&reply(event)), blacklist(op, body));
    }
}

#[test]
fn a_list_says_where_it_goes_on_only_if_it_does() {
    // W-249, W-250, W-367
    for (next, written) in [(None, None), (Some(20), some("20"))] {
        let list = |restriction| Event::RestrictedClients {
            restriction,
            conversation: conversation(),
            clients: vec![id("bob")],
            next,
        };
        let body = ConvCommand { m: own(["bob"]), next: written.clone(), ..ConvCommand::default() };
        assert_eq!(seen(&reply(list(Restriction::Silenced))), conv(OpType::ShutupResult, body));
        let body = BlacklistCommand { blocked_pids: own(["bob"]), next: written, ..about_it() };
        assert_eq!(seen(&reply(list(Restriction::Blocked))), blacklist(OpType::QueryResult, body));
    }
}

#[test]
fn a_check_is_answered_with_those_that_are_on_the_list() {
    // W-251, W-368
    let among = |restriction| Event::RestrictedAmong {
        restriction,
        conversation: conversation(),
        clients: vec![id("bob")],
    };
    let body = ConvCommand { m: own(["bob"]), ..ConvCommand::default() };
    assert_eq!(seen(&reply(among(Restriction::Silenced))), conv(OpType::CheckResult, body));
    let body = BlacklistCommand { blocked_pids: own(["bob"]), ..about_it() };
    assert_eq!(seen(&reply(among(Restriction::Blocked))), blacklist(OpType::CheckResult, body));
}

#[test]
fn a_restriction_is_told_by_a_command_of_the_conversation() {
    // W-246, W-254, W-255, W-257, W-364, W-365
    use Restriction::*;
    let cases = [
        (Silenced, false, OpType::Shutuped, OpType::MembersShutuped),
        (Silenced, true, OpType::Unshutuped, OpType::MembersUnshutuped),
        (Blocked, false, OpType::Blocked, OpType::MembersBlocked),
        (Blocked, true, OpType::Unblocked, OpType::MembersUnblocked),
    ];
    for (restriction, lifted, own_op, members_op) in cases {
        // W-465
        for (in_room, transient) in [(false, None), (true, Some(true))] {
            let (conversation, by) = (conversation(), id("jerry"));
            let body =
                ConvCommand { cid: some(CID), init_by: some("jerry"), transient, ..ConvCommand::default() };
            let itself = Event::Restricted {
                restriction,
                lifted,
                conversation: conversation.clone(),
                by: id("jerry"),
                in_room,
            };
            assert_eq!(told(itself), (own_op, body.clone()));
            let others = Event::MembersRestricted {
                restriction,
                lifted,
                conversation,
                members: vec![id("bob")],
                by,
                in_room,
            };
            assert_eq!(told(others), (members_op, ConvCommand { m: own(["bob"]), ..body }));
        }
    }
}

#[test]
fn a_client_s_own_list_of_conversations_names_no_source() {
    // B-135
    for (lifted, op) in [(false, OpType::Blocked), (true, OpType::Unblocked)] {
        let event = Event::ConversationsBlocked {
            lifted,
            allowed: vec![conversation()],
            failed: vec![(Code::ConversationNotFound.into(), vec![id("other")])],
        };
        let error = ErrorCommand {
            code: 4303,
            reason: "CONVERSATION_NOT_FOUND".to_owned(),
            pids: own(["other"]),
            ..ErrorCommand::default()
        };
        let body = BlacklistCommand {
            allowed_pids: own([CID]),
            failed_pids: vec![error],
            ..BlacklistCommand::default()
        };
        assert_eq!(seen(&reply(event)), blacklist(op, body));
    }
    let list = Event::BlockedConversations { conversations: vec![conversation()], next: Some(10) };
    let body = BlacklistCommand { blocked_cids: own([CID]), next: some("10"), ..BlacklistCommand::default() };
    assert_eq!(seen(&reply(list)), blacklist(OpType::QueryResult, body));
}

#[test]
fn a_kicked_client_is_told_the_caller_s_words() {
    // W-138
    let event = Event::SessionClosed(Some(Reject::saying(Code::KickedByApp, "bye")));
    let body = SessionCommand { code: Some(4115), reason: some("bye"), ..SessionCommand::default() };
    assert_eq!(*seen(&push(event)).session_message.unwrap(), body);
}
