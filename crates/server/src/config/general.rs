//! Where the server listens, keeps its data and is reached.

use std::net::{Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;

use super::setting::section;

/// A change is in force within three minutes (B-440).
pub(super) const RELOAD_SECONDS: RangeInclusive<u32> = 1..=180;

section! {
    /// At the top of the file, before the first table.
    pub(super) struct General {
        /// Address and port to listen on. Discovery, WebSocket and the page at `/` share it.
        listen: SocketAddr = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 7600));
        /// The folder that everything is kept in. It is made if it is missing.
        data_dir: PathBuf = PathBuf::from("data");
        /// The address by which clients reach the server, such as `https://chat.example.com`, if it is not the
        /// one in their requests (`Host` and `X-Forwarded-Proto`).
        public_url: Option<String> = None;
        /// How often, in seconds, it is seen whether the configuration file or a file that it names has changed.
        /// Then what the apps are set to, and which apps there are, follows while the server runs; so it does on
        /// SIGHUP (B-440). Everything else takes a restart.
        reload_seconds: u32 = 60, in RELOAD_SECONDS;
    }
}

/// What is wrong with a public address, if anything.
pub(super) fn public_url_problem(url: &str) -> Option<String> {
    let Some(rest) = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")) else {
        return Some(format!("`{url}` must start with `https://` or `http://`"));
    };
    let host_is_plain = rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte));
    if rest.is_empty() || !host_is_plain {
        return Some(format!(
            "`{url}` must be a host name and perhaps a port, without a path or a slash at its end"
        ));
    }
    None
}
