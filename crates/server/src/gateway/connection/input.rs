//! What a client sends: bytes, frames, commands.

use std::cell::Cell;
use std::io;
use std::task::Context;

use yanshu_protocol::codec::{self, Dialect};
use yanshu_protocol::frame::{Message, Opcode};
use yanshu_protocol::{Code, Command};
use yanshu_session::Step;

use super::Task;
use super::end::Phase;
use crate::gateway::Loss;

/// Bytes read at a time.
const READ_BYTES: usize = 16 * 1024;
/// Reads in one go; then others get their turn.
const READS_IN_A_ROW: usize = 4;
/// Commands that may wait for their turn; with so many nothing more is read.
const MAX_WAITING: usize = 16;

thread_local! {
    /// Every connection of a thread reads into the same buffer: an idle one needs none.
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

impl Task<'_> {
    /// Whether more input may be taken in: not while commands wait, or answers.
    fn takes_input(&self) -> bool {
        match self.phase {
            Phase::Open => self.waiting.len() < MAX_WAITING && !self.congested,
            Phase::Closing { .. } | Phase::Closed { .. } => true,
            Phase::Over(_) => false,
        }
    }

    pub(super) fn listen(&mut self, cx: &mut Context<'_>) {
        self.digest_unread(cx);
        let mut buffer = BUFFER.take();
        buffer.resize(READ_BYTES, 0);
        self.read(cx, &mut buffer);
        BUFFER.set(buffer);
    }

    fn read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) {
        for _ in 0..READS_IN_A_ROW {
            if !self.takes_input() || self.link.wire().poll_readable(cx).is_pending() {
                return;
            }
            match self.link.wire().try_read(buffer) {
                Ok(0) => return self.over(Loss::Broken),
                Ok(count) => {
                    self.heard();
                    self.digest(&mut buffer[..count]);
                    self.work(cx);
                    self.digest_unread(cx);
                }
                Err(error)
                    if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
                Err(_) => return self.over(Loss::Broken),
            }
        }
        cx.waker().wake_by_ref();
    }

    /// Takes in what there was no room for before, as far as there is now.
    fn digest_unread(&mut self, cx: &mut Context<'_>) {
        while !self.unread.is_empty() && self.takes_input() {
            let mut unread = std::mem::take(&mut self.unread);
            self.digest(&mut unread);
            self.work(cx);
        }
    }

    fn heard(&mut self) {
        self.session.heard(self.core.steady());
        if self.probed {
            self.probed = false;
            self.link.alive();
        }
    }

    /// Takes in what was read; what there is no room for is kept.
    fn digest(&mut self, mut input: &mut [u8]) {
        while self.takes_input() {
            match self.reader.next(&mut input) {
                Ok(Some(message)) => self.receive(message),
                Ok(None) => return,
                Err(error) => {
                    let code = error.close_code();
                    let reason = match Code::from_number(code.into()) {
                        Some(code) => code.name().to_owned(),
                        None => error.to_string(),
                    };
                    self.close(code, &reason, Loss::Abuse);
                    return;
                }
            }
        }
        self.unread.extend_from_slice(input);
    }

    fn receive(&mut self, message: Message<'_>) {
        if let Message::Close(frame) = message {
            return self.closed_by_peer(frame);
        }
        if self.phase != Phase::Open || self.is_early_flood() {
            return;
        }
        match message {
            Message::Text(text) => self.frame(text.as_bytes(), true),
            Message::Binary(bytes) => self.frame(&bytes, false),
            Message::Ping(payload) => self.link.control(Opcode::Pong, payload.into_owned().into()),
            Message::Pong(_) | Message::Close(_) => {}
        }
    }

    /// Before anything is opened there is no reason to send much.
    fn is_early_flood(&mut self) -> bool {
        if self.session.logged_in() {
            return false;
        }
        self.early_frames += 1;
        let flood = self.early_frames > self.core.settings.max_frames_before_login;
        if flood {
            let code = Code::MessageSentQuotaExceeded;
            self.close(code.number(), code.name(), Loss::Abuse);
        }
        flood
    }

    fn frame(&mut self, payload: &[u8], text: bool) {
        let dialect = self.link.dialect;
        let envelope =
            if text == dialect.is_text() { codec::decode_command(dialect, payload).ok() } else { None };
        let Some(envelope) = envelope else { return self.undecodable() };
        self.bad_frames = 0;
        if matches!(envelope.command, Ok(Command::Echo)) {
            // A heartbeat is answered at once, whatever waits (W-36).
            if let Step::Reply(answer) = self.session.command(self.core.steady(), envelope) {
                self.link.answer(&answer);
            }
        } else {
            self.waiting.push_back(envelope);
        }
    }

    /// Without a serial there is nothing to answer, and an error without one would fail the whole connection
    /// (W-81). One bad frame must not end the other clients of a connection; many in a row do (W-33). The
    /// JSON of 2015 ignores what it does not understand (W-400).
    fn undecodable(&mut self) {
        if self.link.dialect == Dialect::Json {
            return;
        }
        self.bad_frames += 1;
        if self.bad_frames >= self.core.settings.max_bad_frames {
            let code = Code::UnparseableRawMessage;
            self.close(code.number(), code.name(), Loss::Abuse);
        }
    }
}
