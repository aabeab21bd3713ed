//! The state of one connection and of the sessions on it, without I/O.
//!
//! [`Connection`] takes what a client sends and says what to do about it: answer, open a session, carry out
//! a command for an actor, or nothing. It decides whom a command belongs to, which of several clients on one
//! connection is meant when none is named, who may do what before login, how fast, and when silence has
//! lasted too long. Time is an argument; there is no socket, no store and no task in here.
#![deny(missing_docs)]

mod actor;
mod connection;
mod rate;
mod reply;

pub use actor::{Actor, Capabilities, OfflineMode, Profile, SessionKey};
pub use connection::{Call, Connection, Deadline, OpenRequest, Opened, Step, Timeouts};
pub use rate::{Bucket, Rate, Rates};
pub use reply::ReplyTo;
