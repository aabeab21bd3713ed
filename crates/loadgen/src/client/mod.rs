//! A client that costs as little as it can, since it shares the machine with the server it measures: no
//! WebSocket library, one read buffer for each thread, and a glance at each event instead of a decoding.

pub(crate) mod commands;
mod connection;
mod http;
mod peek;
pub(crate) mod session;

pub(crate) use connection::{Closed, Connection, Line};
pub(crate) use http::Backend;
pub(crate) use peek::{Incoming, text_of};
