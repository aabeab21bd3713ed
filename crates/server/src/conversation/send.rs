//! Messages from clients.

use std::sync::Arc;

use yanshu_protocol::{
    ClientId, Code, ConversationId, ConversationKind, Event, MessageAck, Reject, SendMessage, Timestamp,
};
use yanshu_session::Actor;

use super::Service;
use super::dispatch::{Fanout, Job, Respond};
use crate::config::AppConfig;
use crate::store::{Appended, Completion, Draft, Roster, StoredMessage, StoredWill, Write, WriteError};

/// The priority of a chat-room message that names none (B-267).
const NORMAL_PRIORITY: u8 = 2;

impl Service {
    /// Accepts a message, or refuses it. Resolves when the message has its place in the order of changes.
    pub(super) async fn send(&self, actor: &Arc<Actor>, mut message: SendMessage, respond: Respond) {
        let conversation = message.conversation.clone();
        let roster = match self.admit(actor, &message).await {
            Ok(roster) => roster,
            Err(reject) => return self.answer(respond, Ok(self.refuse_message(conversation, reject))).await,
        };
        let respond = self.censor(actor, &roster, &mut message, respond);
        if message.will {
            respond(Ok(self.deposit_will(actor, message).await));
        } else if message.transient {
            self.send_transient(actor, message, roster, respond).await;
        } else {
            self.append(actor, message, roster.kind, respond).await;
        }
    }

    /// The answer to a message that is not accepted. It has an id and a time like any other (W-265).
    pub(crate) fn refuse_message(&self, conversation: ConversationId, reject: Reject) -> Event {
        let now = self.clock.now();
        Event::MessageAck(MessageAck {
            conversation,
            message: self.ids.message(now),
            timestamp: now,
            reject: Some(reject),
        })
    }

    /// Whether the client may send this here: the size, then the conversation, then membership.
    async fn admit(&self, actor: &Actor, message: &SendMessage) -> Result<Arc<Roster>, Reject> {
        check_size(
            &self.settings(&actor.app),
            message.content.len() + message.push_data.as_ref().map_or(0, String::len),
        )?;
        let id = &message.conversation;
        let roster = self.roster(&actor.app, id).await.map_err(|reject| match reject.code {
            // Only a temporary conversation tells that it is gone (W-165, W-268).
            Code::ConversationNotFound if !id.is_temporary() => Code::InvalidMessagingTarget.into(),
            _ => reject,
        })?;
        may_send(&roster, &actor.client, self.clock.now())?;
        Ok(roster)
    }

    async fn append(
        &self,
        actor: &Arc<Actor>,
        message: SendMessage,
        kind: ConversationKind,
        respond: Respond,
    ) {
        let room_priority = priority(&message);
        let with_receipts = matches!(kind, ConversationKind::Normal | ConversationKind::Temporary);
        let draft = Draft {
            app: actor.app.clone(),
            conversation: message.conversation,
            // What a client says to a service is between the two (W-160).
            thread: (kind == ConversationKind::Service).then(|| actor.client.clone()),
            from: actor.client.clone(),
            content: message.content,
            mentions: message.mentions,
            // Neither rooms nor services know receipts (B-231).
            receipt: message.receipt && with_receipts,
            valid_till: None,
            resend_key: message.resend_key,
            now: self.clock.now(),
        };
        let conversation = draft.conversation.clone();
        let refused = self.refusal_source(conversation.clone());
        let (app, origin) = (actor.app.clone(), actor.key);
        let (dispatcher, rosters) = (self.dispatcher.clone(), Arc::clone(&self.rosters));
        let (receipt_requests, hooks) = (Arc::clone(&self.receipt_requests), Arc::clone(&self.hooks));
        let done = Completion::new(move |result: Result<Appended, WriteError>| {
            let appended = match result {
                Ok(appended) => appended,
                Err(error) => {
                    let reject = match error {
                        WriteError::NotFound => Code::InvalidMessagingTarget.into(),
                        error => error.into(),
                    };
                    return dispatcher.hand_on_blocking(Job::reply(respond, Ok(refused(reject))));
                }
            };
            let reply = Job::reply(respond, Ok(accepted(&appended.message)));
            if appended.repeated {
                return dispatcher.hand_on_blocking(reply);
            }
            if with_receipts {
                receipt_requests.note(&app, &appended.message);
            }
            if kind == ConversationKind::Service {
                hooks.said_to_service(&app, &appended.message);
            }
            let roster = rosters.cached(&app, &conversation);
            dispatcher.hand_on_blocking(reply.and_deliver(Fanout {
                app,
                message: appended.message,
                roster,
                origin: Some(origin),
                transient: false,
                priority: room_priority,
            }));
        });
        self.store.submit(Write::Append(Box::new(draft), done)).await;
    }

