//! From which pages the app may be used.

use crate::config::WebOrigin;
use crate::config::setting::section;

section! {
    /// From which web pages the app may be used (B-436). Clients that are no browsers are not affected (B-442).
    pub struct Origins {
        /// Protocol, host and port of each page, such as `["https://www.example.com", "http://10.0.0.7:8080"]`.
        /// All three must match; without a port it is the protocol's own; there are no wildcards (B-437, B-438).
        /// Connections from other pages are closed with 4110, their HTTP requests refused with 403. An empty list
        /// lets every page in (B-443).
        allow: Vec<WebOrigin> = Vec::new();
        /// Whether pages of `localhost` are let in as well, whatever their protocol and port (B-439).
        allow_localhost: bool = true;
    }
}

impl Origins {
    /// Whether only some pages are let in.
    #[must_use]
    pub fn restricts(&self) -> bool {
        !self.allow.is_empty()
    }

    /// Whether a page is let in, by the `Origin` header of its requests. `null`, which pages without an origin
    /// send, is on no list.
    #[must_use]
    pub fn admit(&self, origin: &str) -> bool {
        !self.restricts()
            || origin.parse().is_ok_and(|origin: WebOrigin| {
                self.allow.contains(&origin) || (self.allow_localhost && origin.is_localhost())
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(allow: &[&str]) -> Origins {
        Origins { allow: allow.iter().map(|origin| origin.parse().unwrap()).collect(), ..Origins::default() }
    }

    #[test]
    fn an_empty_list_lets_every_page_in() {
        // B-443
        assert!(list(&[]).admit("https://anything.example") && list(&[]).admit("null"));
    }

    #[test]
    fn a_page_that_is_not_listed_is_not_let_in() {
        // B-436
        let list = list(&["https://www.a.com", "http://b.com:8080"]);
        assert!(list.admit("https://www.a.com") && list.admit("http://b.com:8080"));
        for other in ["http://www.a.com", "https://a.com", "http://b.com", "null", "", "nonsense"] {
            assert!(!list.admit(other), "{other}");
        }
    }

    #[test]
    fn localhost_is_let_in_unless_that_is_switched_off() {
        // B-439
        let mut list = list(&["https://www.a.com"]);
        for local in ["http://localhost", "https://localhost:3000", "capacitor://localhost"] {
            assert!(list.admit(local), "{local}");
        }
        assert!(!list.admit("http://localhost.a.com"));
        list.allow_localhost = false;
        assert!(!list.admit("http://localhost:3000"));
    }
}
