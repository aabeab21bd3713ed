//! What a condition says of a conversation. This defines the meaning; stores only narrow the candidates.

use std::cmp::Ordering;

use serde_json::Value;
use yanshu_protocol::Timestamp;

use super::{Bound, Choices, Comparison, Condition, Filter, Operand, Test};
use crate::query::geo::Point;
use crate::query::{Budget, Document, FieldRef, FilterError, Path, value};

type Result<T> = std::result::Result<T, FilterError>;

impl Filter {
    /// Whether the conversation meets the condition. Fails only if `budget` is used up.
    pub fn matches<D: Document + ?Sized>(&self, document: &D, budget: &mut Budget) -> Result<bool> {
        all(&self.conditions, document, budget)
    }
}

fn all<D: Document + ?Sized>(conditions: &[Condition], document: &D, budget: &mut Budget) -> Result<bool> {
    for condition in conditions {
        if !condition.holds(document, budget)? {
            return Ok(false);
        }
    }
    Ok(true)
}

impl Condition {
    fn holds<D: Document + ?Sized>(&self, document: &D, budget: &mut Budget) -> Result<bool> {
        match self {
            Self::All(conditions) => all(conditions, document, budget),
            Self::Any(conditions) => {
                for condition in conditions {
                    if condition.holds(document, budget)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Self::Field { path, tests } => {
                for test in tests {
                    if !test.holds(path, document, budget)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
        }
    }
}

impl Test {
    fn holds<D: Document + ?Sized>(&self, path: &Path, document: &D, budget: &mut Budget) -> Result<bool> {
        match self {
            Self::Equal(operand) => equal(path, operand, document, budget),
            // Negations also match what lacks the field (B-342).
            Self::NotEqual(operand) => Ok(!equal(path, operand, document, budget)?),
            Self::In(choices) => is_in(path, choices, document, budget),
            Self::NotIn(choices) => Ok(!is_in(path, choices, document, budget)?),
            Self::AllOf(operands) => {
                for operand in operands {
                    if !equal(path, operand, document, budget)? {
                        return Ok(false);
                    }
                }
                Ok(!operands.is_empty())
            }
            Self::Exists(wanted) => {
                let exists = path.any(document, budget, &mut |field, _| Ok(!is_absent(field)))?;
                Ok(exists == *wanted)
            }
            Self::Size(size) => path.any(document, budget, &mut |field, _| {
                Ok(match field {
                    FieldRef::Clients(clients) => clients.len() as u64 == *size,
                    FieldRef::Json(Value::Array(items)) => items.len() as u64 == *size,
                    _ => false,
                })
            }),
            Self::Compare(comparison, bound) => any_element(path, document, budget, &mut |field, _| {
                Ok(bound.compare(field).is_some_and(|order| comparison.accepts(order)))
            }),
            Self::Matches(pattern) => any_element(path, document, budget, &mut |field, budget| match field {
                FieldRef::Text(text) => pattern.is_match(text, budget),
                FieldRef::Json(Value::String(text)) => pattern.is_match(text, budget),
                _ => Ok(false),
            }),
            Self::Near { center, max_radians } => any_element(path, document, budget, &mut |field, _| {
                Ok(point(field)
                    .is_some_and(|point| max_radians.is_none_or(|max| center.radians_to(point) <= max)))
            }),
            Self::Within(area) => any_element(path, document, budget, &mut |field, _| {
                Ok(point(field).is_some_and(|point| area.contains(point)))
            }),
        }
    }
}

/// Shows `test` what is at `path` and, where that is a list, each of its elements (B-341, B-349, B-360).
fn any_element<D: Document + ?Sized>(
    path: &Path,
    document: &D,
    budget: &mut Budget,
    test: &mut dyn FnMut(FieldRef<'_>, &mut Budget) -> Result<bool>,
) -> Result<bool> {
    path.any(document, budget, &mut |field, budget| {
        if test(field, budget)? {
            return Ok(true);
        }
        match field {
            FieldRef::Clients(clients) => {
                for client in clients {
                    budget.spend(1)?;
                    if test(FieldRef::Text(client.as_str()), budget)? {
                        return Ok(true);
                    }
                }
            }
            FieldRef::Json(Value::Array(items)) => {
                for item in items {
                    budget.spend(1)?;
                    if test(FieldRef::Json(item), budget)? {
                        return Ok(true);
                    }
                }
            }
            _ => {}
        }
        Ok(false)
    })
}

fn equal<D: Document + ?Sized>(
    path: &Path,
    operand: &Operand,
    document: &D,
    budget: &mut Budget,
) -> Result<bool> {
    let found = any_element(path, document, budget, &mut |field, budget| {
        budget.spend(operand.weight)?;
        Ok(operand.equals(field))
    })?;
    if found {
        return Ok(true);
    }
    Ok(operand.value.is_null() && !path.any(document, budget, &mut |field, _| Ok(!is_absent(field)))?)
}

fn is_in<D: Document + ?Sized>(
    path: &Path,
    choices: &Choices,
    document: &D,
    budget: &mut Budget,
) -> Result<bool> {
    if any_element(path, document, budget, &mut |field, budget| choices.contain(field, budget))? {
        return Ok(true);
    }
    let null = choices.others.iter().any(|other| other.value.is_null());
    Ok(null && !path.any(document, budget, &mut |field, _| Ok(!is_absent(field)))?)
}

fn is_absent(field: FieldRef<'_>) -> bool {
    matches!(field, FieldRef::Flag(false))
}

fn point(field: FieldRef<'_>) -> Option<Point> {
    match field {
        FieldRef::Json(value) => Point::from_json(value),
        _ => None,
    }
}

impl Operand {
    fn equals(&self, field: FieldRef<'_>) -> bool {
        match field {
            FieldRef::Text(text) => self.value.as_str() == Some(text),
            FieldRef::Date(date) => self.date == Some(date),
            FieldRef::Flag(flag) => self.value.as_bool() == Some(flag),
            FieldRef::Number(number) => {
                let same = |other| value::compare_numbers(&number.into(), other) == Ordering::Equal;
                self.value.as_number().is_some_and(same)
            }
            FieldRef::Clients(clients) => self.value.as_array().is_some_and(|items| {
                let texts = clients.iter().map(|client| Some(client.as_str()));
                items.len() == clients.len() && texts.eq(items.iter().map(Value::as_str))
            }),
            FieldRef::Json(stored) => value::same(stored, &self.value),
        }
    }
}

impl Choices {
    fn contain(&self, field: FieldRef<'_>, budget: &mut Budget) -> Result<bool> {
        let found = match field {
            FieldRef::Text(text) => self.texts.contains(text),
            FieldRef::Json(Value::String(text)) => self.texts.contains(text),
            FieldRef::Date(date) => self.dates.contains(&date),
            _ => false,
        };
        if found {
            return Ok(true);
        }
        budget.spend(self.weight)?;
        Ok(self.others.iter().any(|other| other.equals(field)))
    }
}

impl Bound {
    /// How the field's value stands to this; `None` if they are of different kinds (B-347).
    fn compare(&self, field: FieldRef<'_>) -> Option<Ordering> {
        match (field, self) {
            (FieldRef::Date(field), Self::Date(date) | Self::Text { date: Some(date), .. }) => {
                Some(field.cmp(date))
            }
            (FieldRef::Text(field), Self::Text { text, .. }) => Some(field.cmp(text)),
            (FieldRef::Number(field), Self::Number(number)) => {
                Some(value::compare_numbers(&field.into(), number))
            }
            (FieldRef::Json(Value::Number(field)), Self::Number(number)) => {
                Some(value::compare_numbers(field, number))
            }
            (FieldRef::Json(Value::String(field)), Self::Text { text, .. }) => Some(field.cmp(text)),
            (FieldRef::Json(field), Self::Date(date)) => {
                value::instant(field).map(|field: Timestamp| field.cmp(date))
            }
            _ => None,
        }
    }
}

impl Comparison {
    fn accepts(self, order: Ordering) -> bool {
        match self {
            Self::Less => order == Ordering::Less,
            Self::LessOrEqual => order != Ordering::Greater,
            Self::Greater => order == Ordering::Greater,
            Self::GreaterOrEqual => order != Ordering::Less,
        }
    }
}
