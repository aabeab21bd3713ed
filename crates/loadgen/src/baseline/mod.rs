//! The machine's own limits: the least that any server must do for the same work, with nothing around it.
//!
//! What needs sockets runs as a process of its own ([`process`]), as the real server does, so that the same
//! client measures both. What does not ([`append`], [`history`]) runs here.

pub(crate) mod append;
pub(crate) mod broadcast;
mod durable;
pub(crate) mod history;
pub(crate) mod measure;
pub(crate) mod process;
mod tasks;
pub(crate) mod wire;
