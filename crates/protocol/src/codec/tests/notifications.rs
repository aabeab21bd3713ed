//! Missed events as items of the notifications over HTTP (`wire-protocol.md` §4.14.1).

use serde_json::{Value, json};

use super::super::notification;
use super::push;
use crate::*;

const CID: &str = "5f8a1b2c3d4e5f6a7b8c9d0e";
const DATE: &str = "1970-01-01T00:00:01.000Z";

fn id<T: std::str::FromStr<Err = IdError>>(text: &str) -> T {
    text.parse().unwrap()
}

fn reliable(event: Event) -> Value {
    notification(&Outbound { permanent: true, ..push(event) })
}

fn droppable(event: Event) -> Value {
    notification(&push(event))
}

#[test]
fn an_item_about_the_client_itself_is_flat_and_reliable() {
    // W-382, W-384, W-385, R-37
    let at = Timestamp(1000);
    let joined = Event::Joined { conversation: id(CID), by: id("jerry"), at, ttl_seconds: None };
    let expected = json!({
        "cmd": "conv", "op": "joined", "cid": CID, "serverTs": 1000, "notificationType": 1,
        "initBy": "jerry", "udate": DATE,
    });
    assert_eq!(reliable(joined), expected);
    let left = Event::Left { conversation: id(CID), by: id("jerry"), at };
    assert_eq!(reliable(left)["op"], "left");
    let cases = [
        (Restriction::Blocked, false, "blocked"),
        (Restriction::Blocked, true, "unblocked"),
        (Restriction::Silenced, false, "shutuped"),
        (Restriction::Silenced, true, "unshutuped"),
    ];
    for (restriction, lifted, op) in cases {
        let event =
            Event::Restricted { restriction, lifted, conversation: id(CID), by: id("jerry"), in_room: false };
        let expected = json!({
            "cmd": "conv", "op": op, "cid": CID, "serverTs": 1000, "notificationType": 1, "initBy": "jerry",
        });
        assert_eq!(reliable(event), expected);
    }
}

#[test]
fn an_item_about_others_is_droppable_and_has_a_hyphenated_name() {
    // W-383, R-38
    let (conversation, by, at) = (id(CID), id("jerry"), Timestamp(1000));
    let members = vec![id("bob")];
    let joined =
        Event::MembersJoined { conversation, members: members.clone(), by, at, ttl_seconds: Some(60) };
    let expected = json!({
        "cmd": "conv", "op": "members-joined", "cid": CID, "serverTs": 1000, "notificationType": 2,
        "initBy": "jerry", "udate": DATE, "m": ["bob"], "tempConv": true, "tempConvTTL": 60,
    });
    assert_eq!(droppable(joined), expected);
    let left = Event::MembersLeft { conversation: id(CID), members, by: id("jerry"), at };
    assert_eq!(droppable(left)["op"], "members-left");
    let cases = [
        (Restriction::Blocked, false, "members-blocked"),
        (Restriction::Blocked, true, "members-unblocked"),
        (Restriction::Silenced, false, "members-shutuped"),
        (Restriction::Silenced, true, "members-unshutuped"),
    ];
    for (restriction, lifted, op) in cases {
        let event = Event::MembersRestricted {
            restriction,
            lifted,
            conversation: id(CID),
            members: vec![id("bob")],
            by: id("jerry"),
            in_room: false,
        };
        let item = droppable(event);
        assert_eq!((&item["op"], &item["m"]), (&json!(op), &json!(["bob"])));
    }
}

#[test]
fn a_change_brings_its_attributes_as_objects() {
    // W-382, R-38
    let object = |value: Value| match value {
        Value::Object(object) => object,
        other => panic!("{other}"),
    };
    let attr = json!({ "attr.a": 5, "attr.b": { "__op": "Delete" } });
    let modified = json!({ "attr": { "a": 5 } });
    let event = Event::ConversationUpdated {
        conversation: id(CID),
        updated_at: Timestamp(1000),
        by: Some(id("jerry")),
        changes: Some((object(attr.clone()), object(modified.clone()))),
    };
    let expected = json!({
        "cmd": "conv", "op": "updated", "cid": CID, "serverTs": 1000, "notificationType": 2,
        "initBy": "jerry", "udate": DATE, "attr": attr, "attrModified": modified,
    });
    assert_eq!(droppable(event), expected);
}

#[test]
fn a_role_is_an_object() {
    // W-382, W-383, R-38
    let event = Event::MemberRoleChanged {
        conversation: id(CID),
        member: id("bob"),
        role: Role::Manager,
        by: id("jerry"),
    };
    let expected = json!({
        "cmd": "conv", "op": "member-info-changed", "cid": CID, "serverTs": 1000, "notificationType": 2,
        "initBy": "jerry", "info": { "pid": "bob", "role": "Manager" },
    });
    assert_eq!(droppable(event), expected);
}

#[test]
fn a_receipt_has_no_operation_and_its_times_are_integers() {
    // W-382, R-38, R-26
    let receipt = |read| Receipt {
        conversation: id(CID),
        message: id("m1"),
        at: Timestamp(900),
        from: id("bob"),
        read,
    };
    let expected = json!({
        "cmd": "rcp", "cid": CID, "serverTs": 1000, "notificationType": 2, "id": "m1", "t": 900,
        "from": "bob", "read": true,
    });
    assert_eq!(droppable(Event::Receipt(receipt(true))), expected);
    assert_eq!(droppable(Event::Receipt(receipt(false))).get("read"), None);
}
