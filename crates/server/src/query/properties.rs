//! What holds for every condition, order, pattern and update.

use std::cmp::Ordering;

use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop, prop_oneof, proptest};
use proptest::{prop_assert, prop_assert_eq};
use serde_json::{Map, Value, json};
use yanshu_protocol::{Attributes, ConversationKind, ConversationView, Timestamp};

use super::pattern::{Flags, Pattern};
use super::samples::{clients, conversation};
use super::value::{canonical, same};
use super::{Budget, Document, FieldRef, Filter, Requirement, Sort, TimeField, Update, initial_attributes};

const MAX_BYTES: usize = 100_000;

/// Keys that mean something to a parser, and some that do not.
fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "$and",
            "$or",
            "$ne",
            "$lt",
            "$gte",
            "$in",
            "$nin",
            "$all",
            "$exists",
            "$size",
            "$regex",
            "$options",
            "$nearSphere",
            "$maxDistanceInMiles",
            "$within",
            "$box",
            "__type",
            "iso",
            "latitude",
            "longitude",
            "__op",
            "amount",
            "objects",
            "m",
            "lm",
            "objectId",
            "createdAt",
            "tr",
            "name",
            "attr",
            "attr.x",
            "attr.x.y",
            "own",
            "__proto__",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,3}",
    ]
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2..3_i64).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec![
            "a",
            "b",
            "",
            "1",
            "Date",
            "GeoPoint",
            "Delete",
            "Increment",
            "Add",
            "AddUnique",
            "Remove",
            "imxs",
            "2015-01-01T00:00:00.000Z",
            "^(?!a)",
            r"\Qa\E",
            "(",
        ])
        .prop_map(Value::from),
    ]
}

/// Any JSON, with a liking for what parsers look at.
fn anything() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key(), inner), 0..4)
                .prop_map(|entries| Value::Object(Map::from_iter(entries))),
        ]
    })
}

/// A value as applications store it: few different ones, so that equal ones meet.
fn stored() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0..3_i64).prop_map(Value::from),
        Just(json!(1.0)),
        Just(json!(0.5)),
        prop::sample::select(vec!["a", "b", "ab"]).prop_map(Value::from),
        Just(json!({"__type": "Date", "iso": "2015-01-01T00:00:00.000Z"})),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[xy]", inner, 0..3)
                .prop_map(|map| Value::Object(Map::from_iter(map))),
        ]
    })
}

fn field() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "attr.x",
        "attr.y",
        "attr.x.y",
        "attr",
        "name",
        "m",
        "c",
        "lm",
        "createdAt",
        "tr",
        "sys",
        "objectId",
        "uniqueId",
        "conv_type",
    ])
    .prop_map(str::to_owned)
}

/// A condition that is sound.
fn condition() -> impl Strategy<Value = Value> {
    let bound = prop_oneof![
        (0..3_i64).prop_map(Value::from),
        prop::sample::select(vec!["a", "2015-01-01T00:00:00.000Z"]).prop_map(Value::from),
        Just(json!({"__type": "Date", "iso": "2015-01-01T00:00:00.000Z"})),
    ];
    let list = || prop::collection::vec(stored(), 0..3);
    let comparison = prop::sample::select(vec!["$lt", "$lte", "$gt", "$gte"]);
    let test = prop_oneof![
        stored(),
        stored().prop_map(|value| json!({ "$ne": value })),
        (comparison, bound).prop_map(|(operator, value)| json!({ operator: value })),
        list().prop_map(|list| json!({ "$in": list })),
        list().prop_map(|list| json!({ "$nin": list })),
        list().prop_map(|list| json!({ "$all": list })),
        any::<bool>().prop_map(|exists| json!({ "$exists": exists })),
        (0..3_u8).prop_map(|size| json!({ "$size": size })),
        Just(json!({"$regex": "^a"})),
    ];
    let any_field = (field(), test).prop_map(|(field, test)| json!({ field: test }));
    prop_oneof![any_field, built_in_condition()].prop_recursive(2, 6, 3, |inner| {
        let parts = || prop::collection::vec(inner.clone(), 1..3);
        prop_oneof![
            parts().prop_map(|parts| json!({ "$and": parts })),
            parts().prop_map(|parts| json!({ "$or": parts })),
        ]
    })
}

