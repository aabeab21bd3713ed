//! Response times in a histogram: three significant digits, one microsecond to one minute.

use std::time::Duration;

use hdrhistogram::Histogram;

/// Longer times count as this long, so that a stall is seen and never lost.
const LONGEST: Duration = Duration::from_secs(60);

/// A distribution of response times, in nanoseconds.
#[derive(Debug, Clone)]
pub(crate) struct Latency(Histogram<u64>);

impl Latency {
    pub(crate) fn new() -> Self {
        let bounds = Histogram::new_with_bounds(1, LONGEST.as_nanos() as u64, 3);
        Self(bounds.expect("the bounds are constant and valid"))
    }

    pub(crate) fn record(&mut self, time: Duration) {
        self.0.saturating_record(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.len()
    }

    /// The time that the given share of all responses did not exceed. Zero if there were none.
    pub(crate) fn quantile(&self, share: f64) -> Duration {
        Duration::from_nanos(self.0.value_at_quantile(share))
    }

    pub(crate) fn p50(&self) -> Duration {
        self.quantile(0.50)
    }

    pub(crate) fn p99(&self) -> Duration {
        self.quantile(0.99)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn micros(range: impl Iterator<Item = u64>) -> Latency {
        let mut latency = Latency::new();
        range.for_each(|us| latency.record(Duration::from_micros(us)));
        latency
    }

    fn close(time: Duration, expected_us: u64) -> bool {
        let expected = Duration::from_micros(expected_us).as_secs_f64();
        (time.as_secs_f64() - expected).abs() / expected < 0.001
    }

    #[test]
    fn quantiles_keep_three_digits() {
        let latency = micros(1..=100_000);
        assert!(close(latency.p50(), 50_000), "{:?}", latency.p50());
        assert!(close(latency.p99(), 99_000), "{:?}", latency.p99());
        assert!(close(latency.quantile(1.0), 100_000), "{:?}", latency.quantile(1.0));
    }

    #[test]
    fn a_stall_beyond_the_longest_time_still_counts() {
        let latency = micros([1, 1, 1, 3_600_000_000].into_iter());
        assert_eq!(latency.count(), 4);
        assert!(close(latency.quantile(1.0), 60_000_000));
    }

    #[test]
    fn nothing_recorded_is_zero() {
        assert_eq!(Latency::new().p99(), Duration::ZERO);
    }
}
