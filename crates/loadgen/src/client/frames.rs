//! WebSocket frames as a client needs them: masked out, unmasked in (RFC 6455 §5.2).

use anyhow::{Result, bail};

const FIN: u8 = 0x80;
const MASKED: u8 = 0x80;

/// What a frame from the server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opcode {
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

impl Opcode {
    fn from_bits(bits: u8) -> Option<Self> {
        Some(match bits {
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            _ => return None,
        })
    }

    fn bits(self) -> u8 {
        match self {
            Self::Text => 1,
            Self::Binary => 2,
            Self::Close => 8,
            Self::Ping => 9,
            Self::Pong => 10,
        }
    }
}

/// Appends one whole frame, masked with `key`.
pub(crate) fn append_masked(opcode: Opcode, payload: &[u8], key: [u8; 4], out: &mut Vec<u8>) {
    out.push(FIN | opcode.bits());
    match payload.len() {
        short @ 0..126 => out.push(MASKED | short as u8),
        medium @ 126..=0xffff => {
            out.push(MASKED | 126);
            out.extend_from_slice(&(medium as u16).to_be_bytes());
        }
        long => {
            out.push(MASKED | 127);
            out.extend_from_slice(&(long as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(&key);
    let start = out.len();
    out.extend_from_slice(payload);
    for (byte, key) in out[start..].iter_mut().zip(key.into_iter().cycle()) {
        *byte ^= key;
    }
}

/// The bytes of a frame that has not arrived whole; empty most of the time.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    begun: Vec<u8>,
}

impl Frames {
    /// Takes what a read brought and hands on each whole frame's payload.
    pub(crate) fn feed(&mut self, bytes: &[u8], mut each: impl FnMut(Opcode, &[u8])) -> Result<()> {
        if self.begun.is_empty() {
            let rest = split(bytes, &mut each)?;
            self.begun.extend_from_slice(rest);
        } else {
            self.begun.extend_from_slice(bytes);
            let used = self.begun.len() - split(&self.begun, &mut each)?.len();
            self.begun.drain(..used);
        }
        if self.begun.is_empty() && self.begun.capacity() > 0 {
            self.begun = Vec::new();
        }
        Ok(())
    }
}

/// Hands on whole frames; what remains is the beginning of one more.
fn split<'a>(mut bytes: &'a [u8], each: &mut impl FnMut(Opcode, &[u8])) -> Result<&'a [u8]> {
    while let Some((opcode, start, end)) = first_frame(bytes)? {
        each(opcode, &bytes[start..end]);
        bytes = &bytes[end..];
    }
    Ok(bytes)
}

/// Where the payload of the first frame begins and ends; `None` if it is not whole.
fn first_frame(bytes: &[u8]) -> Result<Option<(Opcode, usize, usize)>> {
    let &[first, second, ..] = bytes else { return Ok(None) };
    let Some(opcode) = Opcode::from_bits(first & 0x0f).filter(|_| first & 0xf0 == FIN) else {
        bail!("a frame this client does not understand: first byte {first:#04x}");
    };
    let (length, start) = match second {
        short @ 0..126 => (u64::from(short), 2),
        126 => match bytes.get(2..4).and_then(|bytes| bytes.try_into().ok()) {
            Some(length) => (u64::from(u16::from_be_bytes(length)), 4),
            None => return Ok(None),
        },
        127 => match bytes.get(2..10).and_then(|bytes| bytes.try_into().ok()) {
            Some(length) => (u64::from_be_bytes(length), 10),
            None => return Ok(None),
        },
        _ => bail!("a masked frame from the server"),
    };
    let end = usize::try_from(length).ok().and_then(|length| length.checked_add(start));
    Ok(end.filter(|&end| end <= bytes.len()).map(|end| (opcode, start, end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unmasked(payload: &[u8]) -> Vec<u8> {
        let mut frame = Vec::new();
        append_masked(Opcode::Binary, payload, [0; 4], &mut frame);
        // A zero key leaves the payload as it is; the server's form has neither the bit nor the key.
        let key_at = frame.len() - payload.len() - 4;
        frame.drain(key_at..key_at + 4);
        frame[1] &= 0x7f;
        frame
    }

    fn feed(frames: &mut Frames, bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut got = Vec::new();
        frames.feed(bytes, |_, payload| got.push(payload.to_vec())).unwrap();
        got
    }

    #[test]
    fn the_masked_example_of_the_rfc_is_reproduced() {
        let mut frame = Vec::new();
        append_masked(Opcode::Text, b"Hello", [0x37, 0xfa, 0x21, 0x3d], &mut frame);
        assert_eq!(frame, [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]);
    }

    #[test]
    fn frames_of_every_length_form_are_read_wherever_the_reads_cut_them() {
        let payloads = [vec![1; 3], vec![2; 125], vec![3; 126], vec![4; 0xffff], vec![5; 0x1_0000], vec![]];
        let stream: Vec<u8> = payloads.iter().flat_map(|payload| unmasked(payload)).collect();
        for step in [1, 2, 7, 4096, stream.len()] {
            let mut frames = Frames::default();
            let got: Vec<_> = stream.chunks(step).flat_map(|chunk| feed(&mut frames, chunk)).collect();
            assert!(got == payloads, "reads of {step} bytes");
            assert!(frames.begun.is_empty());
        }
    }

    #[test]
    fn control_frames_are_told_apart() {
        let mut seen = Vec::new();
        let bytes = [0x89, 0x01, b'x', 0x88, 0x02, 0x03, 0xe8];
        Frames::default().feed(&bytes, |opcode, payload| seen.push((opcode, payload.to_vec()))).unwrap();
        assert_eq!(seen, [(Opcode::Ping, b"x".to_vec()), (Opcode::Close, vec![0x03, 0xe8])]);
    }

    #[test]
    fn nonsense_is_an_error() {
        for bytes in [[0x02, 0x00], [0x83, 0x00], [0x82, 0x80]] {
            assert!(Frames::default().feed(&bytes, |_, _| ()).is_err(), "{bytes:x?}");
        }
    }
}
