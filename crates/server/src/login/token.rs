//! Session tokens: what a session needs to return silently, signed by the server (W-115 to W-120).
//!
//! A token carries everything itself, so that logging in writes nothing and a token outlives the connection
//! and the server. What has to be known beside it is how its session ended, if it did.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use yanshu_protocol::{AppId, ClientId, DeviceId, SessionToken, Tag, Timestamp};

/// Bytes of the signature that are kept: 128 bits cannot be guessed.
const SIGNATURE: usize = 16;
const VERSION: u8 = 2;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claims {
    pub(super) client: ClientId,
    pub(super) session: String,
    pub(super) tag: Option<Tag>,
    pub(super) device: Option<DeviceId>,
    pub(super) config: i64,
    pub(super) issued_at: Timestamp,
    pub(super) expires_at: Timestamp,
}

/// Signs and checks the tokens of one app.
pub(super) struct Signer {
    key: Hmac<Sha256>,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signer")
    }
}

impl Signer {
    /// The key is derived from the app's master key: a new master key ends every session.
    pub(super) fn new(app: &AppId, master_key: &str) -> Self {
        let mut key = Hmac::<Sha256>::new_from_slice(master_key.as_bytes()).expect("any length is a key");
        key.update(b"session token\0");
        key.update(app.as_str().as_bytes());
        let derived = key.finalize().into_bytes();
        Self { key: Hmac::new_from_slice(&derived).expect("any length is a key") }
    }

    pub(super) fn sign(&self, claims: &Claims) -> SessionToken {
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&claims.config.to_be_bytes());
        bytes.extend_from_slice(&claims.issued_at.0.to_be_bytes());
        bytes.extend_from_slice(&claims.expires_at.0.to_be_bytes());
        put(&mut bytes, claims.client.as_str());
        put(&mut bytes, &claims.session);
        put(&mut bytes, claims.tag.as_ref().map_or("", |tag| tag.as_str()));
        put(&mut bytes, claims.device.as_ref().map_or("", |device| device.as_str()));
        let signature = self.key.clone().chain_update(&bytes).finalize().into_bytes();
        bytes.extend_from_slice(&signature[..SIGNATURE]);
        URL_SAFE_NO_PAD.encode(bytes).parse().expect("bounded parts make a bounded token")
    }

    /// What a token of this app says; `None` for anything else. Whether it has expired is not checked here.
    pub(super) fn verify(&self, token: &SessionToken) -> Option<Claims> {
        let bytes = URL_SAFE_NO_PAD.decode(token.as_str()).ok()?;
        let (signed, signature) = bytes.split_at_checked(bytes.len().checked_sub(SIGNATURE)?)?;
        self.key.clone().chain_update(signed).verify_truncated_left(signature).ok()?;
        read(signed)
    }
}

fn put(bytes: &mut Vec<u8>, text: &str) {
    let length = u16::try_from(text.len()).expect("ids are far shorter than 64 KiB");
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(text.as_bytes());
}

fn read(bytes: &[u8]) -> Option<Claims> {
    let (&[VERSION], rest) = bytes.split_first_chunk()? else { return None };
    let (config, rest) = rest.split_first_chunk()?;
    let (issued_at, rest) = rest.split_first_chunk()?;
    let (expires_at, mut rest) = rest.split_first_chunk()?;
    let mut text = || {
        let (length, after) = rest.split_first_chunk()?;
        let (text, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        rest = after;
        std::str::from_utf8(text).ok()
    };
    Some(Claims {
        config: i64::from_be_bytes(*config),
        issued_at: Timestamp(i64::from_be_bytes(*issued_at)),
        expires_at: Timestamp(i64::from_be_bytes(*expires_at)),
        client: text()?.parse().ok()?,
        session: text()?.to_owned(),
        // An empty text is no tag and no device.
        tag: text()?.parse().ok(),
        device: text()?.parse().ok(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> Claims {
        Claims {
            client: "汤姆".parse().unwrap(),
            session: "s".repeat(22),
            tag: Some("mobile".parse().unwrap()),
            device: None,
            config: 0xbb,
            issued_at: Timestamp(1_699_000_000_000),
            expires_at: Timestamp(1_700_000_000_000),
        }
    }

    fn signer(master_key: &str) -> Signer {
        Signer::new(&"an-app-id".parse().unwrap(), master_key)
    }

    #[test]
    fn a_token_says_what_was_signed_and_is_safe_in_a_header() {
        // W-115
        let token = signer("master").sign(&claims());
        assert_eq!(signer("master").verify(&token), Some(claims()));
        assert!(token.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
    }

    #[test]
    fn the_longest_client_tag_and_device_still_make_a_token() {
        let claims = Claims {
            client: "𠮷".repeat(64).parse().unwrap(),
            tag: Some("𠮷".repeat(256).parse().unwrap()),
            device: Some("𠮷".repeat(256).parse().unwrap()),
            ..claims()
        };
        assert_eq!(signer("master").verify(&signer("master").sign(&claims)), Some(claims));
    }

    #[test]
    fn a_token_of_another_key_or_a_changed_one_is_none() {
        // W-118
        let token = signer("master").sign(&claims());
        assert_eq!(signer("other").verify(&token), None);
        for place in 0..token.as_str().len() {
            let mut text = token.as_str().as_bytes().to_vec();
            text[place] = if text[place] == b'A' { b'B' } else { b'A' };
            let changed: SessionToken = String::from_utf8(text).unwrap().parse().unwrap();
            assert_eq!(signer("master").verify(&changed), None, "letter {place}");
        }
        assert_eq!(signer("master").verify(&"made-up".parse().unwrap()), None);
    }
}
