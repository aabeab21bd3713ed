//! Numbers as people read them.

use serde::Serialize;

/// What a figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Unit {
    PerSecond,
    Count,
    /// Seconds, shown as ns, µs, ms or s.
    Seconds,
    Bytes,
}

impl Unit {
    pub(crate) fn show(self, value: f64) -> String {
        match self {
            Self::PerSecond => format!("{}/s", grouped(value)),
            Self::Count => grouped(value),
            Self::Seconds => scaled(value * 1e9, 1000.0, &["ns", "µs", "ms", "s"]),
            Self::Bytes => scaled(value, 1024.0, &["B", "KiB", "MiB", "GiB"]),
        }
    }
}

fn scaled(value: f64, step: f64, units: &[&str]) -> String {
    let mut value = value;
    let mut unit = 0;
    while value.abs() >= step && unit + 1 < units.len() {
        value /= step;
        unit += 1;
    }
    match value.abs() {
        whole if unit == 0 || whole >= 100.0 => format!("{value:.0} {}", units[unit]),
        tens if tens >= 10.0 => format!("{value:.1} {}", units[unit]),
        _ => format!("{value:.2} {}", units[unit]),
    }
}

/// Whole numbers with a comma every three digits.
fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_has_two_to_three_digits_that_matter_and_its_unit() {
        assert_eq!(Unit::PerSecond.show(1_234_567.8), "1,234,568/s");
        assert_eq!(Unit::PerSecond.show(999.0), "999/s");
        assert_eq!(Unit::Count.show(12_000.0), "12,000");
        assert_eq!(Unit::Seconds.show(0.000_000_250), "250 ns");
        assert_eq!(Unit::Seconds.show(0.000_123_4), "123 µs");
        assert_eq!(Unit::Seconds.show(0.012_34), "12.3 ms");
        assert_eq!(Unit::Seconds.show(2.5), "2.50 s");
        assert_eq!(Unit::Seconds.show(-0.000_002), "-2.00 µs");
        assert_eq!(Unit::Bytes.show(4710.4), "4.60 KiB");
        assert_eq!(Unit::Bytes.show(31_457_280.0), "30.0 MiB");
    }
}
