//! The head of a frame, and the mask on what follows it.

use super::FrameError;

/// Longest payload of a control frame.
pub(super) const MAX_CONTROL: usize = 125;

const FIN: u8 = 0x80;
const RESERVED: u8 = 0x70;
const MASKED: u8 = 0x80;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opcode {
    /// More of the message before.
    Continuation,
    /// Text, or the first part of it.
    Text,
    /// Bytes, or the first part of them.
    Binary,
    /// The end of the connection.
    Close,
    /// A question whether the peer is there.
    Ping,
    /// The answer to it.
    Pong,
}

impl Opcode {
    const fn number(self) -> u8 {
        match self {
            Self::Continuation => 0x0,
            Self::Text => 0x1,
            Self::Binary => 0x2,
            Self::Close => 0x8,
            Self::Ping => 0x9,
            Self::Pong => 0xa,
        }
    }

    const fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xa => Self::Pong,
            _ => return None,
        })
    }

    /// Whether this is a control frame: short, whole, and allowed between the parts of a message.
    #[must_use]
    pub const fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// The head of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Whether this is the last frame of its message.
    pub fin: bool,
    /// What the frame is.
    pub opcode: Opcode,
    /// What its payload was masked with.
    pub mask: Option<[u8; 4]>,
    /// Bytes of payload.
    pub length: u64,
    /// Bytes of the header itself.
    pub size: usize,
}

/// Reads the header that `bytes` begin with; `None` if they end before it does.
///
/// # Errors
/// No frame can begin so.
pub fn parse_header(bytes: &[u8]) -> Result<Option<Header>, FrameError> {
    let &[first, second, ..] = bytes else { return Ok(None) };
    if first & RESERVED != 0 {
        return Err(FrameError::ReservedBits);
    }
    let number = first & 0x0f;
    let opcode = Opcode::from_number(number).ok_or(FrameError::ReservedOpcode(number))?;
    let fin = first & FIN != 0;
    if opcode.is_control() && !fin {
        return Err(FrameError::FragmentedControl);
    }
    let short = second & !MASKED;
    if opcode.is_control() && usize::from(short) > MAX_CONTROL {
        return Err(FrameError::LongControl);
    }
    let (length, size) = match short {
        126 => match bytes.get(2..4).and_then(|bytes| bytes.try_into().ok()) {
            Some(length) => (u64::from(u16::from_be_bytes(length)), 4),
            None => return Ok(None),
        },
        127 => match bytes.get(2..10).and_then(|bytes| bytes.try_into().ok()) {
            Some(length) => (u64::from_be_bytes(length), 10),
            None => return Ok(None),
        },
        length => (u64::from(length), 2),
    };
    if second & MASKED == 0 {
        return Ok(Some(Header { fin, opcode, mask: None, length, size }));
    }
    let Some(mask) = bytes.get(size..size + 4).and_then(|bytes| bytes.try_into().ok()) else {
        return Ok(None);
    };
    Ok(Some(Header { fin, opcode, mask: Some(mask), length, size: size + 4 }))
}

/// The header of a server's frame, which is a whole message: the first `usize` bytes of the array.
#[must_use]
pub fn encode_header(opcode: Opcode, length: usize) -> ([u8; 10], usize) {
    let mut header = [0; 10];
    header[0] = FIN | opcode.number();
    let length = length as u64;
    let size = if let Ok(short @ 0..=125) = u8::try_from(length) {
        header[1] = short;
        2
    } else if let Ok(medium) = u16::try_from(length) {
        header[1] = 126;
        header[2..4].copy_from_slice(&medium.to_be_bytes());
        4
    } else {
        header[1] = 127;
        header[2..].copy_from_slice(&length.to_be_bytes());
        10
    };
    (header, size)
}

/// Appends a client's frame, which is a whole message, to `out`.
pub fn encode_masked(out: &mut Vec<u8>, opcode: Opcode, key: [u8; 4], payload: &[u8]) {
    let (mut header, size) = encode_header(opcode, payload.len());
    header[1] |= MASKED;
    out.reserve(size + key.len() + payload.len());
    out.extend_from_slice(&header[..size]);
    out.extend_from_slice(&key);
    let start = out.len();
    out.extend_from_slice(payload);
    mask(key, &mut out[start..]);
}

/// Masks a whole payload in place, or takes the mask off: it is the same.
pub fn mask(key: [u8; 4], payload: &mut [u8]) {
    let [a, b, c, d] = key;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, rest) = payload.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(wide.to_ne_bytes()) {
        *byte ^= key;
    }
}
