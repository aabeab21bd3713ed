//! Where the text of a typed message stands in its JSON.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A string of JSON. Half a surrogate pair, which JSON can write and Rust's text cannot hold, becomes
/// replacement characters.
struct Text<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Bytes;

        impl<'de> Visitor<'de> for Bytes {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_bytes<E>(self, bytes: &'de [u8]) -> Result<Text<'de>, E> {
                Ok(Text(String::from_utf8_lossy(bytes)))
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Text<'de>, E> {
                Ok(Text(String::from_utf8_lossy(bytes).into_owned().into()))
            }
        }

        from.deserialize_bytes(Bytes)
    }
}

/// The parts of a JSON object that make it a typed message.
#[derive(Default)]
struct Typed<'a> {
    /// Whether the last `_lctype` is an integer (W-425).
    typed: bool,
    /// Each `_lctext`, as written.
    texts: Vec<&'a RawValue>,
}

impl<'de> Deserialize<'de> for Typed<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Typed<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Typed<'de>, A::Error> {
                let mut found = Typed::default();
                while let Some(Text(key)) = map.next_key()? {
                    let value: &RawValue = map.next_value()?;
                    match &*key {
                        "_lctype" => {
                            found.typed = value.get().parse().is_ok_and(|number: f64| number.fract() == 0.0);
                        }
                        "_lctext" => found.texts.push(value),
                        _ => {}
                    }
                }
                Ok(found)
            }
        }

        from.deserialize_map(Object)
    }
}

/// Where the strings of `_lctext` stand in a typed message, quotes included; `None` if it is no typed message.
/// Nearly always there is one.
pub(super) fn texts(json: &str) -> Option<Vec<Range<usize>>> {
    if !json.trim_start().starts_with('{') {
        return None;
    }
    let found: Typed<'_> = serde_json::from_str(json).ok()?;
    let start_of = |value: &str| value.as_ptr().addr() - json.as_ptr().addr();
    let spans = found.texts.into_iter().map(RawValue::get).filter(|text| text.starts_with('"'));
    found.typed.then(|| spans.map(|text| start_of(text)..start_of(text) + text.len()).collect())
}

/// The JSON with the strings at these places rewritten, or `None` if none of them is.
pub(super) fn rewrite(
    json: &str,
    spans: &[Range<usize>],
    rewritten: impl Fn(&str) -> Option<String>,
) -> Option<String> {
    let mut result = String::new();
    let mut copied = 0;
    for span in spans {
        let Ok(Text(text)) = serde_json::from_str(&json[span.clone()]) else { continue };
        let Some(text) = rewritten(&text) else { continue };
        result.push_str(&json[copied..span.start]);
        result.push_str(&serde_json::Value::String(text).to_string());
        copied = span.end;
    }
    (copied > 0).then(|| {
        result.push_str(&json[copied..]);
        result
    })
}
