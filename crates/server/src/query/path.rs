//! Dotted field names.

use serde_json::Value;

use super::error::quoted;
use super::{Budget, Document, FieldRef, FilterError};

/// How many parts a dotted name may have.
pub const MAX_SEGMENTS: usize = 32;

/// A field name in a condition or a sort order: a property, or with dots a place inside one (B-366).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    text: String,
}

impl Path {
    /// Reads a name as the client wrote it; nothing is prefixed or translated (B-365).
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let segments = text.split('.').count();
        let sound = segments <= MAX_SEGMENTS
            && text.split('.').all(|part| !part.is_empty() && !part.starts_with('$'));
        if sound { Ok(Self { text: text.to_owned() }) } else { Err(FilterError::BadField(quoted(text))) }
    }

    /// The name as the client wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Shows `test` what is at this place until it says yes. A part of the name that meets a list is an index
    /// if it is a number, and is looked up in every object of the list: `attr.tags.0`, `attr.items.price`.
    pub(super) fn any<D: Document + ?Sized>(
        &self,
        document: &D,
        budget: &mut Budget,
        test: &mut dyn FnMut(FieldRef<'_>, &mut Budget) -> Result<bool, FilterError>,
    ) -> Result<bool, FilterError> {
        budget.spend(1)?;
        let (property, rest) = match self.text.split_once('.') {
            Some((property, rest)) => (property, Some(rest)),
            None => (&*self.text, None),
        };
        match (document.field(property), rest) {
            (None, _) => Ok(false),
            (Some(field), None) => test(field, budget),
            (Some(FieldRef::Json(value)), Some(rest)) => descend(value, rest, budget, test),
            (Some(FieldRef::Clients(clients)), Some(rest)) => {
                match rest.parse::<usize>().ok().and_then(|index| clients.get(index)) {
                    Some(client) => test(FieldRef::Text(client.as_str()), budget),
                    None => Ok(false),
                }
            }
            (Some(_), Some(_)) => Ok(false),
        }
    }

    /// The first thing at this place, for sorting.
    pub(super) fn first<'d, D: Document + ?Sized>(&self, document: &'d D) -> Option<FieldRef<'d>> {
        let mut parts = self.text.split('.');
        let mut found = document.field(parts.next()?)?;
        for part in parts {
            found = match found {
                FieldRef::Json(Value::Object(map)) => FieldRef::Json(map.get(part)?),
                FieldRef::Json(Value::Array(items)) => {
                    FieldRef::Json(items.get(part.parse::<usize>().ok()?)?)
                }
                FieldRef::Clients(clients) => {
                    FieldRef::Text(clients.get(part.parse::<usize>().ok()?)?.as_str())
                }
                _ => return None,
            };
        }
        Some(found)
    }
}

/// Goes one part of the name deeper. Recursion is bounded by [`MAX_SEGMENTS`].
fn descend(
    value: &Value,
    rest: &str,
    budget: &mut Budget,
    test: &mut dyn FnMut(FieldRef<'_>, &mut Budget) -> Result<bool, FilterError>,
) -> Result<bool, FilterError> {
    budget.spend(1)?;
    let (part, deeper) = match rest.split_once('.') {
        Some((part, deeper)) => (part, Some(deeper)),
        None => (rest, None),
    };
    let mut visit = |value: &Value, budget: &mut Budget| match deeper {
        None => test(FieldRef::Json(value), budget),
        Some(deeper) => descend(value, deeper, budget, test),
    };
    match value {
        Value::Object(map) => match map.get(part) {
            Some(value) => visit(value, budget),
            None => Ok(false),
        },
        Value::Array(items) => {
            if let Some(item) = part.parse::<usize>().ok().and_then(|index| items.get(index))
                && visit(item, budget)?
            {
                return Ok(true);
            }
            for item in items {
                budget.spend(1)?;
                if let Some(value) = item.as_object().and_then(|map| map.get(part))
                    && visit(value, budget)?
                {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        _ => Ok(false),
    }
}
