//! The timetable of an open loop. Requests leave when they are due, whatever became of earlier ones, and
//! are timed from the instant they were due: a late generator or a stalled server lengthens the figures
//! instead of thinning out the load (no coordinated omission).

use std::time::{Duration, Instant};

/// When each request of a constant rate is due, counted from the start.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timetable {
    per_second: u32,
}

impl Timetable {
    /// A rate of zero would never send; it counts as one per second.
    pub(crate) fn new(per_second: u32) -> Self {
        Self { per_second: per_second.max(1) }
    }

    /// When request number `n` is due, from 0 on.
    pub(crate) fn due_at(self, n: u64) -> Duration {
        let nanos = u128::from(n) * 1_000_000_000 / u128::from(self.per_second);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// How many requests a run of this length has.
    pub(crate) fn requests_within(self, length: Duration) -> u64 {
        let requests = length.as_nanos() * u128::from(self.per_second) / 1_000_000_000;
        u64::try_from(requests).unwrap_or(u64::MAX)
    }
}

/// Time as the loop sees it: measured from the start of the run.
pub(crate) trait Clock {
    fn elapsed(&self) -> Duration;
    fn sleep(&self, time: Duration);
}

/// Real time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RealClock(pub(crate) Instant);

impl Clock for RealClock {
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

/// Calls `send` once for each of `requests` numbers, in order, never before it is due and as soon as
/// possible afterwards. Stops at the first error.
pub(crate) fn follow<C: Clock, E>(
    timetable: Timetable,
    requests: u64,
    clock: &C,
    mut send: impl FnMut(u64) -> Result<(), E>,
) -> Result<(), E> {
    for n in 0..requests {
        let due = timetable.due_at(n);
        // A sleep may end early or late: early ones are repeated, late ones make several requests due at once.
        while let Some(ahead) = due.checked_sub(clock.elapsed()).filter(|time| !time.is_zero()) {
            clock.sleep(ahead);
        }
        send(n)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// A clock that moves only by sleeping, and by what the test adds.
    struct FakeClock {
        now: Cell<Duration>,
        oversleep: Duration,
    }

    impl FakeClock {
        fn new(oversleep: Duration) -> Self {
            Self { now: Cell::new(Duration::ZERO), oversleep }
        }

        fn pass(&self, time: Duration) {
            self.now.set(self.now.get() + time);
        }
    }

    impl Clock for FakeClock {
        fn elapsed(&self) -> Duration {
            self.now.get()
        }

        fn sleep(&self, time: Duration) {
            self.pass(time + self.oversleep);
        }
    }

    fn run(clock: &FakeClock, rate: u32, requests: u64, mut each: impl FnMut(u64)) -> Vec<(u64, Duration)> {
        let mut sent = Vec::new();
        let done: Result<(), ()> = follow(Timetable::new(rate), requests, clock, |n| {
            sent.push((n, clock.elapsed()));
            each(n);
            Ok(())
        });
        done.unwrap();
        sent
    }

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn requests_are_spread_evenly() {
        let sent = run(&FakeClock::new(Duration::ZERO), 1000, 4, |_| ());
        assert_eq!(sent, [(0, Duration::ZERO), (1, MS), (2, 2 * MS), (3, 3 * MS)]);
    }

    #[test]
    fn a_stall_delays_requests_but_drops_none_and_their_due_times_stand() {
        let clock = FakeClock::new(Duration::ZERO);
        let sent = run(&clock, 1000, 30, |n| {
            if n == 4 {
                clock.pass(20 * MS);
            }
        });
        assert!(sent.iter().map(|&(n, _)| n).eq(0..30));
        let late = |n: usize| sent[n].1 - Timetable::new(1000).due_at(n as u64);
        assert_eq!(late(4), Duration::ZERO);
        assert_eq!(late(5), 19 * MS, "the first request after the stall shows nearly all of it");
        assert_eq!(late(23), MS);
        assert_eq!(late(25), Duration::ZERO, "and the timetable is caught up with");
    }

    #[test]
    fn oversleeping_does_not_accumulate() {
        let sent = run(&FakeClock::new(3 * MS), 1000, 1000, |_| ());
        let last = sent[999].1 - Timetable::new(1000).due_at(999);
        assert!(last <= 3 * MS, "{last:?}");
        assert!(sent.iter().all(|&(n, at)| at >= Timetable::new(1000).due_at(n)));
    }

    #[test]
    fn due_times_of_an_uneven_rate_do_not_drift() {
        let timetable = Timetable::new(7);
        assert_eq!(timetable.due_at(7_000_000), Duration::from_secs(1_000_000));
        assert_eq!(timetable.requests_within(Duration::from_secs(3)), 21);
    }

    #[test]
    fn an_error_ends_the_run() {
        let clock = FakeClock::new(Duration::ZERO);
        let mut sent = 0;
        let done = follow(Timetable::new(10), 5, &clock, |n| {
            sent += 1;
            if n == 2 { Err("cut") } else { Ok(()) }
        });
        assert_eq!((done, sent), (Err("cut"), 3));
    }
}
