//! Signatures by an app's own server: who holds the master key allows one client one act (B-416 to B-433,
//! `wire-protocol.md` §7).
//!
//! This room owns the texts that are signed and the check. It decides nothing about when one is needed, keeps
//! nothing, and touches only the table of apps for keys and the window of time.

mod text;

pub(crate) use text::Act;

use hmac::{Hmac, Mac};
use sha1::Sha1;
use yanshu_protocol::{ClientId, Code, Reject, Signature, Timestamp};

use crate::apps::App;
use crate::config;

/// Timestamps below this are seconds: 100,000,000,000 ms is March 1973 (B-429, W-440).
const SECONDS_BELOW: i64 = 100_000_000_000;

/// Checks that the app's server allowed `client` this act. `kicked_at` is when the client was taken offline by
/// the app: what was signed before is void (W-441).
pub(crate) fn check(
    app: &App,
    client: Option<&ClientId>,
    act: &Act<'_>,
    signature: Option<&Signature>,
    kicked_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), Reject> {
    let refused = |why: &'static str| Err(Reject::because(act.refusal(), why));
    let Some(signature) = signature else { return refused("a signature is required") };
    let at = Timestamp(match signature.timestamp {
        seconds if seconds < SECONDS_BELOW => seconds.saturating_mul(1000),
        millis => millis,
    });
    let window = i64::from(app.settings.signature.window_seconds) * 1000;
    if !(-window..=window).contains(&now.millis_since(at)) {
        return refused("the signature is too old, or its time is in the future");
    }
    if kicked_at.is_some_and(|kicked| at <= kicked) {
        return refused("the signature was made before the client was taken offline");
    }
    let Some(given) = digest_of(&signature.value) else { return refused("the signature is not hexadecimal") };
    let client = client.map_or("", ClientId::as_str);
    let key = Hmac::<Sha1>::new_from_slice(app.master_key.expose().as_bytes()).expect("any length is a key");
    let fits = |text: String| key.clone().chain_update(text).verify_slice(&given).is_ok();
    match act.texts(app, client, signature).into_iter().any(fits) {
        true => Ok(()),
        false => refused("the signature does not fit"),
    }
}

/// 20 bytes from 40 hexadecimal digits of either case (W-438).
fn digest_of(hex: &str) -> Option<[u8; 20]> {
    let mut digest = [0; 20];
    if hex.len() != 2 * digest.len() || !hex.is_ascii() {
        return None;
    }
    for (byte, place) in digest.iter_mut().zip((0..).step_by(2)) {
        *byte = u8::from_str_radix(hex.get(place..place + 2)?, 16).ok()?;
    }
    Some(digest)
}

impl Act<'_> {
    /// Whether the app wants this act signed (B-416). Leaving never is (B-425).
    pub(crate) fn is_signed(&self, settings: &config::Signature) -> bool {
        match self {
            Act::Login => settings.login,
            Act::Start { .. } | Act::Add { .. } | Act::Remove { .. } => settings.conversation,
            Act::Block { .. } | Act::BlockConversations { .. } => settings.blocklist,
        }
    }

    /// The code of a refusal (W-444).
    fn refusal(&self) -> Code {
        match self {
            Act::Login => Code::SignatureFailed,
            Act::Start { .. } | Act::Add { .. } | Act::Remove { .. } => Code::ConversationSignatureFailed,
            Act::Block { .. } | Act::BlockConversations { .. } => Code::BlacklistSignatureFailed,
        }
    }
}

#[cfg(test)]
mod tests;
