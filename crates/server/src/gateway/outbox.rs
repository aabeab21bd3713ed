//! What waits to be sent on one connection.
//!
//! The queue is bounded in frames and in bytes. What a push may fill depends on its rank: low messages of chat
//! rooms are taken while it is less than half full, normal ones while less than three quarters, everything
//! else until it is full. So under congestion low messages are dropped first, then normal ones, high ones
//! never (B-269); and when something that may not be dropped finds no room, the connection is closed in a way
//! on which SDKs come back and catch up. Answers are always taken: a connection starts no command while its
//! outbox is half full, which bounds them.

use bytes::Bytes;
use smallvec::SmallVec;
use yanshu_protocol::frame::{Opcode, encode_header};

/// What names the recipient in front of a shared body. A client id of usual length is copied rather than
/// counted: one more reference to follow would cost as much as the rest of a delivery.
pub(super) type Head = SmallVec<[u8; 32]>;

/// One frame: a head of the recipient's own and a body shared by all recipients.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) head: Head,
    pub(super) body: Bytes,
    pub(super) opcode: Opcode,
}

impl Frame {
    fn payload_len(&self) -> usize {
        self.head.len() + self.body.len()
    }
}

/// What decides whether a frame finds room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rank {
    /// Always taken: answers and control frames.
    Answer,
    /// Taken until the queue is full; then the connection is closed.
    High,
    /// A chat-room message that may be dropped.
    Normal,
    /// A chat-room message that is dropped first.
    Low,
}

impl Rank {
    /// The rank of a push with this priority: 1 high, 2 normal, 3 low.
    pub(super) const fn of_priority(priority: u8) -> Self {
        match priority {
            0 | 1 => Self::High,
            2 => Self::Normal,
            _ => Self::Low,
        }
    }
}

/// How much may wait.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) frames: usize,
    pub(super) bytes: usize,
}

/// What became of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    Taken,
    Dropped,
    Overflow,
}

/// The queue. One slot is part of it, so that a lone frame costs no allocation.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    frames: SmallVec<[Frame; 1]>,
    /// How many frames at the front are sent already.
    sent: usize,
    /// How many bytes of the frame after those are sent, its WebSocket header included.
    offset: usize,
    /// Payload bytes of the frames that are not sent.
    bytes: usize,
}

impl Outbox {
    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn len(&self) -> usize {
        self.frames.len() - self.sent
    }

    /// Whether so much waits that nothing should be added by choice.
    pub(super) fn is_half_full(&self, bounds: Bounds) -> bool {
        self.fills(bounds, 1, 2)
    }

    fn fills(&self, bounds: Bounds, share: usize, of: usize) -> bool {
        self.len() * of >= bounds.frames * share || self.bytes * of >= bounds.bytes * share
    }

    pub(super) fn push(&mut self, frame: Frame, rank: Rank, bounds: Bounds) -> Admission {
        let refused = match rank {
            Rank::Answer => false,
            Rank::High => self.fills(bounds, 1, 1),
            Rank::Normal => self.fills(bounds, 3, 4),
            Rank::Low => self.fills(bounds, 1, 2),
        };
        if refused {
            return if rank == Rank::High { Admission::Overflow } else { Admission::Dropped };
        }
        self.bytes += frame.payload_len();
        self.frames.push(frame);
        Admission::Taken
    }

    /// Drops everything but a frame that is sent in part, so that what comes next is still a frame.
    pub(super) fn abandon(&mut self) {
        let keep = if self.offset > 0 { self.sent + 1 } else { self.sent };
        self.frames.truncate(keep);
        self.bytes = self.frames[self.sent..].iter().map(Frame::payload_len).sum();
    }

    /// Copies what is next to be sent, at most `most` bytes. Copying a few hundred bytes costs less than
    /// handing the system three slices for each frame.
    pub(super) fn copy_to(&self, buffer: &mut Vec<u8>, most: usize) {
        let mut skip = self.offset;
        for frame in &self.frames[self.sent..] {
            if buffer.len() >= most {
                return;
            }
            let (header, size) = encode_header(frame.opcode, frame.payload_len());
            for part in [&header[..size], &frame.head[..], &frame.body[..]] {
                let skipped = skip.min(part.len());
                skip -= skipped;
                let part = &part[skipped..];
                buffer.extend_from_slice(&part[..part.len().min(most - buffer.len())]);
            }
        }
    }

