//! Conditions, by their numbers in the specification.

mod operators;
mod refusals;
mod required;

use serde_json::{Value, json};
use yanshu_protocol::ConversationView;

use crate::query::samples::conversation;
use crate::query::{Budget, Filter};

fn matches(condition: Value, conversation: &ConversationView) -> bool {
    let filter = Filter::parse(&condition).unwrap_or_else(|error| panic!("{condition}: {error}"));
    filter.matches(conversation, &mut Budget::default()).unwrap()
}

/// Each row: own properties, condition, whether they match.
fn check(rows: &[(Value, Value, bool)]) {
    for (properties, condition, expected) in rows {
        assert_eq!(
            matches(condition.clone(), &conversation(properties.clone())),
            *expected,
            "{condition} on {properties}"
        );
    }
}

fn pattern(source: &str) -> Value {
    json!({ "name": { "$regex": source } })
}

fn place(latitude: f64, longitude: f64) -> Value {
    json!({"__type": "GeoPoint", "latitude": latitude, "longitude": longitude})
}
