//! The budgets of the design, and how a figure stands to one.

use serde::Serialize;

/// What of a figure is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Judged {
    /// value / limit, which should be high.
    RatioAtLeast,
    /// value / limit, which should be low.
    RatioAtMost,
    /// value − limit, which should be low.
    AddedAtMost,
    /// The value itself, which should be low.
    ValueAtMost,
}

/// A budget: what must be met and what is aimed at.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Budget {
    /// Its name in the design: G1 to G13.
    pub(crate) name: &'static str,
    pub(crate) judged: Judged,
    pub(crate) must: f64,
    pub(crate) aim: f64,
}

/// How a figure stands to its budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Aim,
    Must,
    Missed,
}

impl Budget {
    pub(crate) const fn new(name: &'static str, judged: Judged, must: f64, aim: f64) -> Self {
        Self { name, judged, must, aim }
    }

    /// The number that is compared with `must` and `aim`. Without a limit a ratio cannot be met.
    pub(crate) fn judged(self, value: f64, limit: Option<f64>) -> f64 {
        match self.judged {
            Judged::RatioAtLeast => limit.map_or(0.0, |limit| value / limit),
            Judged::RatioAtMost => limit.map_or(f64::INFINITY, |limit| value / limit),
            Judged::AddedAtMost => limit.map_or(f64::INFINITY, |limit| value - limit),
            Judged::ValueAtMost => value,
        }
    }

    pub(crate) fn verdict(self, value: f64, limit: Option<f64>) -> Verdict {
        let judged = self.judged(value, limit);
        let meets = |bound: f64| match self.judged {
            Judged::RatioAtLeast => judged >= bound,
            Judged::RatioAtMost | Judged::AddedAtMost | Judged::ValueAtMost => judged <= bound,
        };
        match () {
            () if meets(self.aim) => Verdict::Aim,
            () if meets(self.must) => Verdict::Must,
            () => Verdict::Missed,
        }
    }
}

const KIB: f64 = 1024.0;
const MIB: f64 = 1024.0 * KIB;
const US: f64 = 1e-6;
const MS: f64 = 1e-3;

use Judged::{AddedAtMost, RatioAtLeast, RatioAtMost, ValueAtMost};

/// Unbatched fan-out, deliveries a second.
pub(crate) const G1: Budget = Budget::new("G1", RatioAtLeast, 0.75, 0.90);
/// Fan-out with 16 messages waiting.
pub(crate) const G2: Budget = Budget::new("G2", RatioAtLeast, 0.45, 0.70);
/// Memory of an idle connection.
pub(crate) const G3: Budget = Budget::new("G3", ValueAtMost, 4.6 * KIB, 2.9 * KIB);
/// Ack in an open loop, median.
pub(crate) const G4_P50: Budget = Budget::new("G4", RatioAtMost, 2.0, 1.4);
/// Ack in an open loop, 99th percentile.
pub(crate) const G4_P99: Budget = Budget::new("G4", RatioAtMost, 3.0, 2.0);
/// Ack with one message in flight.
pub(crate) const G5: Budget = Budget::new("G5", RatioAtMost, 2.0, 1.4);
/// Durable messages a second, one outstanding.
pub(crate) const G6: Budget = Budget::new("G6", RatioAtLeast, 0.30, 0.50);
/// The same, 16 outstanding.
pub(crate) const G7: Budget = Budget::new("G7", RatioAtLeast, 0.05, 0.08);
/// The store without sockets.
pub(crate) const G8: Budget = Budget::new("G8", RatioAtLeast, 0.08, 0.13);
/// The last page of a conversation's history.
pub(crate) const G9: Budget = Budget::new("G9", RatioAtLeast, 0.35, 0.50);
/// User CPU of a delivery, unbatched.
pub(crate) const G10_SINGLE: Budget = Budget::new("G10", AddedAtMost, 0.6 * US, 0.2 * US);
/// User CPU of a delivery, batched.
pub(crate) const G10_BATCHED: Budget = Budget::new("G10", AddedAtMost, 0.2 * US, 0.05 * US);
/// Others' delay by a large fan-out.
pub(crate) const G12: Budget = Budget::new("G12", AddedAtMost, 2.0 * MS, MS);
/// Start with an empty store.
pub(crate) const G13_EMPTY: Budget = Budget::new("G13", ValueAtMost, 1.0, 1.0);
/// Start with a million messages.
pub(crate) const G13_FULL: Budget = Budget::new("G13", ValueAtMost, 2.0, 2.0);
/// Memory at rest.
pub(crate) const G13_MEMORY: Budget = Budget::new("G13", ValueAtMost, 30.0 * MIB, 30.0 * MIB);
/// Size of the binary.
pub(crate) const G13_BINARY: Budget = Budget::new("G13", ValueAtMost, 30e6, 30e6);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_judged_by_its_share_of_the_limit() {
        assert_eq!(G1.verdict(95.0, Some(100.0)), Verdict::Aim);
        assert_eq!(G1.verdict(75.0, Some(100.0)), Verdict::Must);
        assert_eq!(G1.verdict(74.0, Some(100.0)), Verdict::Missed);
        assert_eq!(G1.verdict(1e9, None), Verdict::Missed, "without its limit no rate means anything");
    }

    #[test]
    fn a_time_is_judged_by_its_multiple_of_the_limit() {
        assert_eq!(G5.verdict(1.3, Some(1.0)), Verdict::Aim);
        assert_eq!(G5.verdict(2.0, Some(1.0)), Verdict::Must);
        assert_eq!(G5.verdict(2.1, Some(1.0)), Verdict::Missed);
        assert_eq!(G5.verdict(0.0, None), Verdict::Missed);
    }

    #[test]
    fn an_addition_is_judged_by_the_difference() {
        assert_eq!(G12.verdict(2.5 * MS, Some(2.0 * MS)), Verdict::Aim);
        assert_eq!(G12.verdict(3.9 * MS, Some(2.0 * MS)), Verdict::Must);
        assert_eq!(G12.verdict(4.1 * MS, Some(2.0 * MS)), Verdict::Missed);
    }

    #[test]
    fn a_value_needs_no_limit() {
        assert_eq!(G3.verdict(2.0 * KIB, None), Verdict::Aim);
        assert_eq!(G3.verdict(4.0 * KIB, Some(1.0)), Verdict::Must);
    }
}
