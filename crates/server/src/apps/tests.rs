//! Changes of the files while the server runs.

use std::fs;

use super::*;
use crate::config::{Config, Flags, Sources, prepare};

const APP: &str = "[[apps]]\nid = \"an-app-of-ours\"\nkey = \"k\"\nmaster_key = \"m\"\n";

/// What a running server has of its configuration.
struct Running {
    folder: tempfile::TempDir,
    apps: Arc<Apps>,
    reloader: Reloader,
}

impl Running {
    /// A server that was started with this file.
    fn with(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("yanshu.toml");
        fs::write(&file, text).unwrap();
        let flags = Flags { data_dir: Some(folder.path().join("data")), listen: None };
        let sources = Sources { file: Some(file), flags };
        let mut config = sources.read().unwrap();
        prepare(&mut config).unwrap();
        let apps = Arc::new(Apps::new(load(&config.apps).unwrap()));
        let reloader = Reloader::new(sources, config, Arc::clone(&apps));
        Self { folder, apps, reloader }
    }

    fn write(&self, file: &str, text: &str) {
        // As an editor does: the file is another one afterwards, however fast it is changed again.
        let path = self.folder.path().join(file);
        let fresh = path.with_extension("new");
        fs::write(&fresh, text).unwrap();
        fs::rename(fresh, path).unwrap();
    }

    fn app(&self) -> Arc<App> {
        self.apps.get(&"an-app-of-ours".parse().unwrap()).unwrap()
    }
}

#[test]
fn a_changed_file_changes_the_settings_in_force() {
    // B-440
    let mut running = Running::with(APP);
    assert!(running.app().settings.message.allow_recall);
    running.write("yanshu.toml", &format!("{APP}[apps.message]\nallow_recall = false\n"));
    running.reloader.look();
    assert!(!running.app().settings.message.allow_recall);
}

#[test]
fn nothing_is_replaced_while_no_file_changes() {
    let mut running = Running::with(APP);
    running.reloader.look();
    assert_eq!(running.apps.generation(), 0);
    running.reloader.reload();
    assert_eq!(running.apps.generation(), 1);
    running.reloader.look();
    assert_eq!(running.apps.generation(), 1);
}

#[test]
fn apps_come_and_go_and_change_their_keys() {
    let other = "[[apps]]\nid = \"another-app\"\nkey = \"k\"\nmaster_key = \"m\"\n";
    let mut running = Running::with(&format!("{APP}{other}"));
    let fresh = "[[apps]]\nid = \"a-third-app\"\nkey = \"k\"\nmaster_key = \"m\"\n";
    running.write("yanshu.toml", &format!("{}{fresh}", APP.replace("\"m\"", "\"changed\"")));
    running.reloader.look();
    assert_eq!(running.app().master_key.expose(), "changed");
    assert!(running.apps.get(&"another-app".parse().unwrap()).is_none());
    assert!(running.apps.get(&"a-third-app".parse().unwrap()).is_some());
}

#[test]
fn a_mistake_changes_nothing_and_its_correction_does() {
    let mut running = Running::with(&format!("{APP}[apps.members]\nmax = 7\n"));
    for mistake in [
        "[[apps]\n".to_owned(),
        format!("{APP}[apps.members]\nmax = 1\n"),
        format!("{APP}[apps.members]\nmaximum = 8\n"),
        format!("{APP}[apps.filter]\nwords = \"/nowhere/words.txt\"\n"),
        format!("{APP}[apps.message]\nmax_bytes = 65536\n"),
    ] {
        running.write("yanshu.toml", &mistake);
        running.reloader.look();
        assert_eq!(running.app().settings.members.max, 7, "{mistake}");
        assert_eq!(running.apps.generation(), 0, "{mistake}");
    }
    running.write("yanshu.toml", &format!("{APP}[apps.members]\nmax = 8\n"));
    running.reloader.look();
    assert_eq!(running.app().settings.members.max, 8);
}

#[test]
fn a_missing_file_changes_nothing() {
    let mut running = Running::with(APP);
    fs::remove_file(running.folder.path().join("yanshu.toml")).unwrap();
    running.reloader.look();
    assert_eq!(running.apps.generation(), 0);
    assert_eq!(running.app().master_key.expose(), "m");
}

#[test]
fn a_changed_word_list_is_in_force_without_a_change_of_the_settings() {
    // B-455
    let folder = tempfile::tempdir().unwrap();
    let words = folder.path().join("words.txt");
    fs::write(&words, "one\n").unwrap();
    let mut running = Running::with(&format!("{APP}[apps.filter]\nwords = {words:?}\n"));
    assert_eq!(running.app().words.as_ref().unwrap().len(), 1);
    fs::write(&words, "one\ntwo\n").unwrap();
    running.reloader.look();
    assert_eq!(running.app().words.as_ref().unwrap().len(), 2);
    fs::write(&words, b"\xff").unwrap();
    running.reloader.look();
    assert_eq!(running.app().words.as_ref().unwrap().len(), 2);
    fs::write(&words, "one\n").unwrap();
    running.reloader.look();
    assert_eq!(running.app().words.as_ref().unwrap().len(), 1);
}

#[test]
fn a_word_list_that_was_missing_counts_once_it_is_there() {
    let mut running = Running::with(APP);
    let words = running.folder.path().join("words.txt");
    running.write("yanshu.toml", &format!("{APP}[apps.filter]\nwords = {words:?}\n"));
    running.reloader.look();
    assert!(running.app().words.is_none());
    fs::write(&words, "one\n").unwrap();
    running.reloader.look();
    assert_eq!(running.app().words.as_ref().unwrap().len(), 1);
}

#[test]
fn what_takes_a_restart_leaves_the_apps_changeable() {
    let mut running = Running::with(APP);
    let changed = format!("[connection]\nframe_limit = \"8KiB\"\n{APP}[apps.message]\nmax_bytes = 9000\n");
    running.write("yanshu.toml", &changed);
    running.reloader.look();
    // 9000 bytes do not fit into the new frames, but into those that are in force; the file itself has a mistake.
    assert_eq!(running.apps.generation(), 0);
    running.write(
        "yanshu.toml",
        &format!("[connection]\nread_timeout = \"5m\"\n{APP}[apps.members]\nmax = 9\n"),
    );
    running.reloader.look();
    assert_eq!(running.app().settings.members.max, 9);
}

#[test]
fn settings_outside_of_the_apps_that_differ_are_named() {
    let mut other = Config { reload_seconds: 7, ..Config::default() };
    other.connection.bad_frames = 3;
    assert_eq!(Config::default().changed_besides_apps(&other), ["reload_seconds", "connection"]);
}

#[test]
fn the_app_of_the_first_start_follows_its_file() {
    let mut running = Running::with("");
    let file = running.folder.path().join("data/app.toml");
    let made = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{made}[apps.members]\nmax = 9\n")).unwrap();
    running.reloader.look();
    let id = running.reloader.running.apps[0].id.clone();
    assert_eq!(running.apps.settings(&id).members.max, 9);
}
