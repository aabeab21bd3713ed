//! The one task of a connection: reads frames, asks the session machine what they mean, has it done in order,
//! and sends what the socket did not take at once. A hand-written state machine, because thousands of them
//! wait at a time: an idle one owns no buffer, one timer and no allocation but its task.

mod commands;
mod end;
mod input;

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use tokio::time::{Instant, Sleep, sleep};
use yanshu_protocol::frame::{FrameReader, Opcode, Role};
use yanshu_protocol::{Envelope, Event, Outbound, Timestamp};
use yanshu_session::{Connection, Deadline};

use super::core::Core;
use super::link::{Link, Signals};
use super::settings::millis;
use super::{ConnectionInfo, Loss};
use commands::Beside;
use end::{End, Phase};

/// Serves a connection until it has ended and everything accepted on it is done. `unread` was received
/// together with the handshake.
pub(super) async fn run(core: Arc<Core>, link: Arc<Link>, info: ConnectionInfo, unread: Vec<u8>) {
    let mut task = Task::new(&core, &link, info, unread);
    let end = {
        let mut timer = pin!(sleep(Duration::ZERO));
        poll_fn(|cx| task.poll(cx, timer.as_mut())).await
    };
    // Ending needs more room than living; only who ends pays for it.
    Box::pin(task.finish(end)).await;
}

struct Task<'d> {
    core: &'d Core,
    link: &'d Arc<Link>,
    info: ConnectionInfo,
    session: Connection,
    phase: Phase,
    /// Which settings of the app its sessions go by.
    generation: u32,
    /// When the timer goes off next.
    armed: Timestamp,

    reader: FrameReader,
    /// Received, but not taken in yet, because too much was under way.
    unread: Vec<u8>,
    /// Whether someone wants to hear of the next sign of life.
    probed: bool,
    /// Frames in a row that could not be decoded.
    bad_frames: u32,
    /// Frames received before anything was opened.
    early_frames: u32,

    /// Commands that wait for their turn.
    waiting: VecDeque<Envelope>,
    /// A write that is not accepted yet.
    accepting: Option<BoxFuture<'d, ()>>,
    /// Whether the writes under way are one exclusive write.
    exclusive: bool,
    /// What runs beside the writes.
    beside: Option<Box<Beside<'d>>>,

    /// Too much waits to be sent for more commands to be taken.
    congested: bool,
    /// Since when the socket has taken nothing.
    blocked_since: Option<Timestamp>,
    /// When the time of grace before leaving ends.
    leave_at: Option<Timestamp>,
}

