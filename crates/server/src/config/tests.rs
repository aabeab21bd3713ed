use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use super::*;

const APP: &str = "[[apps]]\nid = \"an-app-of-ours\"\nkey = \"k\"\nmaster_key = \"m\"\n";

/// A configuration file in a folder of its own.
struct File {
    folder: tempfile::TempDir,
}

impl File {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("yanshu.toml"), text).unwrap();
        Self { folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("yanshu.toml")
    }
}

fn load(text: &str) -> Result<Config, ConfigError> {
    Config::load(Some(&File::new(text).path()), Flags::default())
}

fn error(text: &str) -> String {
    load(text).unwrap_err().to_string()
}

/// What is wrong with an app that has these further lines.
fn app_error(lines: &str) -> String {
    error(&format!("{APP}{lines}"))
}

#[test]
fn without_a_file_every_setting_has_its_default() {
    let config = Config::load(None, Flags::default()).unwrap();
    assert_eq!(config, Config::default());
    assert_eq!(config.listen.port(), 7600);
    assert_eq!(config.connection.read_timeout, Duration::from_secs(400)); // W-40
    assert_eq!(config.connection.frame_limit, ByteSize::kib(64)); // W-32
    assert_eq!(config.session.token_ttl, Duration::from_secs(604_800)); // W-116
    assert_eq!(AppConfig::default().message.max_bytes, 5120); // B-199
    assert_eq!(AppConfig::default().offline.pushed_per_conversation, 20); // B-272
    assert_eq!(AppConfig::default().limits.messages_per_minute, 1200); // B-502
}

#[test]
fn every_default_is_in_its_range() {
    let config = load(APP).unwrap();
    assert_eq!(config.validate(), []);
}

#[test]
fn a_file_sets_the_server_and_each_app() {
    let config = load(
        "listen = \"127.0.0.1:1\"\n[connection]\nread_timeout = \"5m\"\nframe_limit = \"128KiB\"\n\
         [[apps]]\nid = \"app-number-one\"\nkey = \"k\"\nmaster_key = \"m\"\n\
         [apps.members]\nevent_rule = \"2019\"\nmax = 50\n\
         [[apps]]\nid = \"app-number-two\"\nkey = \"k\"\nmaster_key = \"m\"\n\
         [apps.room]\none_per = \"client\"\n",
    )
    .unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:1");
    assert_eq!(config.connection.read_timeout, Duration::from_secs(300));
    assert_eq!(config.connection.frame_limit, ByteSize::kib(128));
    assert_eq!(
        config.apps[0].settings.members,
        Members { event_rule: EventRule::Guides, max: 50, ..Members::default() }
    );
    assert_eq!(config.apps[1].settings.members, Members::default());
    assert_eq!(config.apps[1].settings.room.one_per, OnePer::Client);
    assert_eq!(config.apps[1].master_key.expose(), "m");
}

#[test]
fn a_flag_is_stronger_than_the_file() {
    let file = File::new("listen = \"127.0.0.1:1\"\ndata_dir = \"elsewhere\"\n");
    let flags = Flags { listen: Some("127.0.0.1:2".parse().unwrap()), data_dir: None };
    let config = Config::load(Some(&file.path()), flags).unwrap();
    assert_eq!(config.listen.port(), 2);
    assert_eq!(config.data_dir, PathBuf::from("elsewhere"));
}

#[test]
fn an_unknown_key_is_an_error_that_names_its_path() {
    let text = error("[connection]\nread_timeuot = \"1s\"\n");
    assert!(text.starts_with("`connection.read_timeuot` is no setting (in "), "{text}");
    assert!(text.contains("yanshu.toml"), "{text}");
    assert!(text.contains("read_timeout"), "{text}");
    assert!(error("colour = \"red\"\n").starts_with("`colour` is no setting"));
    assert!(app_error("[apps.message]\nmaximum = 1\n").starts_with("`apps.0.message.maximum` is no setting"));
    assert!(app_error("[apps.hooks]\nurl = \"\"\n").starts_with("`apps.0.hooks` is no setting"));
}

#[test]
fn a_value_that_cannot_be_read_is_an_error_that_names_its_path() {
    let text = error("[connection]\nread_timeout = 300\n");
    assert!(text.starts_with("`connection.read_timeout`:") && text.contains("such as `30s`"), "{text}");
    assert!(error("listen = \"here\"\n").starts_with("`listen`: `here` is not an address and port"));
    let text = app_error("[apps.members]\nevent_rule = \"2020\"\n");
    assert!(text.starts_with("`apps.0.members.event_rule`: `2020` is not one of"), "{text}");
    assert!(error("listen = \n").contains("TOML parse error"));
}

