//! What clients are to hear of what happened while they were away.

use serde_json::json;
use yanshu_protocol::{ClientId, ConversationId, ConversationKind, MessageId, Restriction, Role, Timestamp};

use super::world::{START, attributes, client, clients};
use super::{Place, World};
use crate::query::Update;
use crate::store::{
    KeptReceipt, MembersRequest, Notice, NoticePage, Noticed, RestrictRequest, UpdateRequest, Write,
};

const NEVER: Timestamp = Timestamp(0);

async fn reliable(world: &World, who: &str, after: Timestamp) -> Vec<Notice> {
    let page = world.store.notices(&world.app, &client(who), after, 100, world.now()).await.unwrap();
    assert!(!page.more);
    page.notices
}

async fn droppable(world: &World, who: &str, after: Timestamp) -> Vec<Notice> {
    let page =
        world.store.droppable_notices(&world.app, &client(who), after, 100, world.now()).await.unwrap();
    assert!(!page.more);
    page.notices
}

fn what(notices: Vec<Notice>) -> Vec<Noticed> {
    notices.into_iter().map(|notice| notice.what).collect()
}

async fn add(world: &World, id: &ConversationId, who: &[&str]) -> Timestamp {
    world.pass(10);
    world.change_members(world.members_request(id, who, &[])).await.unwrap().updated_at
}

async fn remove(world: &World, id: &ConversationId, who: &[&str]) -> Timestamp {
    world.pass(10);
    world.change_members(world.members_request(id, &[], who)).await.unwrap().updated_at
}

fn came(who: &[&str]) -> Noticed {
    Noticed::MembersJoined { members: clients(who) }
}

fn went(who: &[&str]) -> Noticed {
    Noticed::MembersLeft { members: clients(who) }
}

pub(crate) async fn a_client_hears_that_it_joined_and_left(place: &impl Place) {
    // W-380, W-384
    let world = World::open(place);
    let id = world.conversation(&["Tom", "Jerry"]).await;
    let notice = |at, by: &str, what| Notice {
        at,
        conversation: id.clone(),
        kind: ConversationKind::Normal,
        expires_at: None,
        by: Some(client(by)),
        what,
    };
    let made = notice(Timestamp(START), "Tom", Noticed::Joined);
    assert_eq!(reliable(&world, "Jerry", NEVER).await, std::slice::from_ref(&made));
    assert_eq!(reliable(&world, "Tom", NEVER).await, std::slice::from_ref(&made));
    world.pass(10);
    let request = MembersRequest { by: client("Spike"), ..world.members_request(&id, &[], &["Jerry"]) };
    let at = world.change_members(request).await.unwrap().updated_at;
    let left = notice(at, "Spike", Noticed::Left);
    let world = world.reopen(place);
    assert_eq!(reliable(&world, "Jerry", NEVER).await, [made, left.clone()]);
    assert_eq!(reliable(&world, "Jerry", Timestamp(START)).await, std::slice::from_ref(&left));
    assert!(reliable(&world, "Jerry", left.at).await.is_empty());
    assert!(reliable(&world.of_app("other"), "Jerry", NEVER).await.is_empty());
    // Nothing happened, nothing is told.
    remove(&world, &id, &["Jerry"]).await;
    assert!(reliable(&world, "Jerry", left.at).await.is_empty());
    assert!(droppable(&world, "Tom", left.at).await.is_empty());
}

pub(crate) async fn a_member_hears_who_came_and_went_since_it_joined(place: &impl Place) {
    // W-381, W-384
    let world = World::open(place);
    let id = world.conversation(&["Tom", "Jerry"]).await;
    add(&world, &id, &["Spike"]).await;
    remove(&world, &id, &["Jerry"]).await;
    add(&world, &id, &["Tyke", "Butch"]).await;
    let all = [came(&["Tom", "Jerry"]), came(&["Spike"]), went(&["Jerry"]), came(&["Tyke", "Butch"])];
    assert_eq!(what(droppable(&world, "Tom", NEVER).await), all);
    // Who came hears of its own coming and of what followed.
    assert_eq!(what(droppable(&world, "Spike", NEVER).await), all[1..]);
    assert_eq!(what(droppable(&world, "Tyke", NEVER).await), all[3..]);
    assert!(droppable(&world, "Jerry", NEVER).await.is_empty(), "it is no member any more");
    add(&world, &id, &["Jerry"]).await;
    assert_eq!(what(droppable(&world, "Jerry", NEVER).await), [came(&["Jerry"])]);
}