/// Conditions that stores are told of.
fn built_in_condition() -> impl Strategy<Value = Value> {
    let texts = || prop::collection::vec(prop::sample::select(vec!["a", "b", "ab"]), 0..3);
    let text_field = prop::sample::select(vec!["objectId", "m", "c", "uniqueId"]);
    let mark = prop::sample::select(vec!["tr", "sys"]);
    let time = prop::sample::select(vec!["lm", "createdAt"]);
    let comparison = prop::sample::select(vec!["$lt", "$lte", "$gt", "$gte", "$ne"]);
    prop_oneof![
        (text_field.clone(), texts()).prop_map(|(field, texts)| json!({ field: { "$in": texts } })),
        (text_field.clone(), texts()).prop_map(|(field, texts)| json!({ field: { "$all": texts } })),
        text_field.prop_map(|field| json!({ field: "a" })),
        (mark.clone(), any::<bool>()).prop_map(|(mark, flag)| json!({ mark: flag })),
        (mark.clone(), any::<bool>()).prop_map(|(mark, flag)| json!({ mark: { "$ne": flag } })),
        (mark, any::<bool>()).prop_map(|(mark, exists)| json!({ mark: { "$exists": exists } })),
        (time.clone(), comparison)
            .prop_map(|(time, operator)| { json!({ time: { operator: "2015-01-01T00:00:00.000Z" } }) }),
        time.prop_map(|time| json!({ time: "2015-01-01T00:00:00.000Z" })),
    ]
}

fn any_conversation() -> impl Strategy<Value = ConversationView> {
    let kind = prop::sample::select(vec![
        ConversationKind::Normal,
        ConversationKind::Room,
        ConversationKind::Service,
    ]);
    let members = prop::sample::select(vec![vec![], vec!["a"], vec!["a", "b"]]);
    let times = (prop::option::of(0..3_i64), 0..3_i64);
    let attributes = prop::collection::btree_map("name|attr", stored(), 0..3);
    let ids = (prop::sample::select(vec!["a", "b", "ab"]), prop::option::of(Just("a")));
    (kind, members, times, attributes, ids).prop_map(
        |(kind, members, (last, created), attributes, (id, unique))| {
            // Around the time that conditions ask for.
            let near = |offset: i64| Timestamp(1_420_070_400_000 + offset - 1);
            ConversationView {
                id: id.parse().unwrap(),
                kind,
                creator: "a".parse().unwrap(),
                members: Some(clients(&members)),
                last_message_at: last.map(near),
                created_at: near(created),
                unique_id: unique.map(|unique| unique.parse().unwrap()),
                ..conversation(Value::Object(Map::from_iter(attributes)))
            }
        },
    )
}

fn found(condition: &Value, conversation: &ConversationView) -> bool {
    let filter = Filter::parse(condition).unwrap_or_else(|error| panic!("{condition}: {error}"));
    filter.matches(conversation, &mut Budget::default()).unwrap()
}

/// What a store would answer with this fact alone.
fn meets(requirement: &Requirement<'_>, conversation: &ConversationView) -> bool {
    let one_of = |texts: &[&str], text: &str| texts.contains(&text);
    let members = conversation.members.as_deref().unwrap_or_default();
    match requirement {
        Requirement::Id(ids) => one_of(ids, conversation.id.as_str()),
        Requirement::Member(ids) => members.iter().any(|member| one_of(ids, member.as_str())),
        Requirement::Creator(ids) => one_of(ids, conversation.creator.as_str()),
        Requirement::UniqueId(id) => {
            conversation.unique_id.as_ref().is_some_and(|unique| unique.as_str() == *id)
        }
        Requirement::Room(room) => (conversation.kind == ConversationKind::Room) == *room,
        Requirement::Service(service) => (conversation.kind == ConversationKind::Service) == *service,
        Requirement::Time(field, range) => {
            let time = match field {
                TimeField::LastMessage => conversation.last_message_at,
                TimeField::Created => Some(conversation.created_at),
                TimeField::Updated => Some(conversation.updated_at),
            };
            time.is_some_and(|time| range.contains(&time))
        }
        Requirement::Equal(path, value) => {
            let mut parts = path.split('.');
            let property = parts.next().and_then(|property| conversation.field(property));
            matches!(property, Some(FieldRef::Json(here)) if reaches(here, &parts.collect::<Vec<_>>(), value))
        }
    }
}

