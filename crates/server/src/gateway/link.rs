//! The sending half of a connection, shared by its task and by whoever has something to say on it.
//!
//! Pushing only queues and puts the link on the flush list; flushing writes through to the socket from
//! whatever thread flushes. Only what the socket refuses is left to the connection's task.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::oneshot;
use yanshu_protocol::Outbound;
use yanshu_protocol::codec::{self, Dialect};
use yanshu_protocol::frame::Opcode;
use yanshu_session::SessionKey;

use super::outbox::{Admission, Bounds, Frame, Head, Outbox, Rank};
use super::wire::Wire;

/// What is copied for one write. More than a socket takes at once is wasted work.
const WRITE_BYTES: usize = 64 * 1024;

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// What a connection's task is woken for; a set of bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Signals(u8);

impl Signals {
    /// The socket refused bytes: wait until it takes more.
    pub(super) const BLOCKED: Self = Self(1);
    /// The outbox had no room for what may not be dropped.
    pub(super) const OVERFLOW: Self = Self(2);
    /// Writing failed: the line is broken.
    pub(super) const BROKEN: Self = Self(4);
    /// Sessions were ended from elsewhere.
    pub(super) const ENDED: Self = Self(8);
    /// Someone wants to know whether the other end is alive.
    pub(super) const PROBE: Self = Self(16);
    /// This node is leaving.
    pub(super) const LEAVE: Self = Self(32);

    pub(super) const fn has(self, signal: Self) -> bool {
        self.0 & signal.0 != 0
    }
}

/// The links that have something to send.
#[derive(Debug)]
pub(super) struct FlushList {
    bounds: Bounds,
    waiting: Mutex<VecDeque<Arc<Link>>>,
}

impl FlushList {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self { bounds, waiting: Mutex::default() }
    }

    /// Writes through to at most `most` sockets, those that wait longest first, and says whether more wait.
    pub(super) fn flush(&self, most: usize) -> bool {
        let (portion, more) = {
            let mut waiting = self.waiting.lock();
            if waiting.len() <= most {
                (std::mem::take(&mut *waiting), false)
            } else {
                (waiting.drain(..most).collect(), true)
            }
        };
        for link in &portion {
            link.flush_listed();
        }
        if !more && portion.capacity() <= 4096 {
            self.give_back(portion);
        }
        more
    }

    /// Keeps an emptied list's memory for the next one.
    fn give_back(&self, mut portion: VecDeque<Arc<Link>>) {
        portion.clear();
        let mut waiting = self.waiting.lock();
        if waiting.capacity() == 0 {
            *waiting = portion;
        }
    }
}

/// A connection as others see it. The transport is its last field so that one allocation holds it all.
pub(super) struct Link<W: ?Sized = dyn Wire> {
    pub(super) id: u64,
    pub(super) dialect: Dialect,
    list: Arc<FlushList>,
    signals: AtomicU8,
    /// Unanswered writes, and in the highest bit whether the task waits for one to be answered.
    pending: AtomicU32,
    task: AtomicWaker,
    state: Mutex<State>,
    wire: W,
}

const WAITED_FOR: u32 = 1 << 31;

#[derive(Default)]
struct State {
    outbox: Outbox,
    /// On the flush list.
    listed: bool,
    /// The task is at work and flushes when it is done.
    attended: bool,
    /// The socket refused bytes; the task waits for it.
    blocked: bool,
    /// Nothing more is taken.
    shut: bool,
    rare: Option<Box<Rare>>,
}

#[derive(Default)]
struct Rare {
    ended: Vec<SessionKey>,
    probes: Vec<oneshot::Sender<()>>,
}

impl<W: Wire> Link<W> {
    pub(super) fn new(id: u64, dialect: Dialect, list: Arc<FlushList>, wire: W) -> Arc<Self> {
        Arc::new(Self {
            id,
            dialect,
            list,
            signals: AtomicU8::new(0),
            pending: AtomicU32::new(0),
            task: AtomicWaker::new(),
            state: Mutex::default(),
            wire,
        })
    }
}

impl Link {
    /// Queues an event for this connection alone.
    pub(super) fn answer(self: &Arc<Self>, event: &Outbound) {
        self.push(self.frame(Head::new(), codec::encode_event(self.dialect, event), Rank::Answer));
    }

    /// Queues a body that others get too, for the session with this head.
    pub(super) fn push_shared(self: &Arc<Self>, head: &[u8], body: &Bytes, rank: Rank) {
        let frame = match self.dialect {
            Dialect::ProtobufBase64 => self.frame(Head::new(), codec::base64_frame(head, body), rank),
            Dialect::Protobuf | Dialect::Json => self.frame(Head::from_slice(head), body.clone(), rank),
        };
        self.push(frame);
    }

    /// Queues a control frame.
    pub(super) fn control(self: &Arc<Self>, opcode: Opcode, payload: Bytes) {
        self.push(Frame { head: Head::new(), body: payload, opcode, rank: Rank::Answer });
    }

    fn frame(&self, head: Head, body: Bytes, rank: Rank) -> Frame {
        let opcode = if self.dialect.is_text() { Opcode::Text } else { Opcode::Binary };
        Frame { head, body, opcode, rank }
    }

    fn push(self: &Arc<Self>, frame: Frame) {
        let mut state = self.state.lock();
        if state.shut {
            return;
        }
        match state.outbox.push(frame, self.list.bounds) {
            Admission::Taken => {
                if !state.listed && !state.attended && !state.blocked {
                    state.listed = true;
                    drop(state);
                    self.list.waiting.lock().push_back(Arc::clone(self));
                }
            }
            Admission::Dropped => {}
            Admission::Overflow => self.give_up(state),
        }
    }

