//! Service conversations and their subscribers over HTTP.

use serde_json::{Value, json};
use yanshu_protocol::ConversationId;

use super::World;

const SERVICES: &str = "/1.2/rtm/service-conversations";

impl World {
    pub(super) async fn new_service(&self, properties: Value) -> ConversationId {
        let made = self.master("POST", SERVICES, properties).await.ok();
        made["objectId"].as_str().unwrap().parse().unwrap()
    }

    pub(super) async fn subscribe(&self, service: &ConversationId, client: &str) {
        let path = format!("{SERVICES}/{service}/subscribers");
        assert_eq!(self.master("POST", &path, json!({ "client_id": client })).await.ok(), json!({}));
    }

    async fn get(&self, path: &str) -> Value {
        self.master("GET", path, Value::Null).await.ok()
    }
}

/// The names of the subscribers in a list of subscriptions.
fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|item| item["subscriber"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_service_is_made_with_its_properties() {
    // B-74
    let world = World::new().await;
    let properties =
        json!({ "name": "news", "attr": { "k": 1 }, "own": [true], "c": "editor", "m": ["tom"] });
    let made = world.master("POST", SERVICES, properties).await.ok();
    let id = made["objectId"].as_str().unwrap();
    assert_eq!(made, json!({ "objectId": id, "createdAt": "2023-11-14T22:13:20.000Z" }));
    let found = world.get(SERVICES).await;
    let expected = json!({ "results": [{
        "objectId": id, "c": "editor", "name": "news", "attr": { "k": 1 }, "own": [true], "sys": true,
        "createdAt": "2023-11-14T22:13:20.000Z", "updatedAt": "2023-11-14T22:13:20.000Z", "conv_type": 3, "m": [],
    }] });
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_search_finds_services_only() {
    //
    let world = World::new().await;
    let mut tom = world.modern("tom").await;
    tom.start(&[]).await;
    tom.start_room().await;
    for number in 0..5 {
        world.clock.advance(1);
        world.new_service(json!({ "name": "news", "number": number })).await;
    }
    let numbers = async |query: &str| -> Vec<i64> {
        let found = world.get(&format!("{SERVICES}?{query}")).await;
        found["results"].as_array().unwrap().iter().map(|row| row["number"].as_i64().unwrap()).collect()
    };
    assert_eq!(numbers("").await.len(), 5);
    assert_eq!(numbers("limit=2").await.len(), 2);
    assert_eq!(numbers("skip=3").await.len(), 2);
    assert_eq!(numbers("where=%7B%22number%22%3A3%7D").await, [3]);
    assert_eq!(numbers("where=%7B%22sys%22%3Afalse%7D").await, [0; 0]);
    let malformed = world.master("GET", &format!("{SERVICES}?where=%7B"), Value::Null).await;
    assert_eq!(malformed.failed(), (400, 107));
    let unknown = "where=%7B%22a%22%3A%7B%22%24what%22%3A1%7D%7D";
    assert_eq!(
        world.master("GET", &format!("{SERVICES}?{unknown}"), Value::Null).await.failed(),
        (400, 4310)
    );
}

#[tokio::test]
async fn a_service_is_changed_and_deleted() {
    //
    let world = World::new().await;
    let service = world.new_service(json!({ "name": "news", "attr": { "a": 1, "b": 2 } })).await;
    world.subscribe(&service, "tom").await;
    let path = format!("{SERVICES}/{service}");
    world.clock.advance(1000);
    let changes = json!({ "name": "olds", "attr.a": { "__op": "Increment", "amount": 4 } });
    let changed = world.master("PUT", &path, changes).await.ok();
    assert_eq!(changed, json!({ "objectId": service.as_str(), "updatedAt": "2023-11-14T22:13:21.000Z" }));
    let row = world.get(SERVICES).await["results"][0].clone();
    assert_eq!((&row["name"], &row["attr"]), (&json!("olds"), &json!({ "a": 5, "b": 2 })));
    assert_eq!(world.master("PUT", &path, json!({ "m": ["tom"] })).await.failed(), (400, 4306));

    assert_eq!(world.master("DELETE", &path, Value::Null).await.ok(), json!({}));
    assert_eq!(world.get(SERVICES).await, json!({ "results": [] }));
    assert_eq!(world.master("DELETE", &path, Value::Null).await.failed(), (404, 4303));
    assert_eq!(world.master("PUT", &path, json!({ "name": "x" })).await.failed(), (404, 4303));
    let of_tom = world.get("/1.2/rtm/clients/tom/service-conversations").await;
    assert_eq!(of_tom, json!([]));
}

#[tokio::test]
async fn what_is_no_service_is_not_managed_as_one() {
    //
    let world = World::new().await;
    let mut tom = world.modern("tom").await;
    let conversation = tom.start(&[]).await;
    let path = format!("{SERVICES}/{conversation}");
    assert_eq!(world.master("PUT", &path, json!({ "name": "x" })).await.failed(), (400, 4313));
    assert_eq!(world.master("DELETE", &path, Value::Null).await.failed(), (400, 4313));
    let subscribers = format!("{path}/subscribers");
    assert_eq!(world.master("GET", &subscribers, Value::Null).await.failed(), (400, 4313));
    let body = json!({ "client_id": "bob" });
    assert_eq!(world.master("POST", &subscribers, body).await.failed(), (400, 4313));
}

#[tokio::test]
async fn a_client_is_subscribed_and_no_longer() {
    //
    let world = World::new().await;
    let service = world.new_service(json!({})).await;
    let path = format!("{SERVICES}/{service}/subscribers");
    for client in ["tom", "bob", "a/b", "tom"] {
        world.subscribe(&service, client).await;
    }
    assert_eq!(world.get(&format!("{path}/count")).await, json!({ "count": 3 }));
    for _ in 0..2 {
        let removed = world.master("DELETE", &format!("{path}/a%2Fb"), Value::Null).await;
        assert_eq!(removed.ok(), json!({}));
    }
    assert_eq!(world.get(&format!("{path}/count")).await, json!({ "count": 2 }));
    assert_eq!(names(&world.get(&path).await), ["bob", "tom"]);
    assert_eq!(world.master("POST", &path, json!({})).await.failed(), (400, 1));
    assert_eq!(world.master("GET", &format!("{path}/tom"), Value::Null).await.failed(), (404, 404));
}

#[tokio::test]
async fn a_client_that_a_service_blocks_is_not_subscribed() {
    // R-114, B-134
    let world = World::new().await;
    let service = world.new_service(json!({})).await;
    world.subscribe(&service, "tom").await;
    let path = format!("{SERVICES}/{service}/blacklists");
    world.master("POST", &path, json!({ "client_ids": ["tom"] })).await.ok();
    let subscribers = format!("{SERVICES}/{service}/subscribers");
    assert_eq!(world.get(&format!("{subscribers}/count")).await, json!({ "count": 0 }));
    let refused = world.master("POST", &subscribers, json!({ "client_id": "tom" })).await;
    assert_eq!(refused.failed(), (400, 4548));
}

#[tokio::test]
async fn subscribers_come_in_parts_behind_the_last_one() {
    //
    let world = World::new().await;
    let service = world.new_service(json!({})).await;
    let clients: Vec<String> = (0..60).map(|number| format!("client {number:02}")).collect();
    for client in &clients {
        world.subscribe(&service, client).await;
    }
    let path = format!("{SERVICES}/{service}/subscribers");
    let first = world.get(&path).await;
    assert_eq!(names(&first), clients[..50]);
    let expected = json!({
        "timestamp": 1_700_000_000_000i64, "subscriber": "client 00", "conv_id": service.as_str(),
    });
    assert_eq!(first[0], expected);
    assert_eq!(names(&world.get(&format!("{path}?client_id=client%2049")).await), clients[50..]);
    assert_eq!(names(&world.get(&format!("{path}?client_id=client%2003&limit=2")).await), clients[4..6]);
    assert_eq!(names(&world.get(&format!("{path}?limit=1000")).await).len(), 50);
}

#[tokio::test]
async fn a_client_s_services_come_in_either_order() {
    //
    let world = World::new().await;
    let mut services = Vec::new();
    for _ in 0..4 {
        world.clock.advance(10);
        let service = world.new_service(json!({})).await;
        world.subscribe(&service, "tom").await;
        services.push(service);
    }
    world.subscribe(&services[0], "bob").await;
    let path = "/1.2/rtm/clients/tom/service-conversations";
    let all = world.get(path).await;
    let ids = |list: &Value| -> Vec<ConversationId> {
        list.as_array()
            .unwrap()
            .iter()
            .map(|item| item["conv_id"].as_str().unwrap().parse().unwrap())
            .collect()
    };
    assert_eq!(ids(&all), services);
    let first = json!({
        "timestamp": 1_700_000_000_010i64, "subscriber": "tom", "conv_id": services[0].as_str(),
    });
    assert_eq!(all[0], first);

    let after = |item: &Value| {
        let (id, time) = (item["conv_id"].as_str().unwrap(), item["timestamp"].as_i64().unwrap());
        format!("conv_id={id}&timestamp={time}")
    };
    assert_eq!(ids(&world.get(&format!("{path}?limit=2&{}", after(&all[0]))).await), services[1..3]);
    let latest = world.get(&format!("{path}?direction=old&limit=3")).await;
    services.reverse();
    assert_eq!(ids(&latest), services[..3]);
    let rest = world.get(&format!("{path}?direction=old&{}", after(&latest[2]))).await;
    assert_eq!(ids(&rest), services[3..]);
    for query in ["conv_id=x", "timestamp=5", "direction=up"] {
        let answer = world.master("GET", &format!("{path}?{query}"), Value::Null).await;
        assert_eq!(answer.failed(), (400, 1), "{query}");
    }
}
