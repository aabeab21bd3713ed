//! Commands in their turn: started in order, answered as they are done.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use smallvec::SmallVec;
use yanshu_protocol::{ClientId, Code, Command, Envelope, Outbound, Reject, SessionCommand};
use yanshu_session::{Actor, Call, OpenRequest, Opened, ReplyTo, Step};

use super::Task;
use super::end::Phase;
use crate::gateway::answer::{Owed, respond_to};
use crate::gateway::order::{Class, Most, Traffic};
use crate::gateway::{Loss, Resume};

/// What runs beside the writes of a connection.
#[derive(Default)]
pub(super) struct Beside<'d> {
    running: FuturesUnordered<Running<'d>>,
    /// Clients whose open is under way: their own commands wait for it.
    opening: SmallVec<[ClientId; 1]>,
}

impl Beside<'_> {
    fn arrived(&mut self, client: Option<&ClientId>) {
        self.opening.retain(|opening| Some(&*opening) != client);
    }
}

enum Running<'d> {
    Read(BoxFuture<'d, ()>),
    Open(BoxFuture<'d, Box<Decided>>),
    /// What a client gets after its open. Its own commands come after that.
    CatchUp(BoxFuture<'d, ()>, Option<ClientId>),
}

/// What came of something that ran.
enum Done {
    Read,
    Open(Box<Decided>),
    CatchUp(Option<ClientId>),
}

/// An open that was decided.
struct Decided {
    client: Option<ClientId>,
    resume: Resume,
    reply: ReplyTo,
    /// Which settings it was decided by, or earlier ones.
    generation: u32,
    outcome: Result<Opened, Reject>,
}

impl Future for Running<'_> {
    type Output = Done;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Self::Read(running) => running.as_mut().poll(cx).map(|()| Done::Read),
            Self::Open(deciding) => deciding.as_mut().poll(cx).map(Done::Open),
            Self::CatchUp(running, client) => {
                running.as_mut().poll(cx).map(|()| Done::CatchUp(client.take()))
            }
        }
    }
}

impl<'d> Task<'d> {
    /// Goes on with what is under way, and starts what may start.
    pub(super) fn work(&mut self, cx: &mut Context<'_>) {
        loop {
            self.poll_accepting(cx);
            self.poll_beside(cx);
            if self.congested || !self.front_may_start() {
                return;
            }
            let Some(envelope) = self.waiting.pop_front() else { return };
            self.start(envelope);
        }
    }

