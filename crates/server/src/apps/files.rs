//! The files that apps' settings name. Reading them may block: it is done before the server serves, or on a
//! thread of its own.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::App;
use crate::config::{self, Problem};
use crate::filter::WordList;

/// Largest word list, in bytes: a few million words.
const MAX_WORDS: u64 = 32 * 1024 * 1024;

/// Every app with what its files say, or everything that is wrong with them.
pub(crate) fn load(apps: &[config::App]) -> Result<Vec<App>, Vec<Problem>> {
    let mut loaded = Vec::with_capacity(apps.len());
    let mut problems = Vec::new();
    for (index, app) in apps.iter().enumerate() {
        let words = app.settings.filter.words.as_deref().map(word_list).transpose();
        match words {
            Ok(words) => loaded.push(App { words: words.map(Arc::new), ..app.clone().into() }),
            Err(problem) => problems.push(Problem { path: format!("apps.{index}.filter.words"), problem }),
        }
    }
    if problems.is_empty() { Ok(loaded) } else { Err(problems) }
}

fn word_list(path: &Path) -> Result<WordList, String> {
    let unreadable = |why: &dyn std::fmt::Display| format!("cannot read {}: {why}", path.display());
    let size = fs::metadata(path).map_err(|error| unreadable(&error))?.len();
    if size > MAX_WORDS {
        return Err(unreadable(&format_args!("it is larger than {} MiB", MAX_WORDS >> 20)));
    }
    let bytes = fs::read(path).map_err(|error| unreadable(&error))?;
    WordList::read(&bytes).map_err(|error| unreadable(&error))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::config::{AppConfig, Secret};

    fn app(words: PathBuf) -> config::App {
        let mut settings = AppConfig::default();
        settings.filter.words = Some(words);
        config::App {
            id: "an-app-of-ours".parse().unwrap(),
            key: Secret::new("key"),
            master_key: Secret::new("master key"),
            settings,
        }
    }

    #[test]
    fn a_word_list_is_read_with_its_app() {
        // B-455
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("words.txt");
        fs::write(&path, "one\ntwo\n").unwrap();
        let loaded = load(&[app(path)]).unwrap();
        assert_eq!(loaded[0].words.as_ref().unwrap().len(), 2);
    }

    #[test]
    fn a_word_list_that_cannot_be_read_is_named_with_its_setting() {
        let folder = tempfile::tempdir().unwrap();
        let broken = folder.path().join("broken.txt");
        fs::write(&broken, b"\xff").unwrap();
        let missing = folder.path().join("missing.txt");
        let problems = load(&[app(missing), app(broken)]).unwrap_err();
        assert_eq!(problems[0].path, "apps.0.filter.words");
        assert!(problems[0].problem.contains("missing.txt: No such file"), "{problems:?}");
        assert_eq!(problems[1].path, "apps.1.filter.words");
        assert!(problems[1].problem.contains("broken.txt: line 1 is not UTF-8"), "{problems:?}");
    }
}
