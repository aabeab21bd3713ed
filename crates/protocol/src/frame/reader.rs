//! From bytes as they arrive to whole messages.

use std::borrow::Cow;
use std::mem;

use super::header::{Header, MAX_CONTROL, Opcode, mask, parse_header};
use super::{FrameError, close};

/// Which end of the connection reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Reads what clients send: every frame is masked.
    Server,
    /// Reads what a server sends: no frame is.
    Client,
}

/// A message from the peer. It borrows from the bytes just read if it came whole, and is owned if not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message<'a> {
    /// Text.
    Text(Cow<'a, str>),
    /// Bytes.
    Binary(Cow<'a, [u8]>),
    /// To be answered with a pong of the same bytes.
    Ping(Cow<'a, [u8]>),
    /// The answer to a ping, or a sign of life unasked.
    Pong(Cow<'a, [u8]>),
    /// The peer's last frame; whatever follows it is to be ignored.
    Close(Option<CloseFrame>),
}

/// Why a peer closes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseFrame {
    /// A code that may be sent (RFC 6455 §7.4).
    pub code: u16,
    /// A few words, often none.
    pub reason: String,
}

/// Puts messages together. One per connection; between messages it owns no memory beyond itself.
///
/// Call [`next`](Self::next) with the bytes of each read until it returns `None`; all of them are then taken.
/// After an error the connection is to be closed, and the reader is of no more use.
#[derive(Debug)]
pub struct FrameReader {
    role: Role,
    /// Largest message, in bytes of payload.
    limit: usize,
    /// The frame that has not arrived completely, header and all, masked as it came.
    pub(super) pending: Vec<u8>,
    /// The message of which parts have arrived.
    fragments: Option<Box<Fragments>>,
}

/// A whole frame, its mask taken off.
struct Frame<'a> {
    header: Header,
    payload: Cow<'a, [u8]>,
}

#[derive(Debug)]
struct Fragments {
    text: bool,
    payload: Vec<u8>,
}

impl FrameReader {
    /// A reader that takes messages of up to `limit` bytes of payload.
    #[must_use]
    pub const fn new(role: Role, limit: usize) -> Self {
        Self { role, limit, pending: Vec::new(), fragments: None }
    }

    /// Whether the peer is in the middle of a frame or a message.
    #[must_use]
    pub fn is_mid_message(&self) -> bool {
        !self.pending.is_empty() || self.fragments.is_some()
    }

    /// The next message in `input`, which is advanced past it; `None` once all of `input` is taken.
    ///
    /// # Errors
    /// The peer does not keep to the protocol, or to the limit.
    pub fn next<'a>(&mut self, input: &mut &'a mut [u8]) -> Result<Option<Message<'a>>, FrameError> {
        while let Some(frame) = self.next_frame(input)? {
            if let Some(message) = self.take(frame)? {
                return Ok(Some(message));
            }
        }
        Ok(None)
    }

    fn next_frame<'a>(&mut self, input: &mut &'a mut [u8]) -> Result<Option<Frame<'a>>, FrameError> {
        if !self.pending.is_empty() {
            return self.complete_pending(input);
        }
        let whole = self.checked_header(input)?.filter(|(_, size)| *size <= input.len());
        let Some((header, size)) = whole else {
            let rest: &mut [u8] = mem::take(input);
            self.pending.extend_from_slice(rest);
            return Ok(None);
        };
        let payload = &mut split_off(input, size)[header.size..];
        if let Some(key) = header.mask {
            mask(key, payload);
        }
        Ok(Some(Frame { header, payload: Cow::Borrowed(payload) }))
    }

    /// Goes on with a frame of which an earlier read brought the beginning.
    fn complete_pending<'a>(&mut self, input: &mut &'a mut [u8]) -> Result<Option<Frame<'a>>, FrameError> {
        let (header, size) = loop {
            if let Some(checked) = self.checked_header(&self.pending)? {
                break checked;
            }
            if input.is_empty() {
                return Ok(None);
            }
            self.pending.extend_from_slice(split_off(input, 1));
        };
        let missing = size.saturating_sub(self.pending.len());
        let arrived = missing.min(input.len());
        self.pending.extend_from_slice(split_off(input, arrived));
        if arrived < missing {
            return Ok(None);
        }
        let mut payload = mem::take(&mut self.pending);
        payload.drain(..header.size);
        if let Some(key) = header.mask {
            mask(key, &mut payload);
        }
        Ok(Some(Frame { header, payload: Cow::Owned(payload) }))
    }

    /// Reads a header, judges all that can be judged before the payload is there, and tells the size of the
    /// whole frame.
    fn checked_header(&self, bytes: &[u8]) -> Result<Option<(Header, usize)>, FrameError> {
        let Some(header) = parse_header(bytes)? else { return Ok(None) };
        match (self.role, header.mask) {
            (Role::Server, None) => return Err(FrameError::Unmasked),
            (Role::Client, Some(_)) => return Err(FrameError::Masked),
            _ => {}
        }
        let so_far = self.fragments.as_ref().map_or(0, |fragments| fragments.payload.len());
        let room = match header.opcode {
            Opcode::Continuation if self.fragments.is_none() => {
                return Err(FrameError::UnexpectedContinuation);
            }
            Opcode::Text | Opcode::Binary if self.fragments.is_some() => {
                return Err(FrameError::MissingContinuation);
            }
            Opcode::Close | Opcode::Ping | Opcode::Pong => MAX_CONTROL,
            _ => self.limit.saturating_sub(so_far),
        };
        let length = usize::try_from(header.length).ok().filter(|length| *length <= room);
        match length.and_then(|length| length.checked_add(header.size)) {
            Some(size) => Ok(Some((header, size))),
            None => Err(FrameError::TooLong),
        }
    }

    /// Makes a message of a frame, or keeps it as a part of one.
    fn take<'a>(&mut self, Frame { header, payload }: Frame<'a>) -> Result<Option<Message<'a>>, FrameError> {
        let text = match header.opcode {
            Opcode::Close => return Ok(Some(Message::Close(close::parse(&payload)?))),
            Opcode::Ping => return Ok(Some(Message::Ping(payload))),
            Opcode::Pong => return Ok(Some(Message::Pong(payload))),
            Opcode::Text => true,
            Opcode::Binary => false,
            Opcode::Continuation => return self.take_continuation(header.fin, &payload),
        };
        if header.fin {
            return message(text, payload).map(Some);
        }
        self.fragments = Some(Box::new(Fragments { text, payload: payload.into_owned() }));
        Ok(None)
    }

    fn take_continuation<'a>(
        &mut self,
        fin: bool,
        payload: &[u8],
    ) -> Result<Option<Message<'a>>, FrameError> {
        let mut fragments = self.fragments.take().ok_or(FrameError::UnexpectedContinuation)?;
        fragments.payload.extend_from_slice(payload);
        if fin {
            return message(fragments.text, Cow::Owned(fragments.payload)).map(Some);
        }
        self.fragments = Some(fragments);
        Ok(None)
    }
}

fn message(text: bool, payload: Cow<'_, [u8]>) -> Result<Message<'_>, FrameError> {
    if !text {
        return Ok(Message::Binary(payload));
    }
    let text = match payload {
        Cow::Borrowed(bytes) => std::str::from_utf8(bytes).map(Cow::Borrowed).ok(),
        Cow::Owned(bytes) => String::from_utf8(bytes).map(Cow::Owned).ok(),
    };
    text.map(Message::Text).ok_or(FrameError::InvalidUtf8)
}

/// Takes the first `count` bytes of `input`, which has them.
fn split_off<'a>(input: &mut &'a mut [u8], count: usize) -> &'a mut [u8] {
    let (head, rest) = mem::take(input).split_at_mut(count);
    *input = rest;
    head
}
