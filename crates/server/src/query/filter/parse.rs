//! From JSON to conditions. Everything a client can get wrong is found here, before any candidate is read.

use std::collections::HashSet;

use serde_json::{Map, Value};
use yanshu_protocol::Timestamp;

use super::{
    Bound, Choices, Comparison, Condition, Filter, MAX_DEPTH, MAX_PATTERNS, MAX_VALUES, Near, Operand, Test,
};
use crate::query::error::quoted;
use crate::query::geo::{Area, EARTH_KILOMETRES, EARTH_MILES, Point};
use crate::query::pattern::{Flags, MAX_PATTERN_BYTES, Pattern};
use crate::query::{FilterError, Path, value};

type Result<T> = std::result::Result<T, FilterError>;

/// The keys that go with `$nearSphere`, and how many of their units make a radian. `$maxDistance` is what the
/// storage SDK for JavaScript sends.
const DISTANCES: [(&str, f64); 4] = [
    ("$maxDistanceInKilometers", EARTH_KILOMETRES),
    ("$maxDistanceInMiles", EARTH_MILES),
    ("$maxDistanceInRadians", 1.0),
    ("$maxDistance", 1.0),
];

pub(super) fn parse(condition: &Value) -> Result<Filter> {
    let map = condition.as_object().ok_or(FilterError::NotAnObject)?;
    let mut parser = Parser { values: 0, patterns: 0, near: None };
    let conditions = parser.conditions(map, Place { depth: 0, alternative: false })?;
    Ok(Filter { conditions, near: parser.near })
}

struct Parser {
    values: usize,
    patterns: usize,
    near: Option<Near>,
}

/// Where in the whole condition a part stands.
#[derive(Clone, Copy)]
struct Place {
    depth: usize,
    /// Somewhere below `$or`.
    alternative: bool,
}

impl Parser {
    fn count(&mut self) -> Result<()> {
        self.values += 1;
        if self.values > MAX_VALUES { Err(FilterError::TooManyValues) } else { Ok(()) }
    }

    fn conditions(&mut self, map: &Map<String, Value>, place: Place) -> Result<Vec<Condition>> {
        map.iter().map(|(key, value)| self.condition(key, value, place)).collect()
    }

    fn condition(&mut self, key: &str, value: &Value, place: Place) -> Result<Condition> {
        self.count()?;
        match key {
            "$and" => Ok(Condition::All(self.combined("$and", value, place)?)),
            "$or" => Ok(Condition::Any(self.combined("$or", value, Place { alternative: true, ..place })?)),
            _ if key.starts_with('$') => Err(FilterError::UnknownOperator(quoted(key))),
            _ => {
                let path = Path::parse(key)?;
                let tests = self.tests(&path, value, place)?;
                Ok(Condition::Field { path, tests })
            }
        }
    }

    fn combined(&mut self, operator: &'static str, value: &Value, place: Place) -> Result<Vec<Condition>> {
        let wrong = FilterError::WrongOperand { operator, needs: "a list of conditions" };
        let depth = place.depth + 1;
        if depth > MAX_DEPTH {
            return Err(FilterError::TooDeep);
        }
        let parts = match value {
            Value::Array(parts) if !parts.is_empty() => parts,
            _ => return Err(wrong),
        };
        parts
            .iter()
            .map(|part| match part {
                Value::Object(map) => Ok(Condition::All(self.conditions(map, Place { depth, ..place })?)),
                _ => Err(wrong.clone()),
            })
            .collect()
    }

    fn tests(&mut self, path: &Path, value: &Value, place: Place) -> Result<Vec<Test>> {
        let Some(map) = value.as_object().filter(|map| map.keys().any(|key| key.starts_with('$'))) else {
            return Ok(vec![Test::Equal(self.operand(value)?)]);
        };
        if !map.keys().all(|key| key.starts_with('$')) {
            return Err(FilterError::MixedKeys(quoted(path.as_str())));
        }
        let mut tests = Vec::with_capacity(map.len());
        for (operator, operand) in map {
            self.count()?;
            tests.extend(self.test(path, operator, operand, map, place)?);
        }
        Ok(tests)
    }

    /// Reads one operator; `None` for the keys that only modify another one.
    fn test(
        &mut self,
        path: &Path,
        operator: &str,
        operand: &Value,
        all: &Map<String, Value>,
        place: Place,
    ) -> Result<Option<Test>> {
        Ok(Some(match operator {
            "$ne" => Test::NotEqual(self.operand(operand)?),
            "$lt" => Test::Compare(Comparison::Less, bound("$lt", operand)?),
            "$lte" => Test::Compare(Comparison::LessOrEqual, bound("$lte", operand)?),
            "$gt" => Test::Compare(Comparison::Greater, bound("$gt", operand)?),
            "$gte" => Test::Compare(Comparison::GreaterOrEqual, bound("$gte", operand)?),
            "$in" => Test::In(self.choices("$in", operand)?),
            "$nin" => Test::NotIn(self.choices("$nin", operand)?),
            "$all" => Test::AllOf(
                list("$all", operand)?.iter().map(|value| self.operand(value)).collect::<Result<_>>()?,
            ),
            "$exists" => Test::Exists(truth(operand)?),
            "$size" => Test::Size(size(operand)?),
            "$regex" => Test::Matches(self.pattern(operand, all.get("$options"))?),
            "$options" if all.contains_key("$regex") => return Ok(None),
            "$options" => return Err(wrong("$options", "a $regex beside it")),
            "$nearSphere" => self.near(path, operand, all, place)?,
            "$within" => Test::Within(area(operand)?),
            _ => match DISTANCES.iter().find(|(name, _)| *name == operator) {
                Some(_) if all.contains_key("$nearSphere") => return Ok(None),
                Some((name, _)) => return Err(wrong(name, "a $nearSphere beside it")),
                None => return Err(FilterError::UnknownOperator(quoted(operator))),
            },
        }))
    }

