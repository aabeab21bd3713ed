//! Logging in: who a connection may act for, on which device, and until when.
//!
//! This room owns session tokens and the rule that a client holds a tag on one device at a time. It decides
//! whether a session opens; it registers nothing, and knows no socket and no conversation. It may touch the
//! table of apps, the store (how sessions ended, who holds a tag), the bus (who is online) and the clock.

mod bearer;
mod open;
mod tag;
mod token;

use std::sync::Arc;
use std::time::Duration;

use rand::RngCore;
use yanshu_protocol::{AppId, ClientId, Code, Event, Reject, SessionToken, Signature, Timestamp};
use yanshu_session::Actor;

use crate::apps::{App, Apps};
use crate::bus::{Bus, SessionInfo};
use crate::clock::Clock;
use crate::signature::{self, Act};
use crate::store::{Completion, SessionEnd, Store, StoreError, Write, WriteError};

use token::{Claims, Signer};

/// Decides about sessions.
#[derive(Debug)]
pub(crate) struct Logins {
    apps: Arc<Apps>,
    store: Arc<dyn Store>,
    bus: Arc<dyn Bus>,
    clock: Arc<dyn Clock>,
    token_ttl: Duration,
}

impl Logins {
    pub(crate) fn new(
        apps: Arc<Apps>,
        token_ttl: Duration,
        store: Arc<dyn Store>,
        bus: Arc<dyn Bus>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { apps, store, bus, clock, token_ttl }
    }

    fn app(&self, app: &AppId) -> Result<Arc<App>, Reject> {
        self.apps.get(app).ok_or_else(|| Code::AppNotAvailable.into())
    }

    /// The app that signed a token.
    pub(crate) fn app_of(&self, token: &SessionToken) -> Option<AppId> {
        let signed = |app: &Arc<App>| signer(app).verify(token).is_some();
        self.apps.all().into_iter().find(signed).map(|app| app.id.clone())
    }

    /// A fresh token for an open session (W-130 to W-132).
    pub(crate) fn refresh(&self, actor: &Actor) -> Result<Event, Reject> {
        let app = self.app(&actor.app)?;
        let token = signer(&app).sign(&self.claims(actor));
        Ok(Event::SessionRefreshed { token, ttl_seconds: self.ttl_seconds() })
    }

    /// The session logged out: its token is void (W-121) and its tag free.
    pub(crate) async fn closed(&self, actor: &Actor) -> Result<(), WriteError> {
        self.hold_tag(actor, self.clock.now()).await?;
        self.end(&actor.app, &actor.session, SessionEnd::Closed).await
    }

    /// That the app's own server lets the client in (B-420). An anonymous client signs no id (W-447).
    async fn check_signature(
        &self,
        app: &App,
        client: Option<&ClientId>,
        signature: Option<&Signature>,
    ) -> Result<(), Reject> {
        let kicked_at = match client {
            Some(client) => self.store.kicked_at(&app.id, client).await?,
            None => None,
        };
        signature::check(app, client, &Act::Login, signature, kicked_at, self.clock.now())
    }

    /// Takes a client offline: all its tokens and signatures so far are void (W-121, W-441), and its sessions end
    /// with the reason given. They are given back.
    pub(crate) async fn kick(
        &self,
        app: &AppId,
        client: &ClientId,
        reason: Option<String>,
    ) -> Result<Vec<SessionInfo>, Reject> {
        let now = self.clock.now();
        let (id, of) = (app.clone(), client.clone());
        self.commit(|done| Write::NoteKick { app: id, client: of, now, done }).await?;
        let reject = || match &reason {
            Some(reason) => Reject::saying(Code::KickedByApp, reason.clone()),
            None => Code::KickedByApp.into(),
        };
        let mut ended = Vec::new();
        for session in self.bus.sessions_of(app, client).await {
            if self.bus.end_session(session.key, Some(reject())).await {
                ended.push(session);
            }
        }
        Ok(ended)
    }

    async fn end(&self, app: &AppId, session: &str, end: SessionEnd) -> Result<(), WriteError> {
        let (app, session) = (app.clone(), session.to_owned());
        let until = self.expiry();
        self.commit(|done| Write::EndSession { app, session, end, until, done }).await
    }

    fn claims(&self, actor: &Actor) -> Claims {
        Claims {
            client: actor.client.clone(),
            session: actor.session.clone(),
            tag: actor.tag.clone(),
            device: actor.device.clone(),
            config: actor.capabilities.bits(),
            issued_at: self.clock.now(),
            expires_at: self.expiry(),
        }
    }

    /// When a token given now expires.
    fn expiry(&self) -> Timestamp {
        let ttl = i64::try_from(self.token_ttl.as_millis()).unwrap_or(i64::MAX);
        self.clock.now().plus_millis(ttl)
    }

    fn ttl_seconds(&self) -> i32 {
        i32::try_from(self.token_ttl.as_secs()).unwrap_or(i32::MAX)
    }

    async fn commit<T: Send + 'static>(
        &self,
        write: impl FnOnce(Completion<T>) -> Write,
    ) -> Result<T, WriteError> {
        let (done, waiter) = Completion::waiter();
        self.store.submit(write(done)).await;
        waiter.await.unwrap_or_else(|_| Err(StoreError::Unavailable("shutting down".to_owned()).into()))
    }
}

fn signer(app: &App) -> Signer {
    Signer::new(&app.id, app.master_key.expose())
}

/// 128 bits of chance as URL-safe text.
fn random_id() -> String {
    let mut bytes = [0; 16];
    rand::rng().fill_bytes(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