#[test]
fn every_value_out_of_range_is_named_with_its_range() {
    let text = error("[connection]\nread_timeout = \"200s\"\n[storage]\nreaders = 0\n");
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(
        lines[0].starts_with("`connection.read_timeout`: \"200s\" is out of range: \"201s\" to"),
        "{text}"
    );
    assert!(lines[1].starts_with("`storage.readers`: 0 is out of range: 1 to 64 (in "), "{text}");
}

#[test]
fn a_token_lives_longer_than_java_gives_it_and_shorter_than_java_can_count() {
    // W-116
    assert!(error("[session]\ntoken_ttl = \"300s\"\n").starts_with("`session.token_ttl`"));
    assert!(error("[session]\ntoken_ttl = \"2147483s\"\n").starts_with("`session.token_ttl`"));
    assert!(load("[session]\ntoken_ttl = \"2147482s\"\n").is_ok());
}

#[test]
fn an_app_id_that_sdks_would_refuse_is_refused() {
    // W-15
    let app = |id: &str| error(&format!("[[apps]]\nid = \"{id}\"\nkey = \"k\"\nmaster_key = \"m\"\n"));
    assert!(app("eightchr").starts_with("`apps.0.id`: must have more than 8 characters"));
    assert!(app("a-long-name-MdYXbMMI").starts_with("`apps.0.id`: must not end in `-MdYXbMMI`"));
}

#[test]
fn an_app_needs_an_id_of_its_own_and_two_keys() {
    assert!(
        error("[[apps]]\nid = \"an-app-of-ours\"\nkey = \"k\"\n")
            .starts_with("`apps.0.master_key` is missing")
    );
    assert!(
        error("[[apps]]\nid = \"an-app-of-ours\"\nkey = \"\"\nmaster_key = \"m\"\n")
            .starts_with("`apps.0.key`")
    );
    assert!(
        error(&format!("{APP}{APP}"))
            .starts_with("`apps.1.id`: `an-app-of-ours` is the id of an earlier app")
    );
}

#[test]
fn a_message_must_fit_into_a_frame() {
    // B-199, W-32
    assert!(
        app_error("[apps.message]\nmax_bytes = 65536\n")
            .starts_with("`apps.0.message.max_bytes`: must be less")
    );
}

#[test]
fn the_official_preset_sets_the_official_numbers() {
    // B-502 to B-508, B-512 and the statements it names, but for what the protocol itself fixes (B-2, B-36) and
    // what only REST limits.
    let config = load(&format!("{APP}[apps.limits]\npreset = \"leancloud\"\n")).unwrap();
    let AppConfig { limits, members, message, history, offline, query, room, temporary, .. } =
        &config.apps[0].settings;
    let (conversation, signature) =
        (&config.apps[0].settings.conversation, &config.apps[0].settings.signature);
    let number = |count: u32| count as usize;
    for (statement, set, official) in [
        ("B-502", number(limits.messages_per_minute), 60),
        ("B-503", number(limits.history_per_minute), 120),
        ("B-504", number(limits.others_per_minute), 30),
        ("B-508", number(limits.deliveries_per_second), 160_000),
        ("B-90", members.max, 500),
        ("B-131", members.max_silenced, 500),
        ("B-139", members.max_blocked, 500),
        ("B-131, rooms", room.max_silenced, 10_000),
        ("B-139, rooms", room.max_blocked, 10_000),
        ("B-155", temporary.max_members, 10),
        ("B-156, default", number(temporary.default_ttl_seconds), 24 * 60 * 60),
        ("B-156, most", number(temporary.max_ttl_seconds), 30 * 24 * 60 * 60),
        ("B-199", message.max_bytes, 5 * 1024),
        ("B-238, edit", usize::from(message.allow_edit), 0),
        ("B-238, recall", usize::from(message.allow_recall), 0),
        ("B-272", offline.pushed_per_conversation, 20),
        ("B-276, B-290", offline.max_per_conversation, 100),
        ("B-277", offline.max_conversations, 50),
        ("B-297", history.default_limit, 20),
        ("B-298", history.max_limit, 100),
        ("B-329, default", query.default_limit, 10),
        ("B-329, most", query.max_limit, 1000),
        ("B-380", number(room.rejoin_seconds), 30 * 60),
        ("B-430", number(signature.window_seconds), 6 * 60 * 60),
        ("B-513", number(message.retention_days), 180),
        ("B-514", number(conversation.idle_days), 180),
    ] {
        assert_eq!(set, official, "{statement}");
    }
    assert!(config.reload_seconds <= 180); // B-440
}

