//! Single fields of flat JSON: how they are written, and how leniently they are read.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value};

use super::wire::JsonObjectMessage;

/// A message whose fields are those of a JSON object.
pub(super) trait Flat: Default {
    /// Takes its fields out of an object.
    fn read(object: &mut Map<String, Value>) -> Self;

    /// Adds its fields to an object.
    fn write(&self, object: &mut ObjectWriter);
}

/// The value of a field. A value of the wrong kind counts as absent.
pub(super) trait Field {
    fn read(value: Value) -> Self;

    /// Whether the field is left out.
    fn is_absent(&self) -> bool {
        false
    }

    fn write(&self, json: &mut Vec<u8>);
}

/// Writes one object, field by field.
#[derive(Debug)]
pub(super) struct ObjectWriter(Vec<u8>);

impl Default for ObjectWriter {
    fn default() -> Self {
        Self(vec![b'{'])
    }
}

impl ObjectWriter {
    pub(super) fn field(&mut self, name: &str, value: &impl Field) {
        if !value.is_absent() {
            self.name(name);
            value.write(&mut self.0);
        }
    }

    /// A field whose JSON is there already.
    pub(super) fn raw(&mut self, name: &str, json: &str) {
        self.name(name);
        self.0.extend_from_slice(json.as_bytes());
    }

    pub(super) fn finish(mut self) -> Bytes {
        self.0.push(b'}');
        self.0.into()
    }

    /// The object so far, ready for another field.
    pub(super) fn finish_open(mut self) -> Bytes {
        self.0.push(b',');
        self.0.into()
    }

    fn name(&mut self, name: &str) {
        if self.0.len() > 1 {
            self.0.push(b',');
        }
        text(name, &mut self.0);
        self.0.push(b':');
    }
}

fn text(text: &str, json: &mut Vec<u8>) {
    // Writing text to memory cannot fail.
    let _ = serde_json::to_writer(json, text);
}

fn number(number: i64, json: &mut Vec<u8>) {
    json.extend_from_slice(number.to_string().as_bytes());
}

/// A number, as such or in decimal text (W-408); fractions are cut off.
fn read_number(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => {
            #[expect(clippy::cast_possible_truncation, reason = "the cast stops at the bounds")]
            let cut = || number.as_f64().map(|float| float as i64);
            number.as_i64().or_else(cut)
        }
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

impl Field for Option<i64> {
    fn read(value: Value) -> Self {
        read_number(&value)
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }

    fn write(&self, json: &mut Vec<u8>) {
        number(self.unwrap_or_default(), json);
    }
}

impl Field for Option<i32> {
    fn read(value: Value) -> Self {
        let number = read_number(&value)?;
        Some(i32::try_from(number).unwrap_or(if number < 0 { i32::MIN } else { i32::MAX }))
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }

    fn write(&self, json: &mut Vec<u8>) {
        number(self.unwrap_or_default().into(), json);
    }
}

impl Field for i32 {
    fn read(value: Value) -> Self {
        <Option<Self> as Field>::read(value).unwrap_or_default()
    }

    fn write(&self, json: &mut Vec<u8>) {
        number((*self).into(), json);
    }
}

impl Field for Option<bool> {
    /// Any number but zero is true too (W-406).
    fn read(value: Value) -> Self {
        match value {
            Value::Bool(flag) => Some(flag),
            other => read_number(&other).map(|number| number != 0),
        }
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }

    fn write(&self, json: &mut Vec<u8>) {
        json.extend_from_slice(if *self == Some(true) { b"true" } else { b"false" });
    }
}

impl Field for Option<String> {
    /// Apps pass ids as numbers, and content as objects: their JSON is then the text.
    fn read(value: Value) -> Self {
        match value {
            Value::Null => None,
            Value::String(text) => Some(text),
            other => Some(other.to_string()),
        }
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }

    fn write(&self, json: &mut Vec<u8>) {
        text(self.as_deref().unwrap_or_default(), json);
    }
}

impl Field for String {
    fn read(value: Value) -> Self {
        <Option<Self> as Field>::read(value).unwrap_or_default()
    }

    fn write(&self, json: &mut Vec<u8>) {
        text(self, json);
    }
}

impl Field for Vec<String> {
    /// A single text is a list of one.
    fn read(value: Value) -> Self {
        match value {
            Value::Array(items) => items.into_iter().filter_map(Field::read).collect(),
            single => <Option<String> as Field>::read(single).into_iter().collect(),
        }
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }

    fn write(&self, json: &mut Vec<u8>) {
        list(self, json, |item, json| text(item, json));
    }
}

impl Field for Option<Bytes> {
    /// Bytes are base64 text (W-432).
    fn read(value: Value) -> Self {
        STANDARD.decode(value.as_str()?).ok().map(Bytes::from)
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }

    fn write(&self, json: &mut Vec<u8>) {
        text(&STANDARD.encode(self.as_deref().unwrap_or_default()), json);
    }
}

impl Field for Option<JsonObjectMessage> {
    /// JSON that protobuf carries as text is part of the object here (W-402, W-411).
    fn read(value: Value) -> Self {
        <Option<String> as Field>::read(value).map(|data| JsonObjectMessage { data })
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }

    fn write(&self, json: &mut Vec<u8>) {
        let data = self.as_ref().map_or("", |message| &message.data);
        if data.starts_with(['{', '[']) {
            json.extend_from_slice(data.as_bytes());
        } else {
            text(data, json);
        }
    }
}

impl<T: Flat> Field for Option<T> {
    fn read(value: Value) -> Self {
        match value {
            Value::Object(mut object) => Some(T::read(&mut object)),
            _ => None,
        }
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }

    fn write(&self, json: &mut Vec<u8>) {
        let mut object = ObjectWriter::default();
        if let Some(message) = self {
            message.write(&mut object);
        }
        json.extend_from_slice(&object.finish());
    }
}

impl<T: Flat> Field for Vec<T> {
    fn read(value: Value) -> Self {
        let Value::Array(items) = value else { return Self::new() };
        let objects = items.into_iter().filter_map(|item| match item {
            Value::Object(object) => Some(object),
            _ => None,
        });
        objects.map(|mut object| T::read(&mut object)).collect()
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }

    fn write(&self, json: &mut Vec<u8>) {
        list(self, json, |item, json| {
            let mut object = ObjectWriter::default();
            item.write(&mut object);
            json.extend_from_slice(&object.finish());
        });
    }
}

fn list<T>(items: &[T], json: &mut Vec<u8>, write: impl Fn(&T, &mut Vec<u8>)) {
    json.push(b'[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            json.push(b',');
        }
        write(item, json);
    }
    json.push(b']');
}
