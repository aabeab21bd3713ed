//! What the SDKs send over protobuf, in all their forms (`wire-protocol.md` §3, 4).

mod conversation;
mod message;
mod moderation;
mod session;

use super::super::wire::*;
use super::super::{Dialect, decode_command, protobuf};
use super::{SERIAL, read, refused, request, some, understood};
use crate::{Code, Command, Reject, Serial, Unsupported};

const CID: &str = "5f8a1b2c3d4e5f6a7b8c9d0e";

fn open(body: SessionCommand) -> GenericCommand {
    GenericCommand {
        session_message: Some(Box::new(body)),
        ..request(CommandType::Session, Some(OpType::Open))
    }
}

fn direct(body: DirectCommand) -> GenericCommand {
    GenericCommand { direct_message: Some(Box::new(body)), ..request(CommandType::Direct, None) }
}

#[test]
fn a_serial_is_present_or_not_whatever_its_value() {
    // W-57
    for i in [Some(1), Some(0), Some(-65_535), Some(i32::MAX), Some(i32::MIN), None] {
        let command = GenericCommand { i, ..request(CommandType::Echo, None) };
        assert_eq!(read(&command).serial, i.map(Serial));
        let message = GenericCommand { i, ..direct(DirectCommand { cid: some(CID), ..Default::default() }) };
        assert_eq!(read(&message).serial, i.map(Serial));
    }
}

#[test]
fn every_known_and_unknown_command_is_answerable() {
    // W-35, W-378
    use Unsupported::*;
    let cases = [
        (Some(0), Some(2), Session),
        (Some(0), Some(999), Session),
        (Some(0), None, Session),
        (Some(1), Some(49), Conversation),
        (Some(1), Some(189), Conversation),
        (Some(1), Some(54), Conversation),
        (Some(1), None, Conversation),
        (Some(20), Some(172), Conversation),
        (Some(20), None, Conversation),
        (Some(10), Some(80), Other),
        (Some(12), None, Other),
        (Some(19), Some(120), Other),
        (Some(18), None, Other),
        (Some(13), None, Other),
        (Some(7), None, Other),
        (Some(99), None, Other),
        (Some(-1), Some(-1), Other),
        (None, None, Other),
    ];
    for (cmd, op, family) in cases {
        let command = GenericCommand { cmd, op, i: Some(SERIAL), ..GenericCommand::default() };
        let envelope = read(&command);
        assert_eq!(envelope.serial, Some(Serial(SERIAL)));
        assert_eq!(envelope.command, Ok(Command::Unsupported(family)), "{cmd:?} {op:?}");
    }
}

#[test]
fn an_unknown_field_does_no_harm() {
    // W-35
    let mut frame = protobuf::encode(&direct(DirectCommand { cid: some(CID), ..Default::default() }));
    frame.extend_from_slice(&[0xfa, 0x3f, 2, b'h', b'i']);
    let envelope = decode_command(Dialect::Protobuf, &frame).unwrap();
    assert!(matches!(envelope.command, Ok(Command::Send(_))));
}

#[test]
fn an_app_id_that_cannot_be_one_is_no_app() {
    // W-63
    let command = GenericCommand { app_id: Some("a".repeat(65)), ..open(SessionCommand::default()) };
    let (family, reject) = refused(&command);
    assert_eq!((family, reject.code), (Unsupported::Session, Code::AppNotAvailable));
}

#[test]
fn an_open_with_a_malformed_client_id_is_refused_with_4103() {
    // W-92
    for id in [String::new(), "x".repeat(65)] {
        let command = GenericCommand { peer_id: Some(id), ..open(SessionCommand::default()) };
        let (family, reject) = refused(&command);
        assert_eq!((family, reject.code), (Unsupported::Session, Code::InvalidLogin));
        assert!(reject.detail.is_some());
        assert_eq!(read(&command).client, None);
    }
}

#[test]
fn any_other_command_of_a_malformed_client_id_has_no_session() {
    // W-67; W-269: in the generic form, even for a message.
    let nobody = Some("x".repeat(65));
    let message = direct(DirectCommand { cid: some(CID), ..Default::default() });
    for command in
        [message, request(CommandType::Session, Some(OpType::Close)), request(CommandType::Logs, None)]
    {
        let (family, reject) = refused(&GenericCommand { peer_id: nobody.clone(), ..command });
        assert_eq!(reject, Reject::new(Code::SessionRequired));
        assert_ne!(family, Unsupported::Message);
    }
}

#[test]
fn a_heartbeat_ignores_the_client_id() {
    // W-36
    let command = GenericCommand { peer_id: Some("x".repeat(65)), ..request(CommandType::Echo, None) };
    assert_eq!(understood(&command), Command::Echo);
}

#[test]
fn the_other_services_log_in_with_their_number_and_device() {
    // W-372, W-373, W-374
    let command = GenericCommand {
        peer_id: None,
        installation_id: some("D"),
        service: Some(1),
        ..request(CommandType::Login, None)
    };
    let login = crate::Login { installation: some("D"), service: Some(1) };
    assert_eq!(understood(&command), Command::Login(login.clone()));
    let logout = GenericCommand { cmd: Some(CommandType::Logout as i32), ..command };
    assert_eq!(understood(&logout), Command::Logout(login));
}

#[test]
fn a_device_token_is_reported() {
    // W-377
    let report = |kind: &str, data: &str| {
        let body = ReportCommand { initiative: Some(true), r#type: some(kind), data: some(data) };
        GenericCommand {
            report_message: Some(Box::new(body)),
            ..request(CommandType::Report, Some(OpType::Upload))
        }
    };
    assert_eq!(understood(&report("token", "D")), Command::ReportDevice("D".parse().unwrap()));
    assert_eq!(understood(&report("crash", "D")), Command::Unsupported(Unsupported::Other));
    assert_eq!(refused(&report("token", "")).1.code, Code::InternalError);
}

#[test]
fn what_is_no_protobuf_is_no_command() {
    // W-33
    for frame in [&b"\xff"[..], b"hello", b"\x0a", &[0xc2, 0x06, 0x7f]] {
        assert!(decode_command(Dialect::Protobuf, frame).is_err(), "{frame:?}");
    }
    for frame in [&b"*"[..], b"AAA", b"CA==\n", b"/w=="] {
        assert!(decode_command(Dialect::ProtobufBase64, frame).is_err(), "{frame:?}");
    }
}
