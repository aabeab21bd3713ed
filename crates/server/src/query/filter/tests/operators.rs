//! What each operator finds.

use serde_json::{Map, Value, json};
use yanshu_protocol::{ClientId, ConversationKind, ConversationView};

use super::{check, matches, pattern, place};
use crate::query::samples::{clients, conversation, time, with_members};
use crate::query::{Budget, Document, FieldRef, Filter, Sort};

#[test]
fn equal_finds_exactly_those_with_the_value() {
    // B-340, S-108
    check(&[
        (json!({"attr": {"topic": "movie"}}), json!({"attr.topic": "movie"}), true),
        (json!({"attr": {"topic": "movies"}}), json!({"attr.topic": "movie"}), false),
        (json!({"attr": {"topic": 1}}), json!({"attr.topic": "1"}), false),
        (json!({"attr": {"n": 1.0}}), json!({"attr.n": 1}), true),
        (json!({"attr": {"on": true}}), json!({"attr.on": true}), true),
        (json!({"attr": {"on": true}}), json!({"attr.on": 1}), false),
        (json!({"attr": {"a": {"x": 1, "y": 2}}}), json!({"attr.a": {"y": 2, "x": 1}}), true),
        (json!({"attr": {"a": {"x": 1, "y": 2}}}), json!({"attr.a": {"x": 1}}), false),
        (json!({}), json!({"attr.topic": "movie"}), false),
    ]);
}

#[test]
fn equal_to_null_matches_null_and_nothing() {
    check(&[
        (json!({}), json!({"attr.x": null}), true),
        (json!({"attr": {"x": null}}), json!({"attr.x": null}), true),
        (json!({"attr": {"x": 0}}), json!({"attr.x": null}), false),
    ]);
}

#[test]
fn equal_on_a_list_matches_what_contains_the_value() {
    // B-341, W-187
    assert!(matches(json!({"m": "Tom"}), &with_members(&["Jerry", "Tom"])));
    assert!(!matches(json!({"m": "Tommy"}), &with_members(&["Jerry", "Tom"])));
    check(&[
        (json!({"attr": {"tags": ["a", "b"]}}), json!({"attr.tags": "b"}), true),
        (json!({"attr": {"tags": ["a", "b"]}}), json!({"attr.tags": ["a", "b"]}), true),
        (json!({"attr": {"tags": ["a", "b"]}}), json!({"attr.tags": ["b", "a"]}), false),
        (json!({"attr": {"tags": [{"x": 1}]}}), json!({"attr.tags": {"x": 1}}), true),
    ]);
}

#[test]
fn not_equal_also_matches_what_lacks_the_field() {
    // B-342, S-109
    check(&[
        (json!({"attr": {"type": "private"}}), json!({"attr.type": {"$ne": "private"}}), false),
        (json!({"attr": {"type": "public"}}), json!({"attr.type": {"$ne": "private"}}), true),
        (json!({}), json!({"attr.type": {"$ne": "private"}}), true),
        (json!({"attr": {"type": ["private", "x"]}}), json!({"attr.type": {"$ne": "private"}}), false),
        (json!({}), json!({"attr.type": {"$ne": null}}), false),
    ]);
    assert!(!matches(json!({"m": {"$ne": "Tom"}}), &with_members(&["Tom", "Jerry"])));
}

#[test]
fn comparisons_are_strict_or_not_as_they_say() {
    // B-343 to B-346, S-110
    for (operator, below, at, above) in [
        ("$gt", false, false, true),
        ("$gte", false, true, true),
        ("$lt", true, false, false),
        ("$lte", true, true, false),
    ] {
        for (age, expected) in [(17, below), (18, at), (19, above)] {
            let found =
                matches(json!({"attr.age": {operator: 18}}), &conversation(json!({"attr": {"age": age}})));
            assert_eq!(found, expected, "{age} {operator} 18");
        }
    }
}

#[test]
fn comparisons_match_only_values_of_the_same_kind() {
    // B-347
    let date = json!({"__type": "Date", "iso": "2015-01-01T00:00:00.000Z"});
    check(&[
        (json!({"attr": {"x": "5"}}), json!({"attr.x": {"$gt": 1}}), false),
        (json!({"attr": {"x": 5}}), json!({"attr.x": {"$gt": "1"}}), false),
        (json!({"attr": {"x": "b"}}), json!({"attr.x": {"$gt": "a"}}), true),
        (json!({"attr": {"x": true}}), json!({"attr.x": {"$gte": 0}}), false),
        (json!({"attr": {"x": null}}), json!({"attr.x": {"$lt": 1}}), false),
        (json!({"attr": {"x": date}}), json!({"attr.x": {"$gt": 1}}), false),
        (json!({"attr": {"x": date}}), json!({"attr.x": {"$gt": "2014-01-01T00:00:00.000Z"}}), false),
        (json!({}), json!({"attr.x": {"$lt": 1}}), false),
        (json!({"attr": {"x": [1, 30]}}), json!({"attr.x": {"$gt": 18}}), true),
    ]);
}

