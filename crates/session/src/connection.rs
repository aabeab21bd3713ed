//! One connection and the sessions on it.

use std::sync::Arc;

use smallvec::SmallVec;
use yanshu_protocol::{
    AppId, ClientId, Code, Command, ConversationId, Envelope, Event, Login, OpenSession, Outbound, Reject,
    SessionCommand, SessionToken, Timestamp, Unsupported,
};

use crate::rate::Bucket;
use crate::{Actor, Profile, Rates, ReplyTo, SessionKey};

/// How long silence may last, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// From connecting to the first login (B-10).
    pub login: i64,
    /// Since anything was received (B-20).
    pub read: i64,
    /// Legacy connections are not closed for silence; after so much of it they are pinged (W-41)...
    pub legacy_ping: i64,
    /// ...and closed if nothing comes for so long after that.
    pub legacy_pong: i64,
}

/// What to do about silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deadline {
    /// Not yet.
    Wait,
    /// Send a ping frame.
    Ping,
    /// Close with this code.
    Close(Code),
}

/// What to do about a command. The caller does it, in the order of the commands.
#[derive(Debug, PartialEq)]
pub enum Step {
    /// Nothing: the command wants no answer and changes nothing.
    Nothing,
    /// Send this.
    Reply(Outbound),
    /// Open a session, then call [`Connection::opened`].
    Open(Box<OpenRequest>),
    /// End a session as its client asked, then send the reply, if any.
    Close {
        /// The session, already taken off the connection.
        actor: Arc<Actor>,
        /// The answer.
        reply: Option<Outbound>,
    },
    /// Carry out a command and answer it.
    Call(Call),
    /// Refuse a message. Its answer needs an id and a time, which the caller gives it (W-265).
    RefuseMessage {
        /// Where it was meant to go.
        conversation: ConversationId,
        /// Why not.
        reject: Reject,
        /// The address of the answer.
        reply: ReplyTo,
    },
}

/// An open to be decided.
#[derive(Debug, PartialEq)]
pub struct OpenRequest {
    /// The app, which this connection now belongs to.
    pub app: AppId,
    /// The client; absent for one the server shall name (W-94).
    pub client: Option<ClientId>,
    /// The details.
    pub details: OpenSession,
    /// The address of the answer.
    pub reply: ReplyTo,
}

/// A command of an open session.
#[derive(Debug, PartialEq)]
pub struct Call {
    /// Who asks.
    pub actor: Arc<Actor>,
    /// What for.
    pub command: Command,
    /// The address of the answer.
    pub reply: ReplyTo,
}

/// A session that was opened.
#[derive(Debug, Clone)]
pub struct Opened {
    /// Who acts from now on.
    pub actor: Arc<Actor>,
    /// The token for a silent return.
    pub token: SessionToken,
    /// How long it lives, in seconds.
    pub ttl_seconds: i32,
    /// How fast the session may act.
    pub rates: Rates,
}

#[derive(Debug)]
struct OpenedSession {
    actor: Arc<Actor>,
    rates: Rates,
    messages: Bucket,
    history: Bucket,
    others: Bucket,
}

/// The state of one connection.
///
/// Call order: [`Self::heard`] for every frame, [`Self::command`] for every command and then what the
/// [`Step`] says before the next one; [`Self::due`] whenever [`Self::deadline`] has passed; in the end
/// [`Self::lost`].
#[derive(Debug)]
pub struct Connection {
    profile: Profile,
    timeouts: Timeouts,
    app: Option<AppId>,
    sessions: SmallVec<[Box<OpenedSession>; 1]>,
    /// Whose commands come without a client (W-65).
    default: Option<ClientId>,
    logged_in: bool,
    connected_at: Timestamp,
    heard_at: Timestamp,
    pinged_at: Option<Timestamp>,
}

impl Connection {
    /// A new connection, on which nothing was received yet.
    #[must_use]
    pub fn new(profile: Profile, timeouts: Timeouts, now: Timestamp) -> Self {
        Self {
            profile,
            timeouts,
            app: None,
            sessions: SmallVec::new(),
            default: None,
            logged_in: false,
            connected_at: now,
            heard_at: now,
            pinged_at: None,
        }
    }

    /// What the sub-protocol says about every session here.
    #[must_use]
    pub const fn profile(&self) -> Profile {
        self.profile
    }

    /// Whether anything was ever opened here: a session, or one of the services that share the connection.
    #[must_use]
    pub const fn logged_in(&self) -> bool {
        self.logged_in
    }

    /// The app this connection belongs to, once one was named.
    #[must_use]
    pub const fn app(&self) -> Option<&AppId> {
        self.app.as_ref()
    }

    /// From now on every session here may act as fast as this. What a session has used up of another rate is
    /// forgotten.
    pub fn set_rates(&mut self, rates: Rates) {
        for session in &mut self.sessions {
            if session.rates != rates {
                session.rates = rates;
                session.messages = Bucket::default();
                session.history = Bucket::default();
                session.others = Bucket::default();
            }
        }
    }

