//! Silencing and blocking by an app's server.

use serde_json::{Value, json};
use yanshu_protocol::{Code, ConversationId, Event, Restriction};

use super::super::peer::ids;
use super::{Peer, World};

/// Why a message is refused, if it is.
async fn refusal(peer: &mut Peer, conversation: &ConversationId) -> Option<Code> {
    peer.send(conversation, "hello").await.reject.map(|reject| reject.code)
}

#[tokio::test]
async fn a_silence_for_a_time_ends_by_itself() {
    // R-111, B-132
    let world = World::new().await;
    let (mut tom, mut bob) = (world.modern("tom").await, world.modern("bob").await);
    let conversation = tom.start(&["bob"]).await;
    let path = format!("/1.2/rtm/conversations/{conversation}/temporary-silenceds");
    let reply = world.master("POST", &path, json!({ "client_id": "bob", "ttl": 60 })).await;
    assert_eq!(reply.ok(), json!({}));
    assert_eq!(refusal(&mut bob, &conversation).await, Some(Code::ConversationTemporaryBlacklisted));
    assert_eq!(refusal(&mut tom, &conversation).await, None);
    world.clock.advance(59_000);
    assert_eq!(refusal(&mut bob, &conversation).await, Some(Code::ConversationTemporaryBlacklisted));
    world.clock.advance(1_001);
    assert_eq!(refusal(&mut bob, &conversation).await, None);
    let told = bob.told().await;
    assert!(!told.iter().any(|event| matches!(event, Event::Restricted { .. })), "{told:?}");
}

#[tokio::test]
async fn a_silence_for_a_time_is_lifted_early() {
    //
    let world = World::new().await;
    let (mut tom, mut bob) = (world.modern("tom").await, world.modern("bob").await);
    let conversation = tom.start(&["bob"]).await;
    let path = format!("/1.2/rtm/conversations/{conversation}/temporary-silenceds");
    world.master("POST", &path, json!({ "client_id": "bob", "ttl": 86_400 })).await.ok();
    let lifted = world.master("DELETE", &format!("{path}?client_id=bob"), Value::Null).await;
    assert_eq!(lifted.ok(), json!({}));
    assert_eq!(refusal(&mut bob, &conversation).await, None);
    for ttl in [0, -1, 86_401] {
        let body = json!({ "client_id": "bob", "ttl": ttl });
        assert_eq!(world.master("POST", &path, body).await.failed(), (400, 1), "{ttl}");
    }
}

#[tokio::test]
async fn a_silence_for_ever_is_told_and_lasts_until_it_is_lifted() {
    // R-112, B-133, W-246, W-260
    let world = World::new().await;
    let (mut tom, mut bob) = (world.modern("tom").await, world.modern("bob").await);
    let conversation = tom.start(&["bob"]).await;
    let path = format!("/1.2/rtm/conversations/{conversation}/permanent-silenceds");
    let body = json!({ "client_ids": ["bob"] });
    assert_eq!(world.master("POST", &path, body.clone()).await.ok(), json!({}));
    let by = bob
        .find(|told| match &told.event {
            Event::Restricted { restriction: Restriction::Silenced, lifted: false, by, .. } => {
                Some(by.clone())
            }
            _ => None,
        })
        .await;
    assert_eq!(by.as_str(), "tom");
    assert_eq!(refusal(&mut bob, &conversation).await, Some(Code::Silenced));
    world.clock.advance(10 * 86_400_000);
    assert_eq!(refusal(&mut bob, &conversation).await, Some(Code::Silenced));
    assert_eq!(world.master("DELETE", &path, body).await.ok(), json!({}));
    assert_eq!(refusal(&mut bob, &conversation).await, None);
}

#[tokio::test]
async fn lists_come_in_parts() {
    //
    let world = World::new().await;
    let mut tom = world.modern("tom").await;
    let conversation = tom.start(&["bob"]).await;
    let clients: Vec<String> = (0..25).map(|number| format!("client {number:02}")).collect();
    for list in ["permanent-silenceds", "blacklists"] {
        let path = format!("/1.2/rtm/conversations/{conversation}/{list}");
        world.master("POST", &path, json!({ "client_ids": clients })).await.ok();
        let part = async |query: &str| world.master("GET", &format!("{path}{query}"), Value::Null).await.ok();
        assert_eq!(part("").await, json!({ "client_ids": clients[..10], "next": "10" }));
        assert_eq!(part("?limit=20&next=").await, json!({ "client_ids": clients[..20], "next": "20" }));
        assert_eq!(part("?limit=20&next=20").await, json!({ "client_ids": clients[20..] }));
        assert_eq!(part("?next=99").await, json!({ "client_ids": [] }));
    }
}

