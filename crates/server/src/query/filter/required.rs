//! What a store may rely on when it narrows the candidates.

use std::ops::RangeInclusive;

use serde_json::Value;
use yanshu_protocol::Timestamp;

use super::{Bound, Choices, Comparison, Condition, Filter, Operand, Test};

/// A fact that every match has. A store may use any of them to look at less, in any combination; it must still
/// ask [`Filter::matches`] of each candidate, for these facts say less than the whole condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Requirement<'f> {
    /// `objectId` is one of these. An empty list: nothing matches.
    Id(Vec<&'f str>),
    /// `m` has at least one of these. Several such requirements come from `$all`.
    Member(Vec<&'f str>),
    /// `c` is one of these.
    Creator(Vec<&'f str>),
    /// `uniqueId` is this.
    UniqueId(&'f str),
    /// It is a chat room, or it is none.
    Room(bool),
    /// It is a service conversation, or it is none.
    Service(bool),
    /// The time is there and within this range.
    Time(TimeField, RangeInclusive<Timestamp>),
    /// At this dotted place is this text, number, true or false, or a list that has it (W-187).
    Equal(&'f str, &'f Value),
}

/// The server's own times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeField {
    /// `lm`
    LastMessage,
    /// `createdAt`
    Created,
    /// `updatedAt`
    Updated,
}

impl Filter {
    /// The facts a store can index, from all parts of the condition that must hold.
    #[must_use]
    pub fn required(&self) -> Vec<Requirement<'_>> {
        let mut requirements = Vec::new();
        collect(&self.conditions, &mut requirements);
        requirements
    }
}

fn collect<'f>(conditions: &'f [Condition], into: &mut Vec<Requirement<'f>>) {
    for condition in conditions {
        match condition {
            Condition::All(conditions) => collect(conditions, into),
            // A choice of one is none.
            Condition::Any(conditions) if conditions.len() == 1 => collect(conditions, into),
            Condition::Any(_) => {}
            Condition::Field { path, tests } => {
                for test in tests {
                    requirement(path.as_str(), test, into);
                }
            }
        }
    }
}

fn requirement<'f>(field: &'f str, test: &'f Test, into: &mut Vec<Requirement<'f>>) {
    match test {
        Test::Equal(operand) => into.extend(equality(field, operand)),
        Test::AllOf(operands) => into.extend(operands.iter().filter_map(|operand| equality(field, operand))),
        Test::In(choices) => into.extend(choices.only_texts().and_then(|texts| one_of(field, texts))),
        Test::NotEqual(operand) => into.extend(match (field, operand.value.as_bool()) {
            ("tr", Some(flag)) => Some(Requirement::Room(!flag)),
            ("sys", Some(flag)) => Some(Requirement::Service(!flag)),
            _ => None,
        }),
        Test::Exists(wanted) => into.extend(match field {
            "tr" => Some(Requirement::Room(*wanted)),
            "sys" => Some(Requirement::Service(*wanted)),
            _ => None,
        }),
        Test::Compare(comparison, bound) => into.extend(time_range(field, *comparison, bound)),
        Test::NotIn(_) | Test::Size(_) | Test::Matches(_) | Test::Near { .. } | Test::Within(_) => {}
    }
}

fn equality<'f>(field: &'f str, operand: &'f Operand) -> Option<Requirement<'f>> {
    match (field, &operand.value) {
        ("tr", Value::Bool(flag)) => Some(Requirement::Room(*flag)),
        ("sys", Value::Bool(flag)) => Some(Requirement::Service(*flag)),
        ("uniqueId", Value::String(text)) => Some(Requirement::UniqueId(text)),
        ("objectId" | "m" | "c", Value::String(text)) => one_of(field, vec![text]),
        _ if is_built_in(field) => {
            let (field, date) = (time_field(field)?, operand.date?);
            Some(Requirement::Time(field, date..=date))
        }
        (_, value @ (Value::String(_) | Value::Number(_) | Value::Bool(_))) => {
            Some(Requirement::Equal(field, value))
        }
        _ => None,
    }
}

fn one_of<'f>(field: &str, texts: Vec<&'f str>) -> Option<Requirement<'f>> {
    match field {
        "objectId" => Some(Requirement::Id(texts)),
        "m" => Some(Requirement::Member(texts)),
        "c" => Some(Requirement::Creator(texts)),
        _ => None,
    }
}

impl Choices {
    /// The texts, in a fixed order, if nothing else can match.
    fn only_texts(&self) -> Option<Vec<&str>> {
        if !self.others.is_empty() {
            return None;
        }
        let mut texts: Vec<&str> = self.texts.iter().map(String::as_str).collect();
        texts.sort_unstable();
        Some(texts)
    }
}

fn time_field(field: &str) -> Option<TimeField> {
    match field {
        "lm" => Some(TimeField::LastMessage),
        "createdAt" => Some(TimeField::Created),
        "updatedAt" => Some(TimeField::Updated),
        _ => None,
    }
}

/// Whether the property has a form of its own in the store, so that it is no attribute.
fn is_built_in(field: &str) -> bool {
    let property = field.split('.').next().unwrap_or(field);
    crate::query::is_server_owned(property)
}

fn time_range<'f>(field: &str, comparison: Comparison, bound: &Bound) -> Option<Requirement<'f>> {
    let field = time_field(field)?;
    let (Bound::Date(date) | Bound::Text { date: Some(date), .. }) = bound else { return None };
    let (first, last) = (Timestamp(i64::MIN), Timestamp(i64::MAX));
    Some(Requirement::Time(
        field,
        match comparison {
            Comparison::Less => first..=date.plus_millis(-1),
            Comparison::LessOrEqual => first..=*date,
            Comparison::Greater => date.next()..=last,
            Comparison::GreaterOrEqual => *date..=last,
        },
    ))
}