    /// The sessions open here, in the order in which their opens were answered.
    pub fn actors(&self) -> impl Iterator<Item = &Arc<Actor>> {
        self.sessions.iter().map(|session| &session.actor)
    }

    /// Whether a command opens a session before anything has said which app the connection belongs to, as
    /// Java does: its push login names the app and may come just behind (W-63).
    #[must_use]
    pub fn lacks_app(&self, envelope: &Envelope) -> bool {
        self.app.is_none()
            && envelope.app.is_none()
            && !self.profile.legacy
            && matches!(envelope.command, Ok(Command::Session(SessionCommand::Open(_))))
    }

    /// Whose commands may come without a client (W-65).
    #[must_use]
    pub fn default_client(&self) -> Option<&ClientId> {
        self.default.as_ref().or_else(|| match self.sessions.as_slice() {
            [only] => Some(&only.actor.client),
            _ => None,
        })
    }

    /// Anything at all was received: data, ping or pong.
    pub fn heard(&mut self, now: Timestamp) {
        self.heard_at = now;
        self.pinged_at = None;
    }

    /// When to ask [`Self::due`] next.
    #[must_use]
    pub fn deadline(&self) -> Timestamp {
        if !self.logged_in {
            return self.connected_at.plus_millis(self.timeouts.login);
        }
        match (self.profile.legacy, self.pinged_at) {
            (false, _) => self.heard_at.plus_millis(self.timeouts.read),
            (true, None) => self.heard_at.plus_millis(self.timeouts.legacy_ping),
            (true, Some(pinged_at)) => pinged_at.plus_millis(self.timeouts.legacy_pong),
        }
    }

    /// What the silence so far calls for.
    pub fn due(&mut self, now: Timestamp) -> Deadline {
        if now < self.deadline() {
            return Deadline::Wait;
        }
        if !self.logged_in {
            return Deadline::Close(Code::LoginTimeout);
        }
        if self.profile.legacy && self.pinged_at.is_none() {
            self.pinged_at = Some(now);
            return Deadline::Ping;
        }
        Deadline::Close(Code::ReadTimeout)
    }

    /// Says what to do about a command.
    pub fn command(&mut self, now: Timestamp, envelope: Envelope) -> Step {
        let Envelope { app, client, serial, command } = envelope;
        let command = match command {
            Ok(command) => command,
            Err((family, reject)) => {
                let client = client.or_else(|| self.default_client().cloned());
                return reply_or_nothing(ReplyTo { client, serial, family }.refuse(reject));
            }
        };
        let family = family(&command);
        match command {
            Command::Echo => Step::Reply(ReplyTo { client: None, serial, family }.forced(Event::Echo)),
            Command::Login(login) => self.login(app, ReplyTo { client: None, serial, family }, login),
            Command::Logout(Login { installation, .. }) => {
                let reply = ReplyTo { client: None, serial, family };
                reply_or_nothing(reply.with(Event::LoggedOut { installation }))
            }
            Command::Session(SessionCommand::Open(details)) => {
                self.open(app, client.clone(), *details, ReplyTo { client, serial, family })
            }
            command => {
                let client = client.or_else(|| self.default_client().cloned());
                let reply = ReplyTo { client, serial, family };
                // Before a login no app is bound, and the command is refused for that (W-67).
                if self.app.is_some() && app.is_some() && app != self.app {
                    return reply_or_nothing(reply.refuse(Code::AppNotAvailable.into()));
                }
                self.call(now, command, reply)
            }
        }
    }

    /// Notes the outcome of an open and gives its answer. A session of the same client that was open here
    /// before is replaced (W-100).
    pub fn opened(&mut self, now: Timestamp, reply: &ReplyTo, outcome: Result<Opened, Reject>) -> Outbound {
        let opened = match outcome {
            Ok(opened) => opened,
            Err(reject) => return refuse_open(reply, reject),
        };
        self.logged_in = true;
        let client = opened.actor.client.clone();
        let session = Box::new(OpenedSession {
            actor: opened.actor,
            rates: opened.rates,
            messages: Bucket::default(),
            history: Bucket::default(),
            others: Bucket::default(),
        });
        if self.sessions.is_empty() {
            self.default = Some(client.clone());
        }
        match self.sessions.iter_mut().find(|session| session.actor.client == client) {
            Some(replaced) => *replaced = session,
            None => self.sessions.push(session),
        }
        let reply = ReplyTo { client: Some(client), ..reply.clone() };
        reply.forced_at(now, Event::SessionOpened { token: opened.token, ttl_seconds: opened.ttl_seconds })
    }

    /// A session was ended from elsewhere: by conflict, by the app, or replaced on another connection.
    pub fn ended(&mut self, key: SessionKey) -> Option<Arc<Actor>> {
        let index = self.sessions.iter().position(|session| session.actor.key == key)?;
        Some(self.take(index))
    }

    /// The connection is gone. Gives the sessions that were open.
    #[must_use]
    pub fn lost(self) -> Vec<Arc<Actor>> {
        self.sessions.into_iter().map(|session| session.actor).collect()
    }

    fn take(&mut self, index: usize) -> Arc<Actor> {
        let session = self.sessions.remove(index);
        if self.default.as_ref() == Some(&session.actor.client) {
            self.default = None;
        }
        session.actor
    }

