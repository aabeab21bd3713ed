//! Who subscribes to service conversations.

use yanshu_protocol::{ClientId, Code, ConversationId, Restriction, Timestamp};

use super::world::{client, clients};
use super::{Place, World};
use crate::store::{MembersRequest, Subscription, Write};

async fn subscribers(world: &World, id: &ConversationId) -> Vec<ClientId> {
    let all = world.store.subscribers(&world.app, id, None, 1_000).await.unwrap();
    let count = world.store.subscriber_count(&world.app, id).await.unwrap();
    assert_eq!(usize::try_from(count), Ok(all.len()));
    all.into_iter().map(|(client, _)| client).collect()
}

async fn subscription(world: &World, id: &ConversationId, who: &str) -> Option<Subscription> {
    world.store.subscription(&world.app, &client(who), id).await.unwrap()
}

pub(crate) async fn a_client_subscribes_and_unsubscribes_and_nobody_is_told(place: &impl Place) {
    // B-141, B-115
    let world = World::open(place);
    let id = world.service(&[]).await;
    let made = world.read_back(&id).await.unwrap();
    let since = world.pass(1_000);
    let request = MembersRequest { limit: 1, ..world.members_request(&id, &["Tom", "Jerry", "Tom"], &[]) };
    let outcome = world.change_members(request.clone()).await.unwrap();
    assert_eq!(outcome.changed, clients(&["Tom", "Jerry"]), "there is no limit");
    assert!(outcome.roster.members.is_empty());
    assert_eq!(outcome.updated_at, made.updated_at, "the conversation itself did not change");
    assert_eq!(world.read_back(&id).await, Some(made), "it has no list of members");
    let world = world.reopen(place);
    assert!(world.change_members(request).await.unwrap().changed.is_empty());
    assert_eq!(subscription(&world, &id, "Tom").await, Some(Subscription { since, muted: false }));
    assert_eq!(subscribers(&world, &id).await, clients(&["Jerry", "Tom"]));
    let tom = client("Tom");
    let told = world.store.memberships(&world.app, &tom, vec![id.clone()], world.now()).await.unwrap();
    assert_eq!(told, [true]);
    let leaving = world.members_request(&id, &[], &["Tom", "Spike"]);
    assert_eq!(world.change_members(leaving).await.unwrap().changed, clients(&["Tom"]));
    assert_eq!(subscription(&world, &id, "Tom").await, None);
    let asked = clients(&["Tom", "Jerry", "Spike"]);
    assert_eq!(world.store.subscribed(&world.app, &id, asked).await, Ok(vec![false, true, false]));
    assert_eq!(subscribers(&world, &id).await, clients(&["Jerry"]));
    for who in ["Tom", "Jerry"] {
        let (app, who, now) = (&world.app, client(who), world.now());
        let notices = world.store.notices(app, &who, Timestamp(0), 10, now).await.unwrap();
        let droppable = world.store.droppable_notices(app, &who, Timestamp(0), 10, now).await.unwrap();
        assert!(notices.notices.is_empty() && droppable.notices.is_empty());
    }
}

pub(crate) async fn subscribers_are_read_in_pages_and_counted(place: &impl Place) {
    //
    let world = World::open(place);
    let id = world.service(&["Zoe", "Ann"]).await;
    let first = world.now();
    let later = world.pass(10);
    world.change_members(world.members_request(&id, &["Max", "Bea"], &[])).await.unwrap();
    let page = async |after: Option<&str>, limit| {
        world.store.subscribers(&world.app, &id, after.map(client), limit).await.unwrap()
    };
    let entry = |name: &str, since: Timestamp| (client(name), since);
    assert_eq!(page(None, 2).await, [entry("Ann", first), entry("Bea", later)]);
    assert_eq!(page(Some("Bea"), 2).await, [entry("Max", later), entry("Zoe", first)]);
    assert!(page(Some("Zoe"), 2).await.is_empty());
    assert_eq!(world.store.subscriber_count(&world.app, &id).await.unwrap(), 4);
    let normal = world.conversation(&["Tom"]).await;
    assert!(subscribers(&world, &normal).await.is_empty());
}