/// Whether the value, or an element of a list, is at this place.
fn reaches(here: &Value, parts: &[&str], wanted: &Value) -> bool {
    match (parts.split_first(), here) {
        (None, Value::Array(items)) => items.iter().any(|item| same(item, wanted)),
        (None, here) => same(here, wanted),
        (Some((part, rest)), Value::Array(items)) => {
            items.iter().filter_map(|item| item.get(part)).any(|here| reaches(here, rest, wanted))
        }
        (Some((part, rest)), here) => here.get(part).is_some_and(|here| reaches(here, rest, wanted)),
    }
}

/// Few different attributes, so that updates meet them.
fn attributes() -> impl Strategy<Value = Attributes> {
    prop::collection::btree_map("[xyz]", stored(), 0..4).prop_map(Map::from_iter)
}

/// An update that can be read; making it may still fail.
fn changes() -> impl Strategy<Value = Attributes> {
    let list = || prop::collection::vec(stored(), 0..3);
    let operation = prop_oneof![
        stored(),
        Just(json!({"__op": "Delete"})),
        (0..3_i64).prop_map(|amount| json!({"__op": "Increment", "amount": amount})),
        list().prop_map(|objects| json!({"__op": "Add", "objects": objects})),
        list().prop_map(|objects| json!({"__op": "AddUnique", "objects": objects})),
        list().prop_map(|objects| json!({"__op": "Remove", "objects": objects})),
    ];
    prop::collection::btree_map(r"[xyz](\.[xy])?", operation, 0..3).prop_map(Map::from_iter)
}

/// Texts that often are patterns.
fn pattern_source() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop::sample::select(vec![
            "a", "b", "教", "\n", ".", "^", "$", "|", "(", ")", "(?:", "(?=", "(?!", "(?<=", "(?i)", "[",
            "]", "[^", "-", "*", "+", "?", "{1,2}", "{", "\\d", "\\W", "\\s", "\\b", "\\Q", "\\E", "\\1",
            "\\u4e00", "\\",
        ]),
        0..10,
    )
    .prop_map(|parts| parts.concat())
}

