//! The Yanshu server. One folder per room; `docs/architecture.md` follows a message through them.

mod apps;
mod bus;
mod chores;
pub mod clock;
pub mod config;
mod conversation;
mod domain;
pub mod filter;
pub mod gateway;
mod ids;
mod login;
mod page;
pub mod query;
mod rest;
#[cfg(test)]
mod scenarios;
mod server;
mod signature;
mod store;
pub mod telemetry;

pub use server::{check_files, serve};
pub use store::{appends_per_second, subscribe_many};
