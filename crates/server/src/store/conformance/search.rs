//! Finding conversations.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use yanshu_protocol::{ConversationId, ConversationKind, ConversationView, Timestamp};

use super::world::{START, attributes, client};
use super::{Place, World};
use crate::query::{Budget, Filter, Sort};
use crate::store::{Conversation, ConversationSearch, NewConversation, StoreError, Write};

const HOUR: i64 = 3_600_000;

fn searching(condition: &Value, sort: Option<&str>) -> ConversationSearch {
    let filter = Filter::parse(condition).unwrap();
    ConversationSearch {
        sort: Sort::for_query(sort, &filter).unwrap(),
        filter: Arc::new(filter),
        skip: 0,
        limit: 1_000,
        timeout: Duration::from_secs(60),
    }
}

async fn find(world: &World, search: ConversationSearch) -> Vec<ConversationId> {
    let found = world.store.search(&world.app, search).await.unwrap();
    found.into_iter().map(|conversation| conversation.id).collect()
}

async fn with(world: &World, kind: ConversationKind, members: &[&str], properties: Value) -> ConversationId {
    world.pass(1);
    let request =
        NewConversation { attributes: attributes(properties), ..world.new_conversation(kind, members) };
    world.create(request).await.conversation.id
}

pub(crate) async fn a_search_finds_members_conversations_newest_first(place: &impl Place) {
    // B-326, W-190
    let world = World::open(place);
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(world.conversation(&["Tom", "Jerry"]).await);
        world.conversation(&["Spike"]).await;
    }
    for (number, pause) in [(2, 1), (0, 3 * HOUR), (3, 5), (1, 1)] {
        world.pass(pause);
        world.send(&ids[number], "Tom", "hi").await;
    }
    let expected: Vec<_> = [1, 3, 0, 2].map(|number: usize| ids[number].clone()).to_vec();
    assert_eq!(find(&world, searching(&json!({ "m": "Jerry" }), None)).await, expected);
    world.send(&ids[2], "Tom", "back on top").await;
    assert_eq!(find(&world, searching(&json!({ "m": "Jerry" }), None)).await[0], ids[2]);
    let everyone = find(&world, searching(&json!({}), None)).await;
    assert_eq!(everyone.len(), 8);
    assert_eq!(everyone[0], ids[2]);
}

pub(crate) async fn temporary_conversations_are_never_found(place: &impl Place) {
    // W-185
    let world = World::open(place);
    let temporary = world.temporary(&["Tom"], 1_000_000).await;
    world.send(&temporary, "Tom", "hi").await;
    for condition in [json!({}), json!({ "m": "Tom" }), json!({ "objectId": temporary.as_str() })] {
        assert!(find(&world, searching(&condition, None)).await.is_empty(), "{condition}");
        assert_eq!(world.store.count(&world.app, searching(&condition, None)).await.unwrap(), 0);
    }
}

pub(crate) async fn conversations_without_messages_come_last(place: &impl Place) {
    // B-332, W-190: equal ones by id.
    let world = World::open(place);
    let mut silent = Vec::new();
    for kind in [ConversationKind::Normal, ConversationKind::Room, ConversationKind::Service] {
        for _ in 0..2 {
            silent.push(with(&world, kind, &[], json!({})).await);
        }
    }
    let active = world.conversation(&["Tom"]).await;
    world.send(&active, "Tom", "hi").await;
    // A system conversation has no time of its last message (B-53).
    world.send(&silent[5], "Tom", "news").await;
    silent.sort();
    let expected = [vec![active], silent].concat();
    assert_eq!(find(&world, searching(&json!({}), None)).await, expected);
}

pub(crate) async fn skip_and_limit_cut_a_page_and_the_count_ignores_them(place: &impl Place) {
    // B-330, B-334
    let world = World::open(place);
    for number in 0..10 {
        with(&world, ConversationKind::Normal, &["Tom"], json!({ "n": number % 5 })).await;
    }
    for sort in [None, Some("-n,createdAt"), Some("objectId")] {
        let all = find(&world, searching(&json!({ "n": { "$gt": 0 } }), sort)).await;
        assert_eq!(all.len(), 8);
        for (skip, limit) in [(0, 3), (3, 3), (6, 3), (8, 3), (100, 3), (2, 0)] {
            let page = ConversationSearch { skip, limit, ..searching(&json!({ "n": { "$gt": 0 } }), sort) };
            let expected: Vec<_> = all.iter().skip(skip).take(limit).cloned().collect();
            assert_eq!(find(&world, page.clone()).await, expected, "{sort:?} {skip} {limit}");
            assert_eq!(world.store.count(&world.app, page).await.unwrap(), 8);
        }
    }
}

pub(crate) async fn found_conversations_are_complete(place: &impl Place) {
    let world = World::open(place);
    let id =
        with(&world, ConversationKind::Normal, &["Tom", "Jerry"], json!({ "a": [1, { "b": null }] })).await;
    world.send(&id, "Tom", "hi").await;
    let (app, conversation, now) = (world.app.clone(), id.clone(), world.now());
    let mute = |done| Write::SetMuted { app, conversation, client: client("Jerry"), muted: true, now, done };
    world.write(mute).await.unwrap();
    for sort in [None, Some("createdAt")] {
        let found = world.store.search(&world.app, searching(&json!({ "mu": "Jerry" }), sort)).await.unwrap();
        assert_eq!(found, [world.read_back(&id).await.unwrap()]);
    }
}

