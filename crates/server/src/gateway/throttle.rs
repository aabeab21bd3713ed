//! How fast one address may come, so that a flood from one place costs the others nothing.

use std::net::{IpAddr, Ipv6Addr};

use lru::LruCache;
use parking_lot::Mutex;
use yanshu_protocol::Timestamp;
use yanshu_session::{Bucket, Rate};

/// Counts something by address. It remembers a bounded number of them, those seen last.
#[derive(Debug)]
pub(super) struct Throttle {
    rate: Rate,
    addresses: usize,
    buckets: Mutex<LruCache<IpAddr, Bucket>>,
}

impl Throttle {
    pub(super) fn new(rate: Rate, addresses: usize) -> Self {
        // A cache with a capacity would take all its memory at once.
        Self { rate, addresses, buckets: Mutex::new(LruCache::unbounded()) }
    }

    /// Whether an address may do it now; if so, it has done it.
    pub(super) fn admits(&self, address: IpAddr, now: Timestamp) -> bool {
        if self.rate.per_minute == 0 {
            return true;
        }
        let mut buckets = self.buckets.lock();
        let admitted = buckets.get_or_insert_mut(network(address), Bucket::default).take(self.rate, now);
        if buckets.len() > self.addresses {
            buckets.pop_lru();
        }
        admitted
    }
}

/// What counts as one address: of IPv6 the network, since whoever has one address there has them all.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = u128::from(address) & (u128::MAX << 64);
            Ipv6Addr::from(network).into()
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    fn throttle(addresses: usize) -> Throttle {
        Throttle::new(Rate { per_minute: 60, burst: 2 }, addresses)
    }

    fn admitted(throttle: &Throttle, address: &str, count: usize) -> usize {
        (0..count).filter(|_| throttle.admits(address.parse().unwrap(), NOW)).count()
    }

    #[test]
    fn each_address_has_a_burst_and_a_rate_of_its_own() {
        let throttle = throttle(10);
        assert_eq!(admitted(&throttle, "192.0.2.1", 5), 2);
        assert_eq!(admitted(&throttle, "192.0.2.2", 5), 2);
        assert!(throttle.admits("192.0.2.1".parse().unwrap(), NOW.plus_millis(1000)));
        assert!(!throttle.admits("192.0.2.1".parse().unwrap(), NOW.plus_millis(1000)));
    }

    #[test]
    fn loopback_is_an_address_like_any_other() {
        assert_eq!(admitted(&throttle(10), "127.0.0.1", 5), 2);
        assert_eq!(admitted(&throttle(10), "::1", 5), 2);
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_and_ipv4_by_another_name_as_itself() {
        let throttle = throttle(10);
        assert_eq!(admitted(&throttle, "2001:db8:0:1::1", 1), 1);
        assert_eq!(admitted(&throttle, "2001:db8:0:1:ffff::2", 5), 1);
        assert_eq!(admitted(&throttle, "2001:db8:0:2::1", 5), 2);
        assert_eq!(admitted(&throttle, "192.0.2.1", 1), 1);
        assert_eq!(admitted(&throttle, "::ffff:192.0.2.1", 5), 1);
    }

    #[test]
    fn no_more_addresses_are_remembered_than_set() {
        let throttle = throttle(3);
        assert_eq!(admitted(&throttle, "192.0.2.1", 2), 2);
        for last in 2..200 {
            admitted(&throttle, &format!("192.0.2.{last}"), 1);
            assert!(throttle.buckets.lock().len() <= 3);
        }
        assert_eq!(admitted(&throttle, "192.0.2.1", 5), 2, "forgotten, it starts anew");
    }

    #[test]
    fn without_a_rate_nothing_is_counted() {
        let throttle = Throttle::new(Rate { per_minute: 0, burst: 1 }, 10);
        assert_eq!(admitted(&throttle, "192.0.2.1", 1000), 1000);
        assert!(throttle.buckets.lock().is_empty());
    }
}
