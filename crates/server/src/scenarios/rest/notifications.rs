//! What a client missed while it was away (R-36 to R-39, W-380 to W-386, W-462).

use serde_json::{Value, json};
use yanshu_protocol::{Command, ConversationCommand, ConversationId};

use super::{APP, Peer, World};

const START: i64 = 1_700_000_000_000;

/// The page of an SDK that wants the reliable ones.
fn permanent(since: i64) -> String {
    format!("/1.1/rtm/notifications?start_ts={since}&notification_type=permanent")
}

/// The ops of a list of items, in order.
fn ops(list: &Value) -> Vec<&str> {
    list["notifications"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["op"].as_str().unwrap_or("rcp"))
        .collect()
}

/// A client that has a session and is offline, and one that can do something meanwhile.
async fn absent(world: &World) -> (Peer, Peer) {
    let (tom, mut jerry) = (world.modern("tom").await, world.modern("jerry").await);
    tom.hang_up();
    jerry.offline(&tom.name).await;
    world.clock.advance(1);
    (tom, jerry)
}

async fn rename(peer: &mut Peer, conversation: &ConversationId, name: &str) {
    let Value::Object(changes) = json!({ "name": name }) else { unreachable!() };
    let conversation = conversation.clone();
    peer.ask(Command::Conversation(ConversationCommand::Update { conversation, changes })).await;
}

#[tokio::test]
async fn a_client_learns_in_flat_items_what_was_done_to_it() {
    // W-380, W-382, W-384
    let world = World::new().await;
    let (tom, mut jerry) = absent(&world).await;
    let conversation = jerry.start(&["tom"]).await;
    let page = world.in_name_of(&tom, "GET", &permanent(START)).await.ok();
    let item = &page["notifications"][0];
    let at = item["serverTs"].as_i64().expect("an integer");
    assert!(at > START);
    let expected = json!({
        "hasMore": false,
        "notifications": [{
            "cmd": "conv", "op": "joined", "cid": conversation.as_str(), "initBy": "jerry",
            "udate": item["udate"], "serverTs": at, "notificationType": 1,
        }],
    });
    assert_eq!(page, expected);
    assert!(item["udate"].is_string());
}

#[tokio::test]
async fn only_what_is_later_than_the_time_given_is_told() {
    // W-380
    let world = World::new().await;
    let (tom, mut jerry) = absent(&world).await;
    let conversation = jerry.start(&["tom"]).await;
    jerry.remove(&conversation, &["tom"]).await;
    let all = world.in_name_of(&tom, "GET", &permanent(START)).await.ok();
    assert_eq!(ops(&all), ["joined", "left"]);
    let joined_at = all["notifications"][0]["serverTs"].as_i64().unwrap();
    let rest = world.in_name_of(&tom, "GET", &permanent(joined_at)).await.ok();
    assert_eq!(ops(&rest), ["left"]);
    // some languages write every number so.
    let path = format!("/1.1/rtm/notifications?start_ts={joined_at}.0&notification_type=permanent");
    assert_eq!(ops(&world.in_name_of(&tom, "GET", &path).await.ok()), ["left"]);
}

#[tokio::test]
async fn pages_follow_each_other_until_there_is_no_more() {
    // W-385
    let world = World::new().await;
    let (tom, mut jerry) = absent(&world).await;
    let conversation = jerry.start(&["tom"]).await;
    for _ in 0..60 {
        jerry.remove(&conversation, &["tom"]).await;
        jerry.add(&conversation, &["tom"]).await;
    }
    let (mut since, mut seen) = (START, Vec::new());
    loop {
        let page = world.in_name_of(&tom, "GET", &permanent(since)).await.ok();
        let items = page["notifications"].as_array().unwrap();
        assert!(items.len() <= 100);
        seen.extend(items.iter().map(|item| item["serverTs"].as_i64().unwrap()));
        since = *seen.last().unwrap();
        if page["hasMore"] == json!(false) {
            break;
        }
    }
    assert_eq!(seen.len(), 121);
    assert!(seen.is_sorted_by(|one, next| one < next));
}

