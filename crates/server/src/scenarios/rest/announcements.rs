//! What services say, sent over HTTP (R-92, R-93, B-145, B-146, B-148, B-151).

use serde_json::{Value, json};
use yanshu_protocol::{ConversationId, Event};

use super::super::text;
use super::{Answer, World};

/// When a world begins.
const NOW: i64 = 1_700_000_000_000;

impl World {
    async fn announce_by(&self, service: &ConversationId, how: &str, body: Value) -> Answer {
        self.master("POST", &format!("/1.2/rtm/service-conversations/{service}/{how}"), body).await
    }
}

#[tokio::test]
async fn a_message_reaches_those_it_names_subscribers_or_not() {
    // B-145, W-161
    let world = World::new().await;
    let (mut tom, mut bob, mut eve) =
        (world.modern("tom").await, world.modern("bob").await, world.modern("eve").await);
    let service = world.new_service(json!({})).await;
    world.subscribe(&service, "tom").await;
    world.subscribe(&service, "eve").await;
    let body = json!({ "from_client": "news", "to_clients": ["tom", "bob"], "message": "hello" });
    let sent = world.announce_by(&service, "messages", body).await.ok();
    let (id, at) = (sent["msg-id"].as_str().unwrap(), sent["timestamp"].as_i64().unwrap());
    assert_eq!(sent, json!({ "msg-id": id, "timestamp": at, "result": { "msg-id": id, "timestamp": at } }));
    for peer in [&mut tom, &mut bob] {
        let message = peer.next_message().await;
        assert_eq!((message.from.as_str(), text(&message.content)), ("news", "hello".to_owned()));
        assert_eq!((&message.conversation, message.kind.number()), (&service, 3));
    }
    assert_eq!(tom.history_texts(&service).await, ["hello"]);
    assert_eq!(eve.history_texts(&service).await, [""; 0]);
}

#[tokio::test]
async fn a_broadcast_reaches_everyone_who_subscribes() {
    // R-93, B-146
    let world = World::new().await;
    let (mut tom, mut bob) = (world.modern("tom").await, world.modern("bob").await);
    let service = world.new_service(json!({})).await;
    world.subscribe(&service, "tom").await;
    let body = json!({ "from_client": "news", "message": "to all" });
    let sent = world.announce_by(&service, "broadcasts", body).await.ok();
    let message = tom.next_message().await;
    assert_eq!(
        (message.id.as_str(), message.timestamp.0),
        (sent["msg-id"].as_str().unwrap(), sent["timestamp"].as_i64().unwrap(),)
    );
    assert_eq!(text(&message.content), "to all");
    assert!(!bob.told().await.iter().any(|event| matches!(event, Event::Message(_))));
}

#[tokio::test]
async fn a_transient_message_is_kept_nowhere() {
    // R-92, B-151
    let world = World::new().await;
    let mut tom = world.modern("tom").await;
    let service = world.new_service(json!({})).await;
    world.subscribe(&service, "tom").await;
    let body = json!({ "from_client": "news", "message": "now", "transient": true, "to_clients": ["tom"] });
    world.announce_by(&service, "messages", body.clone()).await.ok();
    assert!(tom.next_message().await.transient);
    world.announce_by(&service, "broadcasts", body).await.ok();
    assert!(tom.next_message().await.transient);
    assert_eq!(tom.history_texts(&service).await, [""; 0]);
}

#[tokio::test]
async fn a_broadcast_waits_until_its_time_and_stays_in_history() {
    // B-148
    let world = World::new().await;
    let service = world.new_service(json!({})).await;
    world.subscribe(&service, "tom").await;
    world.subscribe(&service, "bob").await;
    let body = json!({ "from_client": "news", "message": "today only", "valid_till": NOW + 60_000 });
    world.announce_by(&service, "broadcasts", body).await.ok();

    world.clock.advance(50_000);
    let mut tom = world.modern("tom").await;
    let count = tom
        .find(|told| match &told.event {
            Event::Unread { conversations, .. } => Some(conversations[0].count),
            _ => None,
        })
        .await;
    assert_eq!(count, 1);

    world.clock.advance(20_000);
    let mut bob = world.modern("bob").await;
    let told = bob.told().await;
    let waits =
        |event: &Event| matches!(event, Event::Unread { conversations, .. } if !conversations.is_empty());
    assert!(!told.iter().any(waits), "{told:?}");
    assert_eq!(bob.history_texts(&service).await, ["today only"]);
}

#[tokio::test]
async fn a_broadcast_waits_for_a_month_at_most() {
    // B-148, R-94
    let world = World::new().await;
    let service = world.new_service(json!({})).await;
    let month = 31 * 86_400_000;
    for (till, fits) in [(NOW + month, true), (NOW + month + 1, false)] {
        let body = json!({ "from_client": "news", "message": "x", "valid_till": till });
        assert_eq!(world.announce_by(&service, "broadcasts", body).await.status == 200, fits, "{till}");
    }
}

#[tokio::test]
async fn what_cannot_be_said_is_refused() {
    // B-145
    let world = World::new().await;
    let mut tom = world.modern("tom").await;
    let (service, conversation) = (world.new_service(json!({})).await, tom.start(&[]).await);
    let crowd: Vec<String> = (0..21).map(|number| format!("c{number}")).collect();
    let cases = [
        (&service, json!({ "from_client": "news", "message": "x", "to_clients": [] }), (400, 1)),
        (&service, json!({ "from_client": "news", "message": "x", "to_clients": crowd }), (400, 1)),
        (&service, json!({ "from_client": "news", "message": "x" }), (400, 1)),
        (&service, json!({ "message": "x", "to_clients": ["tom"] }), (400, 1)),
        (&service, json!({ "from_client": "news", "to_clients": ["tom"] }), (400, 1)),
        (&service, json!({ "from_client": "", "message": "x", "to_clients": ["tom"] }), (400, 1)),
        (&conversation, json!({ "from_client": "news", "message": "x", "to_clients": ["tom"] }), (400, 4313)),
    ];
    for (id, body, failure) in cases {
        assert_eq!(world.announce_by(id, "messages", body.clone()).await.failed(), failure, "{body}");
    }
    let long = json!({ "from_client": "news", "message": "x".repeat(1 << 20), "to_clients": ["tom"] });
    assert_eq!(world.announce_by(&service, "messages", long).await.status, 400);
}
