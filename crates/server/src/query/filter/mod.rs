//! Conditions on conversations: what they are, how they are read, and what they say of a conversation.

mod evaluate;
mod parse;
mod required;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use serde_json::{Number, Value};
use yanshu_protocol::{ClientId, Timestamp};

use super::geo::{Area, Point};
use super::pattern::Pattern;
use super::{FilterError, Path};

pub use required::{Requirement, TimeField};

/// How deep `$and` and `$or` may nest. JSON itself is read to twice this depth at most, and every level of
/// conditions takes two of it (B-363).
pub const MAX_DEPTH: usize = 64;

/// How many conditions and values a query may hold together; official SDKs ask for up to 999 ids at once.
pub const MAX_VALUES: usize = 10_000;

/// How many patterns a query may hold; each takes some milliseconds to compile at worst.
pub const MAX_PATTERNS: usize = 32;

/// A whole condition, ready to be evaluated; made once for a query.
#[derive(Debug)]
pub struct Filter {
    /// All must hold (B-362).
    conditions: Vec<Condition>,
    near: Option<Near>,
}

#[derive(Debug)]
enum Condition {
    All(Vec<Self>),
    Any(Vec<Self>),
    Field { path: Path, tests: Vec<Test> },
}

/// What is asked of one field.
#[derive(Debug)]
enum Test {
    Equal(Operand),
    NotEqual(Operand),
    Compare(Comparison, Bound),
    In(Choices),
    NotIn(Choices),
    AllOf(Vec<Operand>),
    Exists(bool),
    Size(u64),
    Matches(Pattern),
    Near { center: Point, max_radians: Option<f64> },
    Within(Area),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A value to compare for equality. `date` is the time it stands for: that of a Date object, or of an ISO
/// string when it meets one of the server's own times (W-189).
#[derive(Debug)]
struct Operand {
    value: Value,
    date: Option<Timestamp>,
    /// The values inside it and itself: what a comparison may cost.
    weight: u64,
}

/// The other side of `$lt` and its like, by kind (B-347).
#[derive(Debug)]
enum Bound {
    Number(Number),
    Text { text: String, date: Option<Timestamp> },
    Date(Timestamp),
}

/// The list of `$in` and `$nin`. Texts, which lists of ids consist of, are found by hash.
#[derive(Debug)]
struct Choices {
    texts: HashSet<String>,
    /// The times that those texts stand for.
    dates: HashSet<Timestamp>,
    others: Vec<Operand>,
    /// The weight of the others.
    weight: u64,
}

/// Where `$nearSphere` looks from; it also orders the results (B-364).
#[derive(Debug, Clone)]
pub(super) struct Near {
    pub(super) path: Path,
    pub(super) center: Point,
}

impl Filter {
    /// Reads a condition. `{}` matches everything.
    pub fn parse(condition: &Value) -> Result<Self, FilterError> {
        parse::parse(condition)
    }

    /// The condition of a client's query: `asker`'s own conversations if none or an empty one is given
    /// (B-324, W-184), and exactly the given one else (B-325).
    pub fn for_client(condition: Option<&Value>, asker: &ClientId) -> Result<Self, FilterError> {
        match condition {
            None => Self::parse(&serde_json::json!({ "m": asker.as_str() })),
            Some(Value::Object(map)) if map.is_empty() => Self::for_client(None, asker),
            Some(condition) => Self::parse(condition),
        }
    }

    pub(super) fn near(&self) -> Option<&Near> {
        self.near.as_ref()
    }
}

impl Operand {
    fn new(value: &Value, weight: u64) -> Self {
        let date = match value {
            Value::String(text) => Timestamp::parse_date(text),
            other => super::value::instant(other),
        };
        Self { value: value.clone(), date, weight }
    }
}
