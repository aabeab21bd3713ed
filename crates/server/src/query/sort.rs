//! The order of results.

use std::cmp::Ordering;

use serde_json::{Number, Value};
use yanshu_protocol::{ClientId, Timestamp};

use super::filter::Near;
use super::geo::Point;
use super::{Document, FieldRef, Filter, FilterError, Path, value};

/// How many fields one sort order may name.
pub const MAX_SORT_KEYS: usize = 8;

/// An order of conversations. It is total: equal ones are told apart by `objectId`, ascending (W-190).
///
/// Values of different kinds stand in the order nothing, numbers, texts, objects, lists, true or false, dates;
/// so what lacks the field comes first, and last when descending (B-332).
#[derive(Debug, Clone)]
pub struct Sort {
    keys: Vec<Key>,
}

#[derive(Debug, Clone)]
enum Key {
    Field { path: Path, descending: bool },
    Nearest(Near),
}

impl Sort {
    /// Reads a comma-separated list of fields, `-` before one for descending (B-331). An empty list means the
    /// default, `-lm`.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let mut keys = Vec::new();
        for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            if keys.len() == MAX_SORT_KEYS {
                return Err(FilterError::LongSort);
            }
            let (name, descending) = match name.strip_prefix('-') {
                Some(name) => (name, true),
                None => (name, false),
            };
            keys.push(Key::Field { path: Path::parse(name)?, descending });
        }
        Ok(if keys.is_empty() { Self::default() } else { Self { keys } })
    }

    /// The order of a query: as asked for, else nearest first if the condition has `$nearSphere` (B-364), else
    /// newest activity first (B-326).
    pub fn for_query(text: Option<&str>, filter: &Filter) -> Result<Self, FilterError> {
        match (text.filter(|text| !text.trim().is_empty()), filter.near()) {
            (Some(text), _) => Self::parse(text),
            (None, Some(near)) => Ok(Self { keys: vec![Key::Nearest(near.clone())] }),
            (None, None) => Ok(Self::default()),
        }
    }

    /// Whether this is newest activity first, the order a store has an index for.
    #[must_use]
    pub fn is_latest_activity_first(&self) -> bool {
        matches!(&*self.keys, [Key::Field { path, descending: true }] if path.as_str() == "lm")
    }

    /// Which of two conversations comes first.
    pub fn compare<A, B>(&self, left: &A, right: &B) -> Ordering
    where
        A: Document + ?Sized,
        B: Document + ?Sized,
    {
        let by_keys = self.keys.iter().map(|key| key.compare(left, right)).find(|order| order.is_ne());
        by_keys.unwrap_or_else(|| Rank::of(left.field("objectId")).compare(Rank::of(right.field("objectId"))))
    }
}

/// Newest activity first.
impl Default for Sort {
    fn default() -> Self {
        Self::parse("-lm").expect("a plain field name is a sort order")
    }
}

impl Key {
    fn compare<A: Document + ?Sized, B: Document + ?Sized>(&self, left: &A, right: &B) -> Ordering {
        match self {
            Self::Field { path, descending } => {
                let order = Rank::of(path.first(left)).compare(Rank::of(path.first(right)));
                if *descending { order.reverse() } else { order }
            }
            Self::Nearest(near) => distance(near, left).total_cmp(&distance(near, right)),
        }
    }
}

/// What has no point is farther than anything.
fn distance<D: Document + ?Sized>(near: &Near, document: &D) -> f64 {
    let point = match near.path.first(document) {
        Some(FieldRef::Json(value)) => Point::from_json(value),
        _ => None,
    };
    point.map_or(f64::INFINITY, |point| near.center.radians_to(point))
}

