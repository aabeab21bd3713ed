//! Real sockets: the whole way from accepting to the end.

use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::oneshot;

use super::*;

struct Port {
    address: std::net::SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    serving: tokio::task::JoinHandle<()>,
}

async fn listen(world: &World) -> Port {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let gateway = world.gateway.clone();
    let serving = tokio::spawn(async move {
        gateway
            .serve(listener, async {
                let _: Result<(), _> = stopped.await;
            })
            .await;
    });
    Port { address, stop: Some(stop), serving }
}

async fn head(socket: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

const HANDSHAKE: &str = "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

#[tokio::test]
async fn a_socket_asks_for_the_route_and_then_becomes_a_connection() {
    // W-16, W-19
    let mut world = World::new();
    let port = listen(&world).await;
    let mut socket = TcpStream::connect(port.address).await.unwrap();
    let route = format!("GET /v1/route?appId={} HTTP/1.1\r\nHost: x\r\n\r\n", app());
    socket.write_all(route.as_bytes()).await.unwrap();
    let answer = head(&mut socket).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    let length: usize =
        answer.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
    let mut body = vec![0; length];
    socket.read_exact(&mut body).await.unwrap();

    // The first frames come together with the handshake, and are not lost.
    let mut bytes = format!("{HANDSHAKE}Sec-WebSocket-Protocol: {MODERN}\r\n\r\n").into_bytes();
    let envelope = Envelope {
        app: Some(app()),
        client: Some(client("alice")),
        serial: Some(Serial(1)),
        command: Ok(open(0)),
    };
    let payload = codec::encode_command(codec::Dialect::Protobuf, &envelope);
    encode_masked(&mut bytes, Opcode::Ping, [1, 2, 3, 4], b"early");
    encode_masked(&mut bytes, Opcode::Binary, [1, 2, 3, 4], &payload);
    socket.write_all(&bytes).await.unwrap();
    let answer = head(&mut socket).await;
    assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
    assert!(answer.contains("sec-websocket-protocol: lc.protobuf2.3\r\n"), "{answer}");
    let mut pong = [0; 7];
    socket.read_exact(&mut pong).await.unwrap();
    assert_eq!(&pong, b"\x8a\x05early");
    assert_eq!(socket.read_u8().await.unwrap(), 0x82);

    assert_eq!(world.seen().await, Seen::Open(Some(client("alice"))));
    drop(socket);
    world.seen().await;
    assert!(matches!(world.seen().await, Seen::Lost(..)));
}

#[tokio::test]
async fn a_clean_close_ends_the_socket() {
    // W-49
    let world = World::new();
    let port = listen(&world).await;
    let mut socket = TcpStream::connect(port.address).await.unwrap();
    socket.write_all(format!("{HANDSHAKE}\r\n").as_bytes()).await.unwrap();
    head(&mut socket).await;
    socket.write_all(b"\x88\x82\x00\x00\x00\x00\x03\xe8").await.unwrap();
    let mut rest = Vec::new();
    socket.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, b"\x88\x02\x03\xe8");
}

#[tokio::test]
async fn connections_over_the_limit_are_refused_and_requests_are_not() {
    let world = World::with(|settings| settings.max_connections = 1);
    let port = listen(&world).await;
    let mut first = TcpStream::connect(port.address).await.unwrap();
    first.write_all(format!("{HANDSHAKE}\r\n").as_bytes()).await.unwrap();
    assert!(head(&mut first).await.starts_with("HTTP/1.1 101 "));
    let mut second = TcpStream::connect(port.address).await.unwrap();
    second.write_all(format!("{HANDSHAKE}\r\n").as_bytes()).await.unwrap();
    assert!(head(&mut second).await.starts_with("HTTP/1.1 503 "));
    second.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert!(head(&mut second).await.starts_with("HTTP/1.1 200 "));
}

/// A client that is logged in over a socket and reads no further.
async fn logged_in(world: &mut World, port: &Port, name: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(16 * 1024).unwrap();
    let mut socket = socket.connect(port.address).await.unwrap();
    let handshake = format!("{HANDSHAKE}Sec-WebSocket-Protocol: {MODERN}\r\n\r\n");
    socket.write_all(handshake.as_bytes()).await.unwrap();
    head(&mut socket).await;
    let envelope = Envelope {
        app: Some(app()),
        client: Some(client(name)),
        serial: Some(Serial(1)),
        command: Ok(open(0)),
    };
    let payload = codec::encode_command(codec::Dialect::Protobuf, &envelope);
    let mut bytes = Vec::new();
    encode_masked(&mut bytes, Opcode::Binary, [1, 2, 3, 4], &payload);
    socket.write_all(&bytes).await.unwrap();
    world.seen().await;
    world.seen().await;
    socket
}

