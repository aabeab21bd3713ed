//! The Rust types of the wire format: made from the `.proto` file, committed, checked by a test. Building
//! the server therefore needs no protobuf compiler.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

const SOURCE: &str = "proto/yanshu.proto";
const TARGET: &str = "src/gen/yanshu.rs";

/// The messages a command may carry: boxed, since a command has one of these eighteen and not all.
const BODIES: [&str; 18] = [
    "login",
    "data",
    "session",
    "error",
    "direct",
    "ack",
    "unread",
    "read",
    "rcp",
    "logs",
    "conv",
    "room",
    "presence",
    "report",
    "patch",
    "pubsub",
    "blacklist",
    "loggedin",
];

/// Writes the file, or checks that it is what would be written.
pub(crate) fn run(check: bool) -> anyhow::Result<()> {
    let target = protocol_crate().join(TARGET);
    let wanted = generate()?;
    if check {
        let present =
            fs::read_to_string(&target).with_context(|| format!("cannot read {}", target.display()))?;
        if present != wanted {
            bail!("{TARGET} is not what {SOURCE} says: run `cargo run -p xtask -- codegen`");
        }
        return Ok(());
    }
    fs::write(&target, wanted).with_context(|| format!("cannot write {}", target.display()))
}

fn protocol_crate() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol")
}

fn generate() -> anyhow::Result<String> {
    let root = protocol_crate();
    let descriptors = protox::compile([root.join(SOURCE)], [root.join("proto")])?;
    let mut config = prost_build::Config::new();
    config.bytes(["."]);
    for body in BODIES {
        config.boxed(format!(".yanshu.GenericCommand.{body}Message"));
    }
    let modules: Vec<_> = descriptors
        .file
        .into_iter()
        .map(|file| (prost_build::Module::from_protobuf_package_name(file.package()), file))
        .collect();
    let mut generated = config.generate(modules)?;
    match generated.drain().next() {
        Some((_, code)) => Ok(code),
        None => bail!("{SOURCE} defines nothing"),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_committed_types_are_those_of_the_proto_file() {
        super::run(true).unwrap();
    }
}
