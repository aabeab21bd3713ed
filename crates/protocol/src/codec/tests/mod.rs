//! The codecs against the specification: forms of every SDK, whole exchanges, and laws over random values.

mod exchanges;
mod legacy;
mod notifications;
mod replies;
mod requests;
mod round_trip;
mod strategies;

use super::wire::{CommandType, GenericCommand, OpType};
use super::{Dialect, decode_command, encode_event, protobuf};
use crate::{Command, Envelope, Event, Outbound, Reject, Timestamp, Unsupported};

const SERIAL: i32 = 7;

/// A request of client `tom` with a serial, to be filled in.
fn request(cmd: CommandType, op: Option<OpType>) -> GenericCommand {
    let mut command =
        GenericCommand { peer_id: Some("tom".to_owned()), i: Some(SERIAL), ..GenericCommand::default() };
    command.set(cmd, op);
    command
}

fn read(command: &GenericCommand) -> Envelope {
    decode_command(Dialect::Protobuf, &protobuf::encode(command)).unwrap()
}

fn understood(command: &GenericCommand) -> Command {
    read(command).command.unwrap()
}

/// The refusal of a command, whose serial has not got lost.
fn refused(command: &GenericCommand) -> (Unsupported, Reject) {
    let envelope = read(command);
    assert_eq!(envelope.serial.map(|serial| serial.0), command.i);
    envelope.command.unwrap_err()
}

/// An answer to `tom` under the serial.
fn reply(event: Event) -> Outbound {
    Outbound {
        client: Some("tom".parse().unwrap()),
        serial: Some(crate::Serial(SERIAL)),
        server_time: None,
        permanent: false,
        event,
    }
}

/// A push to `tom`.
fn push(event: Event) -> Outbound {
    Outbound { serial: None, server_time: Some(Timestamp(1000)), ..reply(event) }
}

/// What an SDK of today finds in a frame.
fn seen(event: &Outbound) -> GenericCommand {
    protobuf::decode(&encode_event(Dialect::Protobuf, event)).unwrap()
}

fn own<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(str::to_owned).to_vec()
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}
