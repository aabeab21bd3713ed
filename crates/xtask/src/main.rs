//! Chores of the repository, run as `cargo run -p xtask -- NAME`. It may touch the source tree and nothing else.

mod codegen;
mod config_reference;
mod rooms;
mod spec;
mod tree;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "Chores of the repository")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Writes the Rust types of the wire format from `crates/protocol/proto/yanshu.proto`.
    Codegen {
        /// Only check that the committed file is what would be written.
        #[arg(long)]
        check: bool,
    },
    /// Writes `docs/configuration.md` from the settings' declarations.
    ConfigReference {
        /// Only check that the committed file is what would be written.
        #[arg(long)]
        check: bool,
    },
    /// Checks that no part of the source uses one that it may not.
    Rooms,
    /// Counts the statements of the specification that tests cite, and checks the tests named in
    /// `docs/features.md` and `docs/compatibility.md`.
    Spec {
        /// A folder with the specification: lists the statements that no test cites.
        #[arg(long, value_name = "FOLDER")]
        against: Option<PathBuf>,
    },
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().chore {
        Chore::Codegen { check } => codegen::run(check),
        Chore::ConfigReference { check } => config_reference::run(check),
        Chore::Rooms => rooms::run(),
        Chore::Spec { against } => spec::run(against.as_deref()),
    }
}
