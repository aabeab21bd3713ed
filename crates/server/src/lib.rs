//! The Yanshu server. One folder per room; `docs/architecture.md` follows a message through them.

pub mod clock;
pub mod config;
mod ids;
mod server;
pub mod telemetry;

pub use server::serve;
pub mod query;
