//! Random commands and events: everything that can be said on the wire and be heard again unchanged.

mod commands;
mod events;

use std::fmt::Debug;
use std::str::FromStr;

use bytes::Bytes;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::Value;

pub(super) use self::commands::{envelope, send};
pub(super) use self::events::{delivery, outbound};
use crate::{
    Attributes, ClientId, Content, ConversationId, IdError, Mentions, MessageId, Restriction, Role, Timestamp,
};

/// Milliseconds up to the year 2100; never zero, which means absence in many places.
fn time() -> BoxedStrategy<Timestamp> {
    (1..4_102_444_800_000i64).prop_map(Timestamp).boxed()
}

fn id<T: FromStr<Err = IdError> + Debug>(pattern: &'static str) -> impl Strategy<Value = T> {
    pattern.prop_map(|text| text.parse().unwrap())
}

pub(super) fn client() -> BoxedStrategy<ClientId> {
    prop_oneof![id("[a-z0-9_-]{1,12}"), id("\\PC{1,16}"), id("[\"\\\\/ \t雁😀]{1,8}")].boxed()
}

fn conversation() -> BoxedStrategy<ConversationId> {
    prop_oneof![id("[0-9a-f]{24}"), id("_tmp:[0-9a-f]{8}")].boxed()
}

fn message_id() -> BoxedStrategy<MessageId> {
    id("[A-Za-z0-9_-]{1,22}").boxed()
}

fn text() -> BoxedStrategy<String> {
    prop_oneof![".{0,20}", "[\u{0}-\u{ff}\"\\\\]{0,12}", r#"\{"_lctype":-1,"_lctext":"[a-z]{0,6}"\}"#].boxed()
}

fn filled() -> BoxedStrategy<String> {
    "\\PC{1,12}".boxed()
}

fn content() -> BoxedStrategy<Content> {
    prop_oneof![
        text().prop_map(|text| Content::Text(text.into())),
        vec(any::<u8>(), 1..24).prop_map(|bytes| Content::Binary(Bytes::from(bytes))),
    ]
    .boxed()
}

fn mentions() -> BoxedStrategy<Mentions> {
    (vec(client(), 0..3), any::<bool>()).prop_map(|(clients, all)| Mentions { clients, all }).boxed()
}

fn role() -> BoxedStrategy<Role> {
    prop_oneof![Just(Role::Owner), Just(Role::Manager), Just(Role::Member)].boxed()
}

fn restriction() -> BoxedStrategy<Restriction> {
    prop_oneof![Just(Restriction::Silenced), Just(Restriction::Blocked)].boxed()
}

fn value() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map("[a-z$.]{1,4}", inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
    .boxed()
}

/// Properties of the app: none of the names a result keeps for itself.
fn attributes() -> BoxedStrategy<Attributes> {
    btree_map("name|attr|x[a-z.]{0,4}", value(), 0..4).prop_map(|map| map.into_iter().collect()).boxed()
}
