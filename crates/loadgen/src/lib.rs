//! The load generator behind `yanshu bench`: it loads a server over real sockets, measures the machine's own
//! limits in the same run, and prints every figure as a ratio to its limit and beside its budget.
//!
//! [`run`] reads the arguments, a file of `scenario` makes each group of figures, `drive` loads a server in
//! one of three ways, `baseline` holds the bare servers, `report` puts it on paper. This crate may depend on
//! `protocol` alone: it knows the server only by its socket, its process and its configuration file;
//! what measures the store comes from the caller.

mod baseline;
mod cli;
mod client;
mod drive;
mod latency;
mod meter;
mod report;
mod scenario;
mod target;

use std::path::Path;
use std::time::Duration;

pub use cli::BenchArgs;

/// Measures what a store commits without sockets: messages a second, given an empty folder, bytes of text in
/// each message, messages in each batch, and for how long to measure.
pub type StoreRate = fn(&Path, usize, usize, Duration) -> anyhow::Result<f64>;

/// Subscribes clients to a service conversation in a data folder that no server uses: the folder, the app, the
/// conversation, how many clients.
pub type Subscribe = fn(&Path, &str, &str, usize) -> anyhow::Result<()>;

/// What only the server's own code can do.
#[derive(Debug, Clone, Copy)]
pub struct Inside {
    /// Measures the store.
    pub store_rate: StoreRate,
    /// Fills it with subscribers.
    pub subscribe: Subscribe,
}

/// Measures what the arguments ask for and prints it. Builds a runtime of its own: call it outside of one.
pub fn run(args: &BenchArgs, inside: Inside) -> anyhow::Result<()> {
    cli::run(args, inside)
}
