//! Questions, by aggregate, as they run in one consistent look at the database.
//!
//! Functions that take a connection serve the writer too.

pub(super) mod conversations;
pub(super) mod cursors;
pub(super) mod history;
pub(super) mod messages;
pub(super) mod notices;
pub(super) mod order;
pub(super) mod patches;
pub(super) mod search;
pub(super) mod sessions;
pub(super) mod subscriptions;
pub(super) mod threads;
pub(super) mod unread;
