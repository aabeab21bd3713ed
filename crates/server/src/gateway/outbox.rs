//! What waits to be sent on one connection.
//!
//! The queue is bounded in frames and in bytes. What a push may fill depends on its rank: low messages of chat
//! rooms are taken while it is less than half full, normal ones while less than three quarters, everything
//! else until it is full. What finds no room displaces what ranks lower, the oldest first. So under congestion
//! low messages are dropped first, then normal ones, high ones never (B-269); and only when something that may
//! not be dropped meets a queue full of its like, the connection is closed in a way on which SDKs come back and
//! catch up. Answers are always taken: a connection starts no command while its outbox is half full, which
//! bounds them.

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
    pub(super) rank: Rank,
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

    /// How full the queue may be for it to be taken.
    const fn most(self) -> Option<Share> {
        match self {
            Self::Answer => None,
            Self::High => Some(FULL),
            Self::Normal => Some(THREE_QUARTERS),
            Self::Low => Some(HALF),
        }
    }

    /// What makes room for it, in this order, and down to where: some way below its own bound, so that one
    /// search serves many pushes.
    const fn displaces(self) -> (&'static [Self], Share) {
        match self {
            Self::Answer | Self::Low => (&[], FULL),
            Self::Normal => (&[Self::Low], HALF),
            Self::High => (&[Self::Low, Self::Normal], THREE_QUARTERS),
        }
    }
}

/// A part of the bounds, in quarters.
#[derive(Debug, Clone, Copy)]
struct Share(usize);

const HALF: Share = Share(2);
const THREE_QUARTERS: Share = Share(3);
const FULL: Share = Share(4);

impl Share {
    fn is_reached(self, frames: usize, bytes: usize, bounds: Bounds) -> bool {
        frames * 4 >= bounds.frames * self.0 || bytes * 4 >= bounds.bytes * self.0
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
    /// Frames that may still be dropped: low ones, normal ones.
    droppable: [u32; 2],
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
        self.fills(HALF, bounds)
    }

    fn fills(&self, share: Share, bounds: Bounds) -> bool {
        share.is_reached(self.len(), self.bytes, bounds)
    }

    /// Frames of this rank that may still be dropped.
    fn droppable(&mut self, rank: Rank) -> Option<&mut u32> {
        match rank {
            Rank::Low => Some(&mut self.droppable[0]),
            Rank::Normal => Some(&mut self.droppable[1]),
            Rank::High | Rank::Answer => None,
        }
    }

    pub(super) fn push(&mut self, frame: Frame, bounds: Bounds) -> Admission {
        let rank = frame.rank;
        if !self.has_room(rank, bounds) {
            return if rank == Rank::High { Admission::Overflow } else { Admission::Dropped };
        }
        if let Some(count) = self.droppable(rank) {
            *count += 1;
        }
        self.bytes += frame.payload_len();
        self.frames.push(frame);
        Admission::Taken
    }

    fn has_room(&mut self, rank: Rank, bounds: Bounds) -> bool {
        let Some(most) = rank.most() else { return true };
        if !self.fills(most, bounds) {
            return true;
        }
        let (lower, down_to) = rank.displaces();
        for &rank in lower {
            self.displace(rank, down_to, bounds);
        }
        !self.fills(most, bounds)
    }

    /// Drops the oldest frames of a rank until less than this share is filled or none of them is left.
    fn displace(&mut self, rank: Rank, down_to: Share, bounds: Bounds) {
        if self.droppable(rank).is_none_or(|count| *count == 0) {
            return;
        }
        let begun = self.sent + usize::from(self.offset > 0);
        let (mut len, mut bytes, mut dropped) = (self.len(), self.bytes, 0);
        let mut index = 0;
        self.frames.retain(|frame| {
            index += 1;
            let keep = index <= begun || frame.rank != rank || !down_to.is_reached(len, bytes, bounds);
            if !keep {
                len -= 1;
                bytes -= frame.payload_len();
                dropped += 1;
            }
            keep
        });
        self.bytes = bytes;
        if let Some(count) = self.droppable(rank) {
            *count -= dropped;
        }
    }

    /// Drops everything but a frame that is sent in part, so that what comes next is still a frame.
    pub(super) fn abandon(&mut self) {
        let keep = if self.offset > 0 { self.sent + 1 } else { self.sent };
        self.frames.truncate(keep);
        self.bytes = self.frames[self.sent..].iter().map(Frame::payload_len).sum();
        self.droppable = [0; 2];
    }

    /// What waits, to be queued elsewhere.
    pub(super) fn into_frames(self) -> impl Iterator<Item = Frame> {
        self.frames.into_iter().skip(self.sent)
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
            let (payload, rank) = (frame.payload_len(), frame.rank);
            let rest = encode_header(frame.opcode, payload).1 + payload - self.offset;
            if self.offset == 0
                && let Some(droppable) = self.droppable(rank)
            {
                *droppable -= 1;
            }
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
mod tests;