    /// Whether nothing is under way or owed.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty()
            && self.accepting.is_none()
            && self.beside.is_none()
            && self.link.await_answer() == 0
    }

    fn poll_accepting(&mut self, cx: &mut Context<'_>) {
        if let Some(accepting) = &mut self.accepting
            && accepting.as_mut().poll(cx).is_ready()
        {
            self.accepting = None;
        }
    }

    fn poll_beside(&mut self, cx: &mut Context<'_>) {
        while let Some(beside) = &mut self.beside {
            match beside.running.poll_next_unpin(cx) {
                Poll::Pending => return,
                Poll::Ready(None) => self.beside = None,
                Poll::Ready(Some(Done::Read)) => {}
                Poll::Ready(Some(Done::Open(decided))) => self.opened(*decided),
                Poll::Ready(Some(Done::CatchUp(client))) => beside.arrived(client.as_ref()),
            }
        }
    }

    fn run_beside(&mut self, running: Running<'d>) -> &mut Beside<'d> {
        let beside = self.beside.get_or_insert_default();
        beside.running.push(running);
        beside
    }

    fn front_may_start(&mut self) -> bool {
        if !self.front_has_app() {
            return false;
        }
        let Some(envelope) = self.waiting.front() else { return false };
        let opening = self.beside.as_ref().map_or(&[][..], |beside| &beside.opening);
        let client = envelope.client.as_ref().or_else(|| self.session.default_client());
        if client.is_some_and(|client| opening.contains(client)) {
            return false;
        }
        let class = Class::of(envelope);
        let most = Most {
            unanswered: self.core.settings.max_pending_writes,
            running: self.core.settings.max_running_reads,
        };
        let traffic = Traffic {
            accepting: self.accepting.is_some(),
            exclusive: self.exclusive,
            unanswered: self.link.pending(),
            running: self.beside.as_ref().map_or(0, |beside| beside.running.len()),
        };
        traffic.admits(class, most)
            || Traffic { unanswered: self.link.await_answer(), ..traffic }.admits(class, most)
    }

    /// Rates are as the app is set now, also for sessions that are open.
    fn follow_settings(&mut self) {
        let generation = self.core.apps.generation();
        if self.generation != generation {
            self.generation = generation;
            if let Some(app) = self.session.app().and_then(|app| self.core.apps.get(app)) {
                self.session.set_rates(app.rates());
            }
        }
    }

    /// Whether this would make the connection one of an app that does not let its page in. The list is asked
    /// once: who is connected stays so (B-436, B-441).
    fn is_from_elsewhere(&self, envelope: &Envelope) -> bool {
        let (Some(origin), None) = (&self.info.origin, self.session.app()) else { return false };
        let binds =
            matches!(envelope.command, Ok(Command::Session(SessionCommand::Open(_)) | Command::Login(_)));
        let app = envelope.app.as_ref().filter(|_| binds).and_then(|app| self.core.apps.get(app));
        app.is_some_and(|app| !app.settings.origins.admit(origin))
    }

    /// An open that names no app belongs to the app of its token; without one it waits, and lets what names
    /// the app go first.
    fn front_has_app(&mut self) -> bool {
        let Some(front) = self.waiting.front_mut() else { return true };
        if self.phase != Phase::Open || !self.session.lacks_app(front) {
            return true;
        }
        if let Ok(Command::Session(SessionCommand::Open(details))) = &front.command
            && let Some(token) = &details.token
        {
            front.app = self.core.domain.app_of(token);
        }
        if front.app.is_some() {
            return true;
        }
        let naming = self.waiting.iter().position(|envelope| envelope.app.is_some());
        let Some(naming) = naming.and_then(|at| self.waiting.remove(at)) else { return false };
        self.waiting.push_front(naming);
        true
    }

    /// Whether its address has a login left. One that fails counts as well: nobody guesses for long.
    fn may_log_in(&self) -> bool {
        self.info.ip.is_none_or(|ip| self.core.logins.admits(ip, self.core.steady()))
    }

    fn start(&mut self, envelope: Envelope) {
        if self.is_from_elsewhere(&envelope) {
            let code = Code::InvalidOrigin;
            return self.close(code.number(), code.name(), Loss::Abuse);
        }
        self.follow_settings();
        let class = Class::of(&envelope);
        match self.session.command(self.core.steady(), envelope) {
            Step::Nothing => {}
            Step::Reply(answer) => self.link.answer(&answer),
            Step::Open(request) if !self.may_log_in() => {
                let reject =
                    Reject::because(Code::MessageSentQuotaExceeded, "too many logins from this address");
                let answer = self.session.opened(self.core.clock.now(), &request.reply, Err(reject));
                self.link.answer(&answer);
            }
            Step::Open(request) => self.open(*request),
            Step::Close { actor, reply } => self.log_out(actor, reply),
            Step::Call(call) => self.call(call, class),
            Step::RefuseMessage { conversation, reject, reply } => {
                if let Some(answer) = reply.with(self.core.domain.refuse_message(conversation, reject)) {
                    self.link.answer(&answer);
                }
            }
        }
    }

    fn call(&mut self, call: Call, class: Class) {
        let core = self.core;
        let reply = call.reply.clone();
        if class == Class::Read {
            let respond = respond_to(self.link, reply, None);
            self.run_beside(Running::Read(core.domain.call(call, respond)));
        } else {
            let respond = respond_to(self.link, reply, Some(Owed::by(self.link)));
            self.exclusive = class == Class::Exclusive;
            self.accepting = Some(core.domain.call(call, respond));
        }
    }

    fn log_out(&mut self, actor: Arc<Actor>, reply: Option<Outbound>) {
        let (core, link) = (self.core, self.link);
        let owed = Owed::by(link);
        self.exclusive = true;
        self.accepting = Some(Box::pin(async move {
            core.domain.close(&actor).await;
            core.registry.remove(actor.key);
            if let Some(reply) = reply {
                link.answer(&reply);
            }
            drop(owed);
        }));
    }

    fn open(&mut self, request: OpenRequest) {
        let core = self.core;
        let client = request.client.clone();
        let reply = request.reply.clone();
        let resume = Resume {
            last_unread_notice: request.details.last_unread_notice,
            last_patch: request.details.last_patch,
        };
        let deciding = core.domain.open(request, self.info.clone(), core.registry.next_key());
        let opening = client.clone();
        let generation = self.generation;
        let beside = self.run_beside(Running::Open(Box::pin(async move {
            Box::new(Decided { client, resume, reply, generation, outcome: deciding.await })
        })));
        beside.opening.extend(opening);
    }

    /// Registers a session that may open and answers, as one; then it catches up (W-84, W-114).
    fn opened(&mut self, decided: Decided) {
        let Decided { client, resume, reply, generation, outcome } = decided;
        self.generation = generation;
        let actor = outcome.as_ref().ok().map(|opened| Arc::clone(&opened.actor));
        let replaced = actor.as_ref().and_then(|actor| {
            self.session.actors().find(|open| open.client == actor.client).map(|open| open.key)
        });
        let answer = self.session.opened(self.core.clock.now(), &reply, outcome);
        let Some(actor) = actor else {
            if let Some(beside) = &mut self.beside {
                beside.arrived(client.as_ref());
            }
            return self.link.answer(&answer);
        };
        let core = self.core;
        core.registry.admit(Arc::clone(&actor), self.link, &answer, replaced);
        if self.phase == Phase::Open {
            let catching_up = Box::pin(async move { core.domain.opened(&actor, &resume).await });
            self.run_beside(Running::CatchUp(catching_up, client));
        }
    }
}
