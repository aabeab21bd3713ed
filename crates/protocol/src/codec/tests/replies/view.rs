//! Conversations in query results (`wire-protocol.md` §4.3.2).

use bytes::Bytes;
use serde_json::{Value, json};

use super::{CID, conv_body, conversation, id, last_message};
use crate::{
    Attributes, Content, ConversationKind, ConversationView, Event, LastMessage, Mentions, Subscription,
    Timestamp,
};

fn view() -> ConversationView {
    ConversationView {
        id: conversation(),
        kind: ConversationKind::Normal,
        creator: id("tom"),
        created_at: Timestamp(1_700_000_000_000),
        updated_at: Timestamp(1_700_000_000_001),
        last_message_at: None,
        members: Some(vec![id("tom"), id("jerry")]),
        muted_by: Some(vec![]),
        unique_id: None,
        attributes: Attributes::new(),
        seconds_left: None,
        subscription: None,
        last_message: None,
    }
}

fn result(view: ConversationView) -> Value {
    let results: Value =
        serde_json::from_str(&conv_body(Event::Conversations(vec![view])).results.unwrap().data).unwrap();
    results[0].clone()
}

#[test]
fn a_bare_conversation_shows_only_what_it_has() {
    // W-197, W-199
    let expected = json!({
        "objectId": CID,
        "c": "tom",
        "createdAt": "2023-11-14T22:13:20.000Z",
        "updatedAt": "2023-11-14T22:13:20.001Z",
        "m": ["tom", "jerry"],
        "conv_type": 1,
    });
    assert_eq!(result(view()), expected);
    assert_eq!(crate::codec::conversation(&view()), expected);
}

#[test]
fn a_full_conversation_shows_every_key() {
    // W-192, W-197
    let attributes = json!({ "name": "x", "attr": { "k": 1 }, "own": [true] });
    let Value::Object(attributes) = attributes else { unreachable!() };
    let full = ConversationView {
        last_message_at: Some(Timestamp(1_700_000_000_002)),
        muted_by: Some(vec![id("jerry")]),
        unique_id: Some(id("U")),
        attributes,
        last_message: Some(LastMessage {
            patched_at: Some(Timestamp(91)),
            mentions: Mentions { clients: vec![id("tom")], all: true },
            ..last_message()
        }),
        ..view()
    };
    let expected = json!({
        "objectId": CID,
        "c": "tom",
        "createdAt": "2023-11-14T22:13:20.000Z",
        "updatedAt": "2023-11-14T22:13:20.001Z",
        "m": ["tom", "jerry"],
        "conv_type": 1,
        "name": "x",
        "attr": { "k": 1 },
        "own": [true],
        "lm": { "__type": "Date", "iso": "2023-11-14T22:13:20.002Z" },
        "mu": ["jerry"],
        "unique": true,
        "uniqueId": "U",
        "msg": "hi",
        "bin": false,
        "msg_mid": "m9",
        "msg_from": "jerry",
        "msg_timestamp": 90,
        "patch_timestamp": 91,
        "mention_all": true,
        "mention_pids": ["tom"],
    });
    assert_eq!(result(full), expected);
}

#[test]
fn each_kind_has_its_mark_and_its_own_keys() {
    // W-159, W-197, W-201
    let keys = |view: ConversationView| {
        let mut shown = result(view);
        let object = shown.as_object_mut().unwrap();
        for key in ["objectId", "c", "createdAt", "updatedAt"] {
            object.remove(key).unwrap();
        }
        shown
    };
    let room = ConversationView { kind: ConversationKind::Room, members: Some(vec![]), ..view() };
    assert_eq!(keys(room), json!({ "conv_type": 2, "tr": true, "m": [] }));
    let temporary = ConversationView {
        kind: ConversationKind::Temporary,
        seconds_left: Some(59),
        members: None,
        ..view()
    };
    assert_eq!(keys(temporary), json!({ "conv_type": 4, "temp": true, "ttl": 59 }));
    let service = |joined_at| ConversationView {
        kind: ConversationKind::Service,
        members: None,
        subscription: Some(Subscription { joined_at, muted: true }),
        ..view()
    };
    assert_eq!(keys(service(None)), json!({ "conv_type": 3, "sys": true, "joined": false, "muted": true }));
    assert_eq!(
        keys(service(Some(Timestamp(5)))),
        json!({ "conv_type": 3, "sys": true, "joined": true, "joinedAt": 5, "muted": true })
    );
}

#[test]
fn a_property_of_the_app_takes_no_key_of_the_server() {
    // W-173
    let Value::Object(attributes) = json!({ "c": "eve", "msg": "eve", "objectId": 1 }) else {
        unreachable!()
    };
    assert_eq!(result(ConversationView { attributes, ..view() }), result(view()));
}

#[test]
fn a_binary_last_message_is_marked_base64() {
    // W-431
    let last = LastMessage { content: Content::Binary(Bytes::from_static(b"\xff\xfe")), ..last_message() };
    let shown = result(ConversationView { last_message: Some(last), ..view() });
    assert_eq!((&shown["msg"], &shown["bin"]), (&json!("//4="), &json!(true)));
}
