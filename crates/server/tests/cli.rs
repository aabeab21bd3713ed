//! The command line as an operator meets it: what is printed, and how the process ends.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

fn yanshu() -> Command {
    Command::new(env!("CARGO_BIN_EXE_yanshu"))
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A server that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself, which is what some tests wait for.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a server on a free port with its data in the folder and waits for the line that says it is ready.
fn start(folder: &TempDir) -> Running {
    start_reading(folder).0
}

/// The same, with the rest of its log and its address.
fn start_reading(folder: &TempDir) -> (Running, impl Iterator<Item = String> + use<>, String) {
    start_with(folder, None)
}

/// The same with a configuration file.
fn start_with(
    folder: &TempDir,
    file: Option<&Path>,
) -> (Running, impl Iterator<Item = String> + use<>, String) {
    let mut command = yanshu();
    command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(folder.path().join("data"));
    if let Some(file) = file {
        command.arg("--config").arg(file);
    }
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut running = Running(child);
    let mut log = BufReader::new(running.0.stderr.take().unwrap()).lines().map_while(Result::ok);
    let ready = log.find(|line| line.contains("ready")).expect("the server ended before it was ready");
    let address = ready.split_once("listen=").unwrap().1.to_owned();
    (running, log, address)
}

fn signal(running: &Running, name: &str) {
    let id = running.0.id().to_string();
    assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
}

/// Stops the server as a service manager does; gives what it printed.
fn stop(mut running: Running) -> String {
    signal(&running, "-TERM");
    assert!(running.0.wait().unwrap().success());
    let mut printed = String::new();
    running.0.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
    printed
}

#[test]
fn the_first_start_prints_the_keys_and_the_next_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let printed = stop(start(&folder));
    let kept = fs::read_to_string(folder.path().join("data/app.toml")).unwrap();
    let value = |name: &str| {
        let line = printed.lines().find_map(|line| line.trim().strip_prefix(name)).unwrap();
        line.trim().to_owned()
    };
    for name in ["app id", "app key", "master key"] {
        assert!(kept.contains(&format!("\"{}\"", value(name))), "{name}");
    }
    assert!(value("open").starts_with("http://127.0.0.1:"));
    assert_eq!(stop(start(&folder)), "");
}

#[test]
fn a_port_in_use_ends_the_start_in_words() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let output =
        yanshu().args(["serve", "--listen", &address, "--data-dir"]).arg(folder.path()).output().unwrap();
    assert!(!output.status.success());
    let text = stderr(&output);
    assert!(text.contains(&address) && text.contains("in use"), "{text}");
}

#[test]
fn an_unknown_key_in_the_environment_ends_the_start_in_words() {
    let output = yanshu().arg("serve").env("YANSHU__SESSION__TOKEN_TLL", "1h").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("`session.token_tll` is no setting (in the environment)"));
}

#[test]
fn a_data_folder_that_cannot_be_used_ends_the_start_in_words() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let output =
        yanshu().args(["serve", "--data-dir"]).arg(folder.path().join("file/data")).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("cannot make the folder"));
}

#[test]
fn the_environment_is_stronger_than_the_file_and_weaker_than_a_flag() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("yanshu.toml");
    fs::write(&file, "listen = \"127.0.0.1:1\"\n").unwrap();
    let mut command = yanshu();
    command.arg("check-config").arg("--config").arg(&file).env("YANSHU__LISTEN", "127.0.0.1:2");
    let output = command.output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("listening on 127.0.0.1:2"));
    let output = command.args(["--listen", "127.0.0.1:3"]).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("listening on 127.0.0.1:3"));
}

#[test]
fn an_app_can_come_from_the_environment() {
    let app = "[{id=\"an-app-of-ours\",key=\"k\",master_key=\"m\"}]";
    let output = yanshu().arg("check-config").env("YANSHU__APPS", app).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 app,"));
}

#[test]
fn a_second_signal_stops_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (mut running, mut log, address) = start_reading(&folder);
    // A connection of today's protocol is given time to go elsewhere.
    let mut socket = TcpStream::connect(&address).unwrap();
    let request = format!(
        "GET / HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\
         Sec-WebSocket-Protocol: lc.protobuf2.3\r\n\r\n"
    );
    socket.write_all(request.as_bytes()).unwrap();
    let mut answer = [0; 12];
    socket.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 101");
    signal(&running, "-TERM");
    assert!(log.any(|line| line.contains("draining")));
    assert!(running.0.try_wait().unwrap().is_none());
    signal(&running, "-TERM");
    let asked = Instant::now();
    assert_eq!(running.0.wait().unwrap().code(), Some(1));
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    assert!(log.any(|line| line.contains("stopped at once by a second signal")));
}

#[test]
fn a_log_that_nobody_reads_any_more_does_not_stop_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let mut running = start(&folder);
    // `start` has let go of the log; the server goes on to write to it when it stops.
    assert!(running.0.try_wait().unwrap().is_none());
    stop(running);
}

#[test]
fn a_signal_takes_over_changed_settings_and_logs_what_cannot_be() {
    // B-440
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("yanshu.toml");
    let app = "[[apps]]\nid = \"an-app-of-ours\"\nkey = \"k\"\nmaster_key = \"m\"\n";
    fs::write(&file, app).unwrap();
    let (running, mut log, _) = start_with(&folder, Some(&file));
    let mut line_with = |text: &str| log.find(|line| line.contains(text)).expect("the server is still there");

    let restart = "drain = { grace = \"0s\" }\n";
    fs::write(&file, format!("{restart}{app}[apps.members]\nmax = 7\n")).unwrap();
    signal(&running, "-HUP");
    assert!(line_with("take a restart").contains("drain"));
    line_with("are in force as they are now");

    fs::write(&file, format!("{app}[apps.members]\nmax = 1\n")).unwrap();
    signal(&running, "-HUP");
    assert!(line_with("cannot be taken over").contains("apps.0.members.max"));
    stop(running);
}

#[test]
fn a_word_list_that_is_missing_ends_the_start_in_words() {
    // B-455
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("yanshu.toml");
    let app = "[[apps]]\nid = \"an-app-of-ours\"\nkey = \"k\"\nmaster_key = \"m\"\n";
    fs::write(&file, format!("{app}[apps.filter]\nwords = \"/nowhere/words.txt\"\n")).unwrap();
    for command in ["check-config", "serve"] {
        let output = yanshu()
            .args([command, "--listen", "127.0.0.1:0", "--config"])
            .arg(&file)
            .arg("--data-dir")
            .arg(folder.path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{command}");
        let text = stderr(&output);
        assert!(text.contains("`apps.0.filter.words`: cannot read /nowhere/words.txt"), "{command}: {text}");
    }
}