#[test]
fn without_a_preset_both_demos_run_and_nothing_is_deleted() {
    // B-502 to B-506, B-508, B-513, B-514
    let settings = AppConfig::default();
    let limits = &settings.limits;
    assert!(limits.messages_per_minute >= 1200 && limits.messages_burst >= 100);
    assert!(limits.history_per_minute >= 600 && limits.others_per_minute >= 600);
    assert_eq!(limits.deliveries_per_second, 0);
    assert_eq!((settings.message.retention_days, settings.conversation.idle_days), (0, 0));
}

#[test]
fn what_an_app_sets_itself_is_stronger_than_its_preset() {
    let lines = "[apps.limits]\npreset = \"leancloud\"\nmessages_per_minute = 90\n[apps.message]\nallow_edit = true\n";
    let settings = load(&format!("{APP}{lines}")).unwrap().apps.remove(0).settings;
    assert_eq!((settings.limits.messages_per_minute, settings.limits.history_per_minute), (90, 120));
    assert!(settings.message.allow_edit && !settings.message.allow_recall);
}

#[test]
fn a_public_url_is_an_origin() {
    assert!(load("public_url = \"https://chat.example.com:8443\"\n").is_ok());
    for url in
        ["chat.example.com", "https://", "https://chat.example.com/", "ws://chat.example.com", "http://a b"]
    {
        assert!(error(&format!("public_url = \"{url}\"\n")).starts_with("`public_url`:"), "{url}");
    }
}

#[test]
fn a_missing_file_is_an_error() {
    let error =
        Config::load(Some(std::path::Path::new("/nowhere/yanshu.toml")), Flags::default()).unwrap_err();
    assert!(error.to_string().starts_with("cannot read the configuration file /nowhere/yanshu.toml"));
}

#[test]
fn the_first_start_makes_an_app_and_later_starts_keep_it() {
    let folder = tempfile::tempdir().unwrap();
    let fresh = || Config { data_dir: folder.path().join("deep/data"), ..Config::default() };
    let mut first = fresh();
    assert!(prepare(&mut first).unwrap());
    assert_eq!(first.apps.len(), 1);
    assert_eq!(first.validate(), []);
    let mode = fs::metadata(first.data_dir.join("app.toml")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let mut second = fresh();
    assert!(!prepare(&mut second).unwrap());
    assert_eq!(first.apps, second.apps);
}

#[test]
fn two_first_starts_make_different_keys() {
    let start = || {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config { data_dir: folder.path().to_owned(), ..Config::default() };
        prepare(&mut config).unwrap();
        config.apps.remove(0)
    };
    let (one, other) = (start(), start());
    assert_ne!(one.id, other.id);
    assert_ne!(one.master_key, other.master_key);
}

#[test]
fn no_app_is_made_where_one_is_configured() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = load(APP).unwrap();
    config.data_dir = folder.path().to_owned();
    assert!(!prepare(&mut config).unwrap());
    assert!(!folder.path().join("app.toml").exists());
}

#[test]
fn a_data_folder_that_cannot_be_made_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let mut config = Config { data_dir: folder.path().join("file/data"), ..Config::default() };
    let error = prepare(&mut config).unwrap_err().to_string();
    assert!(error.starts_with("cannot make the folder "), "{error}");
}

#[test]
fn what_is_wrong_with_the_made_app_is_said() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("app.toml"), "[[apps]]\nid = \"short\"\nkey = \"k\"\nmaster_key = \"m\"\n")
        .unwrap();
    let mut config = Config { data_dir: folder.path().to_owned(), ..Config::default() };
    let error = prepare(&mut config).unwrap_err().to_string();
    assert!(error.starts_with("`apps.0.id`") && error.contains("app.toml"), "{error}");
}

#[test]
fn a_log_level_that_does_not_exist_is_an_error() {
    assert!(load("[log]\nlevel = \"info,yanshu_server=debug\"\n").is_ok());
    let text = error("[log]\nlevel = \"info,yanshu_server=loud\"\n");
    assert!(text.starts_with("`log.level`: `info,yanshu_server=loud` is no level"), "{text}");
}
