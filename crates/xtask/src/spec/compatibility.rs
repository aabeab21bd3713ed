//! Whether `docs/compatibility.md` claims no more than tests show. Its tables of features have a column for each
//! SDK; the tables that follow them name the tests of each row.

use std::collections::BTreeMap;

use super::cells;
use super::tests_found::{Found, Suite};

const TESTED: &str = "✓";
const SAME_FORM: &str = "=";
const MARKS: [&str; 4] = [TESTED, SAME_FORM, "–", "later"];
const SUITES: [(&str, Suite); 3] = [
    ("Tests: JavaScript", Suite::JavaScript),
    ("Tests: Java", Suite::Java),
    ("Tests: server", Suite::Server),
];

/// A row of a table of features.
struct Row {
    line: usize,
    /// The heading of a column and the mark in it.
    marks: Vec<(String, String)>,
    remarks: String,
}

pub(super) fn faults(document: &str, text: &str, found: &[Found]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    let mut tests: BTreeMap<String, Vec<&Found>> = BTreeMap::new();
    let mut heading: Option<Vec<String>> = None;
    for (number, line) in text.lines().enumerate() {
        if !line.starts_with('|') {
            heading = None;
            continue;
        }
        let cells = cells(line);
        let Some(heading) = &heading else {
            heading = Some(cells);
            continue;
        };
        let (Some("Row"), Some(row)) = (heading.first().map(String::as_str), cells.first()) else { continue };
        if row.starts_with('-') {
            continue;
        }
        let columns = || heading.iter().zip(&cells);
        if heading.iter().any(|name| name.starts_with("Tests: ")) {
            if !rows.contains_key(row) {
                faults.push(format!("{}: there is no row {row}", number + 1));
            }
            for (column, cell) in columns() {
                let Some((_, suite)) = SUITES.iter().find(|(name, _)| name == column) else { continue };
                for name in cell.split('`').skip(1).step_by(2) {
                    match found.iter().find(|test| test.suite == *suite && test.is_called(name)) {
                        Some(test) => tests.entry(row.clone()).or_default().push(test),
                        None => faults.push(format!("{}: there is no test `{name}`", number + 1)),
                    }
                }
            }
        } else {
            let marks = columns().skip(2).map(|(column, cell)| (column.clone(), cell.clone()));
            let mut marks: Vec<_> = marks.collect();
            let remarks = marks.pop().map(|(_, remarks)| remarks).unwrap_or_default();
            let seen = rows.insert(row.clone(), Row { line: number + 1, marks, remarks });
            if seen.is_some() {
                faults.push(format!("{}: {row} is there twice", number + 1));
            }
        }
    }
    for (name, row) in &rows {
        let tests = tests.get(name).map_or(&[][..], Vec::as_slice);
        faults.extend(row.faults(name, tests));
    }
    faults.into_iter().map(|fault| format!("{document}:{fault}")).collect()
}

impl Row {
    fn faults(&self, name: &str, tests: &[&Found]) -> Vec<String> {
        let mut faults = Vec::new();
        for (sdk, mark) in &self.marks {
            let fault = match mark.as_str() {
                TESTED if !tests.iter().any(|test| shows(test, sdk)) => "no named test shows it",
                SAME_FORM if tests.is_empty() => "no test is named",
                SAME_FORM if !self.remarks.contains("W-") => "no statement says what is sent",
                mark if MARKS.contains(&mark) => continue,
                _ => "the mark means nothing",
            };
            faults.push(format!("{}: {name}, {sdk}: {fault}", self.line));
        }
        faults
    }
}

/// Whether a test drives the SDK of a column.
fn shows(test: &Found, sdk: &str) -> bool {
    match test.suite {
        Suite::Server => false,
        Suite::Java => sdk == "Java",
        Suite::JavaScript => test.drives.iter().any(|version| version.starts_with(sdk)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::generations::Generations;
    use crate::spec::tests_found::{in_java, in_javascript};
    use std::path::Path;

    const FEATURES: &str =
        "| Row | Feature | 2.4 | Java | Swift | Remarks |\n| --- | --- | - | - | - | --- |\n";
    const TESTS: &str =
        "| Row | Tests: JavaScript | Tests: Java | Tests: server |\n| --- | --- | --- | --- |\n";

    fn check(row: &str, tests: &str) -> Vec<String> {
        let sdks = Generations::declared(&[
            "export const v2 = { name: '2.4.0', can: new Set([]) };",
            "export const v4 = modern({ name: '4.3.1', can: ['roles'] });",
        ]);
        let javascript = "matrix('it rains', { sdks: [v2] }, async () => {\n});\n\
                          matrix('it snows', { sdks: having('roles') }, async () => {\n});\n\
                          test('it thaws', async () => {\n});\n";
        let mut found = in_javascript(Path::new("a.test.js"), javascript, &sdks);
        found.extend(in_java(Path::new("t/ATest.java"), "  @Test\n  void rains() {\n  }\n"));
        faults("a.md", &format!("{FEATURES}{row}\n\n{TESTS}{tests}\n"), &found)
    }

    #[test]
    fn a_mark_is_good_if_a_test_drives_that_sdk() {
        let row = "| A-1 | rain | ✓ | ✓ | = | W-1 |";
        assert_eq!(check(row, "| A-1 | `it rains` | `ATest#rains` | – |"), [""; 0]);
        assert_eq!(
            check(row, "| A-1 | `it snows`<br>`it thaws` | `BTest#rains` | – |"),
            [
                "a.md:7: there is no test `BTest#rains`",
                "a.md:3: A-1, 2.4: no named test shows it",
                "a.md:3: A-1, Java: no named test shows it",
            ]
        );
    }

    #[test]
    fn what_is_not_driven_has_a_test_of_its_form_and_a_statement() {
        assert_eq!(check("| A-1 | rain | = | – | later | W-1 |", "| A-1 | `it thaws` | – | – |"), [""; 0]);
        assert_eq!(
            check("| A-1 | rain | = | – | – | none |", "| A-1 | `it thaws` | – | – |"),
            ["a.md:3: A-1, 2.4: no statement says what is sent"]
        );
        assert_eq!(
            check("| A-1 | rain | = | – | yes | W-1 |", ""),
            ["a.md:3: A-1, 2.4: no test is named", "a.md:3: A-1, Swift: the mark means nothing",]
        );
    }
}
