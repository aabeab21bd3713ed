//! Values with a unit: durations as `30s`, sizes as `64KiB`.

use std::fmt;
use std::time::Duration;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

use super::setting::Setting;

/// Units of time, the largest first, in milliseconds.
const TIMES: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

/// Units of size, the largest first, in bytes.
const SIZES: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub usize);

impl ByteSize {
    /// So many times 1024 bytes.
    #[must_use]
    pub const fn kib(count: usize) -> Self {
        Self(count << 10)
    }

    /// So many times 1024 KiB.
    #[must_use]
    pub const fn mib(count: usize) -> Self {
        Self(count << 20)
    }
}

impl Setting for Duration {
    const FORM: &'static str = "duration";

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let expected = "a duration with its unit such as `30s` (units: ms, s, m, h, d)";
        quantity(from, &TIMES, expected).map(Self::from_millis)
    }

    fn show(&self) -> String {
        show(u64::try_from(self.as_millis()).unwrap_or(u64::MAX), &TIMES, "0s")
    }
}

impl Setting for ByteSize {
    const FORM: &'static str = "size";

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let expected = "a size with its unit such as `64KiB` (units: B, KiB, MiB, GiB)";
        let bytes = quantity(from, &SIZES, expected)?;
        usize::try_from(bytes)
            .map(Self)
            .map_err(|_| Error::invalid_value(Unexpected::Unsigned(bytes), &expected))
    }

    fn show(&self) -> String {
        show(self.0 as u64, &SIZES, "0B")
    }
}

fn quantity<'de, D: Deserializer<'de>>(
    from: D,
    units: &[(&str, u64)],
    expected: &'static str,
) -> Result<u64, D::Error> {
    let text = word(from)?;
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let factor = units.iter().find(|(name, _)| *name == unit.trim_start()).map(|(_, factor)| *factor);
    match (number.parse::<u64>(), factor) {
        (Ok(number), Some(factor)) => number.checked_mul(factor),
        _ => None,
    }
    .ok_or_else(|| Error::invalid_value(Unexpected::Str(&text), &expected))
}

/// In the largest unit that needs no fraction.
fn show(amount: u64, units: &[(&str, u64)], zero: &str) -> String {
    if amount == 0 {
        return format!("{zero:?}");
    }
    units
        .iter()
        .find(|(_, factor)| amount.is_multiple_of(*factor))
        .map_or_else(|| amount.to_string(), |(name, factor)| format!("\"{}{name}\"", amount / factor))
}

/// A text, or a number as text: whoever writes `2019` without quotes means the same.
pub(super) fn word<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    struct Word;

    impl Visitor<'_> for Word {
        type Value = String;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
            Ok(text.to_owned())
        }

        fn visit_i64<E: Error>(self, number: i64) -> Result<String, E> {
            Ok(number.to_string())
        }

        fn visit_u64<E: Error>(self, number: u64) -> Result<String, E> {
            Ok(number.to_string())
        }
    }

    from.deserialize_any(Word)
}

/// A text that must not appear in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps a text secret.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        word(from).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use serde::de::IntoDeserializer;
    use serde::de::value::{Error as ValueError, StrDeserializer, U64Deserializer};

    use super::*;

    fn duration(text: &str) -> Result<Duration, ValueError> {
        let from: StrDeserializer<'_, ValueError> = text.into_deserializer();
        Duration::read(from)
    }

    fn size(text: &str) -> Result<ByteSize, ValueError> {
        let from: StrDeserializer<'_, ValueError> = text.into_deserializer();
        ByteSize::read(from)
    }

    #[test]
    fn durations_are_read_with_every_unit() {
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("2 m"), Ok(Duration::from_secs(120)));
        assert_eq!(duration("1h"), Ok(Duration::from_secs(3600)));
        assert_eq!(duration("7d"), Ok(Duration::from_secs(604_800)));
    }

    #[test]
    fn sizes_are_read_with_every_unit() {
        assert_eq!(size("17B"), Ok(ByteSize(17)));
        assert_eq!(size("64KiB"), Ok(ByteSize::kib(64)));
        assert_eq!(size("1MiB"), Ok(ByteSize::mib(1)));
        assert_eq!(size("2GiB"), Ok(ByteSize::mib(2048)));
    }

    #[test]
    fn a_quantity_without_a_known_unit_is_refused() {
        for text in
            ["", "30", "s", "30 parsecs", "-1s", "1.5s", "99999999999999999999s", "18446744073709551615d"]
        {
            assert!(duration(text).is_err(), "{text}");
        }
        for text in ["64", "64KB", "KiB", "64kib"] {
            assert!(size(text).is_err(), "{text}");
        }
        let from: U64Deserializer<ValueError> = 30_u64.into_deserializer();
        assert!(Duration::read(from).unwrap_err().to_string().contains("such as `30s`"));
    }

    #[test]
    fn quantities_are_shown_as_they_are_written() {
        for text in ["250ms", "30s", "2m", "7d"] {
            assert_eq!(duration(text).unwrap().show(), format!("{text:?}"));
        }
        assert_eq!(duration("120s").unwrap().show(), "\"2m\"");
        assert_eq!(size("1536B").unwrap().show(), "\"1536B\"");
        assert_eq!(size("0B").unwrap().show(), "\"0B\"");
    }

    #[test]
    fn a_secret_does_not_show_in_debug_output() {
        assert!(!format!("{:?}", Secret::new("hunter2")).contains("hunter2"));
    }
}
