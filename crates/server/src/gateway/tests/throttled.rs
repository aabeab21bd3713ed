//! Floods from one address.

use http::{Request, StatusCode};

use super::*;
use crate::gateway::upgrade;

const BUSY: &str = "192.0.2.1";
const OTHER: &str = "192.0.2.2";

fn hello(ip: &str) -> Hello {
    let subprotocol = Subprotocol::from_name(MODERN).unwrap();
    Hello { subprotocol, ip: Some(ip.parse().unwrap()), origin: None }
}

/// The status of a handshake from an address.
fn handshake(world: &World, ip: &str) -> StatusCode {
    let request = Request::get("/")
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .body(())
        .unwrap();
    upgrade::answer(&world.gateway.core, &request, ip.parse().unwrap()).0.status()
}

#[tokio::test(start_paused = true)]
async fn connections_that_come_too_fast_from_one_address_are_refused_with_429() {
    let world = World::with(|settings| settings.connections = Rate { per_minute: 60, burst: 3 });
    for _ in 0..3 {
        assert_eq!(handshake(&world, BUSY), StatusCode::SWITCHING_PROTOCOLS);
    }
    assert_eq!(handshake(&world, BUSY), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(handshake(&world, OTHER), StatusCode::SWITCHING_PROTOCOLS);
    tokio::time::advance(std::time::Duration::from_secs(1)).await;
    assert_eq!(handshake(&world, BUSY), StatusCode::SWITCHING_PROTOCOLS);
}

#[tokio::test(start_paused = true)]
async fn logins_that_come_too_fast_from_one_address_are_refused_with_4116() {
    // B-504, W-113: the connection stays, for others may be on it.
    let mut world = World::with(|settings| settings.logins = Rate { per_minute: 60, burst: 2 });
    let mut first = world.connect_with(hello(BUSY), PLENTY);
    first.open("alice").await;
    let mut second = world.connect_with(hello(BUSY), PLENTY);
    second.open("bob").await;
    second.command(Some("carol"), open(0)).await;
    let answer = second.event().await;
    assert_eq!(refused(&answer), Code::MessageSentQuotaExceeded);
    let mut asked = 0;
    while let Some(seen) = world.unseen() {
        asked += usize::from(matches!(seen, Seen::Open(_)));
    }
    assert_eq!(asked, 2, "nothing was decided about the third");
    world.connect_with(hello(OTHER), PLENTY).open("dave").await;
    tokio::time::advance(std::time::Duration::from_secs(1)).await;
    second.open("carol").await;
}
