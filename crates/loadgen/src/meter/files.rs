//! How many sockets this process may have, asked before thousands are opened.

use std::fs;

use anyhow::{Context, Result, bail};

/// Files beside the sockets: the program's own, the store's, the runtime's.
const OWN: usize = 64;

/// An error in words if `connections` sockets are more than this process, and a server that it starts, may
/// open.
pub(crate) fn ensure_open_files(connections: usize) -> Result<()> {
    let limits = fs::read_to_string("/proc/self/limits").context("cannot read /proc/self/limits")?;
    let ports = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    judge(connections, parse_open_files(&limits), parse_ports(&ports))
}

/// `None` is no limit.
fn judge(connections: usize, open_files: Option<usize>, ports: Option<usize>) -> Result<()> {
    let needed = connections + OWN;
    if let Some(most) = open_files.filter(|&most| most < needed) {
        bail!(
            "{connections} connections need {needed} open files in the server and as many here, but only {most} \
             are allowed: raise the limit (ulimit -n {needed}) or ask for at most {}",
            most.saturating_sub(OWN)
        );
    }
    if let Some(most) = ports.filter(|&most| most < connections) {
        bail!(
            "{connections} connections to one address need as many local ports, but there are only {most}: \
             widen net.ipv4.ip_local_port_range or ask for fewer"
        );
    }
    Ok(())
}

/// The soft limit.
fn parse_open_files(limits: &str) -> Option<usize> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

fn parse_ports(range: &str) -> Option<usize> {
    let mut bounds = range.split_ascii_whitespace().map(str::parse::<usize>);
    let (Some(Ok(first)), Some(Ok(last))) = (bounds.next(), bounds.next()) else { return None };
    Some((last + 1).saturating_sub(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_counts() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \n\
                      Max processes             1                    2                    processes \n\
                      Max open files            1024                 524288               files     \n";
        assert_eq!(parse_open_files(limits), Some(1024));
        assert_eq!(
            parse_open_files("Max open files            unlimited            unlimited   files"),
            None
        );
        assert_eq!(parse_ports("32768\t60999\n"), Some(28_232));
    }

    #[test]
    fn too_few_files_are_refused_with_what_to_do() {
        let error = judge(2000, Some(1024), None).unwrap_err().to_string();
        assert!(error.contains("ulimit -n 2064") && error.contains("at most 960"), "{error}");
        let error = judge(40_000, Some(100_000), Some(28_232)).unwrap_err().to_string();
        assert!(error.contains("only 28232") && error.contains("ip_local_port_range"), "{error}");
        assert!(judge(2000, Some(2064), Some(28_232)).is_ok());
        assert!(judge(2000, None, None).is_ok());
    }
}
