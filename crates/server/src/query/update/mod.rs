//! Changes to the attributes of a conversation (W-215 to W-221).

mod operation;
#[cfg(test)]
mod tests;

use serde_json::Value;
use yanshu_protocol::{Attributes, Code, Reject};

use super::attributes::{check_size, check_types};
use super::error::quoted;
use super::{MAX_SEGMENTS, is_server_owned};
use operation::Operation;

/// A change request that is sound in itself. Making it can still fail on what is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    changes: Vec<Change>,
}

/// What becomes of the attributes.
#[derive(Debug, Clone, PartialEq)]
pub struct Updated {
    /// All attributes after the change.
    pub attributes: Attributes,
    /// The whole new value of each touched top-level property that is still there (W-220, W-221).
    pub modified: Attributes,
}

#[derive(Debug, Clone, PartialEq)]
struct Change {
    /// At least one part, none empty.
    path: Vec<String>,
    operation: Operation,
}

impl Update {
    /// Reads a request: keys, plain or dotted, with new values or operations (W-215). Refuses with 4306 what is
    /// the server's own (W-217), an unknown or malformed operation, a key that cannot be a name, and two keys
    /// of which one holds the other (W-466).
    pub fn parse(changes: &Attributes) -> Result<Self, Reject> {
        let changes: Vec<Change> =
            changes.iter().map(|(key, value)| Change::parse(key, value)).collect::<Result<_, _>>()?;
        let mut paths: Vec<&[String]> = changes.iter().map(|change| &*change.path).collect();
        paths.sort_unstable();
        // Sorted by parts, what lies below a path follows it directly.
        if paths.windows(2).any(|pair| pair[1].starts_with(pair[0])) {
            return Err(refuse("a property and a part of it cannot change in one update"));
        }
        Ok(Self { changes })
    }

    /// Whether the request asks for nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Makes the change, wholly or not at all. Refused with 4306 if a value has the wrong type for its
    /// operation, if a dotted name leads through something that is no object, or if the attributes would be
    /// over `max_bytes` as JSON.
    pub fn apply(&self, attributes: &Attributes, max_bytes: usize) -> Result<Updated, Reject> {
        let mut attributes = attributes.clone();
        for change in &self.changes {
            change.apply(&mut attributes)?;
        }
        check_size(&attributes, max_bytes).map_err(refuse)?;
        let mut modified = Attributes::new();
        for change in &self.changes {
            let property = &change.path[0];
            if let Some(value) = attributes.get(property).filter(|_| !modified.contains_key(property)) {
                modified.insert(property.clone(), value.clone());
            }
        }
        check_types(&modified).map_err(refuse)?;
        Ok(Updated { attributes, modified })
    }
}

impl Change {
    fn parse(key: &str, value: &Value) -> Result<Self, Reject> {
        let path: Vec<String> = key.split('.').map(str::to_owned).collect();
        if is_server_owned(&path[0]) {
            return Err(refuse(format!("{:?} is the server's own", quoted(&path[0]))));
        }
        if path.len() > MAX_SEGMENTS || !path.iter().all(|part| is_name(part)) {
            return Err(refuse("a key must be names joined by dots"));
        }
        let operation = match (key, value) {
            // A result has a text and an object under these names or nothing (W-197).
            ("name" | "attr", Value::Null) => Operation::Delete,
            _ => Operation::parse(value)?,
        };
        Ok(Self { path, operation })
    }

    fn apply(&self, attributes: &mut Attributes) -> Result<(), Reject> {
        let Some((last, way)) = self.path.split_last() else { return Ok(()) };
        let mut place = attributes;
        for part in way {
            if self.operation.only_takes_away() && !place.get(part).is_some_and(Value::is_object) {
                return Ok(());
            }
            let next = place.entry(part.clone()).or_insert(Value::Null);
            if next.is_null() {
                *next = Value::Object(Attributes::new());
            }
            place = next.as_object_mut().ok_or_else(|| refuse(format!("{:?} is no object", quoted(part))))?;
        }
        match self.operation.result(place.get(last))? {
            Some(value) => place.insert(last.clone(), value),
            None => place.shift_remove(last),
        };
        Ok(())
    }
}

/// `__proto__` is no name: SDKs in JavaScript walk these paths through their own objects.
fn is_name(part: &str) -> bool {
    !part.is_empty() && !part.starts_with('$') && part != "__proto__"
}

fn refuse(detail: impl Into<std::borrow::Cow<'static, str>>) -> Reject {
    Reject::because(Code::ConversationUpdateFailed, detail)
}
