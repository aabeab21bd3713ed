//! What a message carries. The server passes it on untouched (W-262) and looks inside only where it must.

use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize;

use crate::ClientId;

/// The form every recalled message takes (W-428).
pub const RECALLED_CONTENT: &str = r#"{"_lctype":-127}"#;

/// The content of a message, byte for byte as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Any text: plain, or the JSON of a typed message (W-425).
    Text(Arc<str>),
    /// Bytes, which older clients see as base64 text (W-432).
    Binary(Bytes),
}

impl Content {
    /// The content of a recalled message (W-428).
    #[must_use]
    pub fn recalled() -> Self {
        Self::Text(RECALLED_CONTENT.into())
    }

    /// Size in bytes, as it counts towards the message limit (B-199).
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }

    /// Whether there is nothing in it. An empty text is legal (W-261).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Whom a message mentions; not part of its content (B-232, W-433).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mentions {
    /// The clients named, members or not (W-434).
    pub clients: Vec<ClientId>,
    /// Everyone in the conversation.
    pub all: bool,
}

impl Mentions {
    /// Whether nobody is mentioned.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.all && self.clients.is_empty()
    }

    /// Whether `client` is meant, by name or with everyone.
    #[must_use]
    pub fn include(&self, client: &ClientId) -> bool {
        self.all || self.clients.contains(client)
    }
}

/// The `_lctype` of a typed message: `None` for text that is not a JSON object with an integer there (W-425).
#[must_use]
pub fn message_type(content: &Content) -> Option<i64> {
    #[derive(Deserialize)]
    struct Typed {
        #[serde(rename = "_lctype")]
        kind: i64,
    }
    let Content::Text(text) = content else { return None };
    // Serde also reads structs from arrays; only an object is a typed message.
    if !text.trim_start().starts_with('{') {
        return None;
    }
    serde_json::from_str::<Typed>(text).ok().map(|typed| typed.kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_object_with_an_integer_type_is_typed() {
        // W-425
        let kind = |text: &str| message_type(&Content::Text(text.into()));
        assert_eq!(kind(r#"{"_lctype":-1,"_lctext":"hi"}"#), Some(-1));
        assert_eq!(kind(RECALLED_CONTENT), Some(-127));
        assert_eq!(kind("[-1]"), None);
        assert_eq!(kind(r#"{"_lctype":"1"}"#), None);
        assert_eq!(kind("hello"), None);
        assert_eq!(message_type(&Content::Binary(Bytes::from_static(b"{\"_lctype\":1}"))), None);
    }
}