pub(crate) async fn subscriptions_are_read_in_pages_both_ways(place: &impl Place) {
    //
    let world = World::open(place);
    let mut expected = Vec::new();
    for number in 0..5 {
        let id = world.service(&["Tom"]).await;
        expected.push((id, world.now()));
        // Two of them in one millisecond.
        world.pass(if number == 2 { 0 } else { 10 });
    }
    expected.sort_by_key(|(id, since)| (*since, id.clone()));
    world.conversation(&["Tom"]).await;
    let visited = world.service(&["Jerry"]).await;
    world.pass_on(&visited, "Tom", "Tom", "a thread is no subscription").await;
    let (app, tom) = (&world.app, client("Tom"));
    for newest_first in [false, true] {
        let mut walked: Vec<(ConversationId, Timestamp)> = Vec::new();
        loop {
            let after = walked.last().map(|(id, since)| (*since, id.clone()));
            let page = world.store.subscriptions(app, &tom, after, newest_first, 2).await.unwrap();
            if page.is_empty() {
                break;
            }
            walked.extend(page);
        }
        if newest_first {
            walked.reverse();
        }
        assert_eq!(walked, expected);
    }
}

pub(crate) async fn how_a_client_stands_to_several_conversations_is_told_in_order(place: &impl Place) {
    // W-159
    let world = World::open(place);
    let (ours, theirs) = (world.service(&["Tom"]).await, world.service(&["Jerry"]).await);
    let normal = world.conversation(&["Tom"]).await;
    world.pass_on(&theirs, "Tom", "Tom", "not subscribed").await;
    let unknown: ConversationId = "000000000000000000000000".parse().unwrap();
    let asked = vec![theirs, ours, unknown, normal];
    let told = world.store.subscriptions_among(&world.app, &client("Tom"), asked.clone()).await.unwrap();
    assert_eq!(told.iter().map(Option::is_some).collect::<Vec<_>>(), [false, true, false, false]);
    let other = "other".parse().unwrap();
    let told = world.store.subscriptions_among(&other, &client("Tom"), asked).await.unwrap();
    assert_eq!(told, [None; 4]);
}

pub(crate) async fn muting_a_service_conversation_is_the_subscribers_own(place: &impl Place) {
    // B-105
    let world = World::open(place);
    let id = world.service(&["Tom", "Jerry"]).await;
    let before = world.read_back(&id).await;
    world.pass(1_000);
    for who in ["Tom", "Spike"] {
        let (app, conversation, client, now) = (world.app.clone(), id.clone(), client(who), world.now());
        let muted = true;
        world.write(|done| Write::SetMuted { app, conversation, client, muted, now, done }).await.unwrap();
    }
    assert!(subscription(&world, &id, "Tom").await.unwrap().muted);
    assert!(!subscription(&world, &id, "Jerry").await.unwrap().muted);
    assert_eq!(subscription(&world, &id, "Spike").await, None);
    assert_eq!(world.read_back(&id).await, before);
}

pub(crate) async fn a_blocked_client_does_not_subscribe(place: &impl Place) {
    // B-134, R-114
    let world = World::open(place);
    let id = world.service(&["Tom", "Jerry"]).await;
    let request = world.restriction(&id, Restriction::Blocked, &["Jerry", "Spike"]);
    let outcome = world.restrict(request).await.unwrap();
    assert_eq!(outcome.left, clients(&["Jerry"]));
    assert_eq!(subscribers(&world, &id).await, clients(&["Tom"]));
    let joining = world.members_request(&id, &["Jerry", "Tyke"], &[]);
    let joined = world.change_members(joining).await.unwrap();
    assert_eq!(joined.refused, [(client("Jerry"), Code::BlockedByConversation)]);
    assert_eq!(subscribers(&world, &id).await, clients(&["Tom", "Tyke"]));
}