    fn login(&mut self, app: Option<AppId>, reply: ReplyTo, login: Login) -> Step {
        if let Err(reject) = self.bind(app) {
            return reply_or_nothing(reply.refuse(reject));
        }
        self.logged_in = true;
        let service = login.service.unwrap_or(0);
        Step::Reply(reply.forced(Event::LoggedIn { installation: login.installation, service }))
    }

    fn open(
        &mut self,
        app: Option<AppId>,
        client: Option<ClientId>,
        details: OpenSession,
        reply: ReplyTo,
    ) -> Step {
        match self.bind(app) {
            Ok(app) => Step::Open(Box::new(OpenRequest { app, client, details, reply })),
            Err(reject) => Step::Reply(refuse_open(&reply, reject)),
        }
    }

    /// The connection belongs to the first app named on it (W-63).
    fn bind(&mut self, app: Option<AppId>) -> Result<AppId, Reject> {
        match (&self.app, app) {
            (Some(bound), None) => Ok(bound.clone()),
            (Some(bound), Some(app)) if *bound == app => Ok(app),
            (None, Some(app)) => {
                self.app = Some(app.clone());
                Ok(app)
            }
            (Some(_), Some(_)) => {
                Err(Reject::because(Code::AppNotAvailable, "the connection belongs to another app"))
            }
            (None, None) => Err(Reject::because(Code::AppNotAvailable, "no app id was given")),
        }
    }

    fn call(&mut self, now: Timestamp, command: Command, mut reply: ReplyTo) -> Step {
        let found =
            self.sessions.iter_mut().position(|session| Some(&session.actor.client) == reply.client.as_ref());
        let Some(index) = found else {
            if matches!(command, Command::Session(SessionCommand::Close)) {
                return reply_or_nothing(reply.with(Event::SessionClosed(None)));
            }
            // Without a session nobody is at home to whom an ack could belong: the generic form (W-269).
            let family =
                if reply.family == Unsupported::Message { Unsupported::Session } else { reply.family };
            return reply_or_nothing(ReplyTo { family, ..reply }.refuse(Code::SessionRequired.into()));
        };
        let session = &mut self.sessions[index];
        if unanswered(&command, &session.actor) {
            reply.serial = None;
        }
        let within_rate = match &command {
            Command::Send(_) => session.messages.take(session.rates.messages, now),
            Command::History(_) => session.history.take(session.rates.history, now),
            Command::Ack(_) | Command::Read(_) | Command::PatchConfirmed(_) => true,
            _ => session.others.take(session.rates.others, now),
        };
        if !within_rate {
            let drop = session.rates.drop_excess;
            return match command {
                _ if drop => Step::Nothing,
                Command::Send(message) => Step::RefuseMessage {
                    conversation: message.conversation,
                    reject: Code::MessageSentQuotaExceeded.into(),
                    reply,
                },
                _ => reply_or_nothing(reply.refuse(Code::MessageSentQuotaExceeded.into())),
            };
        }
        match command {
            Command::Session(SessionCommand::Close) => {
                let reply = reply.with(Event::SessionClosed(None));
                Step::Close { actor: self.take(index), reply }
            }
            Command::Unsupported(_) => {
                reply_or_nothing(reply.refuse(Reject::because(Code::InternalError, "unsupported command")))
            }
            command => Step::Call(Call { actor: Arc::clone(&session.actor), command, reply }),
        }
    }
}

/// Commands that are never answered, whether or not they carry a serial (W-45, W-272, W-315).
fn unanswered(command: &Command, actor: &Actor) -> bool {
    match command {
        Command::Ack(_) | Command::Read(_) | Command::PatchConfirmed(_) => true,
        Command::Send(message) => message.transient && !actor.capabilities.transient_acks(),
        _ => false,
    }
}

fn family(command: &Command) -> Unsupported {
    match command {
        Command::Session(_) => Unsupported::Session,
        Command::Conversation(_) | Command::History(_) => Unsupported::Conversation,
        Command::Send(_) => Unsupported::Message,
        Command::Unsupported(family) => *family,
        Command::Echo
        | Command::Login(_)
        | Command::Logout(_)
        | Command::Ack(_)
        | Command::Read(_)
        | Command::Patch(_)
        | Command::PatchConfirmed(_)
        | Command::ReportDevice(_) => Unsupported::Other,
    }
}

/// A refused open is always answered. Without a serial it comes from an SDK that reopens by token and hears
/// of bad tokens and signatures as errors, of everything else as the end of the session (W-113, W-458).
fn refuse_open(reply: &ReplyTo, reject: Reject) -> Outbound {
    let as_error =
        reply.serial.is_some() || matches!(reject.code, Code::SessionTokenExpired | Code::SignatureFailed);
    reply.forced(if as_error {
        Event::Error { reject, family: reply.family }
    } else {
        Event::SessionClosed(Some(reject))
    })
}

fn reply_or_nothing(reply: Option<Outbound>) -> Step {
    reply.map_or(Step::Nothing, Step::Reply)
}

#[cfg(test)]
mod tests;
