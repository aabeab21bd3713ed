//! How a connection ends: by whose close, and what is finished after it.

use std::future::poll_fn;
use std::task::Poll;

use yanshu_protocol::Timestamp;
use yanshu_protocol::frame::{CloseFrame, close_payload};
use yanshu_session::Connection;

use super::Task;
use crate::gateway::Loss;
use crate::gateway::link::Signals;
use crate::gateway::settings::millis;

/// What the end of a connection means for its sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// They are logged out.
    Logout,
    /// They are lost.
    Lost(Loss),
}

/// How far a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Open,
    /// A close was sent; the other end's is awaited.
    Closing {
        until: Timestamp,
        end: End,
    },
    /// The other end closed; what waits, and the answer, is sent.
    Closed {
        until: Timestamp,
        end: End,
    },
    Over(End),
}

impl Phase {
    /// When the wait for the end is over.
    pub(super) const fn until(self) -> Option<Timestamp> {
        match self {
            Self::Closing { until, .. } | Self::Closed { until, .. } => Some(until),
            Self::Open | Self::Over(_) => None,
        }
    }
}

impl Task<'_> {
    /// Closes the connection with a code and its name.
    pub(super) fn close(&mut self, code: u16, reason: &str, why: Loss) {
        if self.phase == Phase::Open {
            self.link.close(close_payload(code, reason).into());
            self.phase = Phase::Closing { until: self.close_deadline(), end: End::Lost(why) };
        }
    }

    /// The other end closes, or answers a close; it is answered at once (W-49).
    pub(super) fn closed_by_peer(&mut self, frame: Option<CloseFrame>) {
        match self.phase {
            Phase::Open => {
                let code = frame.map(|frame| frame.code);
                self.link.close(code.map(|code| close_payload(code, "")).unwrap_or_default().into());
                // The first web SDK has no other way to log out (W-407).
                let clean = matches!(code, None | Some(1000));
                let end =
                    if self.info.profile.legacy && clean { End::Logout } else { End::Lost(Loss::Closed) };
                self.phase = Phase::Closed { until: self.close_deadline(), end };
            }
            Phase::Closing { end, .. } => self.phase = Phase::Over(end),
            Phase::Closed { .. } | Phase::Over(_) => {}
        }
    }

    fn close_deadline(&self) -> Timestamp {
        self.core.steady().plus_millis(millis(self.core.settings.close_timeout))
    }

    /// Nothing more can be read or written.
    pub(super) fn over(&mut self, why: Loss) {
        self.phase = match self.phase {
            Phase::Open => Phase::Over(End::Lost(why)),
            Phase::Closing { end, .. } | Phase::Closed { end, .. } | Phase::Over(end) => Phase::Over(end),
        };
    }

    pub(super) fn is_over(&self) -> Option<End> {
        match self.phase {
            Phase::Open | Phase::Closing { .. } => None,
            Phase::Closed { end, .. } => self.link.is_drained().then_some(end),
            Phase::Over(end) => Some(end),
        }
    }

    /// Finishes what was accepted, then tells the domain what became of the sessions.
    pub(super) async fn finish(mut self, end: End) {
        self.link.shut();
        self.link.wire().finish();
        let most = self.core.settings.finish_timeout;
        let rest = poll_fn(|cx| {
            self.link.task().register(cx.waker());
            if self.link.take_signals().has(Signals::ENDED) {
                self.heed_ended();
            }
            self.congested = false;
            self.work(cx);
            if self.is_idle() { Poll::Ready(()) } else { Poll::Pending }
        });
        if tokio::time::timeout(most, rest).await.is_err() {
            tracing::warn!(conn = self.info.id, "commands were not finished in time");
        }
        self.heed_ended();
        let fresh = Connection::new(self.info.profile, self.core.settings.timeouts, Timestamp(0));
        for actor in std::mem::replace(&mut self.session, fresh).lost() {
            // What was ended from elsewhere is over already.
            if !self.core.registry.contains(actor.key) {
                continue;
            }
            match end {
                End::Logout => self.core.domain.close(&actor).await,
                End::Lost(why) => self.core.domain.lost(&actor, why).await,
            }
            self.core.registry.remove(actor.key);
        }
        tracing::debug!(conn = self.info.id, ?end, "connection ended");
    }
}

impl Drop for Task<'_> {
    fn drop(&mut self) {
        // Only a fault leaves sessions here; they must not stay in the registry without a connection.
        for actor in self.session.actors() {
            self.core.registry.remove(actor.key);
        }
    }
}