pub(crate) async fn a_search_that_takes_too_long_is_given_up(place: &impl Place) {
    // B-338
    let world = World::open(place);
    with(&world, ConversationKind::Normal, &["Tom"], json!({})).await;
    let search = ConversationSearch { timeout: Duration::ZERO, ..searching(&json!({}), None) };
    let refused = world.store.search(&world.app, search.clone()).await.unwrap_err();
    assert!(matches!(refused, StoreError::TooCostly(_)), "{refused}");
    assert!(matches!(world.store.count(&world.app, search).await, Err(StoreError::TooCostly(_))));
    // The next one is as good as any.
    assert_eq!(find(&world, searching(&json!({}), None)).await.len(), 1);
}

const PEOPLE: [&str; 4] = ["Tom", "Jerry", "Spike", "雁 \"x\\"];

/// A conversation to be found or not.
#[derive(Debug, Clone)]
struct Plan {
    kind: ConversationKind,
    members: Vec<&'static str>,
    name: Option<&'static str>,
    number: Option<i64>,
    unique: bool,
    /// Hours until its last message, if it has one.
    active: Option<i64>,
    muted: bool,
}

fn plans() -> impl Strategy<Value = Vec<Plan>> {
    let kind = prop_oneof![
        3 => Just(ConversationKind::Normal),
        1 => Just(ConversationKind::Room),
        1 => Just(ConversationKind::Service),
        1 => Just(ConversationKind::Temporary),
    ];
    let plan = (
        kind,
        prop::sample::subsequence(PEOPLE.to_vec(), 0..=PEOPLE.len()),
        prop::option::of(prop::sample::select(vec!["a", "b", "雁 \"x\\", "/\u{1}"])),
        prop::option::of(0..3_i64),
        any::<bool>(),
        prop::option::of(0..4_i64),
        any::<bool>(),
    );
    let plan = plan.prop_map(|(kind, members, name, number, unique, active, muted)| Plan {
        kind,
        members,
        name,
        number,
        unique,
        active,
        muted,
    });
    prop::collection::vec(plan, 1..12)
}

/// Parts of conditions that a store may use to narrow, and some that it may not. A place stands for the id of
/// one of the conversations.
fn parts() -> impl Strategy<Value = Value> {
    let person = || prop::sample::select(PEOPLE.to_vec());
    let text = || prop::sample::select(vec!["a", "b", "雁 \"x\\", "/\u{1}", "none"]);
    let date = |hours: i64| json!({ "__type": "Date", "iso": Timestamp(START + hours * HOUR).to_string() });
    let field = || prop::sample::select(vec!["lm", "createdAt", "updatedAt"]);
    let compare = prop::sample::select(vec!["$lt", "$lte", "$gt", "$gte", "$ne"]);
    let id = || (0..12_usize).prop_map(|place| json!({ "place": place }));
    prop_oneof![
        person().prop_map(|person| json!({ "m": person })),
        prop::collection::vec(person(), 1..3).prop_map(|people| json!({ "m": { "$in": people } })),
        prop::collection::vec(person(), 1..3).prop_map(|people| json!({ "m": { "$all": people } })),
        (0..4).prop_map(|size| json!({ "m": { "$size": size } })),
        person().prop_map(|person| json!({ "mu": person })),
        person().prop_map(|person| json!({ "c": person })),
        id().prop_map(|id| json!({ "objectId": id })),
        prop::collection::vec(id(), 0..4).prop_map(|ids| json!({ "objectId": { "$in": ids } })),
        any::<bool>().prop_map(|flag| json!({ "tr": flag })),
        any::<bool>().prop_map(|flag| json!({ "sys": flag })),
        any::<bool>().prop_map(|flag| json!({ "tr": { "$exists": flag } })),
        any::<bool>().prop_map(|flag| json!({ "unique": flag })),
        Just(json!({ "uniqueId": "u0" })),
        (field(), compare, 0..5_i64)
            .prop_map(move |(field, compare, hours)| json!({ field: { compare: date(hours) } })),
        field().prop_map(|field| json!({ field: { "$exists": false } })),
        text().prop_map(|text| json!({ "name": text })),
        text().prop_map(|text| json!({ "name": { "$ne": text } })),
        text().prop_map(|text| json!({ "attr.tags": text })),
        (0..3_i64).prop_map(|number| json!({ "attr.n": number })),
        Just(json!({ "name": { "$regex": "^\\Qa\\E" } })),
    ]
}

fn conditions() -> impl Strategy<Value = Value> {
    let joined = prop::collection::vec(parts(), 1..4).prop_map(|parts| json!({ "$and": parts }));
    let either = prop::collection::vec(parts(), 1..3).prop_map(|parts| json!({ "$or": parts }));
    prop_oneof![Just(json!({})), parts(), joined, either]
}

