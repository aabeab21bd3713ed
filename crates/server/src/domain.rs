//! Joins logging in and conversations into what the gateway hands commands to.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use yanshu_protocol::{
    AppId, ClientId, Command, ConversationId, Event, Reject, SessionCommand, SessionToken,
};
use yanshu_session::{Actor, Call, OpenRequest, Opened, SessionKey};

use crate::conversation::{Known, Service};
use crate::gateway::{ConnectionInfo, Domain, Loss, Respond, Resume};
use crate::login::Logins;
use crate::store::WriteError;

/// What commands are carried out by.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) logins: Logins,
    pub(crate) conversations: Service,
}

impl Server {
    /// Takes a client offline on every device: it is told why, and comes back only by logging in anew (B-41).
    pub(crate) async fn kick(
        &self,
        app: &AppId,
        client: &ClientId,
        reason: Option<String>,
    ) -> Result<(), Reject> {
        for session in self.logins.kick(app, client, reason).await? {
            log("a client taken offline", client, self.conversations.displaced(app, client, session).await);
        }
        Ok(())
    }
}

impl Domain for Server {
    fn app_of(&self, token: &SessionToken) -> Option<AppId> {
        self.logins.app_of(token)
    }

    fn open(
        &self,
        request: OpenRequest,
        connection: ConnectionInfo,
        key: SessionKey,
    ) -> BoxFuture<'_, Result<Opened, Reject>> {
        Box::pin(async move {
            let (mut opened, displaced) =
                self.logins.open(request, connection.profile, key, connection.id).await?;
            for session in displaced {
                let Actor { app, client, .. } = &*opened.actor;
                let outcome = self.conversations.displaced(app, client, session).await;
                log("a displaced session", client, outcome);
            }
            // Known before the session opens, so that it is back in its room by the time its client hears of it.
            let room = self.conversations.room_to_return_to(&opened.actor).await?;
            if room.is_some() {
                Arc::make_mut(&mut opened.actor).returns_to = room;
            }
            Ok(opened)
        })
    }

    fn opened<'a>(&'a self, actor: &'a Arc<Actor>, resume: &'a Resume) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let known = Known { unread_until: resume.last_unread_notice, patches_until: resume.last_patch };
            self.conversations.arrived(actor, known).await;
            if let Err(reject) = self.logins.settle(actor).await {
                tracing::error!(%reject, client.id = %actor.client, "rivals for a tag could not be settled");
            }
        })
    }

    fn close<'a>(&'a self, actor: &'a Arc<Actor>) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            log("a logout", &actor.client, self.conversations.departed(actor).await);
            log("a logout", &actor.client, self.logins.closed(actor).await);
        })
    }

    fn lost<'a>(&'a self, actor: &'a Arc<Actor>, _why: Loss) -> BoxFuture<'a, ()> {
        Box::pin(async move { log("a lost session", &actor.client, self.conversations.lost(actor).await) })
    }

    fn call(&self, call: Call, respond: Respond) -> BoxFuture<'_, ()> {
        let Call { actor, command, .. } = call;
        Box::pin(async move {
            match command {
                Command::Session(SessionCommand::Refresh(_)) => respond(self.logins.refresh(&actor)),
                command => self.conversations.call(&actor, command, respond).await,
            }
        })
    }

    fn refuse_message(&self, conversation: ConversationId, reject: Reject) -> Event {
        self.conversations.refuse_message(conversation, reject)
    }
}

/// Nobody is left to be told when a session ends: a fault is logged, and the rest goes on.
fn log(what: &'static str, client: &ClientId, outcome: Result<(), WriteError>) {
    if let Err(error) = outcome {
        tracing::error!(%error, client.id = %client, "{what} could not be completed");
    }
}
