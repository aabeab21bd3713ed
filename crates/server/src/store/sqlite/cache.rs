//! A bounded cache that keeps what is used.

use std::collections::HashMap;
use std::hash::Hash;

/// Two generations: what is used moves to the younger; when that is full, the older is forgotten. It holds at
/// most twice `capacity`, and forgets only when told to, so that nothing vanishes in the middle of a batch.
#[derive(Debug)]
pub(super) struct Generations<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    capacity: usize,
}

impl<K: Hash + Eq + Clone, V> Generations<K, V> {
    pub(super) fn new(capacity: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), capacity }
    }

    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        if !self.young.contains_key(key) {
            let (key, value) = self.old.remove_entry(key)?;
            self.young.insert(key, value);
        }
        self.young.get_mut(key)
    }

    pub(super) fn insert(&mut self, key: K, value: V) {
        self.young.insert(key, value);
    }

    pub(super) fn remove(&mut self, key: &K) {
        self.young.remove(key);
        self.old.remove(key);
    }

    pub(super) fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }

    /// Forgets the older generation if the younger is full.
    pub(super) fn age(&mut self) {
        if self.young.len() >= self.capacity {
            self.old = std::mem::take(&mut self.young);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_is_kept_and_the_rest_forgotten() {
        let mut cache = Generations::new(2);
        for round in 0..10 {
            cache.insert(round, round);
            if let Some(value) = cache.get_mut(&0) {
                assert_eq!(*value, 0);
            }
            cache.age();
            assert!(cache.young.len() + cache.old.len() <= 4);
        }
        assert!(cache.get_mut(&0).is_some());
        assert!(cache.get_mut(&3).is_none());
    }
}
