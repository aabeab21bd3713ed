//! Delivering what services say.
//!
//! Who of those online subscribes is asked of the store, portion by portion, by a task of its own: a large
//! audience delays nobody, and what a client gets of a service keeps its order. Whom to ask for is settled in the
//! dispatcher's turn: whoever comes later has it among what it missed.

use std::sync::Arc;

use tokio::sync::mpsc;
use yanshu_protocol::{AppId, ClientId, ConversationId};
use yanshu_session::SessionKey;

use super::dispatch::{Job, Opening};
use crate::bus::{Audience, Push};
use crate::store::Store;

/// Sessions whose subscription is asked for at once.
const PORTION: usize = 512;

/// A message of a service on its way to those who were online when it was committed.
pub(super) struct Announced {
    /// To whom it goes is filled in.
    pub(super) push: Push,
    pub(super) conversation: ConversationId,
    pub(super) to: Listeners,
}

/// Who gets it.
pub(super) enum Listeners {
    /// These sessions.
    Sessions(Vec<SessionKey>),
    /// Those of these sessions whose clients subscribe.
    Subscribers(Vec<(ClientId, SessionKey)>),
}

/// Delivers one announcement after another, until no more can come.
pub(super) async fn announcing(
    store: Arc<dyn Store>,
    mut announcements: mpsc::UnboundedReceiver<Announced>,
    dispatcher: Opening,
) {
    while let Some(Announced { push, conversation, to }) = announcements.recv().await {
        let tell = async |sessions: Vec<SessionKey>| {
            let push = Push { to: Audience::Sessions(sessions.into()), ..push.clone() };
            dispatcher.hand_on(Job::tell(vec![push])).await;
        };
        match to {
            Listeners::Sessions(sessions) => tell(sessions).await,
            Listeners::Subscribers(online) => {
                for portion in online.chunks(PORTION) {
                    tell(subscribing(&*store, &push.app, &conversation, portion).await).await;
                }
            }
        }
    }
}

async fn subscribing(
    store: &dyn Store,
    app: &AppId,
    conversation: &ConversationId,
    online: &[(ClientId, SessionKey)],
) -> Vec<SessionKey> {
    let clients = online.iter().map(|(client, _)| client.clone()).collect();
    match store.subscribed(app, conversation, clients).await {
        Ok(subscribed) => {
            let sessions = online.iter().zip(subscribed);
            sessions.filter_map(|((_, key), subscribed)| subscribed.then_some(*key)).collect()
        }
        Err(error) => {
            // The message is kept: those online now find it when they come back, or in history.
            tracing::error!(%error, conversation.id = %conversation, "an announcement was not delivered");
            Vec::new()
        }
    }
}
