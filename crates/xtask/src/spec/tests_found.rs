//! Finding tests in source files, by the marks that the formatter keeps in place.

use std::path::Path;

use super::{Statement, statements};

/// A test and the statements it cites.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    file: String,
    name: String,
    pub(super) cites: Vec<Statement>,
}

impl Found {
    /// Whether a document may mean this test: by its name, its path or its file.
    pub(super) fn is_called(&self, name: &str) -> bool {
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
    marked(path, text, &["#[test]", "#[tokio::test"], "fn ")
}

/// Methods with a test annotation, likewise.
pub(super) fn in_java(path: &Path, text: &str) -> Vec<Found> {
    marked(path, text, &["@Test", "@ParameterizedTest"], "void ")
}

/// What begins with one of `marks`. Its name is the first that follows `keyword`.
fn marked(path: &Path, text: &str, marks: &[&str], keyword: &str) -> Vec<Found> {
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
        found.push(Found { file: path.display().to_string(), name: name.to_owned(), cites });
    }
    found
}

/// Calls whose first argument is a title and that stand at the left edge or are indented in a group.
pub(super) fn in_javascript(path: &Path, text: &str) -> Vec<Found> {
    const CALLS: [&str; 4] = ["test", "matrix", "scene", "finds"];
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let call = line.trim_start();
        let Some(rest) = CALLS.iter().find_map(|name| call.strip_prefix(name)?.strip_prefix('(')) else {
            continue;
        };
        let Some(quote) = rest.chars().next().filter(|quote| "'\"`".contains(*quote)) else { continue };
        let Some(title) = rest[1..].split(quote).next() else { continue };
        let indent = line.len() - call.len();
        let next = lines[at + 1..].iter().position(|line| {
            line.len() - line.trim_start().len() <= indent && line.trim_start().starts_with('}')
        });
        let body = &lines[at..next.map_or(lines.len(), |next| at + 1 + next)];
        let cites = statements(&body.join("\n"));
        found.push(Found { file: path.display().to_string(), name: title.to_owned(), cites });
    }
    found
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
        assert!(found[0].is_called("logsIn"));
    }

    #[test]
    fn a_javascript_test_cites_its_title_and_its_body() {
        let text = "matrix('S-24 B-9: a client logs in', on, async (stage) => {\n  // W-107\n});\n\
                    test(`W-5: ${what}`, async () => {\n});\n";
        let found = in_javascript(Path::new("sessions.test.js"), text);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].cites, [('S', 24), ('B', 9), ('W', 107)]);
        assert!(found[0].is_called("S-24 B-9: a client logs in"));
    }
}
