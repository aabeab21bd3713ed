//! Answers that several resources give in the same form.

use std::fmt::Display;

use axum::Json;
use serde_json::{Value, json};

/// A part of a list, and where the next begins if there is one.
pub(super) fn page<T: Display>(name: &str, items: &[T], next: Option<u32>) -> Json<Value> {
    let items: Vec<String> = items.iter().map(T::to_string).collect();
    let mut body = json!({ name: items });
    if let Some(next) = next {
        body["next"] = next.to_string().into();
    }
    Json(body)
}
