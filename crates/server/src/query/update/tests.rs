//! Attribute updates, by their numbers in the specification.

use serde_json::{Value, json};
use yanshu_protocol::{Attributes, Code, Reject};

use super::{Update, Updated};
use crate::query::{MAX_ATTRIBUTE_DEPTH, MAX_SEGMENTS, initial_attributes};

const MAX_BYTES: usize = 10_000;

fn object(value: Value) -> Attributes {
    let Value::Object(map) = value else { panic!("attributes are an object") };
    map
}

fn update(stored: Value, changes: Value) -> Result<Updated, Reject> {
    Update::parse(&object(changes))?.apply(&object(stored), MAX_BYTES)
}

/// Makes the change and compares all attributes and the modified ones.
fn check(stored: Value, changes: Value, after: Value, modified: Value) {
    let updated = update(stored, changes.clone()).unwrap_or_else(|reject| panic!("{changes}: {reject}"));
    assert_eq!(Value::Object(updated.attributes), after, "attributes after {changes}");
    assert_eq!(Value::Object(updated.modified), modified, "modified by {changes}");
}

fn refused(stored: Value, changes: Value) -> String {
    let reject = update(stored, changes.clone()).expect_err("the update is refused");
    assert_eq!(reject.code, Code::ConversationUpdateFailed, "{changes}");
    reject.detail.expect("a refusal says why").into_owned()
}

#[test]
fn the_specifications_example() {
    // W-220
    check(
        json!({"attr": {"a": 1, "b": 2}}),
        json!({"attr.a": 5, "attr.b": {"__op": "Delete"}, "name": "x"}),
        json!({"attr": {"a": 5}, "name": "x"}),
        json!({"attr": {"a": 5}, "name": "x"}),
    );
}

#[test]
fn a_dotted_key_leaves_the_other_entries_alone() {
    // B-78, W-216
    check(
        json!({"attr": {"topic": "movie", "deep": {"x": 1}}, "own": 1}),
        json!({"attr.pinned": true, "attr.deep.y": 2}),
        json!({"attr": {"topic": "movie", "deep": {"x": 1, "y": 2}, "pinned": true}, "own": 1}),
        json!({"attr": {"topic": "movie", "deep": {"x": 1, "y": 2}, "pinned": true}}),
    );
}

#[test]
fn a_dotted_key_makes_missing_objects_on_the_way() {
    // W-216
    check(
        json!({}),
        json!({"attr.a.b": 1}),
        json!({"attr": {"a": {"b": 1}}}),
        json!({"attr": {"a": {"b": 1}}}),
    );
    check(json!({"own": null}), json!({"own.a": 1}), json!({"own": {"a": 1}}), json!({"own": {"a": 1}}));
}

#[test]
fn a_plain_key_replaces_the_whole_value() {
    // W-216
    check(
        json!({"attr": {"a": 1}, "name": "old"}),
        json!({"attr": {"b": 2}}),
        json!({"attr": {"b": 2}, "name": "old"}),
        json!({"attr": {"b": 2}}),
    );
}

#[test]
fn what_is_gone_is_not_among_the_modified() {
    // W-220, W-221
    check(json!({"x": 1, "y": 2}), json!({"x": {"__op": "Delete"}}), json!({"y": 2}), json!({}));
    check(json!({"y": 2}), json!({"x.a": {"__op": "Delete"}}), json!({"y": 2}), json!({}));
    check(json!({"name": "x", "attr": {}}), json!({"name": null, "attr": null}), json!({}), json!({}));
}

#[test]
fn numbers_are_incremented_and_decremented() {
    // W-215
    for (old, operation, new) in [
        (json!({"n": 5}), json!({"__op": "Increment", "amount": 2}), json!(7)),
        (json!({"n": 5}), json!({"__op": "Decrement", "amount": 2}), json!(3)),
        (json!({"n": 5}), json!({"__op": "Increment", "amount": 0.5}), json!(5.5)),
        (json!({}), json!({"__op": "Increment", "amount": 2}), json!(2)),
        (json!({}), json!({"__op": "Decrement", "amount": 2}), json!(-2)),
        (json!({"n": i64::MAX}), json!({"__op": "Increment", "amount": 1}), json!(9223372036854775808.0)),
    ] {
        check(old, json!({"n": operation}), json!({"n": new}), json!({"n": new}));
    }
}

#[test]
fn lists_grow_and_shrink() {
    // W-215
    let operation = |name: &str, objects: Value| json!({"attr.l": {"__op": name, "objects": objects}});
    for (old, change, new) in [
        (json!({"l": [1]}), operation("Add", json!([1, 2])), json!([1, 1, 2])),
        (json!({}), operation("Add", json!([1])), json!([1])),
        (json!({"l": [1]}), operation("AddUnique", json!([1.0, 2, 2])), json!([1, 2])),
        (
            json!({"l": [{"a": 1, "b": 2}]}),
            operation("AddUnique", json!([{"b": 2, "a": 1}])),
            json!([{"a": 1, "b": 2}]),
        ),
        (json!({"l": [1, 2, 1]}), operation("Remove", json!([1])), json!([2])),
        (json!({"l": ["1", 1]}), operation("Remove", json!(["1"])), json!([1])),
    ] {
        check(json!({"attr": old}), change, json!({"attr": {"l": new}}), json!({"attr": {"l": new}}));
    }
    check(json!({}), operation("Remove", json!([1])), json!({}), json!({}));
}

