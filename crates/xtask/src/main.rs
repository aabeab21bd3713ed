//! Chores of the repository, run as `cargo run -p xtask -- NAME`. It may touch the source tree and nothing else.

mod codegen;

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
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().chore {
        Chore::Codegen { check } => codegen::run(check),
    }
}