#[test]
fn dates_are_compared_as_times() {
    // B-348
    let stored = json!({"attr": {"due": {"__type": "Date", "iso": "2015-06-21T18:02:52.249Z"}}});
    let same = json!({"__type": "Date", "iso": "2015-06-22T02:02:52.249+08:00"});
    let later = json!({"__type": "Date", "iso": "2015-06-21T18:02:52.250Z"});
    check(&[
        (stored.clone(), json!({"attr.due": same}), true),
        (stored.clone(), json!({"attr.due": later}), false),
        (stored.clone(), json!({"attr.due": {"$lt": later}}), true),
        (stored.clone(), json!({"attr.due": {"$gte": same}}), true),
        (stored, json!({"attr.due": {"$in": [1, same]}}), true),
    ]);
}

#[test]
fn the_servers_times_also_compare_with_plain_iso_strings() {
    // W-189, T-34
    let active = ConversationView {
        last_message_at: Some(time("2015-12-03T12:00:00.000Z")),
        ..conversation(json!({}))
    };
    for day in
        [json!({"__type": "Date", "iso": "2015-12-03T00:00:00.000Z"}), json!("2015-12-03T00:00:00.000Z")]
    {
        assert!(matches(json!({"lm": {"$gt": day}}), &active)); // B-368
        assert!(!matches(json!({"lm": {"$gt": day}}), &conversation(json!({}))));
        assert!(matches(json!({"createdAt": {"$lt": day}}), &active));
        assert!(matches(json!({"updatedAt": {"$lt": day, "$gt": "2015-12-01T12:00:00Z"}}), &active));
    }
    assert!(matches(json!({"createdAt": "2015-12-01T00:00:00.000Z"}), &active));
    assert!(matches(json!({"createdAt": {"$in": ["2015-12-01T08:00:00.000+08:00"]}}), &active));
    assert!(!matches(json!({"createdAt": {"$gt": "2015"}}), &active));
}

#[test]
fn one_of_and_none_of() {
    // B-349, B-350
    check(&[
        (json!({"attr": {"x": "a"}}), json!({"attr.x": {"$in": ["a", "b"]}}), true),
        (json!({"attr": {"x": "c"}}), json!({"attr.x": {"$in": ["a", "b"]}}), false),
        (json!({"attr": {"x": 2.0}}), json!({"attr.x": {"$in": ["a", 2]}}), true),
        (json!({"attr": {"x": ["c", "b"]}}), json!({"attr.x": {"$in": ["a", "b"]}}), true),
        (json!({"attr": {"x": {"y": 1}}}), json!({"attr.x": {"$in": [{"y": 1}]}}), true),
        (json!({"attr": {"x": "a"}}), json!({"attr.x": {"$in": []}}), false),
        (json!({}), json!({"attr.x": {"$in": ["a"]}}), false),
        (json!({}), json!({"attr.x": {"$in": ["a", null]}}), true),
        (json!({"attr": {"x": "a"}}), json!({"attr.x": {"$nin": ["a", "b"]}}), false),
        (json!({"attr": {"x": "c"}}), json!({"attr.x": {"$nin": ["a", "b"]}}), true),
        (json!({"attr": {"x": ["c", "b"]}}), json!({"attr.x": {"$nin": ["a", "b"]}}), false),
        (json!({}), json!({"attr.x": {"$nin": ["a"]}}), true),
        (json!({}), json!({"attr.x": {"$nin": [null]}}), false),
    ]);
    assert!(matches(
        json!({"objectId": {"$in": ["x", "5a0000000000000000000001"]}}),
        &conversation(json!({}))
    ));
    assert!(matches(json!({"m": {"$in": ["Bob", "Jerry"]}}), &with_members(&["Tom", "Jerry"])));
}