pub(crate) async fn members_hear_of_changed_attributes_and_roles(place: &impl Place) {
    // W-222, W-238, W-384
    let world = World::open(place);
    let id = world.conversation(&["Tom", "Jerry"]).await;
    let changes = attributes(json!({ "attr.colour": "red" }));
    let request = UpdateRequest {
        app: world.app.clone(),
        conversation: id.clone(),
        update: Update::parse(&changes).unwrap(),
        changes: changes.clone(),
        by: Some(client("Tom")),
        max_bytes: 1_000,
        now: world.pass(10),
    };
    let by_nobody = UpdateRequest { by: None, ..request.clone() };
    let updated =
        world.write(|done| Write::UpdateAttributes(Box::new(request), done)).await.unwrap().updated_at;
    let role = world.set_role(&id, "Jerry", Role::Manager, 10).await.unwrap().at;
    world.write(|done| Write::UpdateAttributes(Box::new(by_nobody), done)).await.unwrap();
    let heard = droppable(&world, "Jerry", Timestamp(START)).await;
    assert_eq!(heard.iter().map(|notice| notice.at).collect::<Vec<_>>(), [updated, role]);
    let modified = attributes(json!({ "attr": { "colour": "red" } }));
    let updated = Noticed::Updated { attr: changes, modified };
    let changed = Noticed::RoleChanged { member: client("Jerry"), role: Role::Manager };
    assert_eq!(what(heard), [updated, changed]);
}

pub(crate) async fn restrictions_are_heard_of_by_the_client_and_by_all_members(place: &impl Place) {
    // W-246, W-364, W-365, W-384
    let world = World::open(place);
    let id = world.conversation(&["Tom", "Jerry", "Spike"]).await;
    for (restriction, lift) in
        [(Restriction::Silenced, false), (Restriction::Blocked, false), (Restriction::Blocked, true)]
    {
        world.pass(10);
        let request = RestrictRequest { lift, ..world.restriction(&id, restriction, &["Jerry", "Butch"]) };
        world.restrict(request).await.unwrap();
    }
    let own = |restriction, lifted| Noticed::Restricted { restriction, lifted };
    let (silenced, blocked) = (own(Restriction::Silenced, false), own(Restriction::Blocked, false));
    let unblocked = own(Restriction::Blocked, true);
    let heard = what(reliable(&world, "Jerry", Timestamp(START)).await);
    assert_eq!(heard, [silenced.clone(), blocked.clone(), Noticed::Left, unblocked.clone()]);
    let heard = what(reliable(&world, "Butch", NEVER).await);
    assert_eq!(heard, [silenced, blocked, unblocked], "who is no member is concerned too");
    let all = |restriction, lifted| Noticed::MembersRestricted {
        restriction,
        lifted,
        members: clients(&["Jerry", "Butch"]),
    };
    assert_eq!(
        what(droppable(&world, "Spike", Timestamp(START)).await),
        [
            all(Restriction::Silenced, false),
            all(Restriction::Blocked, false),
            went(&["Jerry"]),
            all(Restriction::Blocked, true)
        ]
    );
}

pub(crate) async fn a_restriction_in_a_room_is_heard_of_by_the_client_alone(place: &impl Place) {
    // W-465: who is in a room is told at once or never.
    let world = World::open(place);
    let room = world.create(world.new_conversation(ConversationKind::Room, &[])).await.conversation.id;
    world.restrict(world.restriction(&room, Restriction::Silenced, &["Jerry"])).await.unwrap();
    let [notice] = &*reliable(&world, "Jerry", NEVER).await else { panic!("one notice") };
    assert_eq!((&notice.conversation, notice.kind), (&room, ConversationKind::Room));
    assert!(droppable(&world, "Jerry", NEVER).await.is_empty());
}

pub(crate) async fn a_receipt_is_kept_for_the_sender(place: &impl Place) {
    // W-303
    let world = World::open(place);
    let id = world.conversation(&["Tom", "Jerry"]).await;
    let message: MessageId = "a-message".parse().unwrap();
    let receipt = |conversation: &ConversationId, read| KeptReceipt {
        app: world.app.clone(),
        sender: client("Tom"),
        conversation: conversation.clone(),
        message: message.clone(),
        at: world.now().next(),
        from: client("Jerry"),
        read,
    };
    let unknown: ConversationId = "000000000000000000000000".parse().unwrap();
    let receipts = vec![receipt(&id, false), receipt(&unknown, false), receipt(&id, true)];
    let at = receipts[0].at;
    world.write(|done| Write::KeepReceipts(receipts, done)).await.unwrap();
    let heard = droppable(&world, "Tom", Timestamp(START)).await;
    let told: Vec<_> = heard.iter().map(|notice| (notice.at, notice.by.clone())).collect();
    assert_eq!(told, [(at, None), (at.next(), None)]);
    let receipt = |read| Noticed::Receipt { message: message.clone(), at, from: client("Jerry"), read };
    assert_eq!(what(heard), [receipt(false), receipt(true)]);
    assert!(droppable(&world, "Jerry", Timestamp(START)).await.is_empty());
    assert!(reliable(&world, "Tom", Timestamp(START)).await.is_empty());
}

