//! Roles of members.

use yanshu_protocol::{Code, Reject, Role};

use super::world::{client, clients};
use super::{Place, World};
use crate::store::{MembersRequest, WriteError};

fn refused<T: std::fmt::Debug>(outcome: Result<T, WriteError>) -> Code {
    match outcome {
        Err(WriteError::Refused(Reject { code, .. })) => code,
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn a_member_becomes_a_manager_and_a_plain_member_again(place: &impl Place) {
    // B-119
    let world = World::open(place);
    let id = world.conversation(&["Tom", "Jerry", "Spike"]).await;
    world.pass(1_000);
    let made = world.set_role(&id, "Jerry", Role::Manager, 10).await.unwrap();
    assert!(made.changed);
    assert_eq!(made.at, world.now());
    assert_eq!(made.roster, world.roster(&id).await);
    assert!(made.roster.order.managers.iter().eq(&clients(&["Jerry"])));
    let again = world.set_role(&id, "Jerry", Role::Manager, 10).await.unwrap();
    assert_eq!((again.changed, again.at), (false, made.at));
    let world = world.reopen(place);
    assert_eq!(world.roster(&id).await, made.roster);
    let back = world.set_role(&id, "Jerry", Role::Member, 10).await.unwrap();
    assert!(back.changed && back.at > made.at);
    assert!(back.roster.order.managers.is_empty());
    assert_eq!(world.roster(&id).await, back.roster);
    assert!(!world.set_role(&id, "Spike", Role::Member, 10).await.unwrap().changed);
}

pub(crate) async fn the_creator_has_no_other_role(place: &impl Place) {
    // B-120, W-242
    let world = World::open(place);
    let id = world.conversation(&["Tom", "Jerry"]).await;
    assert_eq!(world.roster(&id).await.creator, client("Tom"));
    for role in [Role::Member, Role::Manager] {
        let outcome = world.set_role(&id, "Tom", role, 10).await;
        assert_eq!(refused(outcome), Code::ConversationNeedOwner);
    }
    let outcome = world.set_role(&id, "Jerry", Role::Owner, 10).await;
    assert_eq!(refused(outcome), Code::UnknownConversationRole);
}

pub(crate) async fn only_members_have_roles_and_only_so_many(place: &impl Place) {
    // W-242
    let world = World::open(place);
    let id = world.conversation(&["Tom", "Jerry", "Spike"]).await;
    let outcome = world.set_role(&id, "Tyke", Role::Manager, 10).await;
    assert_eq!(refused(outcome), Code::ConversationMembershipRequired);
    world.set_role(&id, "Jerry", Role::Manager, 1).await.unwrap();
    let outcome = world.set_role(&id, "Spike", Role::Manager, 1).await;
    assert_eq!(refused(outcome), Code::ConversationMemberInRoleFull);
    world.set_role(&id, "Jerry", Role::Member, 1).await.unwrap();
    world.set_role(&id, "Spike", Role::Manager, 1).await.unwrap();
}

pub(crate) async fn who_leaves_has_no_role_any_more(place: &impl Place) {
    let world = World::open(place);
    let id = world.conversation(&["Tom", "Jerry"]).await;
    world.set_role(&id, "Jerry", Role::Manager, 10).await.unwrap();
    let left = world.members(&id, &[], &["Jerry"], 500).await.unwrap();
    assert!(left.roster.order.managers.is_empty());
    world.members(&id, &["Jerry"], &[], 500).await.unwrap();
    assert!(world.roster(&id).await.order.managers.is_empty());
}

pub(crate) async fn with_roles_the_owner_stays_and_others_may_go(place: &impl Place) {
    // W-241, W-104
    let world = World::open(place);
    let id = world.conversation(&["Tom", "Jerry"]).await;
    let request =
        MembersRequest { keep_owner: true, ..world.members_request(&id, &[], &["Tom", "Jerry", "Spike"]) };
    let whole = MembersRequest { whole: true, ..request.clone() };
    assert_eq!(refused(world.change_members(whole).await), Code::ConversationNeedOwner);
    assert_eq!(*world.roster(&id).await.members, *clients(&["Tom", "Jerry"]));
    let outcome = world.change_members(request).await.unwrap();
    assert_eq!(outcome.refused, [(client("Tom"), Code::ConversationNeedOwner)]);
    assert_eq!(outcome.changed, clients(&["Jerry"]));
    assert_eq!(*world.roster(&id).await.members, *clients(&["Tom"]));
    // Without roles everybody may leave (W-243).
    assert_eq!(world.members(&id, &[], &["Tom"], 500).await.unwrap().changed, clients(&["Tom"]));
}
