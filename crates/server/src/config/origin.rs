//! Web origins: where a page comes from (B-436 to B-439).

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

use serde::Deserializer;

use super::setting::Setting;
use super::units::word;

/// Protocol, host and port of a page. Two are the same if all three are (B-437); case does not count, and a
/// missing port is the protocol's own (B-438).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebOrigin {
    protocol: String,
    host: String,
    port: Option<u16>,
}

impl WebOrigin {
    /// Whether the page comes from a server on its user's own machine (B-439).
    #[must_use]
    pub fn is_localhost(&self) -> bool {
        self.host == "localhost"
    }
}

impl FromStr for WebOrigin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let malformed = |why: &str| {
            format!(
                "`{text}` {why}; an origin is protocol, host and perhaps port, such as `https://www.example.com`"
            )
        };
        let (protocol, rest) = text.split_once("://").ok_or_else(|| malformed("has no protocol"))?;
        let protocol = protocol.to_ascii_lowercase();
        let mut letters = protocol.bytes();
        if !letters.next().is_some_and(|first| first.is_ascii_lowercase())
            || !letters.all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        {
            return Err(malformed("has no protocol"));
        }
        if rest.contains('*') {
            return Err(malformed("has a wildcard, and there are none"));
        }
        if rest.contains(['/', '?', '#', '@']) {
            return Err(malformed("has more than a host and a port"));
        }
        let (host, port) = match rest.rfind(']') {
            Some(end) => (&rest[..=end], &rest[end + 1..]),
            None => rest.split_at(rest.find(':').unwrap_or(rest.len())),
        };
        let port = match port.strip_prefix(':') {
            Some(port) => Some(plain_number(port).ok_or_else(|| malformed("has no such port"))?),
            None if port.is_empty() => default_port(&protocol),
            None => return Err(malformed("has something behind its address")),
        };
        let host =
            normal_host(host).ok_or_else(|| malformed("has a host that browsers would write differently"))?;
        Ok(Self { protocol, host, port })
    }
}

fn default_port(protocol: &str) -> Option<u16> {
    match protocol {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

fn plain_number(digits: &str) -> Option<u16> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// A name in lower case, or an address in the form that browsers give it.
fn normal_host(host: &str) -> Option<String> {
    if let Some(address) = host.strip_prefix('[') {
        let address: Ipv6Addr = address.strip_suffix(']')?.parse().ok()?;
        return Some(format!("[{address}]"));
    }
    let is_name =
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    is_name.then(|| host.to_ascii_lowercase())
}

impl fmt::Display for WebOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.protocol, self.host)?;
        match self.port {
            Some(port) if self.port != default_port(&self.protocol) => write!(f, ":{port}"),
            _ => Ok(()),
        }
    }
}

impl Setting for WebOrigin {
    const FORM: &'static str = "origin";

    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        word(from)?.parse().map_err(serde::de::Error::custom)
    }

    fn show(&self) -> String {
        format!("\"{self}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> WebOrigin {
        text.parse().unwrap()
    }

    #[test]
    fn protocol_host_and_port_must_all_match() {
        // B-437
        let own = origin("https://www.a.com:8443");
        for other in [
            "http://www.a.com:8443",
            "https://a.com:8443",
            "https://www.a.com",
            "https://www.a.com:443",
            "https://x.www.a.com:8443",
            "https://www.a.com.evil.com:8443",
        ] {
            assert_ne!(own, origin(other), "{other}");
        }
        assert_eq!(own, origin("https://www.a.com:8443"));
    }

    #[test]
    fn a_missing_port_is_the_default_port_of_the_protocol() {
        // B-438
        assert_eq!(origin("https://a.com"), origin("https://a.com:443"));
        assert_eq!(origin("http://a.com"), origin("http://a.com:80"));
        assert_ne!(origin("http://a.com"), origin("http://a.com:443"));
        assert_eq!(origin("capacitor://localhost"), origin("capacitor://localhost"));
    }

    #[test]
    fn the_case_of_protocol_and_host_does_not_count() {
        assert_eq!(origin("HTTPS://WWW.A.Com"), origin("https://www.a.com"));
    }

    #[test]
    fn an_address_of_ipv6_has_one_form() {
        assert_eq!(origin("http://[::1]:8080"), origin("http://[0:0:0:0:0:0:0:1]:8080"));
        assert_eq!(origin("http://[2001:DB8::1]"), origin("http://[2001:db8::1]:80"));
        assert_ne!(origin("http://[::1]"), origin("http://[::2]"));
        assert_eq!(origin("http://[2001:DB8::1]:80").to_string(), "http://[2001:db8::1]");
    }

    #[test]
    fn what_is_no_origin_is_refused_in_words() {
        for (text, why) in [
            ("null", "has no protocol"),
            ("www.a.com", "has no protocol"),
            ("://a.com", "has no protocol"),
            ("1a://a.com", "has no protocol"),
            ("https://*.a.com", "has a wildcard"),
            ("https://a.com/", "more than a host"),
            ("https://a.com/chat", "more than a host"),
            ("https://tom@a.com", "more than a host"),
            ("https://a.com:", "no such port"),
            ("https://a.com:+80", "no such port"),
            ("https://a.com:65536", "no such port"),
            ("https://[::1]x", "something behind"),
            ("https://[::1", "no such port"),
            ("https://", "a host that browsers would write differently"),
            ("https://中文.com", "a host that browsers would write differently"),
            ("https://a.com https://b.com", "more than a host"),
        ] {
            let error = text.parse::<WebOrigin>().unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
