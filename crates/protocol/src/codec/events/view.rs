//! Conversations in query results: JSON inside every dialect (`wire-protocol.md` §4.3.2).

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::{Value, json};

use super::super::DecodeError;
use super::message::{from_marked, marked};
use crate::{
    Attributes, ClientId, ConversationKind, ConversationView, LastMessage, Mentions, Subscription, Timestamp,
};

/// The keys of a result that are the server's own; a property of the app cannot take their place.
const OWN_KEYS: [&str; 25] = [
    "objectId",
    "c",
    "createdAt",
    "updatedAt",
    "lm",
    "m",
    "mu",
    "unique",
    "uniqueId",
    "tr",
    "sys",
    "temp",
    "ttl",
    "conv_type",
    "joined",
    "joinedAt",
    "muted",
    "msg",
    "bin",
    "msg_mid",
    "msg_from",
    "msg_timestamp",
    "patch_timestamp",
    "mention_all",
    "mention_pids",
];

/// The results of a query: a list, also when it is empty (W-194).
pub(super) struct Views<'a>(pub(super) &'a [ConversationView]);

impl Serialize for Views<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for view in self.0 {
            list.serialize_element(&Object(view))?;
        }
        list.end()
    }
}

/// One result by itself.
pub(in crate::codec) fn object(view: &ConversationView) -> Value {
    // Only maps with keys that are not text fail to serialize, and there are none.
    serde_json::to_value(Object(view)).unwrap_or_default()
}

struct Object<'a>(&'a ConversationView);

impl Serialize for Object<'_> {
    /// Keys and types of W-197.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let view = self.0;
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("objectId", view.id.as_str())?;
        object.serialize_entry("c", view.creator.as_str())?;
        object.serialize_entry("createdAt", &view.created_at.to_string())?;
        object.serialize_entry("updatedAt", &view.updated_at.to_string())?;
        object.serialize_entry("conv_type", &view.kind.number())?;
        for (key, value) in &view.attributes {
            if !OWN_KEYS.contains(&key.as_str()) {
                object.serialize_entry(key, value)?;
            }
        }
        if let Some(time) = view.last_message_at {
            object.serialize_entry("lm", &json!({ "__type": "Date", "iso": time.to_string() }))?;
        }
        if let Some(members) = &view.members {
            object.serialize_entry("m", &Clients(members))?;
        }
        if let Some(muted_by) = view.muted_by.as_ref().filter(|clients| !clients.is_empty()) {
            object.serialize_entry("mu", &Clients(muted_by))?;
        }
        if let Some(unique_id) = &view.unique_id {
            object.serialize_entry("unique", &true)?;
            object.serialize_entry("uniqueId", unique_id.as_str())?;
        }
        let mark = match view.kind {
            ConversationKind::Normal => None,
            ConversationKind::Room => Some("tr"),
            ConversationKind::Service => Some("sys"),
            ConversationKind::Temporary => Some("temp"),
        };
        if let Some(mark) = mark {
            object.serialize_entry(mark, &true)?;
        }
        if let Some(seconds) = view.seconds_left {
            object.serialize_entry("ttl", &seconds)?;
        }
        if let Some(subscription) = &view.subscription {
            object.serialize_entry("joined", &subscription.joined_at.is_some())?;
            if let Some(time) = subscription.joined_at {
                object.serialize_entry("joinedAt", &time.0)?;
            }
            object.serialize_entry("muted", &subscription.muted)?;
        }
        if let Some(last) = &view.last_message {
            last_message(&mut object, last)?;
        }
        object.end()
    }
}

struct Clients<'a>(&'a [ClientId]);

impl Serialize for Clients<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(ClientId::as_str))
    }
}