fn orders() -> impl Strategy<Value = Option<&'static str>> {
    prop::sample::select(vec![None, None, Some("-lm"), Some("lm"), Some("-createdAt"), Some("name,-attr.n")])
}

/// Puts ids in the places of a condition.
fn settle(condition: Value, ids: &[ConversationId]) -> Value {
    match condition {
        Value::Object(map) if map.contains_key("place") => {
            let place = map["place"].as_u64().unwrap() as usize;
            ids.get(place).map_or("000000000000000000000000", |id| id.as_str()).into()
        }
        Value::Object(map) => map.into_iter().map(|(key, value)| (key, settle(value, ids))).collect(),
        Value::Array(items) => items.into_iter().map(|item| settle(item, ids)).collect(),
        other => other,
    }
}

pub(crate) async fn a_search_agrees_with_the_evaluator(place: &impl Place) {
    // W-186 to W-191: what the store does not look at, it must be right not to.
    let world = World::open(place);
    let mut cases = TestRunner::new(Config { cases: 60, failure_persistence: None, ..Config::default() });
    let runtime = tokio::runtime::Handle::current();
    let questions = prop::collection::vec((conditions(), orders(), 0..3_usize, 1..6_usize), 1..12);
    let number = std::cell::Cell::new(0);
    let run = |(plans, questions): (Vec<Plan>, Vec<_>)| {
        runtime.block_on(async {
            // An app of its own for every case.
            number.set(number.get() + 1);
            let world = world.of_app(&format!("app {}", number.get()));
            let all = settle_plans(&world, &plans).await;
            let ids: Vec<_> = all.iter().map(|conversation| conversation.id.clone()).collect();
            for (condition, sort, skip, limit) in questions {
                let condition = settle(condition, &ids);
                let search = ConversationSearch { skip, limit, ..searching(&condition, sort) };
                agree(&world, &all, &condition, search).await;
            }
        });
        Ok(())
    };
    tokio::task::block_in_place(|| cases.run(&(plans(), questions), run)).unwrap();
}

async fn settle_plans(world: &World, plans: &[Plan]) -> Vec<Conversation> {
    let mut all = Vec::new();
    for (place, plan) in plans.iter().enumerate() {
        world.set(Timestamp(START + place as i64 * HOUR / 4));
        let mut properties = json!({ "attr": { "tags": [plan.name, "x"] } });
        if let Some(name) = plan.name {
            properties["name"] = name.into();
        }
        if let Some(number) = plan.number {
            properties["attr"]["n"] = number.into();
        }
        let temporary = plan.kind == ConversationKind::Temporary;
        let request = NewConversation {
            attributes: attributes(properties),
            unique_id: plan.unique.then(|| format!("u{place}").parse().unwrap()),
            expires_at: temporary.then_some(Timestamp(START + 1_000 * HOUR)),
            ..world.new_conversation(plan.kind, &plan.members)
        };
        let id = world.create(request).await.conversation.id;
        if let Some(hours) = plan.active {
            world.set(Timestamp(START + hours * HOUR));
            world.send(&id, "Tom", "hi").await;
        }
        if let (true, Some(member)) = (plan.muted, plan.members.first()) {
            let (app, conversation, now) = (world.app.clone(), id.clone(), world.now());
            let member = client(member);
            let mute = |done| Write::SetMuted { app, conversation, client: member, muted: true, now, done };
            world.write(mute).await.unwrap();
        }
        all.push(world.read_back(&id).await.unwrap());
    }
    all
}

async fn agree(world: &World, all: &[Conversation], condition: &Value, search: ConversationSearch) {
    let mut expected: Vec<ConversationView> = all
        .iter()
        .filter(|conversation| conversation.kind != ConversationKind::Temporary)
        .map(view)
        .filter(|view| search.filter.matches(view, &mut Budget::default()).unwrap())
        .collect();
    expected.sort_by(|left, right| search.sort.compare(left, right));
    assert_eq!(
        world.store.count(&world.app, search.clone()).await.unwrap(),
        expected.len() as u64,
        "{condition}"
    );
    let expected: Vec<_> =
        expected.into_iter().map(|view| view.id).skip(search.skip).take(search.limit).collect();
    assert_eq!(find(world, search.clone()).await, expected, "{condition} {:?}", search.sort);
}

fn view(conversation: &Conversation) -> ConversationView {
    let members = &conversation.members;
    let muted: Vec<_> =
        members.iter().filter(|member| member.muted).map(|member| member.client.clone()).collect();
    ConversationView {
        id: conversation.id.clone(),
        kind: conversation.kind,
        creator: conversation.creator.clone(),
        created_at: conversation.created_at,
        updated_at: conversation.updated_at,
        last_message_at: conversation.last_message_at,
        members: Some(members.iter().map(|member| member.client.clone()).collect()),
        muted_by: Some(muted),
        unique_id: conversation.unique_id.clone(),
        attributes: conversation.attributes.clone(),
        seconds_left: None,
        subscription: None,
        last_message: None,
    }
}
