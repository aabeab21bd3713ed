//! Roles over HTTP: rows for SDKs (R-40, R-41, W-388, W-389, W-464), records for servers.

use serde_json::{Value, json};
use yanshu_protocol::{ConversationId, Event, Role};

use super::{Answer, Peer, World};

async fn with_roles() -> World {
    World::with(|config| config.apps[0].settings.members.roles = true).await
}

impl World {
    async fn make_manager(&self, conversation: &ConversationId, client: &str) -> Answer {
        let path = format!("/1.2/rtm/conversations/{conversation}/member-infos");
        self.master("POST", &path, json!({ "clientId": client, "role": "Manager" })).await
    }

    /// The rows that an SDK gets.
    async fn rows(&self, peer: &Peer, query: &str) -> Vec<Value> {
        let path = format!("/1.1/classes/_ConversationMemberInfo?{query}");
        let body = self.in_name_of(peer, "GET", &path).await.ok();
        body["results"].as_array().unwrap().clone()
    }
}

/// A condition in a query.
fn condition(condition: &Value) -> String {
    let pairs = [("where", condition.to_string())];
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

#[tokio::test]
async fn only_managers_have_a_row() {
    // W-388
    let world = with_roles().await;
    let mut tom = world.modern("tom").await;
    let conversation = tom.start(&["bob", "eve"]).await;
    world.make_manager(&conversation, "bob").await.ok();
    let cid = conversation.as_str();
    let rows = world.rows(&tom, &condition(&json!({ "cid": cid }))).await;
    let id = rows[0]["objectId"].as_str().expect("a row has an id (W-464)");
    assert_eq!(id.len(), 24);
    let row = json!({
        "objectId": id, "cid": cid, "clientId": "bob", "role": "Manager",
        "infoId": id, "conversationId": cid, "peerId": "bob",
    });
    assert_eq!(rows, [row]);
}

#[tokio::test]
async fn every_sdk_asks_in_its_own_way() {
    // R-40, W-388, W-464
    let world = with_roles().await;
    let mut tom = world.modern("tom").await;
    let conversation = tom.start(&["bob", "eve", "spike"]).await;
    for manager in ["bob", "eve"] {
        world.make_manager(&conversation, manager).await.ok();
    }
    let cid = conversation.as_str();
    let all = condition(&json!({ "cid": cid }));
    let queries = [
        (all.clone(), vec!["bob", "eve"]),
        (format!("cid={cid}"), vec!["bob", "eve"]),
        (format!("{all}&limit=1"), vec!["bob"]),
        (format!("{all}&skip=1&limit=500"), vec!["eve"]),
        (condition(&json!({ "cid": cid, "peerId": "eve" })), vec!["eve"]),
        (condition(&json!({ "cid": cid, "clientId": "bob" })), vec!["bob"]),
        (condition(&json!({ "cid": cid, "peerId": "spike" })), vec![]),
        (condition(&json!({ "cid": "5f8a1b2c3d4e5f6a7b8c9d0e" })), vec![]),
        (condition(&json!({ "cid": "" })), vec![]),
    ];
    for (query, expected) in queries {
        let rows = world.rows(&tom, &query).await;
        let clients: Vec<&str> = rows.iter().map(|row| row["clientId"].as_str().unwrap()).collect();
        assert_eq!(clients, expected, "{query}");
    }
}

#[tokio::test]
async fn a_question_without_conversation_or_with_a_broken_condition_is_refused() {
    let world = with_roles().await;
    let tom = world.modern("tom").await;
    for (query, code) in
        [("limit=10", 1), ("where=%7B", 107), ("where=%7B%22cid%22%3A5%7D", 1), ("where=5", 1)]
    {
        let path = format!("/1.1/classes/_ConversationMemberInfo?{query}");
        assert_eq!(world.in_name_of(&tom, "GET", &path).await.failed(), (400, code), "{query}");
    }
}

#[tokio::test]
async fn whoever_left_has_no_row() {
    // W-389
    let world = with_roles().await;
    let mut tom = world.modern("tom").await;
    let conversation = tom.start(&["bob"]).await;
    world.make_manager(&conversation, "bob").await.ok();
    tom.remove(&conversation, &["bob"]).await;
    assert!(world.rows(&tom, &format!("cid={conversation}")).await.is_empty());
}

#[tokio::test]
async fn without_roles_nobody_has_a_row() {
    let world = World::new().await;
    let mut tom = world.modern("tom").await;
    let conversation = tom.start(&["bob"]).await;
    assert!(world.rows(&tom, &format!("cid={conversation}")).await.is_empty());
    assert_eq!(world.make_manager(&conversation, "bob").await.failed(), (400, 4325));
}

#[tokio::test]
async fn a_server_gives_a_role_and_everyone_is_told_in_the_creator_s_name() {
    // R-113, W-238, W-260
    let world = with_roles().await;
    let (mut tom, mut bob) = (world.modern("tom").await, world.modern("bob").await);
    let conversation = tom.start(&["bob"]).await;
    let reply = world.make_manager(&conversation, "bob").await.ok();
    assert_eq!(reply["objectId"].as_str().unwrap().len(), 24);
    assert!(reply["updatedAt"].as_str().unwrap().ends_with('Z'));
    assert_eq!(reply.as_object().unwrap().len(), 2);
    for peer in [&mut tom, &mut bob] {
        let (member, role, by) = peer
            .find(|told| match &told.event {
                Event::MemberRoleChanged { member, role, by, .. } => {
                    Some((member.to_string(), *role, by.to_string()))
                }
                _ => None,
            })
            .await;
        assert_eq!((member.as_str(), role, by.as_str()), ("bob", Role::Manager, "tom"));
    }
}

#[tokio::test]
async fn a_record_is_listed_changed_and_taken_back_by_its_id() {
    //
    let world = with_roles().await;
    let mut tom = world.modern("tom").await;
    let conversation = tom.start(&["bob", "eve"]).await;
    let path = format!("/1.2/rtm/conversations/{conversation}/member-infos");
    let id = world.make_manager(&conversation, "bob").await.ok()["objectId"].as_str().unwrap().to_owned();
    world.make_manager(&conversation, "eve").await.ok();

    let list = async |query: &str| world.master("GET", &format!("{path}{query}"), Value::Null).await.ok();
    let bob = json!({ "clientId": "bob", "objectId": id, "role": "Manager" });
    assert_eq!(list("?limit=1").await, json!({ "results": [bob] }));
    assert_eq!(list("?skip=1").await["results"][0]["clientId"], "eve");
    assert_eq!(list("?role=Manager").await["results"].as_array().unwrap().len(), 2);
    assert_eq!(list("?role=Member").await, json!({ "results": [] }));

    let record = format!("{path}/{id}");
    let changed = world.master("PUT", &record, json!({ "role": "Member" })).await.ok();
    assert_eq!(changed["objectId"], id.as_str());
    assert_eq!(list("").await["results"].as_array().unwrap().len(), 1);
    let gone = world.master("PUT", &record, json!({ "role": "Member" })).await;
    assert_eq!(gone.failed(), (404, 101));

    let id = world.make_manager(&conversation, "bob").await.ok()["objectId"].as_str().unwrap().to_owned();
    assert_eq!(world.master("DELETE", &format!("{path}/{id}"), Value::Null).await.ok(), json!({}));
    assert_eq!(list("").await["results"][0]["clientId"], "eve");
}

#[tokio::test]
async fn a_role_that_cannot_be_given_is_refused() {
    // R-113, W-242
    let world = with_roles().await;
    let mut tom = world.modern("tom").await;
    let conversation = tom.start(&["bob"]).await;
    let path = format!("/1.2/rtm/conversations/{conversation}/member-infos");
    let cases = [
        (json!({ "clientId": "bob", "role": "King" }), (400, 4321)),
        (json!({ "clientId": "bob", "role": "Owner" }), (400, 4321)),
        (json!({ "clientId": "tom", "role": "Member" }), (400, 4324)),
        (json!({ "clientId": "eve", "role": "Manager" }), (400, 4317)),
        (json!({ "role": "Manager" }), (400, 1)),
        (json!({ "clientId": "bob" }), (400, 1)),
    ];
    for (body, failure) in cases {
        assert_eq!(world.master("POST", &path, body.clone()).await.failed(), failure, "{body}");
    }
    let elsewhere = "/1.2/rtm/conversations/5f8a1b2c3d4e5f6a7b8c9d0e/member-infos";
    assert_eq!(world.master("GET", elsewhere, Value::Null).await.failed(), (404, 4303));
}
