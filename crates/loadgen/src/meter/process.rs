//! CPU time and memory of one process.

use std::ops::Sub;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};

/// `/proc` counts CPU time in hundredths of a second on every Linux that Rust supports (`USER_HZ`).
pub(super) const TICK: Duration = Duration::from_millis(10);

/// CPU time used so far, all threads together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Cpu {
    pub(crate) user: Duration,
    pub(crate) system: Duration,
}

impl Cpu {
    pub(crate) fn total(self) -> Duration {
        self.user + self.system
    }
}

impl Sub for Cpu {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self {
            user: self.user.saturating_sub(earlier.user),
            system: self.system.saturating_sub(earlier.system),
        }
    }
}

/// A running process of this machine.
#[derive(Debug, Clone)]
pub(crate) struct Process {
    folder: PathBuf,
}

impl Process {
    pub(crate) fn new(pid: u32) -> Self {
        Self { folder: PathBuf::from(format!("/proc/{pid}")) }
    }

    pub(crate) fn this() -> Self {
        Self { folder: PathBuf::from("/proc/self") }
    }

    pub(crate) fn cpu(&self) -> Result<Cpu> {
        Ok(parse_stat(&self.read("stat")?)?.0)
    }

    /// The same with all children that have ended.
    pub(crate) fn cpu_with_children(&self) -> Result<Cpu> {
        let (own, children) = parse_stat(&self.read("stat")?)?;
        Ok(Cpu { user: own.user + children.user, system: own.system + children.system })
    }

    /// Bytes of memory of its own: resident and not backed by a file. The kernel's socket buffers are not in it.
    pub(crate) fn own_memory(&self) -> Result<u64> {
        parse_memory(&self.read("status")?, "RssAnon:")
    }

    /// Bytes of resident memory, the program's code included.
    pub(crate) fn resident_memory(&self) -> Result<u64> {
        parse_memory(&self.read("status")?, "VmRSS:")
    }

    fn read(&self, file: &str) -> Result<String> {
        let path = self.folder.join(file);
        std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    }
}

/// The process's own time, and that of its children that have ended.
fn parse_stat(stat: &str) -> Result<(Cpu, Cpu)> {
    // The second field is the command in parentheses, which may itself hold blanks and parentheses.
    let (_, rest) = stat.rsplit_once(')').ok_or_else(|| anyhow!("stat without a command: {stat:?}"))?;
    // proc(5): utime, stime, cutime and cstime are fields 14 to 17; `rest` begins with field 3.
    let ticks: Vec<u32> =
        rest.split_ascii_whitespace().skip(11).take(4).map_while(|field| field.parse().ok()).collect();
    let cpu = |user: u32, system: u32| Cpu { user: TICK * user, system: TICK * system };
    match ticks[..] {
        [user, system, children_user, children_system] => {
            Ok((cpu(user, system), cpu(children_user, children_system)))
        }
        _ => Err(anyhow!("stat without CPU times: {stat:?}")),
    }
}

fn parse_memory(status: &str, key: &str) -> Result<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    let kib =
        line.and_then(|line| line.trim().strip_suffix("kB")).and_then(|kib| kib.trim().parse::<u64>().ok());
    kib.map(|kib| kib * 1024).ok_or_else(|| anyhow!("status without {key}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_times_are_found_behind_any_command_name() {
        let stat = "4242 (my (odd) name) S 1 4242 4242 0 -1 4194304 100 0 0 0 1234 567 8 9 20 0 4 0 100 1 2";
        let (cpu, children) = parse_stat(stat).unwrap();
        assert_eq!(children.total(), Duration::from_millis(170));
        assert_eq!(cpu.user, Duration::from_millis(12_340));
        assert_eq!(cpu.system, Duration::from_millis(5_670));
        assert_eq!(cpu.total(), Duration::from_millis(18_010));
    }

    #[test]
    fn a_cut_off_stat_is_an_error() {
        assert!(parse_stat("4242 (yanshu) S 1 4242").is_err());
        assert!(parse_stat("").is_err());
    }

    #[test]
    fn memory_is_read_in_bytes() {
        let status = "Name:\tyanshu\nVmRSS:\t   20480 kB\nRssAnon:\t   12288 kB\nRssFile:\t    8192 kB\n";
        assert_eq!(parse_memory(status, "RssAnon:").unwrap(), 12 << 20);
        assert_eq!(parse_memory(status, "VmRSS:").unwrap(), 20 << 20);
        assert!(parse_memory("Name:\tyanshu\n", "RssAnon:").is_err());
    }

    #[test]
    fn this_process_can_be_metered() {
        let process = Process::this();
        assert!(process.own_memory().unwrap() > 0);
        assert!(process.resident_memory().unwrap() >= process.own_memory().unwrap());
        assert!(process.cpu().is_ok());
    }

    #[test]
    fn usage_is_the_difference_of_two_readings() {
        let earlier = Cpu { user: TICK * 3, system: TICK * 5 };
        let later = Cpu { user: TICK * 10, system: TICK * 6 };
        assert_eq!(later - earlier, Cpu { user: TICK * 7, system: TICK });
    }
}