#[test]
fn contains_all_of() {
    // B-351, S-114
    let both = with_members(&["Tom", "Bob", "Jerry"]);
    assert!(matches(json!({"m": {"$all": ["Bob", "Jerry"]}}), &both));
    assert!(!matches(json!({"m": {"$all": ["Bob", "Spike"]}}), &both));
    check(&[
        (json!({"attr": {"x": "a"}}), json!({"attr.x": {"$all": ["a"]}}), true),
        (json!({"attr": {"x": ["a"]}}), json!({"attr.x": {"$all": []}}), false),
        (json!({"attr": {"x": [1, {"y": 2}]}}), json!({"attr.x": {"$all": [{"y": 2}, 1]}}), true),
    ]);
}

#[test]
fn exactly_these_members() {
    // B-354
    let condition = json!({"m": {"$size": 2, "$all": ["Bob", "Jerry"]}});
    assert!(matches(condition.clone(), &with_members(&["Jerry", "Bob"])));
    assert!(!matches(condition, &with_members(&["Jerry", "Bob", "Tom"])));
}

#[test]
fn list_length() {
    // B-353
    check(&[
        (json!({"attr": {"x": [1, 2]}}), json!({"attr.x": {"$size": 2}}), true),
        (json!({"attr": {"x": [1, 2]}}), json!({"attr.x": {"$size": 2.0}}), true),
        (json!({"attr": {"x": [1, 2]}}), json!({"attr.x": {"$size": 1}}), false),
        (json!({"attr": {"x": "ab"}}), json!({"attr.x": {"$size": 2}}), false),
        (json!({}), json!({"attr.x": {"$size": 0}}), false),
    ]);
    assert!(matches(json!({"m": {"$size": 0}}), &with_members(&[])));
}

#[test]
fn a_field_has_a_value_or_none() {
    // B-355
    check(&[
        (json!({"attr": {"x": 0}}), json!({"attr.x": {"$exists": true}}), true),
        (json!({"attr": {}}), json!({"attr.x": {"$exists": true}}), false),
        (json!({}), json!({"attr.x": {"$exists": false}}), true),
        (json!({"attr": {"x": null}}), json!({"attr.x": {"$exists": true}}), true),
        (json!({"name": "n"}), json!({"name": {"$exists": false}}), false),
    ]);
    assert!(matches(json!({"lm": {"$exists": false}}), &conversation(json!({}))));
}

#[test]
fn a_pattern_matches_anywhere_unless_anchored() {
    // B-356
    check(&[
        (json!({"name": "the movie club"}), json!({"name": {"$regex": "movie"}}), true),
        (json!({"name": "the movie club"}), json!({"name": {"$regex": "^movie"}}), false),
        (json!({"name": "Movie"}), json!({"name": {"$regex": "movie"}}), false),
        (json!({"name": "Movie"}), json!({"name": {"$regex": "movie", "$options": "i"}}), true),
        (json!({"name": "a\nmovie"}), json!({"name": {"$regex": "^movie$", "$options": "m"}}), true),
        (json!({"name": "a\nb"}), json!({"name": {"$regex": "a.b", "$options": "s"}}), true),
        (json!({"name": "ab"}), json!({"name": {"$regex": "a b # c", "$options": "x"}}), true),
        (json!({"name": "A\nB"}), json!({"name": {"$regex": "a . ^b", "$options": "sixm"}}), true), // B-357
        (json!({"name": 5}), json!({"name": {"$regex": "5"}}), false),
        (json!({}), json!({"name": {"$regex": ""}}), false),
    ]);
}

#[test]
fn chinese_text_is_found_by_its_range() {
    // B-358, S-112: as the documents write it and as JavaScript sends it.
    for source in [r"[\u4e00-\u9fa5]", "[\u{4e00}-\u{9fa5}]"] {
        let condition = json!({"attr.tag": {"$regex": source}});
        assert!(matches(condition.clone(), &conversation(json!({"attr": {"tag": "x电影"}}))), "{source}");
        assert!(!matches(condition, &conversation(json!({"attr": {"tag": "movie"}}))), "{source}");
    }
}

#[test]
fn what_does_not_contain_a_text_is_found_by_look_ahead() {
    // B-358: the documents' own example.
    let condition = json!({"name": {"$regex": "^((?!教育).)*$", "$options": "i"}});
    assert!(matches(condition.clone(), &conversation(json!({"name": "电影"}))));
    assert!(!matches(condition, &conversation(json!({"name": "大众教育论坛"}))));
}

