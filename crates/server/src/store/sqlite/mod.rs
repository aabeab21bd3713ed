//! The store in one SQLite file: the default, for one node.
//!
//! One thread writes, in batches of whatever waits ([`writer`]); another copies the log back into the file
//! ([`checkpoint`]); a few threads read, each with its own connection ([`readers`]). The places of the newest
//! messages in history are in memory, for all of them ([`recent`]). `write/` holds the changes and `read/` the
//! questions, by aggregate; `docs/storage.md` tells why the tables look as they do.

mod cache;
mod checkpoint;
mod file;
#[cfg(test)]
mod forward;
mod job;
mod noticed;
mod read;
mod readers;
mod recent;
mod rows;
#[cfg(test)]
mod scale;
mod store;
#[cfg(test)]
mod tests;
mod write;
mod writer;

pub(crate) use store::{Options, SqliteStore};
