//! What stores are told.

use serde_json::json;
use yanshu_protocol::Timestamp;

use crate::query::samples::time;
use crate::query::{Filter, Requirement, TimeField};

#[test]
fn a_store_is_told_what_every_match_has() {
    let day = time("2015-12-03T00:00:00.000Z");
    let end = Timestamp(i64::MAX);
    for (condition, expected) in [
        (json!({"m": "Tom"}), vec![Requirement::Member(vec!["Tom"])]),
        (
            json!({"m": {"$all": ["Tom", "Bob"], "$size": 2}}),
            vec![Requirement::Member(vec!["Tom"]), Requirement::Member(vec!["Bob"])],
        ),
        (json!({"m": {"$in": ["b", "a"]}}), vec![Requirement::Member(vec!["a", "b"])]),
        (json!({"m": {"$in": ["b", null]}}), vec![]),
        (json!({"objectId": "x"}), vec![Requirement::Id(vec!["x"])]),
        (json!({"objectId": {"$in": []}}), vec![Requirement::Id(vec![])]),
        (
            json!({"c": "Tom", "uniqueId": "u"}),
            vec![Requirement::Creator(vec!["Tom"]), Requirement::UniqueId("u")],
        ),
        (
            json!({"tr": true, "sys": {"$ne": true}}),
            vec![Requirement::Room(true), Requirement::Service(false)],
        ),
        (json!({"tr": {"$exists": false}}), vec![Requirement::Room(false)]),
        (
            json!({"lm": {"$gt": {"__type": "Date", "iso": "2015-12-03T00:00:00.000Z"}}}),
            vec![Requirement::Time(TimeField::LastMessage, day.next()..=end)],
        ),
        (
            json!({"createdAt": {"$lt": "2015-12-03T00:00:00.000Z"}}),
            vec![Requirement::Time(TimeField::Created, Timestamp(i64::MIN)..=day.plus_millis(-1))],
        ),
        (json!({"$and": [{"m": "Tom"}]}), vec![Requirement::Member(vec!["Tom"])]),
        (json!({"$or": [{"m": "Tom"}, {"c": "Tom"}]}), vec![]),
        (json!({"$or": [{"m": "Tom"}]}), vec![Requirement::Member(vec!["Tom"])]),
        (json!({"attr.topic": "movie"}), vec![Requirement::Equal("attr.topic", &json!("movie"))]),
        (json!({"attr.topic": null}), vec![]),
        (json!({"attr.topic": {"$ne": "movie"}, "m": {"$nin": ["a"]}, "name": {"$regex": "x"}}), vec![]),
    ] {
        let filter = Filter::parse(&condition).unwrap();
        assert_eq!(filter.required(), expected, "{condition}");
    }
}