fn last_message<M: SerializeMap>(object: &mut M, last: &LastMessage) -> Result<(), M::Error> {
    let (msg, bin) = marked(&last.content);
    object.serialize_entry("msg", &msg)?;
    object.serialize_entry("bin", &bin)?;
    object.serialize_entry("msg_mid", last.id.as_str())?;
    object.serialize_entry("msg_from", last.from.as_str())?;
    object.serialize_entry("msg_timestamp", &last.timestamp.0)?;
    if let Some(time) = last.patched_at {
        object.serialize_entry("patch_timestamp", &time.0)?;
    }
    if last.mentions.all {
        object.serialize_entry("mention_all", &true)?;
    }
    if !last.mentions.clients.is_empty() {
        object.serialize_entry("mention_pids", &Clients(&last.mentions.clients))?;
    }
    Ok(())
}

pub(super) fn read(results: &str) -> Result<Vec<ConversationView>, DecodeError> {
    let objects: Vec<Attributes> = serde_json::from_str(results)?;
    objects.into_iter().map(|object| read_view(Fields(object))).collect()
}

fn read_view(mut fields: Fields) -> Result<ConversationView, DecodeError> {
    let kind = fields.integer("conv_type").and_then(ConversationKind::from_number);
    let members = fields.ids("m")?;
    let muted_by = fields.ids("mu")?;
    Ok(ConversationView {
        id: super::id(fields.text("objectId"), "a conversation id")?,
        kind: kind.ok_or(DecodeError::Incomplete("a conversation's kind"))?,
        creator: super::id(fields.text("c"), "a creator")?,
        created_at: super::date(fields.text("createdAt").as_deref(), "a date of creation")?,
        updated_at: super::date(fields.text("updatedAt").as_deref(), "a date of change")?,
        last_message_at: fields.date_object("lm"),
        // In a compact result both lists are missing; else an absent second one is empty.
        muted_by: members.as_ref().map(|_| muted_by.unwrap_or_default()),
        members,
        unique_id: fields.text("uniqueId").map(|text| super::id(Some(text), "a unique id")).transpose()?,
        seconds_left: fields.integer("ttl"),
        subscription: fields
            .boolean("muted")
            .map(|muted| Subscription { joined_at: fields.integer("joinedAt").map(Timestamp), muted }),
        last_message: read_last_message(&mut fields)?,
        attributes: fields.rest(),
    })
}

fn read_last_message(fields: &mut Fields) -> Result<Option<LastMessage>, DecodeError> {
    let Some(msg) = fields.text("msg") else { return Ok(None) };
    Ok(Some(LastMessage {
        content: from_marked(msg, fields.boolean("bin").unwrap_or_default())?,
        id: super::id(fields.text("msg_mid"), "a message id")?,
        from: super::id(fields.text("msg_from"), "a sender")?,
        timestamp: super::time(fields.integer("msg_timestamp"), "a time")?,
        patched_at: fields.integer("patch_timestamp").map(Timestamp),
        mentions: Mentions {
            all: fields.boolean("mention_all").unwrap_or_default(),
            clients: fields.ids("mention_pids")?.unwrap_or_default(),
        },
    }))
}

/// A result object, from which the server's keys are taken one by one.
struct Fields(Attributes);

impl Fields {
    fn text(&mut self, key: &str) -> Option<String> {
        match self.0.get_mut(key)? {
            Value::String(text) => Some(std::mem::take(text)),
            _ => None,
        }
    }

    fn integer(&self, key: &str) -> Option<i64> {
        self.0.get(key)?.as_i64()
    }

    fn boolean(&self, key: &str) -> Option<bool> {
        self.0.get(key)?.as_bool()
    }

    fn date_object(&self, key: &str) -> Option<Timestamp> {
        Timestamp::parse_date(self.0.get(key)?.get("iso")?.as_str()?)
    }

    fn ids<T: std::str::FromStr>(&self, key: &str) -> Result<Option<Vec<T>>, DecodeError> {
        let Some(Value::Array(items)) = self.0.get(key) else { return Ok(None) };
        let texts = items.iter().map(|item| super::id(item.as_str().map(str::to_owned), "usable ids"));
        texts.collect::<Result<_, _>>().map(Some)
    }

    fn rest(mut self) -> Attributes {
        self.0.retain(|key, _| !OWN_KEYS.contains(&key.as_str()));
        self.0
    }
}
