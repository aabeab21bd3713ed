//! The one place from which replies to changes and pushes leave, in the order of the changes.
//!
//! Whatever is ready is taken at once: first every reply goes out, then what others are told. A reply
//! therefore comes before the pushes it causes (W-85), messages reach everyone in commit order (W-87), and
//! what goes to one connection in one round shares one write.

use std::sync::Arc;

use tokio::sync::mpsc;
use yanshu_protocol::{AppId, ClientId, ConversationId, ConversationKind, Delivery, Event, Reject};
use yanshu_session::SessionKey;

use super::announce::{Announced, Listeners, announcing};
use super::roster::Rosters;
use crate::bus::{Audience, Bus, Needs, Push};
use crate::store::{Roster, Store, StoredMessage};

/// Answers one command. It only appends to a queue: it may be called from any thread.
pub(crate) type Respond = Box<dyn FnOnce(Result<Event, Reject>) + Send>;

/// Jobs that may wait. The store's committing thread waits when it is reached, and with it the senders.
const QUEUE: usize = 4096;

/// Jobs taken at once; bounds how long the first reply of a round waits for the last.
const ROUND: usize = 256;

/// Connections written to before others get their turn.
const PORTION: usize = 64;

/// A reply, and what others are told.
pub(super) struct Job {
    reply: Option<(Respond, Result<Event, Reject>)>,
    tell: Tell,
}

/// What others are told.
pub(super) enum Tell {
    Nothing,
    Pushes(Vec<Push>),
    /// The same, once these clients are out of this chat room.
    Expelled {
        app: AppId,
        room: ConversationId,
        clients: Vec<ClientId>,
        pushes: Vec<Push>,
    },
    Message(Box<Fanout>),
    /// From here on, what is for this session waits.
    Hold(SessionKey),
    /// What this session missed, then what waited for it.
    Release(SessionKey, Vec<Push>),
}

/// A message on its way to everyone it is for.
pub(super) struct Fanout {
    pub(super) app: AppId,
    pub(super) message: Arc<StoredMessage>,
    /// As it was when the message was committed; looked up if it was not at hand then.
    pub(super) roster: Option<Arc<Roster>>,
    /// The session that sent it.
    pub(super) origin: Option<SessionKey>,
    pub(super) transient: bool,
    pub(super) priority: u8,
}

impl Job {
    pub(super) fn reply(respond: Respond, outcome: Result<Event, Reject>) -> Self {
        Self { reply: Some((respond, outcome)), tell: Tell::Nothing }
    }

    pub(super) fn tell(pushes: Vec<Push>) -> Self {
        Self { reply: None, tell: Tell::Pushes(pushes) }
    }

    pub(super) fn message(fanout: Fanout) -> Self {
        Self { reply: None, tell: Tell::Message(Box::new(fanout)) }
    }

    pub(super) fn hold(key: SessionKey) -> Self {
        Self { reply: None, tell: Tell::Hold(key) }
    }

    pub(super) fn release(key: SessionKey, missed: Vec<Push>) -> Self {
        Self { reply: None, tell: Tell::Release(key, missed) }
    }

    pub(super) fn and_tell(mut self, pushes: Vec<Push>) -> Self {
        self.tell = Tell::Pushes(pushes);
        self
    }

    pub(super) fn and_expel(
        mut self,
        app: AppId,
        room: ConversationId,
        clients: Vec<ClientId>,
        pushes: Vec<Push>,
    ) -> Self {
        self.tell = Tell::Expelled { app, room, clients, pushes };
        self
    }

    pub(super) fn and_deliver(mut self, fanout: Fanout) -> Self {
        self.tell = Tell::Message(Box::new(fanout));
        self
    }
}

/// Takes jobs in order.
#[derive(Debug, Clone)]
pub(super) struct Dispatcher {
    jobs: mpsc::Sender<Job>,
}

impl Dispatcher {
    /// Hands on a job; waits while the queue is full. After the end of the server nobody is left to tell.
    pub(super) async fn hand_on(&self, job: Job) {
        drop(self.jobs.send(job).await);
    }

    /// The same from the store's committing thread.
    pub(super) fn hand_on_blocking(&self, job: Job) {
        if let Err(mpsc::error::TrySendError::Full(job)) = self.jobs.try_send(job) {
            drop(self.jobs.blocking_send(job));
        }
    }
}

/// A way to the dispatcher that does not keep it open.
#[derive(Debug, Clone)]
pub(super) struct Opening {
    jobs: mpsc::WeakSender<Job>,
}

impl Opening {
    pub(super) async fn hand_on(&self, job: Job) {
        if let Some(jobs) = self.jobs.upgrade() {
            drop(jobs.send(job).await);
        }
    }
}