/// All notices, read page by page as a client reads them.
async fn walk(world: &World, who: &ClientId, limit: usize, reliable: bool) -> Vec<Notice> {
    let mut all: Vec<Notice> = Vec::new();
    loop {
        let after = all.last().map_or(NEVER, |last| last.at);
        let (store, now) = (&world.store, world.now());
        let NoticePage { notices, more } = match reliable {
            true => store.notices(&world.app, who, after, limit, now).await.unwrap(),
            false => store.droppable_notices(&world.app, who, after, limit, now).await.unwrap(),
        };
        assert!(notices.len() >= limit || !more, "a page is full or the last");
        assert!(!notices.is_empty() || !more, "every page makes progress");
        all.extend(notices);
        if !more {
            return all;
        }
    }
}

pub(crate) async fn pages_neither_skip_nor_repeat(place: &impl Place) {
    // W-385: also where much happens within one millisecond.
    let world = World::open(place);
    let mut ids = Vec::new();
    for _ in 0..7 {
        ids.push(world.conversation(&["Tom", "Jerry"]).await);
    }
    for round in 0..3 {
        for id in &ids[..4 + round] {
            world.change_members(world.members_request(id, &["Spike"], &[])).await.unwrap();
            world.change_members(world.members_request(id, &[], &["Spike"])).await.unwrap();
        }
    }
    let jerry = client("Jerry");
    let all = droppable(&world, "Jerry", NEVER).await;
    assert_eq!(all.len(), 7 + 2 * (4 + 5 + 6));
    assert!(all.is_sorted_by_key(|notice| notice.at));
    for limit in [1, 2, 3, 5, 8, 100] {
        let mut walked = walk(&world, &jerry, limit, false).await;
        assert!(walked.is_sorted_by_key(|notice| notice.at));
        let sort = |notices: &mut Vec<Notice>| {
            notices.sort_by_key(|notice| (notice.at, notice.conversation.clone()));
        };
        sort(&mut walked);
        let mut all = all.clone();
        sort(&mut all);
        assert_eq!(walked, all, "{limit} at a time");
    }
    let own = reliable(&world, "Spike", NEVER).await;
    assert_eq!(own.len(), 2 * (4 + 5 + 6));
    assert!(own.windows(2).all(|pair| pair[0].at < pair[1].at), "times grow strictly");
    for limit in [1, 4, 7] {
        assert_eq!(walk(&world, &client("Spike"), limit, true).await, own);
    }
}

pub(crate) async fn nothing_is_heard_of_conversations_that_are_gone(place: &impl Place) {
    // W-462
    let world = World::open(place);
    let ending = world.temporary(&["Tom", "Jerry"], 1_000).await;
    let lasting = world.conversation(&["Jerry"]).await;
    let of = |notices: Vec<Notice>| notices.into_iter().map(|notice| notice.conversation).collect::<Vec<_>>();
    let heard = reliable(&world, "Jerry", NEVER).await;
    assert_eq!(heard[0].expires_at, Some(Timestamp(START + 1_000)));
    assert_eq!(of(heard), [ending, lasting.clone()]);
    for _ in 0..2 {
        world.pass(1_000);
        assert_eq!(of(reliable(&world, "Jerry", NEVER).await), std::slice::from_ref(&lasting));
        assert_eq!(of(droppable(&world, "Jerry", NEVER).await), std::slice::from_ref(&lasting));
        world.expire_all().await;
    }
}

pub(crate) async fn notices_are_forgotten_after_their_time_and_it_is_known_since_when(place: &impl Place) {
    // W-381, W-386
    let world = World::open(place);
    let kept_since = async |world: &World| world.store.notices_kept_since().await.unwrap();
    let id = world.conversation(&["Tom", "Jerry"]).await;
    assert_eq!(kept_since(&world).await, NEVER, "nothing happened before the first start");
    let later = add(&world, &id, &["Spike"]).await;
    let forget = async |before: Timestamp| {
        while world.forget_notices(before).await > 0 {}
    };
    forget(Timestamp(START)).await;
    assert_eq!(kept_since(&world).await, NEVER, "nothing was forgotten");
    forget(later).await;
    assert_eq!(kept_since(&world).await, later);
    assert!(reliable(&world, "Jerry", NEVER).await.is_empty());
    assert_eq!(reliable(&world, "Spike", NEVER).await.len(), 1);
    assert_eq!(what(droppable(&world, "Tom", NEVER).await), [came(&["Spike"])]);
    let world = world.reopen(place);
    assert_eq!(kept_since(&world).await, later);
}
