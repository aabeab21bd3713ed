//! The reference of all settings, made from their declarations.

use std::fmt::Write;

use super::setting::{Entry, Section};
use super::{AppConfig, Config};

/// A table of settings, described.
#[derive(Debug)]
pub(super) struct Table {
    path: &'static str,
    about: String,
    entries: Vec<Entry>,
}

impl Table {
    pub(super) fn of<S: Section>(path: &'static str) -> Self {
        Self { path, about: S::about(), entries: S::entries() }
    }
}

const INTRODUCTION: &str = "# Configuration

<!-- Made by `cargo run -p xtask -- config-reference` from the settings' declarations. -->

`yanshu serve --config FILE` reads a TOML file. Without one, every setting has its default. A setting can also
come from the environment, as `YANSHU__TABLE__KEY` (`YANSHU__CONNECTION__READ_TIMEOUT=300s`), and some from
flags. Flags are stronger than the environment, which is stronger than the file. A key that is not listed here
is an error. `yanshu check-config --config FILE` reads everything and says what is wrong.

Durations are written with a unit (`250ms`, `30s`, `5m`, `12h`, `7d`), sizes too (`512B`, `64KiB`, `1MiB`).
Settings named `…_seconds` and `…_bytes` are plain numbers. Numbers such as B-20 and W-40 name the statements of
the specification that a setting implements.
";

const APPS: &str = "
## The apps

```toml
[[apps]]
id = \"my-first-app\"
key = \"…\"
master_key = \"…\"

[apps.message]
allow_recall = false
```

Every app has an `[[apps]]` entry: `id` (more than 8 characters, not ending in `-MdYXbMMI`, W-15), `key` (what
clients show) and `master_key` (what the app's own servers show: keep it secret). If no app is configured, the
first start makes one with random keys, keeps it in `app.toml` in the data folder and prints it. Settings of one
app are tables below its entry; in an `app.toml` they can be added in the same way.
";

/// The reference as Markdown.
#[must_use]
pub fn reference() -> String {
    let mut text = INTRODUCTION.to_owned();
    text.push_str("\n## The server\n");
    for table in Config::tables() {
        describe(&mut text, &table);
    }
    text.push_str(APPS);
    for table in AppConfig::tables() {
        describe(&mut text, &table);
    }
    text
}

fn describe(text: &mut String, table: &Table) {
    // Writing into a text cannot fail.
    let heading = if table.path.is_empty() { "General".to_owned() } else { format!("`[{}]`", table.path) };
    let _ = writeln!(text, "\n### {heading}\n\n{}\n", table.about);
    let _ = writeln!(text, "| Setting | Default | Form | Meaning |\n| --- | --- | --- | --- |");
    for Entry { name, form, range, default, about } in &table.entries {
        let default = if default == "not set" { default.clone() } else { format!("`{default}`") };
        let form = range.as_ref().map_or_else(|| (*form).to_owned(), |range| format!("{form}, {range}"));
        let _ = writeln!(text, "| `{name}` | {default} | {} | {about} |", form.replace('"', "`"));
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_reference_in_docs_is_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
        let committed = std::fs::read_to_string(path).unwrap();
        assert_eq!(committed, super::reference(), "run `cargo run -p xtask -- config-reference`");
    }
}
