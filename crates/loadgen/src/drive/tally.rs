//! Counts that all connections of a run share. They live on one thread, so the atomics cost next to nothing.

use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering::Relaxed};

use crate::client::Incoming;

/// What has happened so far.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    replies: AtomicU64,
    deliveries: AtomicU64,
    refusals: AtomicU64,
    first_code: AtomicI32,
    stopped: AtomicBool,
}

impl Tally {
    pub(crate) fn count(&self, incoming: Incoming) {
        match incoming {
            Incoming::Reply(_) => self.replies.fetch_add(1, Relaxed),
            Incoming::Delivery => self.deliveries.fetch_add(1, Relaxed),
            Incoming::Refusal(code) => {
                // A refusal answers its command too: without this, those who wait for all answers would for ever.
                self.replies.fetch_add(1, Relaxed);
                let _ = self.first_code.compare_exchange(0, code, Relaxed, Relaxed);
                self.refusals.fetch_add(1, Relaxed)
            }
            Incoming::Push => 0,
        };
    }

    /// Commands answered, refused ones included.
    pub(crate) fn replies(&self) -> u64 {
        self.replies.load(Relaxed)
    }

    pub(crate) fn deliveries(&self) -> u64 {
        self.deliveries.load(Relaxed)
    }

    /// How many commands were refused, and the code of the first.
    pub(crate) fn refused(&self) -> (u64, i32) {
        (self.refusals.load(Relaxed), self.first_code.load(Relaxed))
    }

    /// No new commands from here on.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Relaxed);
    }

    pub(crate) fn stopped(&self) -> bool {
        self.stopped.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_refusal_gives_the_code_and_each_counts_as_an_answer() {
        let tally = Tally::default();
        for incoming in [Incoming::Reply(1), Incoming::Refusal(4116), Incoming::Refusal(4401), Incoming::Push]
        {
            tally.count(incoming);
        }
        assert_eq!((tally.replies(), tally.deliveries(), tally.refused()), (3, 0, (2, 4116)));
    }
}