#[test]
fn contains_takes_the_text_literally() {
    // B-359, S-113
    check(&[
        (json!({"name": "大众教育论坛"}), pattern(r"\Q教育\E"), true),
        (json!({"name": "abc"}), pattern(r"\Qa.c\E"), false),
        (json!({"name": "xa.cx"}), pattern(r"\Qa.c\E"), true),
        (json!({"name": "a*(["}), pattern(r"\Q*([\E"), true),
        // W-188: the text a\Eb
        (json!({"name": r"xa\Eb"}), pattern(r"\Qa\E\\E\Qb\E"), true),
        (json!({"name": r"xaEb"}), pattern(r"\Qa\E\\E\Qb\E"), false),
    ]);
}

#[test]
fn contains_on_a_list_of_texts_matches_one_element() {
    // B-360
    check(&[
        (json!({"attr": {"k": ["电影", "教育论坛"]}}), json!({"attr.k": {"$regex": r"\Q教育\E"}}), true),
        (json!({"attr": {"k": ["电影", 1]}}), json!({"attr.k": {"$regex": r"\Q教育\E"}}), false),
    ]);
    assert!(matches(json!({"m": {"$regex": "^To"}}), &with_members(&["Jerry", "Tom"])));
}

#[test]
fn starts_and_ends_with() {
    // B-361
    check(&[
        (json!({"name": "教育论坛"}), pattern(r"^\Q教育\E"), true),
        (json!({"name": "大众教育"}), pattern(r"^\Q教育\E"), false),
        (json!({"name": "大众教育"}), pattern(r"\Q教育\E$"), true),
        (json!({"name": "教育论坛"}), pattern(r"\Q教育\E$"), false),
    ]);
}

#[test]
fn several_conditions_must_all_hold() {
    // B-362, S-115
    let condition = json!({"attr.keywords": {"$regex": r"\Q教育\E"}, "attr.age": {"$gt": 3, "$lt": 18}});
    check(&[
        (json!({"attr": {"keywords": "教育片", "age": 17}}), condition.clone(), true),
        (json!({"attr": {"keywords": "教育片", "age": 18}}), condition.clone(), false),
        (json!({"attr": {"keywords": "教育片", "age": 3}}), condition.clone(), false),
        (json!({"attr": {"keywords": "动作片", "age": 17}}), condition, false),
    ]);
}

#[test]
fn and_and_or_nest() {
    // B-363
    let condition = json!({"$or": [
        {"$and": [{"attr.a": 1}, {"$or": [{"attr.b": 1}, {"attr.b": 2}]}]},
        {"attr.c": 1, "attr.d": 1},
    ]});
    check(&[
        (json!({"attr": {"a": 1, "b": 2}}), condition.clone(), true),
        (json!({"attr": {"a": 1, "b": 3}}), condition.clone(), false),
        (json!({"attr": {"c": 1, "d": 1}}), condition.clone(), true),
        (json!({"attr": {"c": 1}}), condition, false),
    ]);
}

#[test]
fn near_a_point_within_a_distance() {
    // B-364: Shanghai is 1,067 km or 663 miles from Beijing, a sixth of the earth's radius.
    let shanghai = conversation(json!({"attr": {"where": place(31.2304, 121.4737)}}));
    let beijing = place(39.9042, 116.4074);
    for (unit, near, far) in [
        ("$maxDistanceInKilometers", 1060.0, 1075.0),
        ("$maxDistanceInMiles", 658.0, 668.0),
        ("$maxDistanceInRadians", 0.166, 0.168),
    ] {
        assert!(!matches(json!({"attr.where": {"$nearSphere": beijing, unit: near}}), &shanghai), "{unit}");
        assert!(matches(json!({"attr.where": {"$nearSphere": beijing, unit: far}}), &shanghai), "{unit}");
    }
    assert!(matches(json!({"attr.where": {"$nearSphere": beijing}}), &shanghai));
    assert!(!matches(json!({"attr.where": {"$nearSphere": beijing}}), &conversation(json!({"attr": {}}))));
}

#[test]
fn inside_a_box() {
    // B-364
    let condition = json!({"attr.where": {"$within": {"$box": [place(30.0, 110.0), place(40.0, 120.0)]}}});
    check(&[
        (json!({"attr": {"where": place(39.9, 116.4)}}), condition.clone(), true),
        (json!({"attr": {"where": place(31.2, 121.4)}}), condition.clone(), false),
        (json!({"attr": {"where": "Beijing"}}), condition, false),
    ]);
}

#[test]
fn near_results_come_nearest_first() {
    // B-364
    let filter = Filter::parse(&json!({"attr.where": {"$nearSphere": place(0.0, 0.0)}})).unwrap();
    let at = |longitude| conversation(json!({"attr": {"where": place(0.0, longitude)}}));
    let mut found = [at(30.0), at(-10.0), at(20.0)];
    let by_distance = Sort::for_query(None, &filter).unwrap();
    found.sort_by(|left, right| by_distance.compare(left, right));
    assert_eq!(found, [at(-10.0), at(20.0), at(30.0)]);
}

