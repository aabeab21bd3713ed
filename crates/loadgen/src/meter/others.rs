//! What everybody else does to the machine meanwhile.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};

use super::process::{Process, TICK};

/// A reading of the whole machine and of ourselves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Others {
    at: Instant,
    machine: Duration,
    ours: Duration,
}

impl Others {
    /// Reads now. `server` is a server under load that is not a child of this process.
    pub(crate) fn read(server: Option<&Process>) -> Result<Self> {
        let stat = fs::read_to_string("/proc/stat").context("cannot read /proc/stat")?;
        let foreign = server.map(Process::cpu).transpose()?.unwrap_or_default();
        let ours = Process::this().cpu_with_children()?.total() + foreign.total();
        Ok(Self { at: Instant::now(), machine: parse_busy(&stat)?, ours })
    }

    /// The cores that others kept busy since an earlier reading. Children count once they have ended.
    pub(crate) fn cores_since(self, earlier: Self) -> f64 {
        let machine = self.machine.saturating_sub(earlier.machine);
        let ours = self.ours.saturating_sub(earlier.ours);
        let elapsed = self.at.saturating_duration_since(earlier.at);
        machine.saturating_sub(ours).as_secs_f64() / elapsed.as_secs_f64().max(f64::MIN_POSITIVE)
    }
}

/// Time that processes used, and what other guests of the same hardware took. Interrupts are left out: over
/// the loopback interface they are mostly our own.
fn parse_busy(stat: &str) -> Result<Duration> {
    let line = stat.lines().find_map(|line| line.strip_prefix("cpu ")).unwrap_or_default();
    let ticks: Vec<u32> = line.split_ascii_whitespace().filter_map(|field| field.parse().ok()).collect();
    // proc(5): user, nice, system, idle, iowait, irq, softirq, steal.
    match ticks[..] {
        [user, nice, system, _, _, _, _, steal, ..] => Ok(TICK * (user + nice + system + steal)),
        _ => Err(anyhow!("/proc/stat without CPU times")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_is_busy_with_processes_and_other_guests() {
        let stat = "cpu  100 20 30 9999 50 7 8 4 0 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n";
        assert_eq!(parse_busy(stat).unwrap(), Duration::from_millis(1540));
        assert!(parse_busy("intr 1 2 3").is_err());
    }

    #[test]
    fn what_is_not_ours_is_of_others() {
        let start = Instant::now();
        let earlier = Others { at: start, machine: Duration::from_secs(100), ours: Duration::from_secs(10) };
        let reading = |machine, ours| Others {
            at: start + Duration::from_secs(4),
            machine: Duration::from_secs(machine),
            ours: Duration::from_secs(ours),
        };
        assert_eq!(reading(108, 16).cores_since(earlier), 0.5);
        assert_eq!(reading(106, 17).cores_since(earlier), 0.0, "rounding never makes it negative");
    }
}
