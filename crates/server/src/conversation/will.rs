//! Messages that are sent when their client is lost (W-277 to W-280).

use std::sync::Arc;

use yanshu_protocol::{AppId, ClientId, ConversationKind};
use yanshu_session::{Actor, SessionKey};

use super::Service;
use super::dispatch::{Fanout, Job};
use super::send::may_send;
use crate::store::{StoredMessage, StoredWill, Write, WriteError};

impl Service {
    /// The session logged out: its will is void.
    pub(super) async fn drop_will(&self, actor: &Actor) -> Result<(), WriteError> {
        self.clear_will(actor.app.clone(), actor.client.clone(), actor.session.clone()).await
    }

    /// The session is lost: its will is sent, if it deposited the client's latest one.
    pub(super) async fn send_will(&self, actor: &Actor) -> Result<(), WriteError> {
        self.send_will_of(&actor.app, &actor.client, &actor.session, actor.key).await
    }

    /// The same for a session that was ended.
    pub(super) async fn send_will_of(
        &self,
        app: &AppId,
        client: &ClientId,
        session: &str,
        key: SessionKey,
    ) -> Result<(), WriteError> {
        let will = self.store.will(app, client).await?;
        match will.filter(|will| will.session == session) {
            Some(will) => self.execute(will, Some(key)).await,
            None => Ok(()),
        }
    }

    /// After a start: the clients whose wills are still here were lost with the server. Those that did not
    /// come back in the meantime are given up.
    pub(crate) async fn send_orphaned_wills(&self) -> Result<(), WriteError> {
        for will in self.store.wills().await? {
            let sessions = self.bus.sessions_of(&will.app, &will.client).await;
            if !sessions.iter().any(|session| session.session == will.session) {
                self.execute(will, None).await?;
            }
        }
        Ok(())
    }

    /// Sends a will as an ordinary message with the id it was answered with; it does not enter history.
    async fn execute(&self, will: StoredWill, origin: Option<SessionKey>) -> Result<(), WriteError> {
        self.clear_will(will.app.clone(), will.client.clone(), will.session).await?;
        let Ok(roster) = self.roster(&will.app, &will.conversation).await else { return Ok(()) };
        if may_send(&roster, &will.client, self.clock.now()).is_err() {
            return Ok(());
        }
        let message = StoredMessage {
            conversation: will.conversation,
            thread: (roster.kind == ConversationKind::Service).then(|| will.client.clone()),
            id: will.id,
            from: will.client,
            timestamp: self.clock.now(),
            content: self.censored(&will.app, &roster, &will.content).unwrap_or(will.content),
            mentions: will.mentions,
            receipt: false,
            patched_at: None,
            recalled: false,
        };
        let fanout = Fanout {
            app: will.app,
            message: Arc::new(message),
            roster: Some(roster),
            origin,
            transient: false,
            priority: 1,
        };
        self.dispatcher.hand_on(Job::message(fanout)).await;
        Ok(())
    }

    async fn clear_will(&self, app: AppId, client: ClientId, session: String) -> Result<(), WriteError> {
        self.commit(|done| Write::ClearWill { app, client, session, done }).await
    }
}
