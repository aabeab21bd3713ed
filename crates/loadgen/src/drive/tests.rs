//! The three ways of driving against small servers that do what they are told, right or wrong.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::rounds::{self, Plan};
use super::{Length, Meters, arrivals, closed, open};
use crate::baseline::wire::{self, Ack, role};
use crate::baseline::{broadcast, measure::connect_all};
use crate::client::Connection;

const SHORT: Length = Length { warm_up: Duration::from_millis(5), measured: Duration::from_millis(50) };
const UNKNOWN: Meters = Meters { server: None };
const TEXT: usize = 100;

/// The bare server of the limits, in a thread.
fn bare(delivery: Vec<u8>) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || broadcast::serve(&listener, &delivery));
    address
}

/// A server that answers each command with what `answer` makes of its serial.
fn scripted(answer: impl Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let answer = Arc::clone(&answer);
            thread::spawn(move || converse(stream.unwrap(), &*answer));
        }
    });
    address
}

fn converse(mut stream: TcpStream, answer: &dyn Fn(&[u8]) -> Vec<u8>) {
    let (mut begun, mut bytes) = (Vec::new(), [0; 4096]);
    stream.read_exact(&mut [0]).unwrap();
    while let Ok(read @ 1..) = stream.read(&mut bytes) {
        begun.extend_from_slice(&bytes[..read]);
        let mut out = Vec::new();
        let used = wire::commands(&begun, |serial| out.extend(answer(serial)));
        begun.drain(..used);
        if stream.write_all(&out).is_err() {
            return;
        }
    }
}

fn ack(serial: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    Ack::new().append(serial, &mut out);
    out
}

/// An ack error with code 4116 (W-77).
fn refusal(serial: &[u8]) -> Vec<u8> {
    let payload = [&[0x08, 3, 0x28][..], serial, &[0xca, 6, 3, 0x08, 0x94, 0x20]].concat();
    [&[0x82, payload.len() as u8][..], &payload].concat()
}

async fn crowd(address: SocketAddr, members: usize) -> (Connection, Vec<Connection>) {
    let receivers = connect_all(address, members, role::MEMBER).await.unwrap();
    (Connection::bare(address, role::SENDER).await.unwrap(), receivers)
}

#[tokio::test]
async fn a_closed_loop_counts_what_is_answered() {
    let connections = connect_all(bare(Vec::new()), 3, role::ECHO).await.unwrap();
    let outcome = closed::run(connections, &wire::requests(TEXT), 4, SHORT, &UNKNOWN).await.unwrap();
    assert!(outcome.operations > 0);
    assert!(outcome.elapsed >= SHORT.measured);
    assert!(outcome.latency.count() >= outcome.operations);
    assert!(outcome.server.is_none());
}

#[tokio::test]
async fn filling_sends_exactly_as_many_commands_as_asked() {
    let sent = Arc::new(std::sync::atomic::AtomicU64::new(0));
    let counted = Arc::clone(&sent);
    let address = scripted(move |serial| {
        counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        ack(serial)
    });
    for (outstanding, each) in [(4, 10), (16, 3)] {
        sent.store(0, std::sync::atomic::Ordering::Relaxed);
        let connections = connect_all(address, 2, role::ECHO).await.unwrap();
        closed::exactly(connections, &wire::requests(TEXT), outstanding, each).await.unwrap();
        assert_eq!(sent.load(std::sync::atomic::Ordering::Relaxed), 2 * each as u64);
    }
}

#[tokio::test]
async fn an_open_loop_has_one_sample_for_each_command_of_the_measured_time() {
    let connections = connect_all(bare(Vec::new()), 3, role::ECHO).await.unwrap();
    let (outcome, samples) =
        open::run(connections, &wire::requests(TEXT), 1000, SHORT, &UNKNOWN).await.unwrap();
    assert_eq!(samples.len(), 50);
    assert_eq!(outcome.latency.count(), 50);
}

#[tokio::test]
async fn a_round_ends_when_everyone_has_everything() {
    let (sender, members) = crowd(bare(wire::delivery(TEXT)), 5).await;
    let plan = Plan { batch: 3, pause: Duration::ZERO, length: SHORT };
    let (outcome, busy) = rounds::run(sender, members, &wire::requests(TEXT), plan, &UNKNOWN).await.unwrap();
    assert_eq!(outcome.operations, busy.len() as u64 * 5 * 3);
    assert_eq!(outcome.latency.count(), outcome.operations);
}

#[tokio::test]
async fn a_message_delivered_twice_fails_the_run() {
    let (sender, members) = crowd(bare(wire::delivery(TEXT).repeat(2)), 1).await;
    let plan = Plan { batch: 1, pause: Duration::ZERO, length: SHORT };
    let error = rounds::run(sender, members, &wire::requests(TEXT), plan, &UNKNOWN).await.unwrap_err();
    assert!(error.to_string().contains("delivered twice"), "{error}");
}

#[tokio::test]
async fn refusals_fail_the_run_and_name_their_code() {
    let address = scripted(refusal);
    let requests = wire::requests(TEXT);
    let connections = connect_all(address, 2, role::ECHO).await.unwrap();
    let closed = closed::exactly(connections, &requests, 2, 4).await.unwrap_err();
    assert!(closed.to_string().contains("first with code 4116"), "{closed}");
    let connections = connect_all(address, 2, role::ECHO).await.unwrap();
    let open = open::run(connections, &requests, 1000, SHORT, &UNKNOWN).await.unwrap_err();
    assert!(open.to_string().contains("first with code 4116"), "{open}");
}

#[tokio::test]
async fn a_server_that_hangs_up_fails_the_run_at_once() {
    // A close frame with code 1001.
    let address = scripted(|_| vec![0x88, 2, 0x03, 0xe9]);
    let requests = wire::requests(TEXT);
    let connections = connect_all(address, 2, role::ECHO).await.unwrap();
    let closed = closed::run(connections, &requests, 1, SHORT, &UNKNOWN).await.unwrap_err();
    assert!(closed.to_string().contains("closed the connection: 1001"), "{closed}");
    let connections = connect_all(address, 2, role::ECHO).await.unwrap();
    let filling = closed::exactly(connections, &requests, 1, 5).await.unwrap_err();
    assert!(filling.to_string().contains("closed the connection: 1001"), "{filling}");
    let connections = connect_all(address, 2, role::ECHO).await.unwrap();
    let open = open::run(connections, &requests, 1000, SHORT, &UNKNOWN).await.unwrap_err();
    assert!(open.to_string().contains("1001") || open.to_string().contains("cannot send"), "{open}");
}

#[tokio::test]
async fn everyone_arrives_in_order_and_is_timed() {
    let address = bare(Vec::new());
    let arrive = move |_| async move { Connection::bare(address, role::ECHO).await };
    let found = arrivals::run(20, 3, &UNKNOWN, arrive).await.unwrap();
    assert_eq!((found.connections.len(), found.outcome.latency.count()), (20, 20));
}
