//! Who is in a conversation, at hand for every message.

use std::num::NonZeroUsize;
use std::sync::Arc;

use lru::LruCache;
use parking_lot::Mutex;
use yanshu_protocol::{AppId, ConversationId, Timestamp};

use crate::store::{Roster, Store, StoreError};

/// Rosters kept, over all shards. At a few hundred bytes each this is tens of megabytes at most.
const CAPACITY: usize = 1 << 16;
const SHARDS: usize = 16;

type Key = (AppId, ConversationId);

/// A cache of rosters. Changes are put in by completions, in commit order; readers load what is missing.
#[derive(Debug)]
pub(super) struct Rosters {
    shards: Box<[Mutex<Shard>]>,
    hasher: std::collections::hash_map::RandomState,
}

#[derive(Debug)]
struct Shard {
    rosters: LruCache<Key, Arc<Roster>>,
    /// Counts changes: what was read before one must not be put in after it.
    changes: u64,
}

impl Default for Rosters {
    fn default() -> Self {
        let capacity = NonZeroUsize::new(CAPACITY / SHARDS).unwrap_or(NonZeroUsize::MIN);
        let shard = || Mutex::new(Shard { rosters: LruCache::new(capacity), changes: 0 });
        Self { shards: (0..SHARDS).map(|_| shard()).collect(), hasher: Default::default() }
    }
}

impl Rosters {
    fn shard(&self, key: &Key) -> &Mutex<Shard> {
        use std::hash::BuildHasher;
        let hash = self.hasher.hash_one(key);
        &self.shards[usize::try_from(hash % SHARDS as u64).unwrap_or(0)]
    }

    /// The roster if it is at hand.
    pub(super) fn cached(&self, app: &AppId, id: &ConversationId) -> Option<Arc<Roster>> {
        let key = (app.clone(), id.clone());
        self.shard(&key).lock().rosters.get(&key).cloned()
    }

    /// The roster, loaded if need be; `None` if there is no such conversation at `now`.
    pub(super) async fn get(
        &self,
        store: &dyn Store,
        app: &AppId,
        id: &ConversationId,
        now: Timestamp,
    ) -> Result<Option<Arc<Roster>>, StoreError> {
        let key = (app.clone(), id.clone());
        let alive = |roster: &Arc<Roster>| roster.expires_at.is_none_or(|end| end > now);
        loop {
            let before = {
                let mut shard = self.shard(&key).lock();
                if let Some(roster) = shard.rosters.get(&key).cloned() {
                    return Ok(Some(roster).filter(alive));
                }
                shard.changes
            };
            let Some(roster) = store.roster(app, id, now).await?.map(Arc::new) else { return Ok(None) };
            let mut shard = self.shard(&key).lock();
            if shard.changes == before {
                shard.rosters.put(key, Arc::clone(&roster));
                return Ok(Some(roster));
            }
        }
    }

    /// Forgets a conversation that is deleted.
    pub(super) fn remove(&self, app: &AppId, id: &ConversationId) {
        let key = (app.clone(), id.clone());
        let mut shard = self.shard(&key).lock();
        shard.changes += 1;
        shard.rosters.pop(&key);
    }

    /// Puts in what a change made of a roster.
    pub(super) fn put(&self, app: AppId, id: ConversationId, roster: Roster) {
        let key = (app, id);
        let mut shard = self.shard(&key).lock();
        shard.changes += 1;
        shard.rosters.put(key, Arc::new(roster));
    }
}
