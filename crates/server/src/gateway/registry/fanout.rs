//! One push to many sessions: decided for each, encoded once for each form that is needed.

use bytes::Bytes;
use yanshu_protocol::Outbound;
use yanshu_protocol::codec::{self, Dialect};
use yanshu_session::{Capabilities, OfflineMode};

use super::sessions::Session;
use crate::bus::{Needs, Push};
use crate::gateway::outbox::Rank;

/// A push and the forms it was encoded in so far.
pub(super) struct Encoded {
    pub(super) push: Push,
    rank: Rank,
    event: Option<Outbound>,
    /// How many sessions it was for since this was last looked at.
    pub(super) count: u32,
    /// By dialect, and by whether it is marked as reliable.
    bodies: [Option<Bytes>; 4],
}

impl Encoded {
    pub(super) fn new(push: Push) -> Self {
        let rank = Rank::of_priority(push.priority);
        Self { push, rank, event: None, count: 0, bodies: [const { None }; 4] }
    }

    /// For a session that is one of many.
    pub(super) fn push_to(&mut self, session: &Session) {
        let rank = self.rank;
        if let Some(body) = self.body_for(session) {
            session.push(body, rank);
        }
    }

    /// For a session that is addressed itself, whether or not it keeps what others get.
    pub(super) fn push_alone(&mut self, session: &Session) {
        let rank = self.rank;
        if let Some(body) = self.body_for(session) {
            session.push_now(body, rank);
        }
    }

    fn body_for(&mut self, session: &Session) -> Option<&Bytes> {
        let capabilities = session.capabilities;
        if self.push.except == Some(session.key) || !meets(capabilities, self.push.needs) {
            return None;
        }
        self.count += 1;
        let permanent = self.push.permanent && capabilities.reliable_notifications();
        Some(self.body(session.dialect, permanent))
    }

    fn body(&mut self, dialect: Dialect, permanent: bool) -> &Bytes {
        // Base64 wraps the same bytes as binary protobuf.
        let form = usize::from(dialect == Dialect::Json) * 2 + usize::from(permanent);
        let (push, event) = (&self.push, &mut self.event);
        self.bodies[form].get_or_insert_with(|| {
            let event = event.get_or_insert_with(|| Outbound {
                client: None,
                serial: None,
                server_time: Some(push.server_time),
                permanent: false,
                event: push.event.clone(),
            });
            event.permanent = permanent;
            codec::encode_shared(dialect, event)
        })
    }
}

/// Whether a session can handle what a push demands.
fn meets(has: Capabilities, needs: Needs) -> bool {
    (!needs.patches || has.patches())
        && (!needs.temporary_conversations || has.temporary_conversations())
        && (!needs.modern || !has.legacy())
        && (!needs.unread_notices || has.offline() == OfflineMode::Unread)
        && (!needs.group_receipts || has.group_receipts())
}
