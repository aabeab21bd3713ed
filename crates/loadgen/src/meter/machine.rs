//! The machine that the figures belong to.

use std::fs;
use std::path::Path;

use serde::Serialize;

/// What a reader needs to know before comparing figures.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Machine {
    pub(crate) cores: usize,
    pub(crate) cpu: String,
    pub(crate) kernel: String,
    pub(crate) memory_mib: u64,
    /// Device and file system of the data folder.
    pub(crate) disk: String,
    pub(crate) optimised: bool,
}

impl Machine {
    /// Looks around. What cannot be found out is called "unknown".
    pub(crate) fn look(data: &Path) -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let unknown = || "unknown".to_owned();
        Self {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            cpu: value(&read("/proc/cpuinfo"), "model name").unwrap_or_else(unknown),
            kernel: match read("/proc/sys/kernel/osrelease").trim() {
                "" => unknown(),
                release => format!("Linux {release}"),
            },
            memory_mib: value(&read("/proc/meminfo"), "MemTotal")
                .and_then(|total| total.split(' ').next()?.parse::<u64>().ok())
                .map_or(0, |kib| kib / 1024),
            disk: data
                .canonicalize()
                .ok()
                .and_then(|folder| mount_of(&folder, &read("/proc/self/mounts")))
                .unwrap_or_else(unknown),
            optimised: !cfg!(debug_assertions),
        }
    }

    /// Whether the data folder lies in memory, where a durable write costs nothing and proves nothing.
    pub(crate) fn disk_is_memory(&self) -> bool {
        self.disk.starts_with("tmpfs")
    }
}

/// The value of the first line `key : value`.
fn value(text: &str, key: &str) -> Option<String> {
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    Some(line.trim_start().strip_prefix(':')?.trim().to_owned())
}

/// File system and device of the longest mount point that holds `folder`.
fn mount_of(folder: &Path, mounts: &str) -> Option<String> {
    let mounted = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ');
        let (device, point, kind) = (fields.next()?, fields.next()?, fields.next()?);
        folder.starts_with(point).then(|| (point.len(), format!("{kind} on {device}")))
    });
    // Of equal mount points the last one covers the others.
    mounted.max_by_key(|&(length, _)| length).map(|(_, disk)| disk)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "/dev/vda / ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\n/dev/vdb /tmp/data xfs rw 0 0\n";

    #[test]
    fn the_nearest_mount_point_decides_the_disk() {
        let disk = |folder: &str| mount_of(Path::new(folder), MOUNTS);
        assert_eq!(disk("/home/a").as_deref(), Some("ext4 on /dev/vda"));
        assert_eq!(disk("/tmp/x").as_deref(), Some("tmpfs on tmpfs"));
        assert_eq!(disk("/tmp/data/y").as_deref(), Some("xfs on /dev/vdb"));
        assert_eq!(disk("/tmp/database").as_deref(), Some("tmpfs on tmpfs"));
    }

    #[test]
    fn values_are_read_from_colon_separated_lines() {
        let text = "processor\t: 0\nmodel name\t: Fast CPU @ 3 GHz\n";
        assert_eq!(value(text, "model name").as_deref(), Some("Fast CPU @ 3 GHz"));
        assert_eq!(value(text, "model"), None);
    }
}