    fn operand(&mut self, value: &Value) -> Result<Operand> {
        let before = self.values;
        self.count_within(value)?;
        let weight = (self.values - before) as u64;
        if is_broken_date(value) {
            return Err(wrong("a Date", "an ISO 8601 time as its iso"));
        }
        Ok(Operand::new(value, weight))
    }

    /// Counts a value and everything inside it.
    fn count_within(&mut self, value: &Value) -> Result<()> {
        self.count()?;
        match value {
            Value::Array(items) => items.iter().try_for_each(|item| self.count_within(item)),
            Value::Object(map) => map.values().try_for_each(|item| self.count_within(item)),
            _ => Ok(()),
        }
    }

    fn choices(&mut self, operator: &'static str, operand: &Value) -> Result<Choices> {
        let mut choices =
            Choices { texts: HashSet::new(), dates: HashSet::new(), others: Vec::new(), weight: 0 };
        for value in list(operator, operand)? {
            let operand = self.operand(value)?;
            match operand.value {
                Value::String(text) => {
                    choices.dates.extend(operand.date);
                    choices.texts.insert(text);
                }
                _ => {
                    choices.weight += operand.weight;
                    choices.others.push(operand);
                }
            }
        }
        Ok(choices)
    }

    fn pattern(&mut self, operand: &Value, options: Option<&Value>) -> Result<Pattern> {
        self.patterns += 1;
        if self.patterns > MAX_PATTERNS {
            return Err(FilterError::TooManyPatterns);
        }
        let source = operand.as_str().ok_or(wrong("$regex", "a text"))?;
        if source.len() > MAX_PATTERN_BYTES {
            return Err(FilterError::LongPattern);
        }
        let flags = match options {
            None => Some(Flags::default()),
            Some(options) => options.as_str().and_then(Flags::parse),
        };
        Ok(Pattern::compile(source, flags.ok_or(wrong("$options", "letters out of i, m, x and s"))?)?)
    }

    fn near(&mut self, path: &Path, operand: &Value, all: &Map<String, Value>, place: Place) -> Result<Test> {
        let center = Point::from_json(operand).ok_or(wrong("$nearSphere", "a GeoPoint"))?;
        let mut max_radians: Option<f64> = None;
        for (name, units) in DISTANCES {
            if let Some(distance) = all.get(name) {
                let distance = distance.as_f64().filter(|distance| *distance >= 0.0);
                let radians = distance.ok_or(wrong(name, "a number, 0 or more"))? / units;
                max_radians = Some(max_radians.map_or(radians, |other| other.min(radians)));
            }
        }
        if place.alternative || self.near.is_some() {
            return Err(FilterError::MisplacedNear);
        }
        self.near = Some(Near { path: path.clone(), center });
        Ok(Test::Near { center, max_radians })
    }
}

fn wrong(operator: &'static str, needs: &'static str) -> FilterError {
    FilterError::WrongOperand { operator, needs }
}

fn list<'v>(operator: &'static str, operand: &'v Value) -> Result<&'v [Value]> {
    operand.as_array().map(Vec::as_slice).ok_or(wrong(operator, "a list"))
}

fn is_broken_date(value: &Value) -> bool {
    value.get("__type").and_then(Value::as_str) == Some("Date") && value::instant(value).is_none()
}

fn bound(operator: &'static str, operand: &Value) -> Result<Bound> {
    match operand {
        Value::Number(number) => Ok(Bound::Number(number.clone())),
        Value::String(text) => Ok(Bound::Text { text: text.clone(), date: Timestamp::parse_date(text) }),
        other => match value::instant(other) {
            Some(instant) => Ok(Bound::Date(instant)),
            None => Err(wrong(operator, "a number, a text or a Date")),
        },
    }
}

fn truth(operand: &Value) -> Result<bool> {
    match operand {
        Value::Bool(truth) => Ok(*truth),
        // Numbers stand for truth in older clients.
        Value::Number(number) => Ok(number.as_f64() != Some(0.0)),
        _ => Err(wrong("$exists", "true or false")),
    }
}

fn size(operand: &Value) -> Result<u64> {
    let float = operand.as_f64().filter(|size| *size >= 0.0 && size.fract() == 0.0 && *size <= 1e9);
    // Checked above: a whole number that every integer type holds.
    float.map(|size| size as u64).ok_or(wrong("$size", "a whole number, 0 or more"))
}

fn area(operand: &Value) -> Result<Area> {
    let corners = operand.as_object().filter(|map| map.len() == 1).and_then(|map| map.get("$box"));
    corners
        .and_then(Area::from_json)
        .ok_or(wrong("$within", "a $box of two GeoPoints, southwest and northeast"))
}
