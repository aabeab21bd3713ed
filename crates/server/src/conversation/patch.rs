//! Edits and recalls (W-342 to W-359).

use std::sync::Arc;

use yanshu_protocol::{
    Code, Content, ConversationKind, Event, Mentions, PatchItem, PatchRequest, Reject, Timestamp,
};
use yanshu_session::Actor;

use super::Service;
use super::censor::Change;
use super::dispatch::{Job, Respond};
use super::send::check_size;
use crate::bus::{Audience, Needs, Push};
use crate::config::AppConfig;
use crate::store::{PatchDraft, Patched, Roster, StoredMessage, Write, WriteError};

impl Service {
    /// Makes each change in turn; the first that fails ends the command (W-343).
    pub(super) async fn patch(&self, actor: &Arc<Actor>, requests: Vec<PatchRequest>, respond: Respond) {
        let mut last = self.clock.now();
        let mut pushes = Vec::new();
        let mut failure = None;
        for request in requests {
            match self.patch_one(actor, request).await {
                Ok((at, told)) => {
                    last = at;
                    pushes.extend(told);
                }
                Err(reject) => {
                    failure = Some(reject);
                    break;
                }
            }
        }
        let outcome = failure.map_or(Ok(Event::Patched { at: last }), Err);
        self.dispatcher.hand_on(Job::reply(respond, outcome).and_tell(pushes)).await;
    }

    async fn patch_one(
        &self,
        actor: &Arc<Actor>,
        request: PatchRequest,
    ) -> Result<(Timestamp, Vec<Push>), Reject> {
        let roster = self.roster(&actor.app, &request.conversation).await?;
        let settings = self.settings(&actor.app);
        let (content, mentions) = change(&settings, &request)?;
        let censored = content.as_ref().and_then(|content| self.censored(&actor.app, &roster, content));
        let now = self.clock.now();
        let draft = PatchDraft {
            app: actor.app.clone(),
            conversation: request.conversation,
            message: request.message,
            hint: request.timestamp,
            thread: (roster.kind == ConversationKind::Service).then(|| actor.client.clone()),
            editor: actor.client.clone(),
            device: actor.device.clone(),
            content: censored.clone().or(content),
            mentions,
            not_before: edit_window_start(&settings, now),
            now,
        };
        let patched = self.commit(|done| Write::Patch(Box::new(draft), done)).await.map_err(not_found)?;
        let Patched { message, unchanged } = patched;
        let at = message.patched_at.unwrap_or(now);
        let mut pushes = Vec::new();
        if !unchanged {
            pushes.push(patch_push(actor, &message, &roster, at));
        }
        if let Some(content) = censored {
            let (actor, mentions) = (Arc::clone(actor), message.mentions.clone());
            let change = Change { actor, kind: roster.kind, content, mentions };
            pushes.push(change.push(message.conversation.clone(), message.id.clone(), message.timestamp, at));
        }
        Ok((at, pushes))
    }
}

/// What the message becomes: nothing but the recalled form, or new content with new mentions (W-433).
fn change(settings: &AppConfig, request: &PatchRequest) -> Result<(Option<Content>, Mentions), Reject> {
    if request.recall {
        return match settings.message.allow_recall {
            true => Ok((None, Mentions::default())),
            false => Err(Code::MessageRecallDisabled.into()),
        };
    }
    if !settings.message.allow_edit {
        return Err(Code::MessageEditDisabled.into());
    }
    let content = request.content.clone().unwrap_or_else(|| Content::Text("".into()));
    check_size(settings, content.len())?;
    Ok((Some(content), request.mentions.clone()))
}

/// The oldest message that may still be changed (B-240).
fn edit_window_start(settings: &AppConfig, now: Timestamp) -> Option<Timestamp> {
    let seconds = i64::from(settings.message.edit_window_seconds);
    (seconds > 0).then(|| now.plus_millis(-seconds * 1000))
}

fn not_found(error: WriteError) -> Reject {
    match error {
        WriteError::NotFound => Code::MessageNotFound.into(),
        error => error.into(),
    }
}

/// Tells everyone but the session that made the change (W-352).
fn patch_push(actor: &Actor, message: &StoredMessage, roster: &Roster, at: Timestamp) -> Push {
    let to = match roster.kind {
        ConversationKind::Normal | ConversationKind::Temporary => {
            Audience::Clients(Arc::clone(&roster.members))
        }
        ConversationKind::Room => Audience::Room(message.conversation.clone()),
        ConversationKind::Service => Audience::Clients(message.thread.iter().cloned().collect()),
    };
    Push {
        app: actor.app.clone(),
        to,
        except: Some(actor.key),
        needs: Needs {
            patches: true,
            temporary_conversations: roster.kind == ConversationKind::Temporary,
            ..Needs::default()
        },
        permanent: false,
        server_time: at,
        priority: 1,
        event: Event::Patch(patch_item(message, at)),
    }
}

/// A changed message as others are told of it.
pub(super) fn patch_item(message: &StoredMessage, at: Timestamp) -> PatchItem {
    PatchItem {
        conversation: message.conversation.clone(),
        message: message.id.clone(),
        timestamp: message.timestamp,
        from: message.from.clone(),
        recall: message.recalled,
        content: message.content.clone(),
        patched_at: at,
        mentions: message.mentions.clone(),
        reason: None,
    }
}
