//! Where an app's own servers listen. What they are told leaves through this seam, in the order of the changes.

use std::fmt::Debug;
use std::sync::Arc;

use yanshu_protocol::AppId;

use crate::store::StoredMessage;

/// Whoever listens for an app.
pub(crate) trait Hooks: Send + Sync + Debug + 'static {
    /// A client has said something to a service (B-143). The message is kept; this is called on the committing
    /// thread and only notes it.
    fn said_to_service(&self, app: &AppId, message: &Arc<StoredMessage>);
}

/// Nobody listens: what clients say to services waits in its history.
#[derive(Debug)]
pub(crate) struct NoHooks;

impl Hooks for NoHooks {
    fn said_to_service(&self, app: &AppId, message: &Arc<StoredMessage>) {
        tracing::debug!(app.id = %app, conversation.id = %message.conversation, message.id = %message.id, "said to a service");
    }
}
