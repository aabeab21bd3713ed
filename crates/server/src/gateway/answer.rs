//! The answers a connection owes: each command with a serial gets exactly one (W-45, W-60).

use std::sync::Arc;

use yanshu_protocol::{Code, Event, Reject};
use yanshu_session::ReplyTo;

use super::Respond;
use super::link::Link;

/// A write whose answer is owed. Settled when dropped.
#[derive(Debug)]
pub(super) struct Owed(Arc<Link>);

impl Owed {
    pub(super) fn by(link: &Arc<Link>) -> Self {
        link.owe();
        Self(Arc::clone(link))
    }
}

impl Drop for Owed {
    fn drop(&mut self) {
        self.0.settle();
    }
}

/// The way back for one command.
struct Answer {
    link: Arc<Link>,
    reply: ReplyTo,
    given: bool,
    _owed: Option<Owed>,
}

impl Answer {
    fn give(&mut self, outcome: Result<Event, Reject>) {
        self.given = true;
        if let Some(answer) = self.reply.outcome(outcome) {
            self.link.answer(&answer);
        }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if !self.given {
            self.give(Err(Code::InternalError.into()));
        }
    }
}

/// Makes the way back for a command.
pub(super) fn respond_to(link: &Arc<Link>, reply: ReplyTo, owed: Option<Owed>) -> Respond {
    let mut answer = Answer { link: Arc::clone(link), reply, given: false, _owed: owed };
    Box::new(move |outcome| answer.give(outcome))
}