#[tokio::test]
async fn who_is_blocked_is_out_and_does_not_come_back() {
    // R-114, W-364, W-366
    let world = World::new().await;
    let (mut tom, mut bob) = (world.modern("tom").await, world.modern("bob").await);
    let conversation = tom.start(&["bob"]).await;
    let path = format!("/1.2/rtm/conversations/{conversation}/blacklists");
    assert_eq!(world.master("POST", &path, json!({ "client_ids": ["bob"] })).await.ok(), json!({}));
    bob.find(|told| matches!(told.event, Event::Left { .. }).then_some(())).await;
    let refused = match bob.add(&conversation, &["bob"]).await {
        Event::MembersAdded(changed) => changed.failed[0].reject.code,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused, Code::BlockedByConversation);
    world.master("DELETE", &path, json!({ "client_ids": ["bob"] })).await.ok();
    assert!(
        matches!(bob.add(&conversation, &["bob"]).await, Event::MembersAdded(changed) if changed.failed.is_empty())
    );
}

#[tokio::test]
async fn the_owner_cannot_be_blocked_where_there_are_roles() {
    // R-114, W-241
    let world = World::with(|config| config.apps[0].settings.members.roles = true).await;
    let mut tom = world.modern("tom").await;
    let conversation = tom.start(&["bob"]).await;
    let path = format!("/1.2/rtm/conversations/{conversation}/blacklists");
    let all = json!({ "client_ids": ["bob", "tom"] });
    assert_eq!(world.master("POST", &path, all).await.failed(), (400, 4324));
    assert_eq!(world.master("GET", &path, Value::Null).await.ok(), json!({ "client_ids": [] }));
}

#[tokio::test]
async fn a_path_of_one_group_is_not_for_the_others() {
    //
    let world = World::new().await;
    let mut tom = world.modern("tom").await;
    let (conversation, room) = (tom.start(&["bob"]).await, tom.start_room().await);
    let body = json!({ "client_ids": ["bob"] });
    let cases = [
        (format!("/1.2/rtm/chatrooms/{conversation}/blacklists"), (400, 4316)),
        (format!("/1.2/rtm/service-conversations/{conversation}/blacklists"), (400, 4313)),
        (format!("/1.2/rtm/conversations/{room}/permanent-silenceds"), (400, 4314)),
        (format!("/1.2/rtm/service-conversations/{room}/permanent-silenceds"), (400, 4314)),
        ("/1.2/rtm/conversations/5f8a1b2c3d4e5f6a7b8c9d0e/blacklists".to_owned(), (404, 4303)),
    ];
    for (path, failure) in cases {
        assert_eq!(world.master("POST", &path, body.clone()).await.failed(), failure, "{path}");
    }
    world.master("POST", &format!("/1.2/rtm/chatrooms/{room}/blacklists"), body).await.ok();
}

#[tokio::test]
async fn full_lists_and_lists_that_are_switched_off_have_their_codes() {
    //
    let world = World::with(|config| {
        let members = &mut config.apps[0].settings.members;
        (members.max_silenced, members.blocklist) = (1, false);
    })
    .await;
    let mut tom = world.modern("tom").await;
    let conversation = tom.start(&["bob"]).await;
    let two = json!({ "client_ids": ["bob", "eve"] });
    let path = |list: &str| format!("/1.2/rtm/conversations/{conversation}/{list}");
    assert_eq!(world.master("POST", &path("permanent-silenceds"), two.clone()).await.failed(), (400, 4561));
    assert_eq!(world.master("POST", &path("blacklists"), two).await.failed(), (400, 4544));
    assert_eq!(world.master("GET", &path("blacklists"), Value::Null).await.failed(), (400, 4544));
    let own = "/1.2/rtm/clients/bob/blacklists";
    assert_eq!(world.master("GET", own, Value::Null).await.failed(), (400, 4544));
}

#[tokio::test]
async fn nobody_adds_a_client_to_a_conversation_on_its_own_list() {
    // R-115, B-135
    let world = World::new().await;
    let mut tom = world.modern("tom").await;
    let conversation = tom.start(&[]).await;
    let path = "/1.2/rtm/clients/bob/blacklists";
    let which = json!({ "conv_id": conversation.as_str() });
    assert_eq!(world.master("POST", path, which.clone()).await.ok(), json!({}));
    let list = world.master("GET", path, Value::Null).await.ok();
    assert_eq!(list, json!({ "conv_ids": [conversation.as_str()] }));
    match tom.add(&conversation, &["bob"]).await {
        Event::MembersAdded(changed) => assert_eq!(changed.failed[0].members, ids(&["bob"])),
        other => panic!("{other:?}"),
    }
    assert_eq!(world.master("DELETE", path, which).await.ok(), json!({}));
    assert_eq!(world.master("GET", path, Value::Null).await.ok(), json!({ "conv_ids": [] }));
    match tom.add(&conversation, &["bob"]).await {
        Event::MembersAdded(changed) => assert_eq!(changed.allowed, ids(&["bob"])),
        other => panic!("{other:?}"),
    }
}