/// Thirteen kilobytes.
fn large_event() -> Event {
    let big = client(&"x".repeat(64));
    Event::MembersLeft { conversation: conversation(), members: vec![big.clone(); 200], by: big, at: START }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_a_client_does_not_read_waits_where_it_can_still_be_dropped() {
    // B-269: the system, left alone, holds megabytes of it.
    let mut world = World::with(|settings| {
        settings.bounds = crate::gateway::outbox::Bounds { frames: 64, bytes: 1 << 20 };
    });
    let port = listen(&world).await;
    let mut alice = logged_in(&mut world, &port, "alice").await;
    for number in 0..300 {
        world.publish(&Push { priority: 3, event: large_event(), ..push(to(&["alice"]), number) });
        tokio::task::yield_now().await;
    }
    world.publish(&push(to(&["alice"]), 1000));
    let (mut reader, mut buffer) = (FrameReader::new(Role::Client, usize::MAX), vec![0; 1 << 16]);
    let mut received = 0;
    let mut is_last = false;
    while !is_last {
        let count = alice.read(&mut buffer).await.unwrap();
        let mut input = &mut buffer[..count];
        while let Some(Message::Binary(bytes)) = reader.next(&mut input).unwrap() {
            let event = codec::decode_event(codec::Dialect::Protobuf, &bytes).unwrap().event;
            received += usize::from(matches!(event, Event::MembersLeft { .. }));
            is_last = matches!(event, Event::Left { .. });
        }
    }
    // Half a queue, and less than as much again on the way.
    assert!((32..64).contains(&received), "{received} of 300 came");
}

#[tokio::test]
async fn a_slow_consumer_is_cut_off_and_others_are_not() {
    let mut world = World::with(|settings| {
        settings.bounds = crate::gateway::outbox::Bounds { frames: 64, bytes: 1 << 20 };
        settings.close_timeout = Duration::from_millis(50);
    });
    let port = listen(&world).await;
    let _alice = logged_in(&mut world, &port, "alice").await;
    let mut bob = logged_in(&mut world, &port, "bob").await;
    let reading = tokio::spawn(async move {
        let mut buffer = vec![0; 1 << 20];
        while bob.read(&mut buffer).await.unwrap() > 0 {}
    });
    // Until the system's buffers are full as well.
    let mut lost = None;
    for number in 0..2_000_000 {
        let push = Push { event: large_event(), ..push(to(&["alice", "bob"]), number) };
        world.publish(&push);
        lost = world.unseen();
        if lost.is_some() {
            break;
        }
        tokio::task::yield_now().await;
    }
    let lost = match lost {
        Some(lost) => lost,
        None => tokio::time::timeout(Duration::from_secs(10), world.seen()).await.unwrap(),
    };
    assert_eq!(lost, Seen::Lost(client("alice"), Loss::Slow));
    assert!(world.registry.online(&app(), &client("bob")));
    reading.abort();
}

#[tokio::test]
async fn while_leaving_the_port_answers_questions_and_takes_no_connections() {
    // W-50
    let world = World::new();
    let mut port = listen(&world).await;
    let mut socket = TcpStream::connect(port.address).await.unwrap();
    socket.write_all(format!("{HANDSHAKE}\r\n").as_bytes()).await.unwrap();
    head(&mut socket).await;
    port.stop.take().unwrap().send(()).unwrap();
    while !world.gateway.core.live.is_draining() {
        tokio::task::yield_now().await;
    }
    let mut asking = TcpStream::connect(port.address).await.unwrap();
    asking.write_all(b"GET /v1/route?appId=an-app-of-this-server HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    assert!(head(&mut asking).await.starts_with("HTTP/1.1 200 "));
    let mut late = TcpStream::connect(port.address).await.unwrap();
    late.write_all(format!("{HANDSHAKE}\r\n").as_bytes()).await.unwrap();
    assert!(head(&mut late).await.starts_with("HTTP/1.1 503 "));
}

#[tokio::test]
async fn serving_ends_when_every_connection_is_gone() {
    let world = World::with(|settings| {
        settings.drain_grace = Duration::from_millis(10);
        settings.close_timeout = Duration::from_millis(10);
        settings.drain_spread = Duration::ZERO;
    });
    let mut port = listen(&world).await;
    let mut socket = TcpStream::connect(port.address).await.unwrap();
    socket.write_all(format!("{HANDSHAKE}\r\n").as_bytes()).await.unwrap();
    head(&mut socket).await;
    port.stop.take().unwrap().send(()).unwrap();
    port.serving.await.unwrap();
    assert_eq!(world.gateway.connections(), 0);
    assert!(TcpStream::connect(port.address).await.is_err());
}
