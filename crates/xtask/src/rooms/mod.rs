//! Who may use whom inside of the source tree. The compiler keeps crates apart; this keeps the rooms of the
//! server apart, by reading their paths and comparing them with a table ([`rules`]). It also checks that
//! every module tells what it is for.

mod paths;
mod rules;
mod words;

use std::path::Path;

use anyhow::bail;

use crate::tree;

/// Checks the tree.
pub(crate) fn run() -> anyhow::Result<()> {
    let faults = faults(&tree::root())?;
    if faults.is_empty() {
        println!("every room keeps to itself");
        return Ok(());
    }
    bail!("{}", faults.join("\n"));
}

/// Everything in the tree that breaks a rule, one line each.
fn faults(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut faults = Vec::new();
    for (path, text) in tree::files(&root.join("crates/server/src"), ".rs")? {
        faults.extend(rules::forbidden(&path, &text));
    }
    for (path, text) in tree::files(&root.join("crates"), "Cargo.toml")? {
        faults.extend(rules::forbidden_dependencies(&path, &text));
    }
    faults.extend(words::missing(&tree::files(&root.join("crates"), ".rs")?));
    Ok(faults)
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_room_keeps_to_itself() {
        let faults = super::faults(&crate::tree::root()).unwrap();
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}
