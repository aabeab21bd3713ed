//! The app's own properties of a conversation: which names it may use, and what they must look like.

use serde_json::Value;
use yanshu_protocol::{Attributes, Code, Reject};

use super::Update;

/// How deep attributes may nest. JSON readers everywhere stop at about twice that.
pub const MAX_DEPTH: usize = 64;

/// The names of result objects that are the server's, beside those of the last message (W-173, W-197, W-217).
const SERVER_OWNED: [&str; 21] = [
    "objectId",
    "m",
    "c",
    "lm",
    "createdAt",
    "updatedAt",
    "unique",
    "uniqueId",
    "tr",
    "sys",
    "temp",
    "ttl",
    "mu",
    "conv_type",
    "joined",
    "joinedAt",
    "muted",
    "bin",
    "patch_timestamp",
    "mention_all",
    "mention_pids",
];

/// Whether a top-level property is the server's own, so that no client may set it (B-82, W-173).
#[must_use]
pub fn is_server_owned(key: &str) -> bool {
    key == "msg" || key.starts_with("msg_") || SERVER_OWNED.contains(&key)
}

/// The attributes of a new conversation, from what its creator sent: the server's own names are ignored
/// (W-173), dotted names go inside (B-59), the rest stays as it is. Refused with 4301 if it could not be
/// stored or shown, or is over `max_bytes` as JSON.
pub fn initial_attributes(mut attributes: Attributes, max_bytes: usize) -> Result<Attributes, Reject> {
    attributes.retain(|key, _| !is_server_owned(key.split('.').next().unwrap_or(key)));
    let made = Update::parse(&attributes).and_then(|update| update.apply(&Attributes::new(), max_bytes));
    made.map(|updated| updated.attributes)
        .map_err(|reject| Reject { code: Code::ConversationApiFailed, ..reject })
}

/// Checks what SDKs rely on in results: `name` is a text and `attr` an object (W-197), and no value nests
/// deeper than can be read.
pub(super) fn check_types(changed: &Attributes) -> Result<(), &'static str> {
    if changed.get("name").is_some_and(|name| !name.is_string()) {
        return Err("name must be a text");
    }
    if changed.get("attr").is_some_and(|attr| !attr.is_object()) {
        return Err("attr must be an object");
    }
    if changed.values().any(|value| depth(value) >= MAX_DEPTH) {
        return Err("the attributes nest too deep");
    }
    Ok(())
}

/// Checks the size of all attributes together.
pub(super) fn check_size(attributes: &Attributes, max_bytes: usize) -> Result<(), &'static str> {
    let mut size = Counter(0);
    match serde_json::to_writer(&mut size, attributes) {
        Ok(()) if size.0 <= max_bytes => Ok(()),
        _ => Err("the attributes are too large"),
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(map) => 1 + map.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// Counts bytes instead of keeping them.
struct Counter(usize);

impl std::io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
