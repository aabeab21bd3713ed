//! Taking a client offline (R-119, R-137, B-41).

use serde_json::{Value, json};
use yanshu_protocol::{Code, Event, OpenSession, Reject};

use super::{Peer, World};

/// Why a client's session was ended.
async fn end(peer: &mut Peer) -> Reject {
    peer.find(|told| match &told.event {
        Event::SessionClosed(Some(reject)) => Some(reject.clone()),
        _ => None,
    })
    .await
}

#[tokio::test]
async fn every_session_of_the_client_ends_with_the_reason_given() {
    // R-119, W-138
    let world = World::new().await;
    let (mut phone, mut laptop) = (world.modern("tom").await, world.modern("tom").await);
    let kick = world.master("POST", "/1.2/rtm/clients/tom/kick", json!({ "reason": "maintenance" })).await;
    assert_eq!(kick.ok(), json!({}));
    for peer in [&mut phone, &mut laptop] {
        let reject = end(peer).await;
        assert_eq!((reject.code, reject.reason()), (Code::KickedByApp, "maintenance"));
    }
}

#[tokio::test]
async fn without_a_reason_the_code_has_its_name() {
    // W-138
    let world = World::new().await;
    for body in [Value::Null, json!({}), json!({ "reason": "" })] {
        let mut tom = world.modern("tom").await;
        world.master("POST", "/1.2/rtm/clients/tom/kick", body).await.ok();
        assert_eq!(end(&mut tom).await.reason(), "KICKED_BY_APP");
    }
}

#[tokio::test]
async fn the_older_call_names_the_client_in_its_body() {
    //
    let world = World::new().await;
    let mut tom = world.modern("tom").await;
    let body = json!({ "client_id": "tom", "reason": "bye" });
    assert_eq!(world.master("POST", "/1.1/rtm/client/kick", body).await.ok(), json!({}));
    assert_eq!(end(&mut tom).await.reason(), "bye");
    let nobody = world.master("POST", "/1.1/rtm/client/kick", json!({ "reason": "bye" })).await;
    assert_eq!(nobody.failed(), (400, 1));
}

#[tokio::test]
async fn a_client_id_of_any_characters_stands_in_the_path() {
    //
    let world = World::new().await;
    let mut peer = world.modern("a/b 汤?").await;
    world.master("POST", "/1.2/rtm/clients/a%2Fb%20%E6%B1%A4%3F/kick", json!({})).await.ok();
    assert_eq!(end(&mut peer).await.code, Code::KickedByApp);
    let long = format!("/1.2/rtm/clients/{}/kick", "x".repeat(65));
    assert_eq!(world.master("POST", &long, json!({})).await.failed(), (400, 4103));
}

#[tokio::test]
async fn a_reason_has_at_most_twenty_characters() {
    // B-41, R-119
    let world = World::new().await;
    let kick = async |length: usize| {
        let body = json!({ "reason": "汤".repeat(length) });
        world.master("POST", "/1.2/rtm/clients/tom/kick", body).await
    };
    assert_eq!(kick(20).await.ok(), json!({}));
    assert_eq!(kick(21).await.failed(), (400, 1));
}

#[tokio::test]
async fn the_token_of_a_kicked_client_is_void() {
    // W-441, W-459
    let world = World::new().await;
    let mut tom = world.modern("tom").await;
    let token = tom.token.clone();
    world.master("POST", "/1.2/rtm/clients/tom/kick", json!({})).await.ok();
    end(&mut tom).await;
    let mut again = world.connect_as("tom", "lc.protobuf2.3");
    let reply = again.open(OpenSession { reconnect: true, token, ..OpenSession::default() }).await;
    let refused = |reject: &Reject| reject.code == Code::KickedByApp;
    let is_refused = match &reply.event {
        Event::Error { reject, .. } | Event::SessionClosed(Some(reject)) => refused(reject),
        _ => false,
    };
    assert!(is_refused, "{reply:?}");
}