/// A dispatcher and the future that does its work until every handle is dropped.
pub(super) fn dispatcher(
    store: Arc<dyn Store>,
    bus: Arc<dyn Bus>,
    rosters: Arc<Rosters>,
) -> (Dispatcher, impl Future<Output = ()> + Send + 'static) {
    let (jobs, mut queue) = mpsc::channel::<Job>(QUEUE);
    let (announcer, announcements) = mpsc::unbounded_channel();
    let announcing = announcing(Arc::clone(&store), announcements, Opening { jobs: jobs.downgrade() });
    let dispatching = async move {
        let mut round: Vec<Job> = Vec::with_capacity(ROUND);
        while queue.recv_many(&mut round, ROUND).await > 0 {
            for job in &mut round {
                if let Some((respond, outcome)) = job.reply.take() {
                    respond(outcome);
                }
            }
            flush(&*bus).await;
            for job in round.drain(..) {
                match job.tell {
                    Tell::Nothing => {}
                    Tell::Pushes(pushes) => tell(&*bus, pushes).await,
                    Tell::Expelled { app, room, clients, pushes } => {
                        expel(&*bus, &app, &room, &clients).await;
                        tell(&*bus, pushes).await;
                    }
                    Tell::Hold(key) => bus.hold(key),
                    Tell::Release(key, missed) => {
                        tell(&*bus, missed).await;
                        bus.release(key);
                    }
                    Tell::Message(fanout) => publish(&*store, &*bus, &rosters, &announcer, *fanout).await,
                }
            }
            flush(&*bus).await;
        }
    };
    (Dispatcher { jobs }, async move {
        tokio::join!(dispatching, announcing);
    })
}

/// Takes every session of these clients out of a chat room, so that nothing said in it reaches them any more.
async fn expel(bus: &dyn Bus, app: &AppId, room: &ConversationId, clients: &[ClientId]) {
    for client in clients {
        for session in bus.sessions_of(app, client).await {
            if bus.room_of(session.key).await.as_ref() == Some(room) {
                bus.leave_room(session.key).await;
            }
        }
    }
}

async fn tell(bus: &dyn Bus, pushes: impl IntoIterator<Item = Push>) {
    for push in pushes {
        if let Some(rest) = bus.publish(push) {
            rest.await;
        }
    }
}

async fn flush(bus: &dyn Bus) {
    while bus.flush(PORTION) {
        tokio::task::yield_now().await;
    }
}

async fn publish(
    store: &dyn Store,
    bus: &dyn Bus,
    rosters: &Rosters,
    announcer: &mpsc::UnboundedSender<Announced>,
    fanout: Fanout,
) {
    let Fanout { app, message, roster, origin, transient, priority } = fanout;
    let roster = match roster {
        Some(roster) => Some(roster),
        None => {
            rosters.get(store, &app, &message.conversation, message.timestamp).await.unwrap_or_else(|error| {
                // The message is stored; those online now find it in history.
                tracing::error!(%error, conversation.id = %message.conversation, "message not delivered");
                None
            })
        }
    };
    let Some(roster) = roster else { return };
    let push = message_push(app, &message, &roster, origin, transient, priority);
    let listeners = match (roster.kind, &message.thread) {
        (ConversationKind::Service, None) => Listeners::Subscribers(bus.receiving(&push.app, None).await),
        (ConversationKind::Service, Some(client)) if message.from != *client => {
            let sessions = bus.receiving(&push.app, Some(client)).await;
            Listeners::Sessions(sessions.into_iter().map(|(_, key)| key).collect())
        }
        // What a client says to a service reaches its own devices and no other subscriber (W-160).
        _ => return tell(bus, [push]).await,
    };
    let announced = Announced { push, conversation: message.conversation.clone(), to: listeners };
    // The announcer ends only with the dispatcher.
    drop(announcer.send(announced));
}

/// A message as it is pushed to everyone who shall have it now (W-284).
pub(super) fn message_push(
    app: AppId,
    message: &StoredMessage,
    roster: &Roster,
    origin: Option<SessionKey>,
    transient: bool,
    priority: u8,
) -> Push {
    use yanshu_protocol::ConversationKind::{Normal, Room, Service, Temporary};
    let to = match roster.kind {
        Normal | Temporary => Audience::Clients(Arc::clone(&roster.members)),
        Room => Audience::Room(message.conversation.clone()),
        Service => Audience::Clients(message.thread.iter().cloned().collect()),
    };
    Push {
        app,
        to,
        except: origin,
        needs: Needs { temporary_conversations: roster.kind == Temporary, ..Needs::default() },
        permanent: false,
        server_time: message.timestamp,
        priority: if roster.kind == Room { priority } else { 1 },
        event: Event::Message(delivery(message, roster.kind, transient)),
    }
}

/// The message as a delivery.
pub(super) fn delivery(message: &StoredMessage, kind: ConversationKind, transient: bool) -> Delivery {
    Delivery {
        conversation: message.conversation.clone(),
        kind,
        id: message.id.clone(),
        from: message.from.clone(),
        timestamp: message.timestamp,
        content: message.content.clone(),
        mentions: message.mentions.clone(),
        transient,
        offline: false,
        has_more: false,
        patched_at: message.patched_at,
    }
}