    /// Notes that so many more bytes are sent.
    pub(super) fn advance(&mut self, mut count: usize) {
        while count > 0 {
            let Some(frame) = self.frames.get(self.sent) else { break };
            let payload = frame.payload_len();
            let rest = encode_header(frame.opcode, payload).1 + payload - self.offset;
            if count < rest {
                self.offset += count;
                break;
            }
            count -= rest;
            self.bytes -= payload;
            self.sent += 1;
            self.offset = 0;
        }
        if self.sent == self.frames.len() {
            self.frames = SmallVec::new();
            self.sent = 0;
        } else if self.sent >= 64 {
            self.frames.drain(..self.sent);
            self.sent = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { frames: 8, bytes: 1000 };

    fn frame(text: &str) -> Frame {
        Frame { head: Head::new(), body: Bytes::copy_from_slice(text.as_bytes()), opcode: Opcode::Text }
    }

    fn rest(outbox: &Outbox) -> Vec<u8> {
        let mut buffer = Vec::new();
        outbox.copy_to(&mut buffer, usize::MAX);
        buffer
    }

    fn fill(outbox: &mut Outbox, count: usize) {
        for _ in 0..count {
            assert_eq!(outbox.push(frame("x"), Rank::High, BOUNDS), Admission::Taken);
        }
    }

    #[test]
    fn frames_leave_in_order_with_the_recipients_head_in_front() {
        let mut outbox = Outbox::default();
        let head = Head::from_slice(b"to:a ");
        outbox.push(Frame { head, ..frame("hello") }, Rank::High, BOUNDS);
        outbox.push(frame("again"), Rank::High, BOUNDS);
        assert_eq!(rest(&outbox), b"\x81\x0ato:a hello\x81\x05again");
    }

    #[test]
    fn whatever_portion_the_socket_takes_the_rest_follows_exactly() {
        for first in 0..19 {
            let mut outbox = Outbox::default();
            for text in ["hello", "", "worldwide"] {
                outbox.push(frame(text), Rank::High, BOUNDS);
            }
            let all = rest(&outbox);
            outbox.advance(first);
            assert_eq!(rest(&outbox), all[first..], "after {first} bytes");
            outbox.advance(all.len() - first);
            assert!(outbox.is_empty());
            assert_eq!(outbox.bytes, 0);
        }
    }

    #[test]
    fn a_copy_is_cut_anywhere() {
        let mut outbox = Outbox::default();
        outbox.push(frame("hello"), Rank::High, BOUNDS);
        outbox.push(frame("world"), Rank::High, BOUNDS);
        let mut buffer = Vec::new();
        outbox.copy_to(&mut buffer, 9);
        assert_eq!(buffer, b"\x81\x05hello\x81\x05");
    }

    #[test]
    fn low_messages_are_dropped_first_then_normal_ones() {
        // B-269
        let mut outbox = Outbox::default();
        fill(&mut outbox, 4);
        assert_eq!(outbox.push(frame("low"), Rank::Low, BOUNDS), Admission::Dropped);
        assert_eq!(outbox.push(frame("normal"), Rank::Normal, BOUNDS), Admission::Taken);
        fill(&mut outbox, 1);
        assert_eq!(outbox.push(frame("normal"), Rank::Normal, BOUNDS), Admission::Dropped);
        assert_eq!(outbox.push(frame("high"), Rank::High, BOUNDS), Admission::Taken);
    }

    #[test]
    fn what_may_not_be_dropped_overflows_and_answers_never_do() {
        let mut outbox = Outbox::default();
        fill(&mut outbox, 8);
        assert_eq!(outbox.push(frame("high"), Rank::High, BOUNDS), Admission::Overflow);
        assert_eq!(outbox.push(frame("answer"), Rank::Answer, BOUNDS), Admission::Taken);
    }

    #[test]
    fn bytes_count_as_well_as_frames() {
        let mut outbox = Outbox::default();
        assert_eq!(outbox.push(frame(&"x".repeat(5000)), Rank::High, BOUNDS), Admission::Taken);
        assert_eq!(outbox.push(frame("x"), Rank::High, BOUNDS), Admission::Overflow);
    }

    #[test]
    fn what_is_abandoned_ends_after_the_frame_that_was_begun() {
        let mut outbox = Outbox::default();
        fill(&mut outbox, 1);
        outbox.push(frame("hello"), Rank::High, BOUNDS);
        outbox.push(frame("never"), Rank::High, BOUNDS);
        outbox.advance(3 + 4);
        outbox.abandon();
        outbox.push(frame("end"), Rank::Answer, BOUNDS);
        assert_eq!(rest(&outbox), b"llo\x81\x03end");
    }

    #[test]
    fn room_comes_back_when_frames_are_sent() {
        let mut outbox = Outbox::default();
        for _ in 0..100 {
            fill(&mut outbox, 8);
            outbox.advance(8 * 3);
            assert!(outbox.is_empty());
        }
    }

    #[test]
    fn priorities_become_ranks() {
        // B-266
        assert_eq!(Rank::of_priority(1), Rank::High);
        assert_eq!(Rank::of_priority(2), Rank::Normal);
        assert_eq!(Rank::of_priority(3), Rank::Low);
    }
}