#[tokio::test]
async fn the_sdk_that_asks_for_everything_gets_both_lists() {
    // W-381, W-383
    let world = World::new().await;
    let (mut tom, mut jerry) = (world.modern("tom").await, world.modern("jerry").await);
    let conversation = jerry.start(&["tom"]).await;
    tom.told().await;
    tom.hang_up();
    jerry.offline(&tom.name).await;
    world.clock.advance(10);
    let since = START + 5;
    rename(&mut jerry, &conversation, "new").await;
    jerry.add(&conversation, &["bob"]).await;
    jerry.remove(&conversation, &["tom"]).await;
    let path = format!("/1.1/rtm/notifications?start_ts={since}");
    let both = world.in_name_of(&tom, "GET", &path).await.ok();
    assert_eq!(ops(&both["permanent"]), ["left"]);
    assert_eq!(both["permanent"]["hasMore"], false);
    assert_eq!(both["droppable"]["hasMore"], false);
    for item in both["droppable"]["notifications"].as_array().unwrap() {
        assert_eq!(item["notificationType"], 2);
        assert_eq!(item["cid"], conversation.as_str());
    }
}

#[tokio::test]
async fn what_others_did_is_droppable_and_shows_changes_as_objects() {
    // R-38, W-382
    let world = World::new().await;
    let (mut tom, mut jerry) = (world.modern("tom").await, world.modern("jerry").await);
    let conversation = jerry.start(&["tom"]).await;
    tom.told().await;
    tom.hang_up();
    jerry.offline(&tom.name).await;
    world.clock.advance(10);
    rename(&mut jerry, &conversation, "new").await;
    jerry.add(&conversation, &["bob"]).await;
    let path = format!("/1.1/rtm/notifications?start_ts={}", START + 5);
    let droppable = world.in_name_of(&tom, "GET", &path).await.ok()["droppable"].clone();
    assert_eq!(ops(&droppable), ["updated", "members-joined"]);
    let updated = &droppable["notifications"][0];
    assert_eq!(
        (&updated["attr"], &updated["attrModified"]),
        (&json!({ "name": "new" }), &json!({ "name": "new" }))
    );
    assert_eq!(droppable["notifications"][1]["m"], json!(["bob"]));
    assert_eq!(droppable["invalidLocalConvCache"], false);
}

#[tokio::test]
async fn whoever_was_away_for_longer_than_notices_are_kept_is_told_to_fetch_anew() {
    // W-381
    let world = World::new().await;
    let tom = world.modern("tom").await;
    let all = world.in_name_of(&tom, "GET", "/1.1/rtm/notifications?start_ts=-1").await.ok();
    assert_eq!(all["droppable"]["invalidLocalConvCache"], true);
}

#[tokio::test]
async fn a_token_must_be_valid_and_the_client_s_own() {
    // R-14, W-379, W-460
    let world = World::new().await;
    let (tom, jerry) = (world.modern("tom").await, world.modern("jerry").await);
    let token = tom.token.as_ref().unwrap().to_string();
    let ask = async |token: &str, client: &str| {
        let path = format!("/1.1/rtm/notifications?client_id={client}&start_ts=0");
        let headers = [("x-lc-id", APP), ("x-lc-key", "key"), ("x-lc-im-session-token", token)];
        world.request("GET", &path, &headers, "").await
    };
    ask(&token, "tom").await.ok();
    for (token, client) in [
        (token.as_str(), "jerry"),
        (jerry.token.as_ref().unwrap().as_str(), "tom"),
        ("undefined", "tom"),
        (&token, ""),
    ] {
        assert_eq!(ask(token, client).await.failed(), (401, 4112), "{client}");
    }
    world.clock.advance(10 * 365 * 86_400_000);
    assert_eq!(ask(&token, "tom").await.failed(), (401, 4112));
}

#[tokio::test]
async fn a_token_ends_with_its_session() {
    // W-121, W-379
    let world = World::new().await;
    let mut tom = world.modern("tom").await;
    tom.ask(Command::Session(yanshu_protocol::SessionCommand::Close)).await;
    assert_eq!(world.in_name_of(&tom, "GET", &permanent(0)).await.failed(), (401, 4112));
    let tom = world.modern("tom").await;
    world.clock.advance(1);
    world.master("POST", "/1.2/rtm/clients/tom/kick", Value::Null).await.ok();
    assert_eq!(world.in_name_of(&tom, "GET", &permanent(0)).await.failed(), (401, 4112));
}

#[tokio::test]
async fn a_kind_of_notice_that_is_none_is_refused() {
    let world = World::new().await;
    let tom = world.modern("tom").await;
    let path = "/1.1/rtm/notifications?start_ts=0&notification_type=temporary";
    assert_eq!(world.in_name_of(&tom, "GET", path).await.failed(), (400, 1));
    let path = "/1.1/rtm/notifications?start_ts=yesterday";
    assert_eq!(world.in_name_of(&tom, "GET", path).await.failed(), (400, 1));
}
