//! What happens to one place: a new value, or one of the `__op` objects (W-215).

use std::collections::HashSet;

use serde_json::{Map, Number, Value};
use yanshu_protocol::Reject;

use super::refuse;
use crate::query::value::canonical;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Operation {
    Set(Value),
    Delete,
    /// Also `Decrement`, with the sign turned.
    Increment(Number),
    Add(Vec<Value>),
    AddUnique(Vec<Value>),
    Remove(Vec<Value>),
}

impl Operation {
    pub(super) fn parse(value: &Value) -> Result<Self, Reject> {
        let Some(name) = value.get("__op") else { return Ok(Self::Set(value.clone())) };
        let map = value.as_object().ok_or_else(|| refuse("an operation must be an object"))?;
        match name.as_str() {
            Some("Delete") => Ok(Self::Delete),
            Some("Increment") => Ok(Self::Increment(amount(map)?)),
            Some("Decrement") => Ok(Self::Increment(negated(&amount(map)?)?)),
            Some("Add") => Ok(Self::Add(objects(map)?)),
            Some("AddUnique") => Ok(Self::AddUnique(objects(map)?)),
            Some("Remove") => Ok(Self::Remove(objects(map)?)),
            _ => Err(refuse("unknown __op")),
        }
    }

    /// Whether there is nothing to do where there is nothing.
    pub(super) fn only_takes_away(&self) -> bool {
        matches!(self, Self::Delete | Self::Remove(_))
    }

    /// The value after the operation; `None` if there is none any more.
    pub(super) fn result(&self, old: Option<&Value>) -> Result<Option<Value>, Reject> {
        Ok(match self {
            Self::Set(value) => Some(value.clone()),
            Self::Delete => None,
            Self::Increment(amount) => Some(Value::Number(match old {
                None | Some(Value::Null) => amount.clone(),
                Some(Value::Number(number)) => sum(number, amount)?,
                Some(_) => return Err(refuse("only a number can be incremented")),
            })),
            Self::Add(objects) => Some(Value::Array([list(old)?, objects].concat())),
            Self::AddUnique(objects) => {
                let old = list(old)?;
                let mut known: HashSet<String> = old.iter().map(canonical).collect();
                let new = objects.iter().filter(|object| known.insert(canonical(object)));
                Some(Value::Array(old.iter().chain(new).cloned().collect()))
            }
            Self::Remove(_) if old.is_none() => None,
            Self::Remove(objects) => {
                let gone: HashSet<String> = objects.iter().map(canonical).collect();
                let left = list(old)?.iter().filter(|object| !gone.contains(&canonical(object)));
                Some(Value::Array(left.cloned().collect()))
            }
        })
    }
}

fn amount(map: &Map<String, Value>) -> Result<Number, Reject> {
    map.get("amount").and_then(Value::as_number).cloned().ok_or_else(|| refuse("amount must be a number"))
}

fn objects(map: &Map<String, Value>) -> Result<Vec<Value>, Reject> {
    map.get("objects").and_then(Value::as_array).cloned().ok_or_else(|| refuse("objects must be a list"))
}

/// What is not there counts as an empty list.
fn list(old: Option<&Value>) -> Result<&[Value], Reject> {
    match old {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(_) => Err(refuse("only a list can be added to or removed from")),
    }
}

fn negated(number: &Number) -> Result<Number, Reject> {
    match number.as_i64().and_then(i64::checked_neg) {
        Some(negated) => Ok(negated.into()),
        None => float(-number.as_f64().unwrap_or(f64::NAN)),
    }
}

/// Integers stay integers as long as they fit.
fn sum(left: &Number, right: &Number) -> Result<Number, Reject> {
    if let (Some(left), Some(right)) = (left.as_i64(), right.as_i64())
        && let Some(sum) = left.checked_add(right)
    {
        return Ok(sum.into());
    }
    float(left.as_f64().unwrap_or(f64::NAN) + right.as_f64().unwrap_or(f64::NAN))
}

fn float(value: f64) -> Result<Number, Reject> {
    Number::from_f64(value).ok_or_else(|| refuse("the number grows out of range"))
}
