//! Who may not speak in a conversation, or not be in it.

use std::collections::HashMap;

use yanshu_protocol::{ClientId, Code, ConversationId, ConversationKind, Reject, Restriction, Timestamp};

use super::world::{client, clients};
use super::{Place, World};
use crate::store::{MembersRequest, RestrictRequest, WriteError};

use Restriction::{Blocked, Silenced};

async fn listed(world: &World, id: &ConversationId, restriction: Restriction) -> Vec<ClientId> {
    world.store.restricted(&world.app, id, restriction, 0, 100).await.unwrap()
}

/// Who is silenced, as a roster says; one that was just read and one that a change gave must agree.
async fn silences(world: &World, id: &ConversationId) -> HashMap<ClientId, Option<Timestamp>> {
    let read = world.roster(id).await;
    let nothing = world.members(id, &[], &[], 500).await.unwrap();
    assert_eq!(read, nothing.roster);
    read.order.silenced.clone()
}

pub(crate) async fn who_is_silenced_is_named_until_it_may_speak_again(place: &impl Place) {
    // W-245
    let world = World::open(place);
    let id = world.conversation(&["Tom", "Jerry", "Spike"]).await;
    world.pass(1_000);
    let request = world.restriction(&id, Silenced, &["Jerry", "Spike", "Jerry"]);
    let outcome = world.restrict(request.clone()).await.unwrap();
    assert_eq!(outcome.changed, clients(&["Jerry", "Spike"]));
    assert_eq!((outcome.at, outcome.updated_at), (world.now(), world.now()));
    assert!(outcome.left.is_empty() && outcome.refused.is_empty());
    assert_eq!(outcome.roster, world.roster(&id).await);
    assert_eq!(outcome.roster.order.silence(&client("Jerry"), world.now()), Some(None));
    let again = world.restrict(request.clone()).await.unwrap();
    assert!(again.changed.is_empty());
    assert_eq!(again.updated_at, outcome.updated_at);
    let world = world.reopen(place);
    let lift = RestrictRequest { lift: true, ..world.restriction(&id, Silenced, &["Jerry", "Tom"]) };
    assert_eq!(world.restrict(lift).await.unwrap().changed, clients(&["Jerry"]));
    assert_eq!(silences(&world, &id).await, HashMap::from([(client("Spike"), None)]));
    let asked = clients(&["Tom", "Spike", "Jerry"]);
    let found = world.store.restricted_among(&world.app, &id, Silenced, asked).await.unwrap();
    assert_eq!(found, clients(&["Spike"]));
}

pub(crate) async fn silence_for_a_time_is_kept_apart_from_silence_for_ever(place: &impl Place) {
    // B-132, B-133
    let world = World::open(place);
    let id = world.conversation(&["Tom", "Jerry"]).await;
    let end = world.now().plus_millis(1_000);
    let for_ever = world.restriction(&id, Silenced, &["Jerry"]);
    let for_a_time = RestrictRequest { until: Some(end), ..for_ever.clone() };
    let jerry = |until| HashMap::from([(client("Jerry"), until)]);
    world.restrict(for_a_time.clone()).await.unwrap();
    assert_eq!(silences(&world, &id).await, jerry(Some(end)));
    assert!(listed(&world, &id, Silenced).await.is_empty(), "the list is of those silenced for ever");
    let roster = world.roster(&id).await;
    assert_eq!(roster.order.silence(&client("Jerry"), world.now()), Some(Some(end)));
    assert_eq!(roster.order.silence(&client("Jerry"), end), None);
    // A longer time takes the place of the shorter one.
    let longer = RestrictRequest { until: Some(end.next()), ..for_a_time.clone() };
    assert_eq!(world.restrict(longer).await.unwrap().changed, clients(&["Jerry"]));
    assert_eq!(silences(&world, &id).await, jerry(Some(end.next())));
    world.restrict(for_ever.clone()).await.unwrap();
    assert_eq!(silences(&world, &id).await, jerry(None));
    assert_eq!(listed(&world, &id, Silenced).await, clients(&["Jerry"]));
    // Each is lifted for itself.
    world.restrict(RestrictRequest { lift: true, ..for_ever.clone() }).await.unwrap();
    assert_eq!(silences(&world, &id).await, jerry(Some(end.next())));
    world.restrict(for_ever).await.unwrap();
    world.restrict(RestrictRequest { lift: true, ..for_a_time.clone() }).await.unwrap();
    assert_eq!(silences(&world, &id).await, jerry(None));
    // What is over is forgotten.
    let other = world.conversation(&["Tom", "Jerry"]).await;
    world.restrict(RestrictRequest { conversation: other.clone(), ..for_a_time }).await.unwrap();
    world.pass(1_000);
    world.expire_all().await;
    assert!(world.roster(&other).await.order.silenced.is_empty());
}

