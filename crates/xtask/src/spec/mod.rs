//! Which statements of the specification tests cite, whether the tests that `docs/features.md` names are there, and
//! whether those of `docs/compatibility.md` show what it claims. A statement is a letter and a number: B-20, W-143, R-27, S-5, T-9.

mod compatibility;
mod generations;
mod tests_found;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, bail};

use crate::tree;
use generations::Generations;
use tests_found::{Found, in_java, in_javascript, in_rust};

/// A letter and a number.
type Statement = (char, u32);

const LETTERS: &str = "BRSTW";

/// Prints the coverage and checks the names.
pub(crate) fn run(against: Option<&Path>) -> anyhow::Result<()> {
    let root = tree::root();
    let found = all_tests(&root)?;
    let mut cited: BTreeMap<Statement, usize> = BTreeMap::new();
    for test in &found {
        for statement in &test.cites {
            *cited.entry(*statement).or_default() += 1;
        }
    }
    println!("{} tests cite {} statements", found.len(), cited.len());
    for letter in LETTERS.chars() {
        let count = cited.keys().filter(|(cited, _)| *cited == letter).count();
        println!("  {letter}: {count}");
    }
    if let Some(folder) = against {
        let mut all = BTreeSet::new();
        for (_, text) in tree::files(folder, ".md")? {
            all.extend(defined(&text));
        }
        let open: Vec<_> = all.iter().filter(|statement| !cited.contains_key(*statement)).collect();
        println!("{} of {} statements are cited by no test:", open.len(), all.len());
        for (letter, number) in open {
            println!("  {letter}-{number}");
        }
    }
    let faults = faults(&root, &found)?;
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    Ok(())
}

fn all_tests(root: &Path) -> anyhow::Result<Vec<Found>> {
    let mut found = Vec::new();
    for (path, text) in tree::files(&root.join("crates"), ".rs")? {
        found.extend(in_rust(&path, &text));
    }
    let suites = root.join("tests");
    if suites.is_dir() {
        let sdks = tree::files(&suites.join("conformance-js/sdk"), ".js")?;
        let sdks: Vec<&str> = sdks.iter().map(|(_, text)| text.as_str()).collect();
        let sdks = Generations::declared(&sdks);
        for (path, text) in tree::files(&suites, ".test.js")? {
            found.extend(in_javascript(&path, &text, &sdks));
        }
        for (path, text) in tree::files(&suites, "Test.java")? {
            found.extend(in_java(&path, &text));
        }
    }
    Ok(found)
}

/// Tests that the documents name and that are not there, and claims that none of them shows.
fn faults(root: &Path, found: &[Found]) -> anyhow::Result<Vec<String>> {
    let read = |document: &str| {
        let path = root.join(document);
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    let (features, compatibility) = ("docs/features.md", "docs/compatibility.md");
    let mut faults = unknown_tests(features, &read(features)?, found);
    let text = read(compatibility)?;
    faults.extend(unknown_tests(compatibility, &text, found));
    faults.extend(compatibility::faults(compatibility, &text, found));
    Ok(faults)
}

/// In a table with a column `Tests`, every code span of that column must be a test: the name of a Rust or Java
/// test, the title of a JavaScript test, or a file of tests.
fn unknown_tests(document: &str, text: &str, found: &[Found]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut column = None;
    for (number, line) in text.lines().enumerate() {
        if !line.starts_with('|') {
            column = None;
            continue;
        }
        let cells = cells(line);
        let Some(tests) = column else {
            column = cells.iter().position(|cell| cell == "Tests");
            continue;
        };
        let cell = cells.get(tests).map_or("", String::as_str);
        for name in cell.split('`').skip(1).step_by(2) {
            if !found.iter().any(|test| test.is_called(name)) {
                faults.push(format!("{document}:{}: there is no test `{name}`", number + 1));
            }
        }
    }
    faults
}

/// The cells of a row; a bar with a backslash before it is text.
fn cells(row: &str) -> Vec<String> {
    row.replace("\\|", "\u{0}")
        .trim()
        .trim_matches('|')
        .split('|')
        .map(|cell| cell.trim().replace('\u{0}', "|"))
        .collect()
}

/// The statements that a text of the specification makes: in bold, or first in a row of a table.
fn defined(text: &str) -> BTreeSet<Statement> {
    let bold = text.split("**").skip(1).step_by(2);
    let rows =
        text.lines().filter_map(|line| line.strip_prefix("| ")).filter_map(|row| row.split(' ').next());
    bold.chain(rows)
        .filter_map(|words| {
            let found = statements(words);
            let first = *found.first()?;
            (words == format!("{}-{}", first.0, first.1)).then_some(first)
        })
        .collect()
}

/// Every statement named in a text, in order.
fn statements(text: &str) -> Vec<Statement> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices('-') {
        let (before, after) = (&text[..at], &text[at + 1..]);
        let mut earlier = before.chars().rev();
        let Some(letter) = earlier.next().filter(|letter| LETTERS.contains(*letter)) else { continue };
        if earlier.next().is_some_and(char::is_alphanumeric) {
            continue;
        }
        let digits = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if let Ok(number) = after[..digits].parse() {
            found.push((letter, number));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tests_that_the_documents_name_are_there() {
        let root = tree::root();
        let faults = faults(&root, &all_tests(&root).unwrap()).unwrap();
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }

    #[test]
    fn statements_are_found_in_words() {
        let text = "// B-20, W-143 (R-7); UTF-8 and XB-9 are none, S- neither";
        assert_eq!(statements(text), [('B', 20), ('W', 143), ('R', 7)]);
        assert_eq!(
            defined("- **B-1** As in B-2 and **bold B-3**.\n| S-9 | x |"),
            [('B', 1), ('S', 9)].into()
        );
    }

    #[test]
    fn a_feature_with_a_test_that_is_not_there_is_a_fault() {
        let found = in_rust(Path::new("a.rs"), "#[test]\nfn it_rains() {\n}\n");
        let text =
            "| Row | Tests |\n| --- | --- |\n| S-1 | `it_rains` |\n| S-2 | `it_snows`, `a.rs` |\n\n`free`\n";
        assert_eq!(unknown_tests("a.md", text, &found), ["a.md:4: there is no test `it_snows`"]);
    }
}
