//! What a condition can look at.

use serde_json::Value;
use yanshu_protocol::{ClientId, ConversationKind, ConversationView, Timestamp};

/// A stored conversation, as conditions and sort orders see it. Lookups borrow: no tree is built for a
/// candidate.
pub trait Document {
    /// The top-level property of this name: one of `objectId`, `name`, `c`, `m`, `mu`, `lm`, `createdAt`,
    /// `updatedAt`, `tr`, `sys`, `unique`, `uniqueId`, `conv_type`, `attr`, or the app's own (B-367).
    fn field(&self, key: &str) -> Option<FieldRef<'_>>;
}

/// The value of a property, in the form the server keeps it.
#[derive(Debug, Clone, Copy)]
pub enum FieldRef<'a> {
    /// A text: `objectId`, `c`, `uniqueId`.
    Text(&'a str),
    /// A time of the server's own; conditions may also write it as a plain ISO string (W-189).
    Date(Timestamp),
    /// A mark: `tr`, `sys`, `unique`. False is the same as absent (W-199), so both `{"tr": false}` and
    /// `{"tr": {"$exists": false}}` find what is no chat room.
    Flag(bool),
    /// A number of the server's own: `conv_type`.
    Number(i64),
    /// A list of clients: `m`, `mu`.
    Clients(&'a [ClientId]),
    /// Anything the app put there: `name`, `attr`, own properties.
    Json(&'a Value),
}

/// Judge a view before members are left out of it (W-192): what is absent cannot match.
impl Document for ConversationView {
    fn field(&self, key: &str) -> Option<FieldRef<'_>> {
        Some(match key {
            "objectId" => FieldRef::Text(self.id.as_str()),
            "c" => FieldRef::Text(self.creator.as_str()),
            "m" => FieldRef::Clients(self.members.as_deref()?),
            "mu" => FieldRef::Clients(self.muted_by.as_deref().filter(|muted| !muted.is_empty())?),
            "lm" => FieldRef::Date(self.last_message_at?),
            "createdAt" => FieldRef::Date(self.created_at),
            "updatedAt" => FieldRef::Date(self.updated_at),
            "tr" => FieldRef::Flag(self.kind == ConversationKind::Room),
            "sys" => FieldRef::Flag(self.kind == ConversationKind::Service),
            "temp" => FieldRef::Flag(self.kind == ConversationKind::Temporary),
            "unique" => FieldRef::Flag(self.unique_id.is_some()),
            "uniqueId" => FieldRef::Text(self.unique_id.as_ref()?.as_str()),
            "conv_type" => FieldRef::Number(i64::from(self.kind.number())),
            _ => FieldRef::Json(self.attributes.get(key)?),
        })
    }
}