pub(crate) async fn who_is_blocked_leaves_and_cannot_come_back(place: &impl Place) {
    // W-364 to W-366, B-134
    let world = World::open(place);
    let id = world.conversation(&["Tom", "Jerry", "Spike"]).await;
    world.pass(1_000);
    let outcome = world.restrict(world.restriction(&id, Blocked, &["Tyke", "Jerry"])).await.unwrap();
    assert_eq!(outcome.changed, clients(&["Tyke", "Jerry"]));
    assert_eq!(outcome.left, clients(&["Jerry"]));
    assert!(outcome.updated_at > outcome.at);
    assert_eq!(*outcome.roster.members, *clients(&["Tom", "Spike"]));
    assert_eq!(outcome.roster, world.roster(&id).await);
    assert!(outcome.roster.order.blocked.contains("Tyke"));
    let joining = world.members_request(&id, &["Jerry", "Butch"], &[]);
    let joined = world.change_members(joining.clone()).await.unwrap();
    assert_eq!(joined.changed, clients(&["Butch"]));
    assert_eq!(joined.refused, [(client("Jerry"), Code::BlockedByConversation)]);
    // Those who are free again may come, but do not come by themselves.
    let lift = RestrictRequest { lift: true, ..world.restriction(&id, Blocked, &["Jerry"]) };
    let lifted = world.restrict(lift).await.unwrap();
    assert_eq!((lifted.changed, lifted.left), (clients(&["Jerry"]), Vec::new()));
    assert_eq!(*lifted.roster.members, *clients(&["Tom", "Spike", "Butch"]));
    assert_eq!(world.change_members(joining).await.unwrap().changed, clients(&["Jerry"]));
}

pub(crate) async fn clients_that_are_no_members_can_be_restricted(place: &impl Place) {
    // W-248
    let world = World::open(place);
    let room = world.create(world.new_conversation(ConversationKind::Room, &[])).await.conversation.id;
    for restriction in [Silenced, Blocked] {
        let outcome = world.restrict(world.restriction(&room, restriction, &["Jerry"])).await.unwrap();
        assert_eq!(outcome.changed, clients(&["Jerry"]));
        assert!(outcome.left.is_empty());
    }
    let order = world.roster(&room).await.order;
    assert!(order.blocked.contains("Jerry") && order.silenced.contains_key("Jerry"));
    let unknown: ConversationId = "000000000000000000000000".parse().unwrap();
    let outcome = world.restrict(world.restriction(&unknown, Blocked, &["Jerry"])).await;
    assert_eq!(outcome.unwrap_err(), WriteError::NotFound);
}

pub(crate) async fn the_owner_is_refused_where_it_is_to_be_kept(place: &impl Place) {
    // W-241
    let world = World::open(place);
    let id = world.conversation(&["Tom", "Jerry"]).await;
    for restriction in [Silenced, Blocked] {
        let request =
            RestrictRequest { keep_owner: true, ..world.restriction(&id, restriction, &["Tom", "Jerry"]) };
        let outcome = world.restrict(request).await.unwrap();
        assert_eq!(outcome.refused, [(client("Tom"), Code::ConversationNeedOwner)]);
        assert_eq!(outcome.changed, clients(&["Jerry"]));
    }
    assert_eq!(*world.roster(&id).await.members, *clients(&["Tom"]));
}

pub(crate) async fn a_list_has_its_limit(place: &impl Place) {
    // B-131, B-139, W-252
    let world = World::open(place);
    let id = world.conversation(&["Tom"]).await;
    let limited = |names: &[&str]| RestrictRequest { limit: 2, ..world.restriction(&id, Silenced, names) };
    world.restrict(limited(&["Jerry"])).await.unwrap();
    assert_eq!(world.restrict(limited(&["Spike", "Tyke"])).await.unwrap_err(), WriteError::ListFull);
    assert_eq!(listed(&world, &id, Silenced).await, clients(&["Jerry"]), "all or nothing");
    world.restrict(limited(&["Jerry", "Spike"])).await.unwrap();
    world.restrict(limited(&["Jerry", "Spike"])).await.unwrap();
    // The other list is another one.
    let blocked = RestrictRequest { limit: 1, ..world.restriction(&id, Blocked, &["Jerry"]) };
    world.restrict(blocked).await.unwrap();
}

pub(crate) async fn lists_are_read_in_pages_in_order_of_entry(place: &impl Place) {
    // W-249, W-250, W-367
    let world = World::open(place);
    let id = world.conversation(&["Tom"]).await;
    for name in ["Zoe", "Ann", "Max", "Bea"] {
        world.restrict(world.restriction(&id, Blocked, &[name])).await.unwrap();
    }
    let lift = RestrictRequest { lift: true, ..world.restriction(&id, Blocked, &["Ann"]) };
    world.restrict(lift).await.unwrap();
    world.restrict(world.restriction(&id, Blocked, &["Ann"])).await.unwrap();
    let page =
        async |offset, limit| world.store.restricted(&world.app, &id, Blocked, offset, limit).await.unwrap();
    assert_eq!(page(0, 3).await, clients(&["Zoe", "Max", "Bea"]));
    assert_eq!(page(3, 3).await, clients(&["Ann"]));
    assert!(page(4, 3).await.is_empty());
    assert!(listed(&world.of_app("other"), &id, Blocked).await.is_empty());
}

pub(crate) async fn a_refused_id_refuses_all_where_asked(place: &impl Place) {
    // W-104
    let world = World::open(place);
    let id = world.conversation(&["Tom"]).await;
    world.restrict(world.restriction(&id, Blocked, &["Jerry"])).await.unwrap();
    let request = MembersRequest { whole: true, ..world.members_request(&id, &["Spike", "Jerry"], &[]) };
    let outcome = world.change_members(request).await;
    let code = match outcome {
        Err(WriteError::Refused(Reject { code, .. })) => code,
        other => panic!("{other:?}"),
    };
    assert_eq!(code, Code::BlockedByConversation);
    assert_eq!(*world.roster(&id).await.members, *clients(&["Tom"]));
    let request = RestrictRequest {
        whole: true,
        keep_owner: true,
        ..world.restriction(&id, Silenced, &["Spike", "Tom"])
    };
    assert!(matches!(world.restrict(request).await, Err(WriteError::Refused(_))));
    assert!(silences(&world, &id).await.is_empty());
}
