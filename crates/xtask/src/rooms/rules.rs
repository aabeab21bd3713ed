//! The table, and what breaks it.

use std::path::Path;

use super::paths::{code, paths_from};

/// What a room of the server may use of the others. A path that is not listed is forbidden; listing a room
/// includes what is in it.
struct Room {
    name: &'static str,
    may_use: &'static [&'static str],
}

/// The rooms, from the outer ones to the inner ones.
const ROOMS: &[Room] = &[
    Room { name: "main", may_use: ANYTHING },
    Room { name: "lib", may_use: ANYTHING },
    Room { name: "server", may_use: ANYTHING },
    // Joins what commands are carried out by with what hands them on.
    Room {
        name: "domain",
        may_use: &["conversation", "gateway", "login", "store", "yanshu_protocol", "yanshu_session"],
    },
    Room { name: "chores", may_use: &["apps", "clock", "domain", "store", "yanshu_protocol"] },
    Room { name: "telemetry", may_use: &["config"] },
    Room { name: "page", may_use: &[] },
    Room {
        name: "rest",
        may_use: &["apps", "conversation", "domain", "login", "yanshu_protocol", "yanshu_protocol::codec"],
    },
    Room {
        name: "gateway",
        may_use: &[
            "apps",
            "bus",
            "clock",
            "config",
            "yanshu_protocol",
            "yanshu_protocol::codec",
            "yanshu_protocol::frame",
            "yanshu_session",
        ],
    },
    Room {
        name: "login",
        may_use: &[
            "apps",
            "bus",
            "clock",
            "config",
            "ids",
            "signature",
            "store",
            "yanshu_protocol",
            "yanshu_session",
        ],
    },
    Room {
        name: "conversation",
        may_use: &[
            "apps",
            "bus",
            "clock",
            "config",
            "ids",
            "query",
            "signature",
            "store",
            "yanshu_protocol",
            "yanshu_session",
        ],
    },
    Room { name: "apps", may_use: &["config", "filter", "yanshu_protocol", "yanshu_session"] },
    Room { name: "signature", may_use: &["apps", "config", "yanshu_protocol"] },
    Room { name: "bus", may_use: &["yanshu_protocol", "yanshu_session"] },
    Room { name: "store", may_use: &["clock", "ids", "query", "yanshu_protocol"] },
    Room { name: "query", may_use: &["yanshu_protocol"] },
    Room { name: "filter", may_use: &["yanshu_protocol"] },
    Room { name: "config", may_use: &["yanshu_protocol"] },
    Room { name: "ids", may_use: &["yanshu_protocol"] },
    Room { name: "clock", may_use: &["yanshu_protocol"] },
];

/// Folders and files that are only there for tests, which may use everything.
const TESTS: &[&str] = &["conformance", "scenarios", "tests"];

/// For the places that join the rooms.
const ANYTHING: &[&str] = &["*"];

/// Parts of a crate that must be listed by themselves: the wire stays at the edge.
const PARTS: &[&str] = &["yanshu_protocol::codec", "yanshu_protocol::frame"];

/// Libraries that only some rooms may use.
const LIBRARIES: &[(&str, &[&str])] = &[
    ("aho_corasick", &["filter"]),
    ("axum", &["gateway", "page", "rest", "server"]),
    ("clap", &["main"]),
    ("figment", &["config"]),
    ("http", &["gateway", "page", "rest", "server"]),
    ("hyper", &["gateway", "server"]),
    ("hyper_util", &["gateway", "server"]),
    ("regex", &["query"]),
    ("fancy_regex", &["query"]),
    ("rusqlite", &["store"]),
    ("socket2", &["gateway", "server"]),
    ("toml", &["config"]),
    ("tower", &["gateway", "page", "rest", "server"]),
];

/// What the inner crates may depend on: nothing that does I/O, keeps time or logs.
const CRATES: &[(&str, &[&str])] = &[
    (
        "protocol",
        &["base64", "bytes", "prost", "serde", "serde_json", "sha1", "smallvec", "thiserror", "time"],
    ),
    ("session", &["smallvec", "thiserror", "yanshu-protocol"]),
];

/// Everything that a file of the server uses and may not. The path is relative to `crates/server/src`.
pub(super) fn forbidden(path: &Path, text: &str) -> Vec<String> {
    let mut parts: Vec<String> =
        path.iter().map(|part| part.to_string_lossy().trim_end_matches(".rs").to_owned()).collect();
    let is_test = parts.iter().any(|part| TESTS.contains(&part.as_str()));
    let name = parts.first().cloned().unwrap_or_default();
    if is_test {
        return Vec::new();
    }
    let Some(room) = ROOMS.iter().find(|room| room.name == name) else {
        return vec![format!("{}: the room `{name}` is not in the table of xtask/src/rooms", path.display())];
    };
    if room.may_use == ANYTHING {
        return Vec::new();
    }
    if parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    let code = code(text);
    let mut used: Vec<String> = paths_from(&code, "crate");
    // One `super` for each level leads out of the room.
    let out = vec!["super"; parts.len()].join("::");
    used.extend(paths_from(&code, &out));
    for library in ["yanshu_protocol", "yanshu_session"] {
        used.extend(paths_from(&code, library).into_iter().map(|path| format!("{library}::{path}")));
    }
    let mut faults: Vec<String> = used
        .iter()
        .filter_map(|used| refusal(room, used))
        .map(|refused| format!("{}: `{name}` may not use `{refused}`", path.display()))
        .collect();
    for (library, rooms) in LIBRARIES {
        if !rooms.contains(&room.name) && !paths_from(&code, library).is_empty() {
            faults.push(format!("{}: `{name}` may not use the library `{library}`", path.display()));
        }
    }
    faults.sort();
    faults.dedup();
    faults
}

