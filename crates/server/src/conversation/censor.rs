//! Listed words, replaced before anyone receives them; the sender is told (B-452 to B-457, W-357, W-436).

use std::sync::Arc;

use yanshu_protocol::{
    AppId, Code, Content, ConversationId, ConversationKind, Event, Mentions, MessageId, PatchItem,
    PatchReason, SendMessage, Timestamp,
};
use yanshu_session::Actor;

use super::Service;
use super::dispatch::Respond;
use crate::bus::{Audience, Needs, Push};
use crate::store::Roster;

impl Service {
    /// What the app's word list makes of a content in this conversation, if it changes it.
    pub(super) fn censored(&self, app: &AppId, roster: &Roster, content: &Content) -> Option<Content> {
        let app = self.apps.get(app)?;
        let words = app.words.as_ref()?;
        let applies = match roster.kind {
            ConversationKind::Room | ConversationKind::Service => true,
            ConversationKind::Normal | ConversationKind::Temporary => {
                roster.members.len() > 2 || app.settings.filter.one_to_one
            }
        };
        applies.then(|| words.censor(content))?
    }

    /// Replaces the listed words of a message that is sent, and has its sender told behind the ack (W-357).
    pub(super) fn censor(
        &self,
        actor: &Arc<Actor>,
        roster: &Roster,
        message: &mut SendMessage,
        respond: Respond,
    ) -> Respond {
        let Some(content) = self.censored(&actor.app, roster, &message.content) else { return respond };
        message.content = content.clone();
        let change = Change {
            actor: Arc::clone(actor),
            kind: roster.kind,
            content,
            mentions: message.mentions.clone(),
        };
        let bus = Arc::clone(&self.bus);
        Box::new(move |outcome| {
            let told = match &outcome {
                Ok(Event::MessageAck(ack)) if ack.reject.is_none() => {
                    let (conversation, message) = (ack.conversation.clone(), ack.message.clone());
                    Some(change.push(conversation, message, ack.timestamp, ack.timestamp))
                }
                _ => None,
            };
            respond(outcome);
            if let Some(push) = told {
                // One session is told at once: nothing is left to do.
                drop(bus.publish(push));
            }
        })
    }
}

/// What the filter made of something that a session wrote.
pub(super) struct Change {
    pub(super) actor: Arc<Actor>,
    pub(super) kind: ConversationKind,
    pub(super) content: Content,
    pub(super) mentions: Mentions,
}

impl Change {
    /// Tells the session that wrote it. Every other one only ever sees the changed text.
    pub(super) fn push(
        self,
        conversation: ConversationId,
        message: MessageId,
        timestamp: Timestamp,
        patched_at: Timestamp,
    ) -> Push {
        let Self { actor, kind, content, mentions } = self;
        Push {
            app: actor.app.clone(),
            to: Audience::Session(actor.key),
            except: None,
            needs: Needs {
                patches: true,
                temporary_conversations: kind == ConversationKind::Temporary,
                ..Needs::default()
            },
            permanent: false,
            server_time: patched_at,
            priority: 1,
            event: Event::Patch(PatchItem {
                conversation,
                message,
                timestamp,
                from: actor.client.clone(),
                recall: false,
                content,
                patched_at,
                mentions,
                reason: Some(PatchReason::of(Code::MessageModifiedByCensorship)),
            }),
        }
    }
}