impl<'d> Task<'d> {
    fn new(core: &'d Core, link: &'d Arc<Link>, info: ConnectionInfo, unread: Vec<u8>) -> Self {
        let now = core.steady();
        Self {
            core,
            link,
            session: Connection::new(info.profile, core.settings.timeouts, now),
            info,
            phase: Phase::Open,
            generation: core.apps.generation(),
            armed: now,
            reader: FrameReader::new(Role::Server, core.settings.max_message_bytes),
            unread,
            probed: false,
            bad_frames: 0,
            early_frames: 0,
            waiting: VecDeque::new(),
            accepting: None,
            exclusive: false,
            beside: None,
            congested: false,
            blocked_since: None,
            leave_at: None,
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>, mut timer: Pin<&mut Sleep>) -> Poll<End> {
        self.link.task().register(cx.waker());
        loop {
            self.link.attend();
            self.heed(self.link.take_signals());
            self.work(cx);
            self.listen(cx);
            self.congested = self.link.rest();
            if let Some(end) = self.is_over() {
                return Poll::Ready(end);
            }
            if self.writes_again(cx) || self.is_due(cx, timer.as_mut()) {
                continue;
            }
            if self.waiting.is_empty() {
                // An idle connection keeps nothing it does not need.
                self.waiting = VecDeque::new();
            }
            return Poll::Pending;
        }
    }

    fn heed(&mut self, signals: Signals) {
        if signals.has(Signals::ENDED) {
            self.heed_ended();
        }
        if signals.has(Signals::BLOCKED) && self.blocked_since.is_none() {
            self.blocked_since = Some(self.core.steady());
        }
        if signals.has(Signals::PROBE) {
            self.probed = true;
            self.link.control(Opcode::Ping, Bytes::new());
        }
        if signals.has(Signals::BROKEN) {
            self.over(Loss::Broken);
        }
        if signals.has(Signals::OVERFLOW) {
            self.close(1001, "too much is waiting", Loss::Slow);
        }
        if signals.has(Signals::LEAVE) {
            self.leave();
        }
    }

    /// Sessions that were ended from elsewhere are no longer here.
    fn heed_ended(&mut self) {
        for key in self.link.take_ended() {
            self.session.ended(key);
        }
    }

    /// This node is leaving: says so once, and serves for a time of grace (W-50 to W-52, W-418).
    fn leave(&mut self) {
        if self.leave_at.is_some() {
            return;
        }
        if self.info.profile.legacy {
            self.close(1001, "the server is leaving", Loss::Leaving);
            return;
        }
        self.leave_at = Some(self.core.steady().plus_millis(millis(self.core.settings.drain_grace)));
        let client = self.session.default_client();
        let client = client.or_else(|| self.session.actors().next().map(|actor| &actor.client)).cloned();
        self.link.answer(&Outbound {
            client,
            serial: None,
            server_time: Some(self.core.clock.now()),
            permanent: false,
            event: Event::GoAway,
        });
    }

    /// Whether the socket takes bytes again after it had refused them.
    fn writes_again(&mut self, cx: &mut Context<'_>) -> bool {
        if self.blocked_since.is_none() || self.link.wire().poll_writable(cx).is_pending() {
            return false;
        }
        self.blocked_since = None;
        self.congested = self.link.unblocked();
        true
    }

    /// When a socket that takes nothing counts as broken.
    fn stuck_at(&self) -> Option<Timestamp> {
        Some(self.blocked_since?.plus_millis(millis(self.core.settings.write_timeout)))
    }

    fn deadline(&self) -> Timestamp {
        if let Some(until) = self.phase.until() {
            return until;
        }
        [self.stuck_at(), self.leave_at].into_iter().flatten().fold(self.session.deadline(), Timestamp::min)
    }

    /// Whether something was due, and is done.
    fn is_due(&mut self, cx: &mut Context<'_>, mut timer: Pin<&mut Sleep>) -> bool {
        let deadline = self.deadline();
        let now = self.core.steady();
        if now >= deadline {
            // Whatever the timer thinks: it may follow another clock.
            self.armed = Timestamp(i64::MAX);
            self.on_time(now);
            return true;
        }
        // The timer is not moved for a later deadline: it goes off in vain once instead.
        let mut arm = deadline < self.armed;
        loop {
            if arm {
                self.armed = deadline;
                let left = deadline.millis_since(self.core.steady()).max(1).unsigned_abs();
                timer.as_mut().reset(Instant::now() + Duration::from_millis(left));
            }
            if timer.as_mut().poll(cx).is_pending() {
                return false;
            }
            let now = self.core.steady();
            if now >= deadline {
                self.armed = Timestamp(i64::MAX);
                self.on_time(now);
                return true;
            }
            arm = true;
        }
    }

    fn on_time(&mut self, now: Timestamp) {
        let reached = |deadline: Option<Timestamp>| deadline.is_some_and(|deadline| now >= deadline);
        if reached(self.phase.until()) || reached(self.stuck_at()) {
            self.over(Loss::Silent);
        } else if reached(self.leave_at) {
            self.close(1001, "the server is leaving", Loss::Leaving);
        } else {
            match self.session.due(now) {
                Deadline::Wait => {}
                Deadline::Ping => self.link.control(Opcode::Ping, Bytes::new()),
                Deadline::Close(code) => self.close(code.number(), code.name(), Loss::Silent),
            }
        }
    }
}