#[test]
fn an_operation_on_a_value_of_another_type_is_refused() {
    for (stored, changes) in [
        (json!({"x": "5"}), json!({"x": {"__op": "Increment", "amount": 1}})),
        (json!({"x": "5"}), json!({"x": {"__op": "Add", "objects": [1]}})),
        (json!({"x": 5}), json!({"x": {"__op": "Remove", "objects": [1]}})),
        (json!({"x": 5}), json!({"x.y": 1})),
        (json!({"x": [5]}), json!({"x.0": 1})),
        (json!({"x": f64::MAX}), json!({"x": {"__op": "Increment", "amount": f64::MAX}})),
    ] {
        refused(stored, changes);
    }
}

#[test]
fn a_malformed_operation_is_refused() {
    for operation in [
        json!({"__op": "Explode"}),
        json!({"__op": 1}),
        json!({"__op": "Increment"}),
        json!({"__op": "Increment", "amount": "1"}),
        json!({"__op": "Add"}),
        json!({"__op": "AddUnique", "objects": 1}),
    ] {
        refused(json!({}), json!({"x": operation}));
    }
}

#[test]
fn the_servers_own_properties_cannot_be_set() {
    // B-82, W-217
    for key in [
        "objectId",
        "c",
        "m",
        "mu",
        "lm",
        "tr",
        "sys",
        "unique",
        "uniqueId",
        "createdAt",
        "updatedAt",
        "temp",
        "ttl",
        "conv_type",
        "joined",
        "joinedAt",
        "muted",
        "msg",
        "msg_mid",
        "msg_from",
        "msg_timestamp",
        "bin",
    ] {
        assert!(refused(json!({}), json!({"name": "x", key: "y"})).contains("server's own"), "{key}");
        refused(json!({}), json!({format!("{key}.x"): "y"}));
        refused(json!({}), json!({key: {"__op": "Delete"}}));
    }
    check(json!({}), json!({"msgCount": 1}), json!({"msgCount": 1}), json!({"msgCount": 1}));
}

#[test]
fn a_property_and_a_part_of_it_in_one_update_are_refused() {
    // W-466
    refused(json!({}), json!({"attr": {}, "attr.x": 1}));
    refused(json!({}), json!({"attr.x.y": 1, "attr.a": 1, "attr.x": {}}));
    check(
        json!({}),
        json!({"attr": {}, "attr2.x": 1}),
        json!({"attr": {}, "attr2": {"x": 1}}),
        json!({"attr": {}, "attr2": {"x": 1}}),
    );
}

#[test]
fn keys_that_are_no_names_are_refused() {
    for key in ["", ".", "a.", ".a", "a..b", "$set", "a.$b", "__proto__", "attr.__proto__.polluted"] {
        refused(json!({}), json!({key: 1}));
    }
    refused(json!({}), json!({vec!["a"; MAX_SEGMENTS + 1].join("."): 1}));
}

#[test]
fn name_stays_a_text_and_attr_an_object() {
    // W-197
    for changes in [json!({"name": 5}), json!({"attr": "x"}), json!({"attr": []}), json!({"name.x": 1})] {
        refused(json!({}), changes);
    }
}

#[test]
fn attributes_over_their_bounds_are_refused() {
    assert!(refused(json!({"a": "x".repeat(6_000)}), json!({"b": "x".repeat(6_000)})).contains("too large"));
    let nested = |depth| (0..depth).fold(json!(1), |inner, _| json!([inner]));
    assert!(update(json!({}), json!({"x": nested(MAX_ATTRIBUTE_DEPTH - 1)})).is_ok());
    assert!(refused(json!({}), json!({"x": nested(MAX_ATTRIBUTE_DEPTH)})).contains("too deep"));
    assert!(refused(json!({}), json!({"x.y": nested(MAX_ATTRIBUTE_DEPTH - 1)})).contains("too deep"));
}

#[test]
fn a_refused_update_changes_nothing() {
    // B-82
    let update = Update::parse(&object(json!({"a": 2, "s": {"__op": "Increment", "amount": 1}}))).unwrap();
    let stored = object(json!({"a": 1, "s": "text"}));
    assert!(update.apply(&stored, MAX_BYTES).is_err());
    assert_eq!(stored, object(json!({"a": 1, "s": "text"})));
}

#[test]
fn a_new_conversation_keeps_what_its_creator_sent_but_for_the_servers_names() {
    // W-173, B-59
    let date = json!({"__type": "Date", "iso": "2015-06-21T18:02:52.249Z"});
    let sent = json!({
        "name": "Tom & Jerry", "attr": {"topic": "movie", "due": date}, "own": [1],
        "m": ["Spike"], "c": "Spike", "objectId": "x", "tr": true, "msg": "hi", "msg_from": "Spike", "mu": [],
    });
    let kept = json!({"name": "Tom & Jerry", "attr": {"topic": "movie", "due": date}, "own": [1]});
    assert_eq!(initial_attributes(object(sent), MAX_BYTES).unwrap(), object(kept));
    let dotted = initial_attributes(object(json!({"attr.pinned": true, "name": null})), MAX_BYTES);
    assert_eq!(dotted.unwrap(), object(json!({"attr": {"pinned": true}})));
}

#[test]
fn a_new_conversation_with_unusable_attributes_is_refused_with_4301() {
    for sent in [json!({"name": 5}), json!({"a..b": 1}), json!({"big": "x".repeat(MAX_BYTES)})] {
        assert_eq!(
            initial_attributes(object(sent), MAX_BYTES).unwrap_err().code,
            Code::ConversationApiFailed
        );
    }
}
