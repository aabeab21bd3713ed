//! The places in history of the newest messages, before the index has them.
//!
//! A message is durable once its row is at the end of the table `message`; where it stands in the history of its
//! conversation follows from that. So the places of the newest are kept in memory and filed in the index
//! later, many of a conversation at once (see `write/filing.rs`): a commit then ends with few pages instead of
//! one per message. After a crash they are made again from the rows.
//!
//! Within a conversation, all of these places stand behind all filed ones. A reader takes them *before* its
//! look at the database: what is filed meanwhile it then has twice, never not at all, and the first place it
//! took says where to stop reading the index.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::RwLock;
use yanshu_protocol::MessageId;

/// What the index knows of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) at: i64,
    pub(super) id: MessageId,
    pub(super) row: i64,
    pub(super) sender_hash: u32,
    pub(super) flags: i64,
    pub(super) kind: Option<i64>,
    /// The hash of its key against repeats.
    pub(super) resend: Option<i64>,
}

/// The places of one conversation, ascending. Readers share it; the writer changes it in place unless one is
/// just reading.
pub(super) type Places = Arc<VecDeque<Place>>;

/// The places not filed yet, by conversation.
#[derive(Debug, Default)]
pub(super) struct Recent {
    places: RwLock<HashMap<i64, Places>>,
    /// Counts deleted conversations, so that readers notice and forget where they were.
    gone: AtomicU64,
}

impl Recent {
    pub(super) fn conversation_gone(&self) {
        self.gone.fetch_add(1, Ordering::Release);
    }

    /// How many conversations were deleted so far.
    pub(super) fn gone(&self) -> u64 {
        self.gone.load(Ordering::Acquire)
    }

    /// Those of one conversation.
    pub(super) fn of(&self, conversation: i64) -> Places {
        self.places.read().get(&conversation).cloned().unwrap_or_default()
    }

    /// Those of some conversations.
    pub(super) fn of_all(&self, conversations: impl IntoIterator<Item = i64>) -> HashMap<i64, Places> {
        let places = self.places.read();
        let known = |conversation| Some((conversation, places.get(&conversation)?.clone()));
        conversations.into_iter().filter_map(known).collect()
    }

    /// The conversations that have any.
    pub(super) fn conversations(&self) -> Vec<i64> {
        self.places.read().keys().copied().collect()
    }

    /// Makes a committed batch visible, all of it at once.
    pub(super) fn apply(
        &self,
        added: impl IntoIterator<Item = (i64, Place)>,
        changed: impl IntoIterator<Item = (i64, Place)>,
        filed: impl IntoIterator<Item = (i64, usize)>,
    ) {
        let mut places = self.places.write();
        for (conversation, count) in filed {
            if let Some(waiting) = places.get_mut(&conversation) {
                let waiting = Arc::make_mut(waiting);
                waiting.drain(..count.min(waiting.len()));
                if waiting.is_empty() {
                    places.remove(&conversation);
                }
            }
        }
        for (conversation, place) in added {
            Arc::make_mut(places.entry(conversation).or_default()).push_back(place);
        }
        for (conversation, place) in changed {
            let Some(waiting) = places.get_mut(&conversation).map(Arc::make_mut) else { continue };
            if let Ok(position) = waiting.binary_search_by_key(&place.row, |waiting| waiting.row) {
                waiting[position] = place;
            }
        }
    }
}