/// Patterns that both engines take.
fn regular_pattern() -> impl Strategy<Value = String> {
    let atom = prop::sample::select(vec![
        "a", "b", "教", ".", "^", "$", r"\b", r"\d", r"\W", r"\s", "[ab]", "[^a]", "(?i:A)", "(?m:^)",
        "(?m:$)", "(?s:.)", "(?:)",
    ]);
    atom.prop_map(str::to_owned).prop_recursive(3, 12, 3, |inner| {
        let quantifier = prop::sample::select(vec!["*", "+", "?", "{2}", "{1,2}", "*?", "+?", "??"]);
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(left, right)| left + &right),
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("(?:{left}|{right})")),
            (inner.clone(), quantifier).prop_map(|(inner, quantifier)| format!("(?:{inner}){quantifier}")),
            inner.prop_map(|inner| format!("({inner})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn anything_can_be_parsed_and_evaluated_without_a_panic(value in anything(), conversation in any_conversation()) {
        if let Ok(filter) = Filter::parse(&value) {
            let _ = filter.matches(&conversation, &mut Budget::new(10_000));
            let _ = filter.required();
            let _ = Sort::for_query(None, &filter).map(|sort| sort.compare(&conversation, &conversation));
        }
        if let Value::Object(map) = value {
            let _ = Update::parse(&map).map(|update| update.apply(&conversation.attributes, MAX_BYTES));
            let _ = initial_attributes(map, MAX_BYTES);
        }
    }

    #[test]
    fn and_and_or_are_what_they_say(one in condition(), other in condition(), conversation in any_conversation()) {
        // B-363
        let (first, second) = (found(&one, &conversation), found(&other, &conversation));
        prop_assert_eq!(found(&json!({"$and": [one, other]}), &conversation), first && second);
        prop_assert_eq!(found(&json!({"$or": [one, other]}), &conversation), first || second);
    }

    #[test]
    fn negations_are_the_complements(field in field(), value in stored(), other in stored(), conversation in any_conversation()) {
        // B-342, B-350
        let test = |test: Value| found(&json!({ field.clone(): test }), &conversation);
        prop_assert_eq!(test(json!({ "$ne": value })), !test(value.clone()));
        prop_assert_eq!(test(json!({"$nin": [value, other]})), !test(json!({"$in": [value, other]})));
        prop_assert_eq!(test(json!({"$in": [value, other]})), test(value) || test(other));
        prop_assert_eq!(test(json!({"$exists": true})), !test(json!({"$exists": false})));
    }

    #[test]
    fn every_match_has_what_stores_are_told(
        condition in condition(),
        conversations in prop::collection::vec(any_conversation(), 20),
    ) {
        let filter = Filter::parse(&condition).unwrap();
        for conversation in conversations {
            if filter.matches(&conversation, &mut Budget::default()).unwrap() {
                for requirement in filter.required() {
                    prop_assert!(meets(&requirement, &conversation), "{condition} matches without {requirement:?}");
                }
            }
        }
    }

    #[test]
    fn a_sort_order_is_total(
        keys in prop::collection::vec((any::<bool>(), field()), 0..3),
        one in any_conversation(), two in any_conversation(), three in any_conversation(),
    ) {
        // W-190
        let names = keys.into_iter().map(|(descending, name)| if descending { format!("-{name}") } else { name });
        let sort = Sort::parse(&names.collect::<Vec<_>>().join(",")).unwrap();
        let mut sorted = [&one, &two, &three];
        sorted.sort_by(|left, right| sort.compare(*left, *right));
        prop_assert!(sort.compare(sorted[0], sorted[2]).is_le());
        prop_assert_eq!(sort.compare(&one, &two), sort.compare(&two, &one).reverse());
        prop_assert_eq!(sort.compare(&one, &two) == Ordering::Equal && one.id != two.id, false);
    }

    #[test]
    fn canonical_texts_tell_values_apart(left in stored(), right in stored()) {
        prop_assert_eq!(canonical(&left) == canonical(&right), same(&left, &right));
    }

    #[test]
    fn modified_is_the_new_value_of_each_touched_property(before in attributes(), changes in changes()) {
        // W-220, W-221
        let Ok(update) = Update::parse(&changes) else { return Ok(()) };
        let Ok(updated) = update.apply(&before, MAX_BYTES) else { return Ok(()) };
        let touched = |key: &str| changes.keys().any(|change| change.split('.').next() == Some(key));
        for key in before.keys().chain(updated.attributes.keys()) {
            if touched(key) {
                prop_assert_eq!(updated.modified.get(key), updated.attributes.get(key));
            } else {
                prop_assert_eq!(updated.attributes.get(key), before.get(key));
            }
        }
        prop_assert!(updated.modified.keys().all(|key| touched(key) && updated.attributes.contains_key(key)));
    }

    #[test]
    fn no_pattern_panics(source in pattern_source(), text in "[ab教\n1 ]{0,6}") {
        if let Ok(pattern) = Pattern::compile(&source, Flags::default()) {
            let _ = pattern.is_match(&text, &mut Budget::new(100_000));
        }
    }

    #[test]
    fn both_engines_agree(source in regular_pattern(), texts in prop::collection::vec("[ab教\n1 ]{0,6}", 10)) {
        let pattern = Pattern::compile(&source, Flags::default()).unwrap();
        // A look-ahead that always holds moves the pattern to the backtracking engine.
        let moved = Pattern::compile(&format!("(?=){source}"), Flags::default()).unwrap();
        for text in texts {
            let linear = pattern.is_match(&text, &mut Budget::default());
            prop_assert_eq!(linear, moved.is_match(&text, &mut Budget::default()), "/{}/ on {:?}", source, text);
        }
    }

    #[test]
    fn a_quoted_text_finds_itself_and_nothing_else(needle in "[a.*\\\\QE教]{0,4}", text in "[a.*\\\\QE教]{0,8}") {
        // B-359, W-188: quoted as the SDKs do it.
        let quoted = format!("\\Q{}\\E", needle.replace("\\E", "\\E\\\\E\\Q"));
        let pattern = Pattern::compile(&quoted, Flags::default()).unwrap();
        prop_assert_eq!(pattern.is_match(&text, &mut Budget::default()), Ok(text.contains(&needle)));
    }
}
