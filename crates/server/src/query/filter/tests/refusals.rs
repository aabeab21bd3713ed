//! What is refused, and how.

use serde_json::{Value, json};
use yanshu_protocol::{Code, Reject};

use super::{matches, pattern, place};
use crate::query::samples::conversation;
use crate::query::{Budget, Filter, FilterError, MAX_DEPTH, MAX_PATTERN_BYTES, MAX_PATTERNS, MAX_VALUES};

fn refused(condition: Value) -> String {
    let error = Filter::parse(&condition).map(|_| ()).expect_err("the condition is refused");
    let reject = Reject::from(error);
    assert_eq!(reject.code, Code::ConversationQueryFailed);
    reject.detail.expect("a refusal says why").into_owned()
}

#[test]
fn conditions_nest_to_the_stated_depth_and_no_deeper() {
    // B-363
    let nested = |depth| (0..depth).fold(json!({"name": "x"}), |inner, _| json!({"$and": [inner]}));
    assert!(matches(nested(MAX_DEPTH), &conversation(json!({"name": "x"}))));
    assert!(refused(nested(MAX_DEPTH + 1)).contains("64 deep"));
}

#[test]
fn a_malformed_condition_is_refused_with_4310_and_a_readable_text() {
    // B-339, W-196
    for (condition, part) in [
        (json!([]), "JSON object"),
        (json!("name"), "JSON object"),
        (json!({"$where": "1"}), "unknown operator \"$where\""),
        (json!({"name": {"$like": "x"}}), "unknown operator \"$like\""),
        (json!({"name": {"$not": {"$gt": 1}}}), "unknown operator \"$not\""),
        (json!({"$nor": [{}]}), "unknown operator \"$nor\""),
        (json!({"name": {"$gt": 1, "x": 1}}), "mixes operators"),
        (json!({"name": {"$gt": {}}}), "$gt needs a number, a text or a Date"),
        (json!({"name": {"$lt": null}}), "$lt needs"),
        (json!({"name": {"$gte": [1]}}), "$gte needs"),
        (json!({"name": {"$lte": true}}), "$lte needs"),
        (json!({"name": {"$in": "x"}}), "$in needs a list"),
        (json!({"name": {"$nin": {}}}), "$nin needs a list"),
        (json!({"name": {"$all": 1}}), "$all needs a list"),
        (json!({"name": {"$exists": "yes"}}), "$exists needs true or false"),
        (json!({"name": {"$size": -1}}), "$size needs a whole number"),
        (json!({"name": {"$size": 1.5}}), "$size needs a whole number"),
        (json!({"name": {"$regex": 1}}), "$regex needs a text"),
        (json!({"name": {"$regex": "("}}), "bad pattern: a ( without a ) near character 1"),
        (json!({"name": {"$regex": "a", "$options": "g"}}), "$options needs letters out of"),
        (json!({"name": {"$options": "i"}}), "$options needs a $regex"),
        (json!({"$and": {}}), "$and needs a list of conditions"),
        (json!({"$or": []}), "$or needs a list of conditions"),
        (json!({"$or": [1]}), "$or needs a list of conditions"),
        (json!({"x": {"$nearSphere": [1, 2]}}), "$nearSphere needs a GeoPoint"),
        (json!({"x": {"$maxDistanceInMiles": 1}}), "$maxDistanceInMiles needs a $nearSphere"),
        (json!({"x": {"$nearSphere": place(0.0, 0.0), "$maxDistanceInMiles": -1}}), "0 or more"),
        (json!({"x": {"$within": {"$box": [place(0.0, 0.0)]}}}), "$within needs a $box"),
        (json!({"x": {"$within": {"$center": 1}}}), "$within needs a $box"),
        (json!({"$or": [{"x": {"$nearSphere": place(0.0, 0.0)}}]}), "$nearSphere may stand once"),
        (json!({"x": {"__type": "Date", "iso": "soon"}}), "a Date needs an ISO 8601 time"),
        (json!({"x": {"$gt": {"__type": "Date"}}}), "$gt needs"),
        (json!({"": 1}), "no field name"),
        (json!({"a..b": 1}), "no field name"),
        (json!({"a.$b": 1}), "no field name"),
    ] {
        let detail = refused(condition.clone());
        assert!(detail.contains(part), "{condition}: {detail}");
    }
}

#[test]
fn a_condition_over_its_bounds_is_refused() {
    let ids =
        |count: usize| json!({"objectId": {"$in": (0..count).map(|id| id.to_string()).collect::<Vec<_>>()}});
    assert!(Filter::parse(&ids(999)).is_ok()); // W-191
    assert!(refused(ids(MAX_VALUES)).contains("10000 values"));
    assert!(refused(pattern(&"a".repeat(MAX_PATTERN_BYTES + 1))).contains("2048 bytes"));
    let patterns = |count: usize| json!({ "$or": vec![pattern("a"); count] });
    assert!(Filter::parse(&patterns(MAX_PATTERNS)).is_ok());
    assert!(refused(patterns(MAX_PATTERNS + 1)).contains("32 patterns"));
    let long_name = "x".repeat(100_000);
    assert!(refused(json!({"x": {format!("${long_name}"): 1}})).len() < 200);
}

#[test]
fn a_query_over_its_budget_is_refused_with_4310() {
    // B-338
    let filter = Filter::parse(&json!({"attr.x": 7})).unwrap();
    let long = conversation(json!({"attr": {"x": vec![1; 1000]}}));
    let mut budget = Budget::new(500);
    assert_eq!(filter.matches(&long, &mut budget), Err(FilterError::TooCostly));
    assert_eq!(filter.matches(&conversation(json!({})), &mut budget), Err(FilterError::TooCostly));
    assert_eq!(Reject::from(FilterError::TooCostly).code, Code::ConversationQueryFailed);
}
