//! What client and bare server say to each other: frames of the real sizes with nothing in them but the
//! serial, at a fixed place, so that the bare server neither decodes nor encodes.

use std::sync::Arc;

use yanshu_protocol::frame::{Opcode, encode_header};

use crate::drive::Requests;

/// A connection's part, said in its first byte.
pub(crate) mod role {
    /// Receives what a sender sends.
    pub(crate) const MEMBER: u8 = b'M';
    /// Sends to all members; answered before the fan-out.
    pub(crate) const SENDER: u8 = b'S';
    /// Is answered at once, or once its bytes are durable.
    pub(crate) const ECHO: u8 = b'E';
}

/// Bytes of a typical ack frame of the real server: client id, serial, message id, time, conversation id.
pub(crate) const ACK_BYTES: usize = 104;

/// Bytes around a message's text in its delivery: ids of conversation, message, sender and recipient, times.
pub(crate) const DELIVERY_OVERHEAD: usize = 132;

/// Bytes around a message's text in its send: ids of conversation and client, resend key.
pub(crate) const SEND_OVERHEAD: usize = 60;

const SERIAL_BYTES: usize = 5;
/// Field 5, the serial, as the first of every command.
const SERIAL_TAG: u8 = 0x28;
/// Field 200, bytes that nobody reads.
const PADDING_TAG: [u8; 2] = [0xc2, 0x0c];

/// Commands of the size that a message with this many bytes of text has.
pub(crate) fn requests(text_bytes: usize) -> Requests {
    let padding = padding(text_bytes + SEND_OVERHEAD - SERIAL_BYTES - 1);
    Arc::new(move |_, serial, out| {
        out.push(SERIAL_TAG);
        out.extend_from_slice(&serial_bytes(serial));
        out.extend_from_slice(&padding);
    })
}

/// A finished delivery frame for a message with this many bytes of text.
pub(crate) fn delivery(text_bytes: usize) -> Vec<u8> {
    const DIRECT: [u8; 2] = [0x08, 2];
    let body = text_bytes + DELIVERY_OVERHEAD - 4;
    frame(&[&DIRECT[..], &padding(body - DIRECT.len())].concat())
}

/// An ack frame with the serial of the command it answers.
pub(crate) struct Ack {
    frame: Vec<u8>,
    serial_at: usize,
}

impl Ack {
    pub(crate) fn new() -> Self {
        const ACK: [u8; 2] = [0x08, 3];
        let head = [&ACK[..], &[SERIAL_TAG], &[0; SERIAL_BYTES]].concat();
        let body = [&head[..], &padding(ACK_BYTES - 2 - head.len())].concat();
        Self { frame: frame(&body), serial_at: 2 + ACK.len() + 1 }
    }

    /// Appends the ack for a command, given the command's serial as it came.
    pub(crate) fn append(&self, serial: &[u8], out: &mut Vec<u8>) {
        let start = out.len() + self.serial_at;
        out.extend_from_slice(&self.frame);
        out[start..start + SERIAL_BYTES].copy_from_slice(serial);
    }
}

/// Walks over whole command frames; calls `each` with the serial of each. Returns the bytes walked over.
pub(crate) fn commands(bytes: &[u8], mut each: impl FnMut(&[u8])) -> usize {
    let mut at = 0;
    loop {
        let (payload, length) = match bytes[at..] {
            [_, short, ..] if short & 0x7f < 126 => (at + 6, usize::from(short & 0x7f)),
            [_, _, high, low, ..] => (at + 8, usize::from(u16::from_be_bytes([high, low]))),
            _ => return at,
        };
        if payload + length > bytes.len() {
            return at;
        }
        // The key is zero, so the payload lies open.
        each(&bytes[payload + 1..payload + 1 + SERIAL_BYTES]);
        at = payload + length;
    }
}

fn frame(payload: &[u8]) -> Vec<u8> {
    let (header, size) = encode_header(Opcode::Binary, payload.len());
    [&header[..size], payload].concat()
}

/// The number in five bytes, whatever its size.
fn serial_bytes(serial: i32) -> [u8; SERIAL_BYTES] {
    let serial = serial as u32;
    std::array::from_fn(|index| {
        let low = (serial >> (7 * index)) as u8 & 0x7f;
        if index + 1 < SERIAL_BYTES { low | 0x80 } else { low }
    })
}

/// A field that fills exactly this many bytes, at least four.
fn padding(bytes: usize) -> Vec<u8> {
    let rest = bytes.saturating_sub(PADDING_TAG.len() + 2);
    let length = [rest as u8 & 0x7f | 0x80, (rest >> 7) as u8];
    [&PADDING_TAG[..], &length, &vec![b'.'; rest]].concat()
}

#[cfg(test)]
mod tests {
    use yanshu_protocol::frame::encode_masked;

    use super::*;
    use crate::client::Incoming;

    #[test]
    fn the_bare_server_finds_every_serial_wherever_the_read_ends() {
        let mut stream = Vec::new();
        for (serial, text) in [(0, 10), (1, 64), (127, 65), (128, 128), (i32::MAX, 1000)] {
            let mut command = Vec::new();
            requests(text)(0, serial, &mut command);
            assert_eq!(command.len(), text + SEND_OVERHEAD);
            encode_masked(&mut stream, Opcode::Binary, [0; 4], &command);
        }
        for end in 0..=stream.len() {
            let mut serials = Vec::new();
            let used = commands(&stream[..end], |serial| serials.push(serial.to_vec()));
            let rest = commands(&stream[used..], |serial| serials.push(serial.to_vec()));
            assert_eq!(used + rest, stream.len());
            let expected = [0, 1, 127, 128, i32::MAX].map(|serial| serial_bytes(serial).to_vec());
            assert_eq!(serials, expected, "a read of {end} bytes");
        }
    }

    #[test]
    fn acks_answer_the_serial_and_have_their_size() {
        for serial in [0, 1, 300, i32::MAX] {
            let mut out = vec![7];
            Ack::new().append(&serial_bytes(serial), &mut out);
            assert_eq!(out.len(), 1 + ACK_BYTES);
            assert_eq!(Incoming::of(&out[3..]), Incoming::Reply(serial));
        }
    }

    #[test]
    fn deliveries_are_taken_for_deliveries() {
        let frame = delivery(128);
        assert_eq!(frame.len(), 128 + DELIVERY_OVERHEAD);
        assert_eq!(Incoming::of(&frame[4..]), Incoming::Delivery);
    }
}
