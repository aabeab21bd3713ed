//! The Yanshu server. One folder per room; `docs/architecture.md` follows a message through them.

// The rooms stand before they are joined.
#![allow(dead_code, unused_imports)]

mod bus;
pub mod clock;
pub mod config;
mod conversation;
pub mod gateway;
mod ids;
mod login;
mod page;
pub mod query;
mod server;
mod store;
pub mod telemetry;

pub use server::serve;
pub use store::appends_per_second;
