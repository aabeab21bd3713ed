//! Which generations of the JavaScript SDK a test runs with, read from the suite's own words: `sdks: having('roles')`.

use std::collections::{BTreeMap, BTreeSet};

/// The generations: the name of each in the suite, its version, and what it can do.
#[derive(Debug, Default)]
pub(super) struct Generations {
    all: BTreeMap<String, (String, BTreeSet<String>)>,
}

impl Generations {
    /// Reads the declarations `export const v4 = … name: '4.3.1' … can: […COMMON, 'roles']` of some files.
    pub(super) fn declared(files: &[&str]) -> Self {
        let mut all = BTreeMap::new();
        for text in files {
            let common = after(text, "const COMMON = [").map(|list| words(list, ']')).unwrap_or_default();
            for declaration in text.split("export const ").skip(1) {
                let Some((name, rest)) = declaration.split_once(" = ") else { continue };
                let Some(version) = after(rest, "name: '").and_then(|rest| rest.split('\'').next()) else {
                    continue;
                };
                let Some(list) = after(rest, "can: ") else { continue };
                let mut can = words(list, ']');
                if list.split(']').next().is_some_and(|list| list.contains("...COMMON")) {
                    can.extend(common.iter().cloned());
                }
                all.insert(name.to_owned(), (version.to_owned(), can));
            }
        }
        Self { all }
    }

    /// The versions with which `matrix(title, options, …)` runs; `call` is what follows the title on its line.
    pub(super) fn of(&self, call: &str, file: &str) -> BTreeSet<String> {
        let options = call.split("async").next().unwrap_or(call);
        let named =
            after(options, "sdks: ").map(|named| self.meant(named.trim_end_matches([' ', ',', '}']), file));
        let shared = || {
            let on = options.contains("on").then(|| after(file, "const on = "))??;
            after(on.lines().next()?, "sdks: ").map(|named| self.meant(named, file))
        };
        named
            .or_else(shared)
            .unwrap_or_else(|| self.all.values().map(|(version, _)| version.clone()).collect())
    }

    /// The versions that an expression names: by what they can do, one by one, or by a constant of the file.
    fn meant(&self, expression: &str, file: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for part in expression.split("having(").skip(1) {
            let wanted = words(part, ')');
            found.extend(
                self.all
                    .values()
                    .filter(|(_, can)| wanted.is_subset(can))
                    .map(|(version, _)| version.clone()),
            );
        }
        for word in
            expression.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
        {
            if let Some((version, _)) = self.all.get(word) {
                found.insert(version.clone());
            } else if word == "ALL" {
                found.extend(self.all.values().map(|(version, _)| version.clone()));
            } else if word.chars().all(|c| c.is_ascii_uppercase() || c == '_')
                && let Some(value) = after(file, &format!("const {word} = "))
            {
                found.extend(self.meant(value.lines().next().unwrap_or_default(), file));
            }
        }
        found
    }
}

fn after<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    text.split_once(mark).map(|(_, rest)| rest)
}

/// The words in single quotes up to a bracket.
fn words(text: &str, end: char) -> BTreeSet<String> {
    let list = text.split(end).next().unwrap_or_default();
    list.split('\'').skip(1).step_by(2).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SDK: &str = "const COMMON = ['mute', 'edit'];\n\
        export const v3 = modern({\n  name: '3.5.7', can: [...COMMON, 'receipt'],\n});\n\
        export const v4 = modern({\n  name: '4.3.1', can: [...COMMON, 'roles'],\n});\n";
    const OLD: &str = "export const v2 = {\n  name: '2.4.0',\n  can: new Set(['receipt']),\n};\n";

    fn of(call: &str, file: &str) -> Vec<String> {
        Generations::declared(&[OLD, SDK]).of(call, file).into_iter().collect()
    }

    #[test]
    fn a_test_runs_with_those_its_options_name() {
        let file = "const on = { server: () => server };\nconst PUSHED = [v2, ...having('roles')];\n";
        assert_eq!(of(", on, async (stage) => {", file), ["2.4.0", "3.5.7", "4.3.1"]);
        assert_eq!(of(", { ...on, sdks: having('edit') }, async () => {", file), ["3.5.7", "4.3.1"]);
        assert_eq!(of(", { ...on, sdks: having('edit', 'roles') }, async () => {", file), ["4.3.1"]);
        assert_eq!(of(", { ...on, sdks: [v2, v3] }, async () => {", file), ["2.4.0", "3.5.7"]);
        assert_eq!(of(", { ...on, sdks: PUSHED }, async () => {", file), ["2.4.0", "4.3.1"]);
        assert_eq!(of(", { ...on, sdks: ALL }, async () => {", file), ["2.4.0", "3.5.7", "4.3.1"]);
    }

    #[test]
    fn what_a_file_says_for_all_its_tests_holds_unless_a_test_says_otherwise() {
        let file = "const on = { server: () => server, sdks: having('receipt') };\n";
        assert_eq!(of(", on, async () => {", file), ["2.4.0", "3.5.7"]);
        assert_eq!(of(", { ...on, sdks: [v4] }, async () => {", file), ["4.3.1"]);
    }
}
