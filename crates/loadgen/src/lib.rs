//! The load generator behind `yanshu bench`: it loads a server over real sockets, measures the machine's own
//! limits in the same run, and prints every figure as a ratio to its limit and beside its budget.
//!
//! [`run`] reads the arguments, a file of `scenario` makes each group of figures, `drive` loads a server in
//! one of three ways, `baseline` holds the bare servers, `report` puts it on paper. This crate may depend on
//! `protocol` alone: it knows the server only by its socket, its process and its configuration file.

mod baseline;
mod cli;
mod client;
mod drive;
mod latency;
mod meter;
mod report;
mod scenario;
mod target;

pub use cli::BenchArgs;

/// Measures what the arguments ask for and prints it. Builds a runtime of its own: call it outside of one.
pub fn run(args: &BenchArgs) -> anyhow::Result<()> {
    cli::run(args)
}
