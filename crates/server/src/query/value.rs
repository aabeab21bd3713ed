//! Equality and order of JSON values, as conditions mean them.

use std::cmp::Ordering;
use std::fmt::Write as _;

use serde_json::{Number, Value};
use yanshu_protocol::Timestamp;

/// The time that `{"__type": "Date", "iso": ".."}` stands for (B-348).
pub(super) fn instant(value: &Value) -> Option<Timestamp> {
    let map = value.as_object()?;
    if map.get("__type")?.as_str()? != "Date" {
        return None;
    }
    Timestamp::parse_date(map.get("iso")?.as_str()?)
}

/// Whether two values are the same: numbers by value, dates by instant, objects whatever the order of keys.
pub(super) fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => compare_numbers(left, right) == Ordering::Equal,
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Value::Object(a), Value::Object(b)) => match (instant(left), instant(right)) {
            (Some(left), Some(right)) => left == right,
            (None, None) => {
                a.len() == b.len()
                    && a.iter().all(|(key, left)| b.get(key).is_some_and(|right| same(left, right)))
            }
            _ => false,
        },
        _ => left == right,
    }
}

/// A text that two values share exactly if they are the [`same`].
pub(super) fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write_canonical(value, &mut text);
    text
}

fn write_canonical(value: &Value, text: &mut String) {
    match value {
        Value::Null | Value::Bool(_) | Value::String(_) => {
            let _ = write!(text, "{value}");
        }
        Value::Number(number) => {
            let _ = match (as_integer(number), number.as_f64()) {
                (Some(integer), _) => write!(text, "{integer}"),
                (None, Some(float)) => write!(text, "{float:e}"),
                (None, None) => write!(text, "{number}"),
            };
        }
        Value::Array(items) => {
            text.push('[');
            for item in items {
                write_canonical(item, text);
                text.push(',');
            }
            text.push(']');
        }
        Value::Object(map) => {
            if let Some(instant) = instant(value) {
                let _ = write!(text, "@{}", instant.0);
                return;
            }
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            text.push('{');
            for (key, value) in entries {
                let _ = write!(text, "{key:?}:");
                write_canonical(value, text);
                text.push(',');
            }
            text.push('}');
        }
    }
}

/// The number as an integer, if it is one: 1 and 1.0 are.
fn as_integer(number: &Number) -> Option<i128> {
    if let Some(integer) = number.as_i128() {
        return Some(integer);
    }
    let float = number.as_f64()?;
    // Every float in this range converts exactly.
    (float.fract() == 0.0 && float.abs() < 1e30).then_some(float as i128)
}

/// Compares by value, exactly: large integers do not lose digits.
pub(super) fn compare_numbers(left: &Number, right: &Number) -> Ordering {
    match (as_integer(left), as_integer(right)) {
        (Some(left), Some(right)) => left.cmp(&right),
        (Some(left), None) => compare_integer(left, right.as_f64().unwrap_or(0.0)),
        (None, Some(right)) => compare_integer(right, left.as_f64().unwrap_or(0.0)).reverse(),
        (None, None) => left.as_f64().unwrap_or(0.0).total_cmp(&right.as_f64().unwrap_or(0.0)),
    }
}

fn compare_integer(integer: i128, float: f64) -> Ordering {
    if float >= 1e30 {
        Ordering::Less
    } else if float <= -1e30 {
        Ordering::Greater
    } else {
        // Below 1e30 the whole part fits, and the rest decides between equal whole parts.
        integer.cmp(&(float.trunc() as i128)).then(0.0_f64.total_cmp(&float.fract()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn number(value: &Value) -> &Number {
        value.as_number().unwrap()
    }

    #[test]
    fn numbers_compare_by_value_and_exactly() {
        for (left, right, order) in [
            (json!(1), json!(1.0), Ordering::Equal),
            (json!(9007199254740993_i64), json!(9007199254740992.0), Ordering::Greater),
            (json!(u64::MAX), json!(-1), Ordering::Greater),
            (json!(1), json!(1.5), Ordering::Less),
            (json!(-1), json!(-1.5), Ordering::Greater),
            (json!(1e300), json!(i64::MAX), Ordering::Greater),
            (json!(-1e300), json!(i64::MIN), Ordering::Less),
            (json!(0.1), json!(0.2), Ordering::Less),
            (json!(0), json!(-0.0), Ordering::Equal),
        ] {
            assert_eq!(compare_numbers(number(&left), number(&right)), order, "{left} {right}");
            assert_eq!(compare_numbers(number(&right), number(&left)), order.reverse(), "{right} {left}");
        }
    }

    #[test]
    fn dates_are_the_same_by_instant() {
        let utc = json!({"__type": "Date", "iso": "2015-06-21T18:02:52.249Z"});
        let china = json!({"iso": "2015-06-22T02:02:52.249+08:00", "__type": "Date"});
        assert!(same(&utc, &china));
        assert_eq!(canonical(&utc), canonical(&china));
    }
}