#[test]
fn names_are_taken_literally() {
    // B-365
    assert!(!matches(json!({"topic": "movie"}), &conversation(json!({"attr": {"topic": "movie"}}))));
    assert!(matches(json!({"topic": "movie"}), &conversation(json!({"topic": "movie"}))));
}

#[test]
fn dotted_names_reach_to_any_depth_and_into_lists() {
    // B-366
    check(&[
        (json!({"attr": {"a": {"b": {"c": {"d": 1}}}}}), json!({"attr.a.b.c.d": 1}), true),
        (json!({"attr": {"a": [{"b": 1}, {"b": 2}]}}), json!({"attr.a.b": 2}), true),
        (json!({"attr": {"a": [{"b": 1}, {"b": 2}]}}), json!({"attr.a.b": {"$gt": 2}}), false),
        (json!({"attr": {"a": [5, 6]}}), json!({"attr.a.1": 6}), true),
        (json!({"attr": {"a": [5, 6]}}), json!({"attr.a.0": 6}), false),
        (json!({"attr": {"a": {"0": 6}}}), json!({"attr.a.0": 6}), true),
        (json!({"attr": {"a": "text"}}), json!({"attr.a.b": null}), true),
    ]);
    assert!(matches(json!({"m.1": "Tom"}), &with_members(&["Jerry", "Tom"])));
}

#[test]
fn built_in_fields_can_be_queried() {
    // B-367, T-34
    let room = ConversationView { kind: ConversationKind::Room, ..conversation(json!({"name": "lobby"})) };
    let plain = conversation(json!({"name": "lobby"}));
    let unique = ConversationView {
        unique_id: Some("u1".parse().unwrap()),
        muted_by: Some(clients(&["Tom"])),
        ..conversation(json!({}))
    };
    assert!(matches(json!({"name": "lobby", "c": "Tom", "conv_type": 2}), &room));
    assert!(matches(json!({"unique": true, "uniqueId": "u1", "mu": "Tom"}), &unique));
    assert!(!matches(json!({"mu": "Tom"}), &plain));
    // B-328, W-199: without the mark is the same as with false.
    for only_rooms in [json!({"tr": true}), json!({"tr": {"$ne": false}}), json!({"tr": {"$exists": true}})] {
        assert!(matches(only_rooms.clone(), &room), "{only_rooms}");
        assert!(!matches(only_rooms.clone(), &plain), "{only_rooms}");
    }
    for no_rooms in [
        json!({"tr": false}),
        json!({"tr": {"$ne": true}}),
        json!({"tr": {"$exists": false}}),
        json!({"tr": null}),
    ] {
        assert!(!matches(no_rooms.clone(), &room), "{no_rooms}");
        assert!(matches(no_rooms.clone(), &plain), "{no_rooms}");
    }
    assert!(matches(json!({"sys": {"$ne": true}}), &plain));
}

#[test]
fn a_client_that_asks_without_a_condition_gets_its_own_conversations() {
    // B-324, W-184
    let tom: ClientId = "Tom".parse().unwrap();
    let (mine, other) = (with_members(&["Tom"]), with_members(&["Jerry"]));
    let found = |condition: Option<&Value>, conversation: &ConversationView| {
        let filter = Filter::for_client(condition, &tom).unwrap();
        filter.matches(conversation, &mut Budget::default()).unwrap()
    };
    for none in [None, Some(&json!({}))] {
        assert!(found(none, &mine));
        assert!(!found(none, &other));
    }
    // B-325
    assert!(found(Some(&json!({"c": "Tom"})), &other));
    // B-327: a chat room has no members.
    let room = ConversationView { kind: ConversationKind::Room, ..with_members(&[]) };
    assert!(!found(None, &room));
}

#[test]
fn a_document_can_be_made_of_anything() {
    struct Row(Map<String, Value>);
    impl Document for Row {
        fn field(&self, key: &str) -> Option<FieldRef<'_>> {
            self.0.get(key).map(FieldRef::Json)
        }
    }
    let row = Row(json!({"m": ["Tom"], "x": 1}).as_object().unwrap().clone());
    let filter = Filter::parse(&json!({"m": "Tom", "x": 1})).unwrap();
    assert_eq!(filter.matches(&row as &dyn Document, &mut Budget::default()), Ok(true));
}
