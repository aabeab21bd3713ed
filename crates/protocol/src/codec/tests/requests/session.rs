//! Opening, keeping and closing sessions (`wire-protocol.md` §4.1).

use super::super::super::wire::*;
use super::super::{read, refused, request, some, understood};
use super::open;
use crate::{Code, Command, OpenSession, SessionCommand as Session, Timestamp};

fn opened(command: &GenericCommand) -> OpenSession {
    match understood(command) {
        Command::Session(Session::Open(open)) => *open,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_open_may_say_nothing_at_all() {
    // W-91, W-94
    let command = GenericCommand {
        session_message: None,
        peer_id: None,
        ..request(CommandType::Session, Some(OpType::Open))
    };
    assert_eq!(opened(&command), OpenSession::default());
    assert_eq!(read(&command).client, None);
}

#[test]
fn an_open_says_what_each_sdk_puts_in_it() {
    // W-91
    let javascript = open(SessionCommand {
        ua: some("js/5.0.0-rc.8"),
        r: Some(true),
        st: some("TOKEN"),
        config_bitmap: Some(0xbb),
        last_unread_notif_time: Some(1),
        last_patch_time: Some(2),
        ..SessionCommand::default()
    });
    let expected = OpenSession {
        user_agent: some("js/5.0.0-rc.8"),
        reconnect: true,
        token: Some("TOKEN".parse().unwrap()),
        config: Some(187),
        last_unread_notice: Some(Timestamp(1)),
        last_patch: Some(Timestamp(2)),
        ..OpenSession::default()
    };
    assert_eq!(opened(&javascript), expected);

    let signed = open(SessionCommand {
        s: some("0a1b"),
        t: Some(1_450_000_000),
        n: some("nonce"),
        tag: some("Mobile"),
        ..SessionCommand::default()
    });
    let signature =
        crate::Signature { value: "0a1b".to_owned(), timestamp: 1_450_000_000, nonce: "nonce".to_owned() };
    let expected = OpenSession {
        signature: Some(signature),
        tag: Some("Mobile".parse().unwrap()),
        ..OpenSession::default()
    };
    assert_eq!(opened(&signed), expected);
}

#[test]
fn the_device_is_the_token_or_the_id_or_the_installation() {
    // W-95
    let device = |token: Option<&str>, id: Option<&str>, installation: Option<&str>| {
        let own = |text: Option<&str>| text.map(str::to_owned);
        let body =
            SessionCommand { device_token: own(token), device_id: own(id), ..SessionCommand::default() };
        opened(&GenericCommand { installation_id: own(installation), ..open(body) })
            .device
            .map(|device| device.to_string())
    };
    assert_eq!(device(Some("token"), Some("id"), Some("installation")), some("token"));
    assert_eq!(device(None, Some("id"), Some("installation")), some("id"));
    assert_eq!(device(Some(""), Some(""), Some("installation")), some("installation"));
    assert_eq!(device(None, None, None), None);
}

#[test]
fn the_reserved_tag_and_the_empty_one_are_no_tag() {
    // W-99
    for tag in [None, some(""), some("default")] {
        assert_eq!(opened(&open(SessionCommand { tag, ..SessionCommand::default() })).tag, None);
    }
}

#[test]
fn a_token_that_cannot_be_one_is_told_from_none() {
    // W-118
    let token = |st: Option<String>| {
        let open = opened(&open(SessionCommand { st, ..SessionCommand::default() }));
        (open.token.is_some(), open.malformed_token)
    };
    assert_eq!(token(None), (false, false));
    assert_eq!(token(some("")), (false, false));
    assert_eq!(token(some("made-up")), (true, false));
    assert_eq!(token(Some("x".repeat(100_000))), (false, true));
}

#[test]
fn a_tag_or_a_device_out_of_all_bounds_is_refused() {
    let endless = || Some("x".repeat(100_000));
    let tagged = SessionCommand { tag: endless(), ..SessionCommand::default() };
    let on_a_device = SessionCommand { device_id: endless(), ..SessionCommand::default() };
    for body in [tagged, on_a_device] {
        assert_eq!(refused(&open(body)).1.code, Code::InvalidLogin);
    }
}

#[test]
fn a_time_of_zero_before_login_is_no_time() {
    // W-310, W-360
    let body = SessionCommand {
        last_unread_notif_time: Some(0),
        last_patch_time: Some(0),
        ..SessionCommand::default()
    };
    let open = opened(&open(body));
    assert_eq!((open.last_unread_notice, open.last_patch), (None, None));
}

#[test]
fn a_refresh_demands_nothing() {
    // W-130, W-132
    for body in [None, Some(Box::new(SessionCommand { tag: some("Mobile"), ..Default::default() }))] {
        let command =
            GenericCommand { session_message: body, ..request(CommandType::Session, Some(OpType::Refresh)) };
        assert_eq!(understood(&command), Command::Session(Session::Refresh(Default::default())));
    }
}

#[test]
fn a_question_who_is_online_holds_at_most_twenty_ids() {
    // W-133
    let asked: Vec<_> = (0..25).map(|number| format!("client{number}")).collect();
    let body = SessionCommand { session_peer_ids: asked, ..SessionCommand::default() };
    let command = GenericCommand {
        session_message: Some(Box::new(body)),
        ..request(CommandType::Session, Some(OpType::Query))
    };
    let Command::Session(Session::Query(clients)) = understood(&command) else { panic!() };
    assert_eq!(clients.len(), 20);
    assert_eq!(clients[19].as_str(), "client19");
}

#[test]
fn a_close_may_have_no_body() {
    // W-134
    let command = request(CommandType::Session, Some(OpType::Close));
    assert_eq!(understood(&command), Command::Session(Session::Close));
}
