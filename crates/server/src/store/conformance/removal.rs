//! Deleted conversations.

use std::sync::Arc;

use serde_json::json;
use yanshu_protocol::{ConversationId, ConversationKind, Restriction, Role, Timestamp};

use super::world::{attributes, client, text, texts};
use super::{Place, World};
use crate::query::{Filter, Sort};
use crate::store::{ConversationSearch, CursorMove, NewConversation, Write, WriteError};

async fn found(world: &World) -> Vec<ConversationId> {
    let filter = Filter::parse(&json!({ "m": "Tom" })).unwrap();
    let search = ConversationSearch {
        filter: Arc::new(filter),
        sort: Sort::default(),
        skip: 0,
        limit: 100,
        timeout: std::time::Duration::from_secs(10),
    };
    let found = world.store.search(&world.app, search).await.unwrap();
    found.into_iter().map(|conversation| conversation.id).collect()
}

pub(crate) async fn a_deleted_conversation_is_gone_at_once_for_everybody(place: &impl Place) {
    let world = World::open(place);
    let id = world.conversation(&["Tom", "Jerry"]).await;
    let message = world.send(&id, "Tom", "hi").await;
    world.edit(&message, "hi, edited", None).await;
    // Places that readers remember are forgotten too.
    assert_eq!(world.history(&id).await.len(), 1);
    world.delete(&id).await.unwrap();
    let check = async |world: &World| {
        let (app, jerry, now) = (&world.app, client("Jerry"), world.now());
        assert_eq!(world.read_back(&id).await, None);
        assert_eq!(world.store.roster(app, &id, now).await.unwrap(), None);
        assert!(found(world).await.is_empty());
        assert!(world.history(&id).await.is_empty());
        assert_eq!(world.message(&id, &message.id, None).await, None);
        let last = world.store.last_messages(app, vec![id.clone()], None).await.unwrap();
        assert!(last.is_empty());
        assert!(world.unread("Jerry").await.is_empty());
        assert!(world.unread_since("Jerry", Some(Timestamp(0))).await.is_empty());
        assert!(world.missed("Jerry").await.is_empty());
        assert_eq!(world.store.unread_in(app, &jerry, &id, 100, now).await.unwrap(), None);
        let patched =
            world.store.patched_since(app, &jerry, None, Timestamp(0), 10, world.now()).await.unwrap();
        assert!(patched.is_empty());
        assert_eq!(world.store.memberships(app, &jerry, vec![id.clone()], now).await.unwrap(), [false]);
        let notices = world.store.notices(app, &jerry, Timestamp(0), 10, now).await.unwrap();
        let droppable = world.store.droppable_notices(app, &jerry, Timestamp(0), 10, now).await.unwrap();
        assert!(notices.notices.is_empty() && droppable.notices.is_empty());
        let refused = world.append(world.draft(&id, "Tom", text("late"))).await.unwrap_err();
        assert_eq!(refused, WriteError::NotFound);
        assert_eq!(world.members(&id, &["Spike"], &[], 500).await.unwrap_err(), WriteError::NotFound);
        assert_eq!(world.delete(&id).await.unwrap_err(), WriteError::NotFound);
    };
    check(&world).await;
    let world = world.reopen(place);
    check(&world).await;
    world.expire_all().await;
    check(&world).await;
}

pub(crate) async fn a_deleted_conversation_gives_up_its_names(place: &impl Place) {
    // W-176
    let world = World::open(place);
    let request = NewConversation {
        unique_id: Some("both".parse().unwrap()),
        attributes: attributes(json!({ "name": "first" })),
        ..world.new_conversation(ConversationKind::Normal, &["Tom", "Jerry"])
    };
    for _ in 0..3 {
        // An import may bring back the same id, and it may be deleted again before the first is gone.
        let made = world.create(request.clone()).await;
        assert!(!made.existing);
        world.send(&request.id, "Tom", "hi").await;
        world.delete(&request.id).await.unwrap();
    }
    let last = world.create(request.clone()).await;
    world.send(&request.id, "Tom", "still here").await;
    world.expire_all().await;
    assert_eq!(world.read_back(&request.id).await.map(|read| read.id), Some(last.conversation.id));
    assert_eq!(texts(&world.history(&request.id).await), ["still here"]);
    assert_eq!(world.unread("Jerry").await[0].count, 1);
}

pub(crate) async fn a_deleted_service_conversation_takes_its_threads_along(place: &impl Place) {
    let world = World::open(place);
    let id = world.service(&["Tom", "Jerry"]).await;
    let stays = world.service(&["Tom"]).await;
    for of in [&id, &stays] {
        world.send(of, "operator", "to all").await;
        world.pass_on(of, "Tom", "operator", "to Tom").await;
        world.pass_on(of, "Spike", "Spike", "from Spike").await;
    }
    world.delete(&id).await.unwrap();
    for _ in 0..2 {
        assert!(world.history_of(&id, Some("Tom")).await.is_empty());
        let [left] = &*world.unread("Tom").await else { panic!("one conversation") };
        assert_eq!((&left.conversation, left.count), (&stays, 2));
        let mine = world.store.subscriptions(&world.app, &client("Tom"), None, false, 10).await.unwrap();
        assert_eq!(mine.len(), 1);
        assert_eq!(texts(&world.history_of(&stays, Some("Spike")).await), ["to all", "from Spike"]);
        world.expire_all().await;
    }
}

pub(crate) async fn what_is_deleted_goes_in_portions_and_others_stay(place: &impl Place) {
    let world = World::open(place);
    let (id, stays) =
        (world.conversation(&["Tom", "Jerry"]).await, world.conversation(&["Tom", "Jerry"]).await);
    let service = world.service(&[]).await;
    for of in [&id, &stays] {
        world.set_role(of, "Jerry", Role::Manager, 10).await.unwrap();
        world.restrict(world.restriction(of, Restriction::Silenced, &["Spike"])).await.unwrap();
        for number in 0..700 {
            let resend_key = Some(number.to_string());
            let draft = world.draft(of, "Tom", text(&number.to_string()));
            world.append(crate::store::Draft { resend_key, ..draft }).await.unwrap();
        }
        let read = Some(world.now());
        world.advance(CursorMove { read, keep_times: true, ..world.step(of, "Jerry") }).await;
    }
    for number in 0..700 {
        let request = world.members_request(&service, &[&*format!("client {number}")], &[]);
        world.change_members(request).await.unwrap();
    }
    let before = world.history(&stays).await;
    world.delete(&id).await.unwrap();
    world.delete(&service).await.unwrap();
    let mut portions = 0;
    while world.expire(Timestamp(0), Timestamp(0)).await > 0 {
        portions += 1;
        // What others do goes on between.
        let (done, waiter) = crate::store::Completion::waiter();
        world.store.submit(Write::Mark(done)).await;
        waiter.await.unwrap().unwrap();
    }
    assert!(portions > 4, "{portions}");
    assert_eq!(world.history(&stays).await, before);
    let roster = world.roster(&stays).await;
    assert!(roster.order.managers.contains("Jerry") && roster.order.silenced.contains_key("Spike"));
}