    /// A message for those online now: told, not kept (W-270).
    async fn send_transient(
        &self,
        actor: &Actor,
        message: SendMessage,
        roster: Arc<Roster>,
        respond: Respond,
    ) {
        let room_priority = priority(&message);
        let now = self.clock.now();
        let message = Arc::new(StoredMessage {
            conversation: message.conversation,
            thread: (roster.kind == ConversationKind::Service).then(|| actor.client.clone()),
            id: self.ids.message(now),
            from: actor.client.clone(),
            timestamp: now,
            content: message.content,
            mentions: message.mentions,
            receipt: false,
            patched_at: None,
            recalled: false,
        });
        let job = Job::reply(respond, Ok(accepted(&message))).and_deliver(Fanout {
            app: actor.app.clone(),
            message,
            roster: Some(roster),
            origin: Some(actor.key),
            transient: true,
            priority: room_priority,
        });
        self.dispatcher.hand_on(job).await;
    }

    /// Keeps a message to be sent when the client is lost (W-277).
    async fn deposit_will(&self, actor: &Actor, message: SendMessage) -> Event {
        let now = self.clock.now();
        let will = StoredWill {
            app: actor.app.clone(),
            client: actor.client.clone(),
            session: actor.session.clone(),
            conversation: message.conversation.clone(),
            id: self.ids.message(now),
            content: message.content,
            mentions: message.mentions,
        };
        let id = will.id.clone();
        match self.commit(|done| Write::SaveWill(Box::new(will), done)).await {
            Ok(()) => Event::MessageAck(MessageAck {
                conversation: message.conversation,
                message: id,
                timestamp: now,
                reject: None,
            }),
            Err(error) => self.refuse_message(message.conversation, error.into()),
        }
    }

    /// Makes the answer to a message that the store could not keep, where the service is out of reach.
    fn refusal_source(&self, conversation: ConversationId) -> impl FnOnce(Reject) -> Event + Send + 'static {
        let (clock, ids) = (Arc::clone(&self.clock), Arc::clone(&self.ids));
        move |reject| {
            let now = clock.now();
            Event::MessageAck(MessageAck {
                conversation,
                message: ids.message(now),
                timestamp: now,
                reject: Some(reject),
            })
        }
    }
}

/// Content and push data together (B-199).
pub(super) fn check_size(settings: &AppConfig, bytes: usize) -> Result<(), Reject> {
    let most = settings.message.max_bytes;
    if bytes > most {
        return Err(Reject::because(
            Code::FrameTooLong,
            format!("the message has {bytes} bytes, {most} are allowed"),
        ));
    }
    Ok(())
}

/// Blocked, a stranger, silenced for ever, silenced for a time: the first that holds is the reason (B-126, B-132,
/// B-187, W-366).
pub(super) fn may_send(roster: &Roster, client: &ClientId, now: Timestamp) -> Result<(), Code> {
    let with_members = matches!(roster.kind, ConversationKind::Normal | ConversationKind::Temporary);
    if roster.order.blocked.contains(client) {
        return Err(Code::BlockedByConversation);
    }
    if with_members && !roster.includes(client) {
        return Err(Code::InvalidMessagingTarget);
    }
    match roster.order.silence(client, now) {
        None => Ok(()),
        Some(None) => Err(Code::Silenced),
        Some(Some(_)) => Err(Code::ConversationTemporaryBlacklisted),
    }
}

fn accepted(message: &StoredMessage) -> Event {
    Event::MessageAck(MessageAck {
        conversation: message.conversation.clone(),
        message: message.id.clone(),
        timestamp: message.timestamp,
        reject: None,
    })
}

fn priority(message: &SendMessage) -> u8 {
    message
        .priority
        .and_then(|priority| u8::try_from(priority).ok())
        .filter(|priority| (1..=3).contains(priority))
        .unwrap_or(NORMAL_PRIORITY)
}
