//! Order in a conversation: roles, and who may not speak in it or not be in it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, LazyLock};

use yanshu_protocol::{AppId, ClientId, Code, ConversationId, Restriction, Timestamp};

use super::Roster;

/// Roles and restrictions of a conversation. Shared and never changed in place; nearly all conversations share
/// the empty one.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    /// Members that are managers.
    pub(crate) managers: BTreeSet<ClientId>,
    /// Who may not speak, and until when: for ever if no time is given. One whose time is over may still be
    /// named.
    pub(crate) silenced: HashMap<ClientId, Option<Timestamp>>,
    /// Who may not be in the conversation.
    pub(crate) blocked: HashSet<ClientId>,
}

static NONE: LazyLock<Arc<Order>> = LazyLock::new(Arc::default);

impl Order {
    /// That of a conversation in which nobody has a role or a restriction.
    pub(crate) fn none() -> Arc<Self> {
        Arc::clone(&NONE)
    }

    /// Shares the order; the empty one with everybody.
    pub(crate) fn share(self) -> Arc<Self> {
        if self == **NONE { Self::none() } else { Arc::new(self) }
    }

    /// How long a client may not speak: `None` if it may, `Some(None)` if it may never.
    pub(crate) fn silence(&self, client: &ClientId, now: Timestamp) -> Option<Option<Timestamp>> {
        self.silenced.get(client).copied().filter(|until| until.is_none_or(|end| now < end))
    }
}

/// Clients to be put on or taken off one of a conversation's lists. They need not be members.
#[derive(Debug, Clone)]
pub(crate) struct RestrictRequest {
    pub(crate) app: AppId,
    pub(crate) conversation: ConversationId,
    pub(crate) restriction: Restriction,
    /// Take off, not put on.
    pub(crate) lift: bool,
    pub(crate) clients: Vec<ClientId>,
    pub(crate) by: ClientId,
    /// Silence for a time, which is kept apart from silence for ever: to lift it takes any time. Means
    /// nothing where clients are blocked.
    pub(crate) until: Option<Timestamp>,
    /// Most clients on the list.
    pub(crate) limit: usize,
    /// The creator is refused (W-241).
    pub(crate) keep_owner: bool,
    /// A refused id refuses all (W-104).
    pub(crate) whole: bool,
    pub(crate) now: Timestamp,
}

/// What came of it.
#[derive(Debug, Clone)]
pub(crate) struct RestrictOutcome {
    /// Those who really came on or off the list, or whose time changed, in the order asked.
    pub(crate) changed: Vec<ClientId>,
    /// Those who were in the conversation and are out of it, as they are blocked.
    pub(crate) left: Vec<ClientId>,
    pub(crate) refused: Vec<(ClientId, Code)>,
    /// When the list changed; that of the last change of the conversation if it did not.
    pub(crate) at: Timestamp,
    /// The conversation's time of change: later than `at` if anybody left.
    pub(crate) updated_at: Timestamp,
    /// After the change.
    pub(crate) roster: Roster,
}

/// What came of a change of role.
#[derive(Debug, Clone)]
pub(crate) struct RoleOutcome {
    /// Whether the member had another role before.
    pub(crate) changed: bool,
    /// The conversation's time of change; unchanged if nothing changed.
    pub(crate) at: Timestamp,
    /// After the change.
    pub(crate) roster: Roster,
}
