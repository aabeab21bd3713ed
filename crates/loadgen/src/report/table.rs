//! Rows as an aligned table.

use std::fmt::Write;

use super::budget::Judged;
use super::{CALM, Row, Verdict};

const HEAD: [&str; 8] = ["budget", "what", "measured", "limit", "ratio", "must", "aim", "result"];

/// One line for each row, columns aligned; the note follows the last column.
pub(super) fn render(rows: &[Row]) -> String {
    let lines: Vec<[String; 8]> =
        std::iter::once(HEAD.map(str::to_owned)).chain(rows.iter().map(cells)).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 8] = std::array::from_fn(width);
    let notes = std::iter::once(String::new()).chain(rows.iter().map(note));
    let mut text = String::new();
    for (line, note) in lines.iter().zip(notes) {
        let mut out = String::new();
        for (column, (cell, width)) in line.iter().zip(widths).enumerate() {
            let gap = if column == 0 { "" } else { "  " };
            // Words to the left, numbers to the right.
            let written = match column {
                0 | 1 | 7 => write!(out, "{gap}{cell:<width$}"),
                _ => write!(out, "{gap}{cell:>width$}"),
            };
            written.expect("writing to a string does not fail");
        }
        if !note.is_empty() {
            out.push_str("  ");
            out.push_str(&note);
        }
        text.push_str(out.trim_end());
        text.push('\n');
    }
    text
}

/// What is said behind the columns.
fn note(row: &Row) -> String {
    match (row.others > CALM, row.note.as_str()) {
        (false, note) => note.to_owned(),
        (true, "") => format!("disturbed by others, {:.1} cores", row.others),
        (true, note) => format!("{note}; disturbed by others, {:.1} cores", row.others),
    }
}

fn cells(row: &Row) -> [String; 8] {
    let show = |value: f64| row.unit.show(value);
    let bound = |bound: f64| match row.budget.map(|budget| budget.judged) {
        Some(Judged::RatioAtLeast) => format!("≥ {bound:.2}"),
        Some(Judged::RatioAtMost) => format!("≤ {bound:.1}"),
        Some(Judged::AddedAtMost) => format!("≤ +{}", show(bound)),
        Some(Judged::ValueAtMost) => format!("≤ {}", show(bound)),
        None => String::new(),
    };
    let ratio = match (row.budget.map(|budget| budget.judged), row.limit, row.ratio()) {
        (Some(Judged::AddedAtMost), Some(limit), _) => Signed(show(row.value - limit)).to_string(),
        (_, _, Some(ratio)) => format!("{ratio:.2}"),
        _ => String::new(),
    };
    [
        row.budget.map_or_else(String::new, |budget| budget.name.to_owned()),
        row.what.clone(),
        show(row.value),
        row.limit.map_or_else(String::new, show),
        ratio,
        row.budget.map_or_else(String::new, |budget| bound(budget.must)),
        row.budget.map_or_else(String::new, |budget| bound(budget.aim)),
        match row.verdict() {
            Some(Verdict::Aim) => "aim met",
            Some(Verdict::Must) => "must met",
            Some(Verdict::Missed) => "MISSED",
            None => "",
        }
        .to_owned(),
    ]
}

/// A number already in words, shown with its sign even if it is positive.
struct Signed(String);

impl std::fmt::Display for Signed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.0.starts_with('-') { "" } else { "+" };
        write!(f, "{sign}{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Unit, budget};
    use super::*;

    #[test]
    fn columns_line_up_and_notes_follow() {
        let rows = [
            Row::new("fan-out", Unit::PerSecond, 90_000.0).limit(100_000.0).budget(budget::G1),
            Row::new("an idle connection", Unit::Bytes, 5.0 * 1024.0)
                .budget(budget::G3)
                .note("10,000 clients"),
            Row::new("echo", Unit::Seconds, 0.003).limit(0.002_5).budget(budget::G12),
        ];
        let text = render(&rows);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4);
        let at = |line: &str, word: &str| {
            line.find(word)
                .map(|byte| line[..byte].chars().count())
                .unwrap_or_else(|| panic!("{word} in {line}"))
        };
        assert_eq!(at(lines[1], "fan-out"), at(lines[2], "an idle"));
        assert_eq!(at(lines[1], "aim met"), at(lines[2], "MISSED"));
        assert!(lines[1].contains("90,000/s  100,000/s"), "{text}");
        assert!(lines[1].contains("≥ 0.75") && lines[1].contains("0.90"), "{text}");
        assert!(lines[2].ends_with("10,000 clients"), "{text}");
        let mut disturbed = rows[1].clone();
        disturbed.others = 1.25;
        assert!(render(&[disturbed]).ends_with("10,000 clients; disturbed by others, 1.2 cores\n"));
        assert!(lines[3].contains("+500 µs") && lines[3].contains("≤ +2.00 ms"), "{text}");
    }
}
