//! WebSocket framing (RFC 6455), for both ends and without I/O: bytes in, messages out.
//!
//! [`FrameReader`] takes bytes as they arrive and hands out whole messages, borrowed from those bytes where
//! they came in one piece; it owns memory only while a frame or a message is incomplete. Writing is a header
//! in front of a payload ([`encode_header`]). Extensions are never negotiated (W-26).

mod close;
mod header;
mod reader;
#[cfg(test)]
mod tests;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

pub use close::close_payload;
pub use header::{Header, Opcode, encode_header, encode_masked, mask, parse_header};
pub use reader::{CloseFrame, FrameReader, Message, Role};

/// Why a peer's bytes are not WebSocket frames that this end takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// A reserved bit is set, though no extension was negotiated.
    #[error("a reserved bit is set")]
    ReservedBits,
    /// An opcode without a meaning.
    #[error("opcode {0} is reserved")]
    ReservedOpcode(u8),
    /// A control frame that is not the last of its message.
    #[error("a control frame is fragmented")]
    FragmentedControl,
    /// A control frame of more than 125 bytes.
    #[error("a control frame has more than 125 bytes")]
    LongControl,
    /// A client's frame without a mask.
    #[error("a client's frame is not masked")]
    Unmasked,
    /// A server's frame with a mask.
    #[error("a server's frame is masked")]
    Masked,
    /// A continuation of nothing.
    #[error("a continuation follows no fragment")]
    UnexpectedContinuation,
    /// A new message inside a fragmented one.
    #[error("a message begins inside another")]
    MissingContinuation,
    /// A text message, or a close reason, that is not UTF-8.
    #[error("a text is not UTF-8")]
    InvalidUtf8,
    /// A close frame of one byte, or with a code that must not be sent.
    #[error("a close frame is malformed")]
    InvalidClose,
    /// More than this end takes in one message; found before memory is taken (W-31).
    #[error("a message is longer than the limit")]
    TooLong,
}

impl FrameError {
    /// The code to close the connection with: of RFC 6455, or the protocol's own for length (W-31).
    #[must_use]
    pub const fn close_code(self) -> u16 {
        match self {
            Self::InvalidUtf8 => 1007,
            Self::TooLong => crate::Code::FrameTooLong.number(),
            _ => 1002,
        }
    }
}

/// What a server answers to a client's `Sec-WebSocket-Key`: the value of `Sec-WebSocket-Accept`.
#[must_use]
pub fn accept_key(key: &str) -> String {
    const MAGIC: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    let hash = Sha1::new().chain_update(key.as_bytes()).chain_update(MAGIC).finalize();
    STANDARD.encode(hash)
}
