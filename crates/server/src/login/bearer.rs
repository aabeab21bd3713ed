//! Requests beside the connection that show a session's token (W-379).

use yanshu_protocol::{AppId, ClientId, Code, Reject, SessionToken};

use super::token::Claims;
use super::{Logins, signer};
use crate::apps::App;
use crate::store::{SessionEnd, StoreError};

impl Logins {
    /// Whether the token is the client's own, has not expired, and its session was not ended: by logging out, by
    /// a rival for its tag, or by the app. Refused with 4112, whatever is wrong with it.
    pub(crate) async fn check_token(
        &self,
        app: &App,
        client: &ClientId,
        token: &SessionToken,
    ) -> Result<(), Reject> {
        let now = self.clock.now();
        let claims = signer(app).verify(token);
        let claims = claims.filter(|claims| claims.client == *client && claims.expires_at > now);
        let claims = claims.ok_or_else(|| Reject::new(Code::SessionTokenExpired))?;
        match self.end_of(&app.id, &claims).await? {
            None => Ok(()),
            Some(_) => Err(Code::SessionTokenExpired.into()),
        }
    }

    /// How the session of a token ended, if it did. What was given before the app took the client offline has
    /// ended with that.
    pub(super) async fn end_of(
        &self,
        app: &AppId,
        claims: &Claims,
    ) -> Result<Option<SessionEnd>, StoreError> {
        if let Some(end) = self.store.session_end(app, &claims.session).await? {
            return Ok(Some(end));
        }
        let kicked_at = self.store.kicked_at(app, &claims.client).await?;
        Ok(kicked_at.filter(|kicked| claims.issued_at <= *kicked).map(|_| SessionEnd::Kicked))
    }
}
