//! Conversations for tests.

use serde_json::{Value, json};
use yanshu_protocol::{ClientId, ConversationKind, ConversationView, Timestamp};

/// A conversation of Tom's with these own properties.
pub(super) fn conversation(properties: Value) -> ConversationView {
    let Value::Object(attributes) = properties else { panic!("properties are an object") };
    ConversationView {
        id: "5a0000000000000000000001".parse().unwrap(),
        kind: ConversationKind::Normal,
        creator: "Tom".parse().unwrap(),
        created_at: time("2015-12-01T00:00:00.000Z"),
        updated_at: time("2015-12-02T00:00:00.000Z"),
        last_message_at: None,
        members: Some(clients(&["Tom"])),
        muted_by: None,
        unique_id: None,
        attributes,
        seconds_left: None,
        subscription: None,
        last_message: None,
    }
}

pub(super) fn with_members(members: &[&str]) -> ConversationView {
    ConversationView { members: Some(clients(members)), ..conversation(json!({})) }
}

pub(super) fn clients(ids: &[&str]) -> Vec<ClientId> {
    ids.iter().map(|id| id.parse().unwrap()).collect()
}

pub(super) fn time(text: &str) -> Timestamp {
    Timestamp::parse_date(text).unwrap()
}