/// A value with its place among the kinds.
enum Rank<'a> {
    Nothing,
    Integer(i64),
    Number(&'a Number),
    Text(&'a str),
    Object,
    Clients(&'a [ClientId]),
    List(&'a [Value]),
    Flag(bool),
    Date(Timestamp),
}

impl<'a> Rank<'a> {
    fn of(field: Option<FieldRef<'a>>) -> Self {
        match field {
            None | Some(FieldRef::Flag(false)) => Self::Nothing,
            Some(FieldRef::Text(text)) => Self::Text(text),
            Some(FieldRef::Date(date)) => Self::Date(date),
            Some(FieldRef::Flag(true)) => Self::Flag(true),
            Some(FieldRef::Number(number)) => Self::Integer(number),
            Some(FieldRef::Clients(clients)) => Self::Clients(clients),
            Some(FieldRef::Json(value)) => Self::of_json(value),
        }
    }

    fn of_json(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Nothing,
            Value::Bool(flag) => Self::Flag(*flag),
            Value::Number(number) => Self::Number(number),
            Value::String(text) => Self::Text(text),
            Value::Array(items) => Self::List(items),
            Value::Object(_) => value::instant(value).map_or(Self::Object, Self::Date),
        }
    }

    fn kind(&self) -> u8 {
        match self {
            Self::Nothing => 0,
            Self::Integer(_) | Self::Number(_) => 1,
            Self::Text(_) => 2,
            Self::Object => 3,
            Self::Clients(_) | Self::List(_) => 4,
            Self::Flag(_) => 5,
            Self::Date(_) => 6,
        }
    }

    fn compare(self, other: Self) -> Ordering {
        match (&self, &other) {
            (Self::Integer(left), Self::Integer(right)) => left.cmp(right),
            (Self::Integer(left), Self::Number(right)) => value::compare_numbers(&(*left).into(), right),
            (Self::Number(left), Self::Integer(right)) => value::compare_numbers(left, &(*right).into()),
            (Self::Number(left), Self::Number(right)) => value::compare_numbers(left, right),
            (Self::Text(left), Self::Text(right)) => left.cmp(right),
            (Self::Flag(left), Self::Flag(right)) => left.cmp(right),
            (Self::Date(left), Self::Date(right)) => left.cmp(right),
            (Self::Clients(_) | Self::List(_), Self::Clients(_) | Self::List(_)) => {
                let pairs = self.elements().zip(other.elements());
                let first = pairs.map(|(left, right)| left.compare(right)).find(|order| order.is_ne());
                first.unwrap_or_else(|| self.elements().count().cmp(&other.elements().count()))
            }
            _ => self.kind().cmp(&other.kind()),
        }
    }

    fn elements(&self) -> impl Iterator<Item = Rank<'a>> + use<'a> {
        let (clients, items): (&'a [ClientId], &'a [Value]) = match self {
            Self::Clients(clients) => (clients, &[]),
            Self::List(items) => (&[], items),
            _ => (&[], &[]),
        };
        clients.iter().map(|client| Rank::Text(client.as_str())).chain(items.iter().map(Rank::of_json))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use yanshu_protocol::ConversationView;

    use super::*;
    use crate::query::samples::{conversation, time, with_members};

    fn order(sort: &str, mut conversations: Vec<ConversationView>) -> Vec<String> {
        let sort = Sort::parse(sort).unwrap();
        conversations.sort_by(|left, right| sort.compare(left, right));
        conversations.iter().map(|conversation| conversation.id.to_string()).collect()
    }

    fn named(id: &str, conversation: ConversationView) -> ConversationView {
        ConversationView { id: id.parse().unwrap(), ..conversation }
    }

    fn active(id: &str, last: Option<&str>) -> ConversationView {
        named(id, ConversationView { last_message_at: last.map(time), ..conversation(json!({})) })
    }

    fn scored(id: &str, score: Value) -> ConversationView {
        named(id, conversation(json!({"attr": {"score": score}})))
    }

    #[test]
    fn without_a_sort_order_the_newest_activity_comes_first() {
        // B-326, B-331, W-190
        let conversations = || {
            vec![
                active("old", Some("2015-12-01T00:00:00Z")),
                active("never", None),
                active("new", Some("2015-12-02T00:00:00Z")),
            ]
        };
        for sort in ["", " ", "-lm"] {
            assert_eq!(order(sort, conversations()), ["new", "old", "never"]);
        }
        assert!(Sort::default().is_latest_activity_first());
        assert!(!Sort::parse("lm").unwrap().is_latest_activity_first());
        assert!(!Sort::parse("-lm,name").unwrap().is_latest_activity_first());
    }

    #[test]
    fn several_fields_sort_by_the_first_that_differs() {
        // B-331
        let conversations = vec![
            named("a", conversation(json!({"name": "x", "n": 1}))),
            named("b", conversation(json!({"name": "y", "n": 1}))),
            named("c", conversation(json!({"name": "x", "n": 2}))),
        ];
        assert_eq!(order("name,-n", conversations), ["c", "a", "b"]);
    }

    #[test]
    fn what_lacks_the_field_comes_last_when_descending_and_first_when_ascending() {
        // B-332
        let conversations =
            || vec![scored("none", json!(null)), scored("low", json!(1)), scored("high", json!(2.5))];
        assert_eq!(order("-attr.score", conversations()), ["high", "low", "none"]);
        assert_eq!(order("attr.score", conversations()), ["none", "low", "high"]);
    }

    #[test]
    fn values_of_different_kinds_have_a_fixed_order() {
        let conversations = vec![
            scored("date", json!({"__type": "Date", "iso": "1999-01-01T00:00:00Z"})),
            scored("flag", json!(false)),
            scored("list", json!([1])),
            scored("longer list", json!([1, 0])),
            scored("object", json!({})),
            scored("text", json!("a")),
            scored("number", json!(7)),
            scored("nothing", json!(null)),
        ];
        let expected = ["nothing", "number", "text", "object", "list", "longer list", "flag", "date"];
        assert_eq!(order("attr.score", conversations), expected);
    }

    #[test]
    fn equal_ones_are_ordered_by_their_id() {
        // W-190
        let conversations = || vec![named("b", with_members(&["x"])), named("a", with_members(&["x"]))];
        assert_eq!(order("m", conversations()), ["a", "b"]);
        assert_eq!(order("-m", conversations()), ["a", "b"]);
    }

    #[test]
    fn a_sort_order_that_cannot_be_read_is_refused() {
        for sort in ["-", "a..b", "$x", "a,b,c,d,e,f,g,h,i"] {
            assert!(Sort::parse(sort).is_err(), "{sort}");
        }
    }

    #[test]
    fn an_explicit_sort_order_overrides_the_distance() {
        let near = json!({"x": {"$nearSphere": {"__type": "GeoPoint", "latitude": 0, "longitude": 0}}});
        let filter = Filter::parse(&near).unwrap();
        assert!(Sort::for_query(Some("-lm"), &filter).unwrap().is_latest_activity_first());
        assert!(!Sort::for_query(None, &filter).unwrap().is_latest_activity_first());
    }
}
