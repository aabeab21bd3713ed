//! The server's only source of time, so that tests can move it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use yanshu_protocol::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync + fmt::Debug {
    /// Now.
    fn now(&self) -> Timestamp;

    /// A time that only measures how long something lasts: no step of the machine's clock moves it, and it
    /// compares with nothing but itself.
    fn steady(&self) -> Timestamp {
        self.now()
    }
}

/// The machine's clock, kept from going back: a step of the machine's time must not reorder messages.
#[derive(Debug)]
pub struct SystemClock {
    latest: AtomicI64,
    started: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self { latest: AtomicI64::default(), started: Instant::now() }
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place where time enters")]
    fn now(&self) -> Timestamp {
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX));
        Timestamp(now.max(self.latest.fetch_max(now, Ordering::Relaxed)))
    }

    fn steady(&self) -> Timestamp {
        Timestamp(i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX))
    }
}

/// A clock that a test sets.
#[derive(Debug, Clone, Default)]
pub struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    /// A clock that stands at `now`.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(now.0)))
    }

    /// Moves the clock forward.
    pub fn advance(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::Relaxed);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}
