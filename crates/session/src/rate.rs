//! How fast a session may act (B-502 to B-505).

use yanshu_protocol::Timestamp;

/// So many actions a minute, with a burst.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Actions per minute; 0 means no limit.
    pub per_minute: u32,
    /// How many may come at once.
    pub burst: u32,
}

/// The rates of one session by kind of command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates {
    /// Messages.
    pub messages: Rate,
    /// History queries.
    pub history: Rate,
    /// Everything else that is answered.
    pub others: Rate,
    /// What comes too fast is ignored, as in 2015, not refused with 4116 (B-505).
    pub drop_excess: bool,
}

/// A token bucket in microseconds: `full_at` is the time at which the bucket is full again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bucket {
    full_at: i64,
}

impl Bucket {
    /// Takes one token if there is one.
    pub fn take(&mut self, rate: Rate, now: Timestamp) -> bool {
        if rate.per_minute == 0 {
            return true;
        }
        // Microseconds keep fast rates exact enough.
        let now = now.0.saturating_mul(1000);
        let cost = 60_000_000 / i64::from(rate.per_minute);
        let full_at = self.full_at.max(now).saturating_add(cost);
        if full_at - now > cost.saturating_mul(i64::from(rate.burst.max(1))) {
            return false;
        }
        self.full_at = full_at;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_the_rate_holds() {
        let rate = Rate { per_minute: 60, burst: 3 };
        let mut bucket = Bucket::default();
        let start = Timestamp(1_000_000);
        assert_eq!((0..5).filter(|_| bucket.take(rate, start)).count(), 3);
        assert!(!bucket.take(rate, start.plus_millis(999)));
        assert!(bucket.take(rate, start.plus_millis(1000)));
        assert!(!bucket.take(rate, start.plus_millis(1000)));
    }

    #[test]
    fn zero_means_no_limit() {
        let mut bucket = Bucket::default();
        let rate = Rate { per_minute: 0, burst: 0 };
        assert!((0..1000).all(|_| bucket.take(rate, Timestamp(5))));
    }
}
