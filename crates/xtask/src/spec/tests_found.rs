//! Finding tests in source files, by the marks that the formatter keeps in place.

use std::collections::BTreeSet;
use std::path::Path;

use super::generations::Generations;
use super::{Statement, statements};

/// Where a test belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Suite {
    Server,
    Java,
    JavaScript,
}

/// A test and the statements it cites.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) suite: Suite,
    file: String,
    name: String,
    pub(super) cites: Vec<Statement>,
    /// The versions of the JavaScript SDK that it drives.
    pub(super) drives: BTreeSet<String>,
}

impl Found {
    /// Whether a document may mean this test: by its name, its path, its class (`RoomsTest#name`) or its file.
    pub(super) fn is_called(&self, name: &str) -> bool {
        if let Some((class, method)) = name.split_once('#')
            && self.suite == Suite::Java
        {
            return self.name == method && self.file.ends_with(&format!("/{class}.java"));
        }
        let last = name.rsplit("::").next().unwrap_or(name);
        self.name == name
            || self.name == last
            || self.file == name
            || self.file.ends_with(&format!("/{name}"))
    }
}

/// Functions with a test attribute, up to the brace that closes them. What stands above the attribute counts
/// as theirs.
pub(super) fn in_rust(path: &Path, text: &str) -> Vec<Found> {
    marked(Suite::Server, path, text, &["#[test]", "#[tokio::test"], "fn ")
}

/// Methods with a test annotation, likewise.
pub(super) fn in_java(path: &Path, text: &str) -> Vec<Found> {
    marked(Suite::Java, path, text, &["@Test", "@ParameterizedTest"], "void ")
}

/// What begins with one of `marks`. Its name is the first that follows `keyword`.
fn marked(suite: Suite, path: &Path, text: &str, marks: &[&str], keyword: &str) -> Vec<Found> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let attribute = line.trim_start();
        if !marks.iter().any(|mark| attribute.starts_with(mark)) {
            continue;
        }
        let indent = &line[..line.len() - attribute.len()];
        let above = lines[..at].iter().rev().take_while(|line| line.trim_start().starts_with("//"));
        let end = format!("{indent}}}");
        let body: Vec<&str> = lines[at..].iter().copied().take_while(|line| *line != end).collect();
        let name = body.iter().find_map(|line| line.split_once(keyword)).map(|(_, name)| name);
        let Some(name) = name.and_then(|name| name.split(['(', '<']).next()) else { continue };
        let mut cites = statements(&body.join("\n"));
        cites.extend(above.flat_map(|line| statements(line)));
        let file = path.display().to_string();
        found.push(Found { suite, file, name: name.to_owned(), cites, drives: BTreeSet::new() });
    }
    found
}

/// Calls whose first argument is a title and that stand at the left edge or are indented in a group.
pub(super) fn in_javascript(path: &Path, text: &str, sdks: &Generations) -> Vec<Found> {
    const CALLS: [&str; 4] = ["test", "matrix", "scene", "finds"];
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let call = line.trim_start();
        let named = CALLS.iter().find_map(|name| Some((*name, call.strip_prefix(name)?.strip_prefix('(')?)));
        let Some((called, rest)) = named else { continue };
        let Some(quote) = rest.chars().next().filter(|quote| "'\"`".contains(*quote)) else { continue };
        let Some((title, rest)) = quoted(&rest[1..], quote) else { continue };
        // A test without the matrix is a client without an SDK. A scene brings SDKs of its own choice together.
        let drives = match called {
            "test" => BTreeSet::new(),
            "matrix" => sdks.of(rest, text),
            _ => sdks.of("", ""),
        };
        let indent = line.len() - call.len();
        let next = lines[at + 1..].iter().position(|line| {
            line.len() - line.trim_start().len() <= indent && line.trim_start().starts_with('}')
        });
        let body = &lines[at..next.map_or(lines.len(), |next| at + 1 + next)];
        let cites = statements(&body.join("\n"));
        let file = path.display().to_string();
        found.push(Found { suite: Suite::JavaScript, file, name: title, cites, drives });
    }
    found
}

/// A text up to the quotation mark that ends it, without the backslashes before such marks, and what follows.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let escaped = format!("\\{quote}");
    let end = text.match_indices(quote).find(|(at, _)| !text[..*at].ends_with('\\'))?.0;
    Some((text[..end].replace(&escaped, &quote.to_string()), &text[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rust_test_cites_what_stands_in_and_above_it() {
        let text = "mod tests {\n    // B-1\n    #[test]\n    fn one() {\n        // W-2\n    }\n\n    \
                    #[tokio::test(start_paused = true)]\n    async fn two() {\n        // B-3\n    }\n}\n";
        let found = in_rust(Path::new("server/src/a.rs"), text);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].name.as_str(), found[0].cites.clone()), ("one", vec![('W', 2), ('B', 1)]));
        assert_eq!((found[1].name.as_str(), found[1].cites.clone()), ("two", vec![('B', 3)]));
        assert!(found[0].is_called("a::tests::one") && found[0].is_called("src/a.rs"));
        assert!(!found[0].is_called("two"));
    }

    #[test]
    fn a_java_test_cites_what_stands_in_and_above_it() {
        let text = "class SessionsTest {\n  // B-9 W-107\n  @Test\n  void logsIn() throws Exception {\n    // W-2\n  }\n}\n";
        let found = in_java(Path::new("tests/SessionsTest.java"), text);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].cites, [('W', 2), ('B', 9), ('W', 107)]);
        assert!(found[0].is_called("logsIn") && found[0].is_called("SessionsTest#logsIn"));
        assert!(!found[0].is_called("RoomsTest#logsIn"));
    }

    #[test]
    fn a_javascript_test_cites_its_title_and_its_body() {
        let text = "matrix('S-24 B-9: a client logs in', on, async (stage) => {\n  // W-107\n});\n\
                    test(`W-5: ${what}`, async () => {\n});\ntest('it\\'s on', async () => {\n});\n";
        let found = in_javascript(Path::new("sessions.test.js"), text, &Generations::default());
        assert_eq!(found.len(), 3);
        assert!(found[2].is_called("it's on"));
        assert_eq!(found[0].cites, [('S', 24), ('B', 9), ('W', 107)]);
        assert!(found[0].is_called("S-24 B-9: a client logs in"));
    }
}
