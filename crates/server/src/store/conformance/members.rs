//! Who is in a conversation.

use yanshu_protocol::{ConversationId, Timestamp};

use super::world::{client, clients};
use super::{Place, World};
use crate::store::{Write, WriteError};

async fn members(world: &World, id: &ConversationId) -> Vec<String> {
    let roster = world.store.roster(&world.app, id, world.now()).await.unwrap().unwrap();
    let conversation = world.read_back(id).await.unwrap();
    let members: Vec<_> = conversation.members.into_iter().map(|member| member.client).collect();
    assert_eq!(*members, *roster.members);
    members.iter().map(ToString::to_string).collect()
}

pub(crate) async fn joining_and_leaving_change_the_roster_in_order(place: &impl Place) {
    let world = World::open(place);
    let id = world.conversation(&["Tom", "Jerry"]).await;
    let joined = world.members(&id, &["Zoe", "Ann"], &[], 500).await.unwrap();
    assert_eq!(*joined.roster.members, *clients(&["Tom", "Jerry", "Zoe", "Ann"]));
    let left = world.members(&id, &[], &["Tom", "Zoe"], 500).await.unwrap();
    assert_eq!(*left.roster.members, *clients(&["Jerry", "Ann"]));
    world.members(&id, &["Tom"], &[], 500).await.unwrap();
    assert_eq!(members(&world, &id).await, ["Jerry", "Ann", "Tom"]);
}

pub(crate) async fn only_those_who_really_joined_or_left_are_told(place: &impl Place) {
    // W-204
    let world = World::open(place);
    let id = world.conversation(&["Tom"]).await;
    world.pass(1_000);
    let joined = world.members(&id, &["Tom", "Jerry", "Jerry"], &[], 500).await.unwrap();
    assert_eq!(joined.changed, clients(&["Jerry"]));
    assert_eq!(joined.updated_at, world.now());
    world.pass(1_000);
    let nobody = world.members(&id, &["Tom"], &["Spike"], 500).await.unwrap();
    assert!(nobody.changed.is_empty());
    assert_eq!(nobody.updated_at, joined.updated_at);
}

pub(crate) async fn members_over_the_limit_are_refused_as_a_whole(place: &impl Place) {
    // W-145
    let world = World::open(place);
    let id = world.conversation(&["Tom", "Jerry"]).await;
    world.members(&id, &["Spike"], &[], 3).await.unwrap();
    let refused = world.members(&id, &["Tyke"], &[], 3).await.unwrap_err();
    assert_eq!(refused, WriteError::Full);
    let refused = world.members(&id, &["Tyke", "Butch"], &["Tom"], 3).await.unwrap_err();
    assert_eq!(refused, WriteError::Full);
    world.members(&id, &["Tyke"], &["Tom"], 3).await.unwrap();
    assert_eq!(members(&world, &id).await, ["Jerry", "Spike", "Tyke"]);
}

pub(crate) async fn a_full_conversation_can_be_left(place: &impl Place) {
    // The limit may have been lowered since.
    let world = World::open(place);
    let id = world.conversation(&["Tom", "Jerry", "Spike"]).await;
    world.members(&id, &["Jerry"], &["Tom"], 1).await.unwrap();
    assert_eq!(members(&world, &id).await, ["Jerry", "Spike"]);
}

async fn mute(world: &World, id: &ConversationId, who: &str, muted: bool) -> Timestamp {
    let (app, conversation, client, now) = (world.app.clone(), id.clone(), client(who), world.now());
    world.write(|done| Write::SetMuted { app, conversation, client, muted, now, done }).await.unwrap()
}

async fn muted(world: &World, id: &ConversationId) -> Vec<String> {
    let conversation = world.read_back(id).await.unwrap();
    let muted = conversation.members.into_iter().filter(|member| member.muted);
    muted.map(|member| member.client.to_string()).collect()
}

pub(crate) async fn muting_is_kept_until_the_member_leaves(place: &impl Place) {
    // W-225
    let world = World::open(place);
    let id = world.conversation(&["Tom", "Jerry"]).await;
    mute(&world, &id, "Jerry", true).await;
    assert_eq!(muted(&world, &id).await, ["Jerry"]);
    mute(&world, &id, "Tom", true).await;
    mute(&world, &id, "Jerry", false).await;
    assert_eq!(muted(&world, &id).await, ["Tom"]);
    world.members(&id, &[], &["Tom"], 500).await.unwrap();
    world.members(&id, &["Tom"], &[], 500).await.unwrap();
    assert!(muted(&world, &id).await.is_empty());
}

pub(crate) async fn muting_by_a_stranger_changes_nothing(place: &impl Place) {
    let world = World::open(place);
    let id = world.conversation(&["Tom"]).await;
    let before = world.read_back(&id).await.unwrap();
    world.pass(1_000);
    assert_eq!(mute(&world, &id, "Spike", true).await, before.updated_at);
    assert_eq!(world.read_back(&id).await, Some(before));
}

pub(crate) async fn memberships_are_told_in_the_order_asked(place: &impl Place) {
    let world = World::open(place);
    let (ours, theirs) = (world.conversation(&["Tom"]).await, world.conversation(&["Jerry"]).await);
    let ended = world.temporary(&["Tom"], 1).await;
    world.pass(1);
    let unknown: ConversationId = "000000000000000000000000".parse().unwrap();
    let asked = vec![theirs.clone(), ours.clone(), unknown, ended, ours];
    let told = world.store.memberships(&world.app, &client("Tom"), asked, world.now()).await.unwrap();
    assert_eq!(told, [false, true, false, false, true]);
    let other = "other".parse().unwrap();
    let told = world.store.memberships(&other, &client("Tom"), vec![theirs], world.now()).await.unwrap();
    assert_eq!(told, [false]);
}
