//! Every module tells what it is for: a newcomer reads the folders' first lines before any code.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Folders whose files are made by a program.
const GENERATED: &[&str] = &["protocol/src/gen"];

/// Most lines of a module's own documentation.
const MOST_LINES: usize = 12;

/// Folders without a module that says what it owns, and modules that say it at too great a length. The paths
/// are relative to `crates`.
pub(super) fn missing(files: &[(PathBuf, String)]) -> Vec<String> {
    let sources: Vec<_> =
        files.iter().filter(|(path, _)| path.iter().nth(1).is_some_and(|folder| folder == "src")).collect();
    let folders: BTreeSet<&Path> = sources.iter().filter_map(|(path, _)| path.parent()).collect();
    let mut faults = Vec::new();
    for folder in folders {
        if GENERATED.iter().any(|generated| folder == Path::new(generated)) {
            continue;
        }
        let heads = [
            folder.join("lib.rs"),
            folder.join("mod.rs"),
            folder.join("main.rs"),
            folder.with_extension("rs"),
        ];
        let head = heads.iter().find_map(|head| sources.iter().find(|(path, _)| path == head));
        let Some((path, text)) = head else {
            faults.push(format!("{}: no module of its own", folder.display()));
            continue;
        };
        let lines = text.lines().take_while(|line| line.starts_with("//!")).count();
        if lines == 0 {
            faults.push(format!("{}: does not begin with what it owns (`//!`)", path.display()));
        } else if lines > MOST_LINES {
            faults.push(format!("{}: says what it owns in {lines} lines, not {MOST_LINES}", path.display()));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(files: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<_> =
            files.iter().map(|(path, text)| (PathBuf::from(path), (*text).to_owned())).collect();
        missing(&files)
    }

    #[test]
    fn a_folder_that_does_not_say_what_it_owns_is_a_fault() {
        let found =
            faults(&[("server/src/lib.rs", "//! The server.\n"), ("server/src/bus/mod.rs", "mod a;\n")]);
        assert_eq!(found, ["server/src/bus/mod.rs: does not begin with what it owns (`//!`)"]);
    }

    #[test]
    fn a_module_may_stand_beside_its_folder() {
        let files = [
            ("session/src/lib.rs", "//! A.\n"),
            ("session/src/a.rs", "//! B.\n"),
            ("session/src/a/tests.rs", ""),
        ];
        assert!(faults(&files).is_empty());
    }
}