    /// Gives up on a connection that takes in too little.
    pub(super) fn overflow(&self) {
        self.give_up(self.state.lock());
    }

    fn give_up(&self, mut state: MutexGuard<'_, State>) {
        state.outbox.abandon();
        state.shut = true;
        drop(state);
        self.signal(Signals::OVERFLOW);
    }

    pub(super) fn bounds(&self) -> Bounds {
        self.list.bounds
    }

    fn flush_listed(&self) {
        let mut state = self.state.lock();
        state.listed = false;
        if !state.blocked {
            self.write_out(&mut state);
        }
    }

    fn write_out(&self, state: &mut State) {
        if state.outbox.is_empty() {
            return;
        }
        SCRATCH.with_borrow_mut(|buffer| {
            loop {
                buffer.clear();
                state.outbox.copy_to(buffer, WRITE_BYTES);
                if buffer.is_empty() {
                    return;
                }
                match self.wire.try_write(buffer) {
                    Ok(0) => return self.broken(state),
                    Ok(count) => state.outbox.advance(count),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        state.blocked = true;
                        return self.signal(Signals::BLOCKED);
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(_) => return self.broken(state),
                }
            }
        });
    }

    fn broken(&self, state: &mut State) {
        state.shut = true;
        state.outbox = Outbox::default();
        self.signal(Signals::BROKEN);
    }

    fn signal(&self, signal: Signals) {
        self.signals.fetch_or(signal.0, Ordering::Release);
        self.task.wake();
    }

    /// Tells the task that this node is leaving.
    pub(super) fn leave(&self) {
        self.signal(Signals::LEAVE);
    }

    /// Tells the task that a session of its connection was ended from elsewhere.
    pub(super) fn session_ended(&self, key: SessionKey) {
        self.state.lock().rare.get_or_insert_default().ended.push(key);
        self.signal(Signals::ENDED);
    }

    /// Asks for a sign of life. The receiver hears of it, or is dropped with the connection.
    pub(super) fn probe(&self) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        let mut state = self.state.lock();
        if !state.shut {
            state.rare.get_or_insert_default().probes.push(sender);
            drop(state);
            self.signal(Signals::PROBE);
        }
        receiver
    }

    /// Counts a write whose answer is owed.
    pub(super) fn owe(&self) {
        self.pending.fetch_add(1, Ordering::AcqRel);
    }

    /// A write was answered.
    pub(super) fn settle(&self) {
        let before = self.pending.fetch_sub(1, Ordering::AcqRel);
        if before & WAITED_FOR != 0 {
            self.pending.fetch_and(!WAITED_FOR, Ordering::AcqRel);
            self.task.wake();
        }
    }
}

/// What only the connection's own task does.
impl Link {
    pub(super) fn wire(&self) -> &dyn Wire {
        &self.wire
    }

    pub(super) fn task(&self) -> &AtomicWaker {
        &self.task
    }

    pub(super) fn take_signals(&self) -> Signals {
        // Most wake-ups are for the socket.
        if self.signals.load(Ordering::Acquire) == 0 {
            return Signals(0);
        }
        Signals(self.signals.swap(0, Ordering::AcqRel))
    }

    pub(super) fn take_ended(&self) -> Vec<SessionKey> {
        self.state.lock().rare.as_mut().map(|rare| std::mem::take(&mut rare.ended)).unwrap_or_default()
    }

    /// Tells those who asked that the other end is alive.
    pub(super) fn alive(&self) {
        let probes = self.state.lock().rare.as_mut().map(|rare| std::mem::take(&mut rare.probes));
        for probe in probes.unwrap_or_default() {
            // Whoever asked may have given up.
            let _ = probe.send(());
        }
    }

    /// How many writes are unanswered.
    pub(super) fn pending(&self) -> u32 {
        self.pending.load(Ordering::Acquire) & !WAITED_FOR
    }

    /// Asks to be woken by the next answer; gives how many writes are unanswered after all.
    pub(super) fn await_answer(&self) -> u32 {
        self.pending.fetch_or(WAITED_FOR, Ordering::AcqRel) & !WAITED_FOR
    }

    /// From now until [`Self::rest`] the task flushes what is queued.
    pub(super) fn attend(&self) {
        self.state.lock().attended = true;
    }

    /// Sends what was queued. Gives whether so much waits that no more commands should be taken.
    pub(super) fn rest(&self) -> bool {
        let mut state = self.state.lock();
        state.attended = false;
        if !state.blocked {
            self.write_out(&mut state);
        }
        state.outbox.is_half_full(self.list.bounds)
    }

    /// The socket takes bytes again. Gives what [`Self::rest`] gives.
    pub(super) fn unblocked(&self) -> bool {
        let mut state = self.state.lock();
        state.blocked = false;
        self.write_out(&mut state);
        state.outbox.is_half_full(self.list.bounds)
    }

    /// The last frame: a close. Nothing is taken after it.
    pub(super) fn close(&self, payload: Bytes) {
        let mut state = self.state.lock();
        let close = Frame { head: Head::new(), body: payload, opcode: Opcode::Close, rank: Rank::Answer };
        state.outbox.push(close, self.list.bounds);
        state.shut = true;
    }

    /// Drops everything that waits.
    pub(super) fn shut(&self) {
        let mut state = self.state.lock();
        state.shut = true;
        state.outbox = Outbox::default();
        state.rare = None;
    }

    pub(super) fn is_drained(&self) -> bool {
        self.state.lock().outbox.is_empty()
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("id", &self.id).field("dialect", &self.dialect).finish_non_exhaustive()
    }
}
