//! What a close frame says.

use super::reader::CloseFrame;
use super::{FrameError, header};

/// The payload of a close frame. A reason that does not fit is cut at a character.
#[must_use]
pub fn close_payload(code: u16, reason: &str) -> Vec<u8> {
    let mut payload = code.to_be_bytes().to_vec();
    let mut character = [0; 4];
    for part in reason.chars() {
        let part = part.encode_utf8(&mut character);
        if payload.len() + part.len() > header::MAX_CONTROL {
            break;
        }
        payload.extend_from_slice(part.as_bytes());
    }
    payload
}

pub(super) fn parse(payload: &[u8]) -> Result<Option<CloseFrame>, FrameError> {
    let (code, reason) = match payload {
        [] => return Ok(None),
        [high, low, reason @ ..] => (u16::from_be_bytes([*high, *low]), reason),
        [_] => return Err(FrameError::InvalidClose),
    };
    if !may_be_sent(code) {
        return Err(FrameError::InvalidClose);
    }
    let reason = std::str::from_utf8(reason).map_err(|_| FrameError::InvalidUtf8)?;
    Ok(Some(CloseFrame { code, reason: reason.to_owned() }))
}

/// Codes of RFC 6455 §7.4 and its registry, without those that only name what no frame said.
fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}