/// What a path leads to, if the room may not go there.
fn refusal(room: &Room, used: &str) -> Option<String> {
    let leads_to = |part: &str| used == part || used.starts_with(&format!("{part}::"));
    if let Some(part) = PARTS.iter().find(|part| leads_to(part)) {
        return (!room.may_use.contains(part)).then(|| (*part).to_owned());
    }
    let target = used.split("::").next().unwrap_or_default();
    // What is not a room is a name of the crate root, such as a macro.
    let is_known = target.starts_with("yanshu_") || ROOMS.iter().any(|room| room.name == target);
    let is_own = target == room.name;
    (is_known && !is_own && !room.may_use.contains(&target)).then(|| target.to_owned())
}

/// Dependencies that a crate may not have. The path is relative to `crates`.
pub(super) fn forbidden_dependencies(path: &Path, text: &str) -> Vec<String> {
    let name = path.iter().next().unwrap_or_default();
    let Some((_, allowed)) = CRATES.iter().find(|(inner, _)| name == *inner) else {
        return Vec::new();
    };
    let section = text.split("\n[dependencies]\n").nth(1).unwrap_or_default();
    let section = section.split("\n[").next().unwrap_or_default();
    section
        .lines()
        .filter_map(|line| line.split(['.', ' ', '=']).next().filter(|dependency| !dependency.is_empty()))
        .filter(|dependency| !allowed.contains(dependency))
        .map(|dependency| format!("{}: may not depend on `{dependency}`", path.display()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(path: &str, text: &str) -> Vec<String> {
        forbidden(Path::new(path), text)
    }

    #[test]
    fn the_domain_must_not_know_the_gateway() {
        let found = faults("conversation/send.rs", "use crate::gateway::Registry;\n");
        assert_eq!(found, ["conversation/send.rs: `conversation` may not use `gateway`"]);
        assert!(faults("conversation/send.rs", "use crate::{bus::Bus, store::Store};\n").is_empty());
    }

    #[test]
    fn the_wire_stays_at_the_edge() {
        let text = "use yanshu_protocol::{Code, codec::Dialect};\n";
        let found = faults("conversation/send.rs", text);
        assert_eq!(found, ["conversation/send.rs: `conversation` may not use `yanshu_protocol::codec`"]);
        assert!(faults("gateway/connection.rs", text).is_empty());
    }

    #[test]
    fn a_way_out_by_super_is_seen() {
        let found = faults("store/sqlite/writer.rs", "use super::super::super::bus::Bus;\n");
        assert_eq!(found, ["store/sqlite/writer.rs: `store` may not use `bus`"]);
        assert_eq!(
            faults("store/mod.rs", "use super::bus::Bus;\n"),
            ["store/mod.rs: `store` may not use `bus`"]
        );
        assert!(faults("store/sqlite/writer.rs", "use super::super::Write;\n").is_empty());
    }

    #[test]
    fn a_library_stays_in_its_room() {
        let found = faults("conversation/send.rs", "let x = rusqlite::Connection::open(p);\n");
        assert_eq!(found, ["conversation/send.rs: `conversation` may not use the library `rusqlite`"]);
        assert!(faults("store/sqlite/mod.rs", "use rusqlite::Connection;\n").is_empty());
    }

    #[test]
    fn a_room_that_is_not_in_the_table_is_a_fault() {
        assert_eq!(faults("cellar/mod.rs", "").len(), 1);
    }

    #[test]
    fn tests_may_use_everything() {
        assert!(faults("conversation/tests.rs", "use crate::gateway::Registry;\n").is_empty());
    }

    #[test]
    fn the_session_machine_must_not_learn_to_do_io() {
        let text = "[package]\nname = \"x\"\n\n[dependencies]\nsmallvec.workspace = true\ntokio = \"1\"\n\n[dev-dependencies]\nproptest.workspace = true\n";
        let found = forbidden_dependencies(Path::new("session/Cargo.toml"), text);
        assert_eq!(found, ["session/Cargo.toml: may not depend on `tokio`"]);
        assert!(forbidden_dependencies(Path::new("server/Cargo.toml"), text).is_empty());
    }
}
