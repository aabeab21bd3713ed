//! Whether a session opens (W-91 to W-100, W-117 to W-121).

use std::sync::Arc;

use yanshu_protocol::{ClientId, Code, DeviceId, OpenSession, Reject, Tag};
use yanshu_session::{Actor, Capabilities, OfflineMode, OpenRequest, Opened, Profile, SessionKey};

use super::token::Claims;
use super::{Logins, random_id, signer};
use crate::apps::App;
use crate::bus::SessionInfo;
use crate::config::{AppConfig, IdPolicy, OfflineDelivery};
use crate::signature::Act;
use crate::store::SessionEnd;

/// What an SDK can handle that reopens without token and without saying so: it said this the first time
/// (W-97).
const CONFIG_OF_BARE_REOPEN: i64 = 0xab;

/// What is known of a session before it opens: from its token, or from the request alone.
struct Origin {
    session: String,
    tag: Option<Tag>,
    device: Option<DeviceId>,
    config: Option<i64>,
}

impl Logins {
    /// Decides about an open on `connection`. Sessions that have to make room are ended; those that lost
    /// their tag to it are given back.
    pub(crate) async fn open(
        &self,
        request: OpenRequest,
        profile: Profile,
        key: SessionKey,
        connection: u64,
    ) -> Result<(Opened, Vec<SessionInfo>), Reject> {
        let app = self.app(&request.app)?;
        let client = client_id(request.client.clone(), &app.settings)?;
        if app.settings.clients.blocked.contains(&client) {
            return Err(Code::Blacklisted.into());
        }
        let claims = self.claims_of(&app, &client, &request.details)?;
        let reopened = claims.is_some();
        if !reopened && Act::Login.is_signed(&app.settings.signature) {
            self.check_signature(&app, request.client.as_ref(), request.details.signature.as_ref()).await?;
        }
        if let Some(claims) = &claims {
            self.check_end(&request, claims).await?;
        }
        let origin = merge(claims, &request.details);
        let config = origin.config.unwrap_or(if request.details.reconnect && !reopened && !profile.legacy {
            CONFIG_OF_BARE_REOPEN
        } else {
            0
        });
        let actor = Actor {
            app: request.app,
            client,
            key,
            session: origin.session,
            device: origin.device,
            tag: origin.tag,
            capabilities: Capabilities::new(config, delivery(profile, &app.settings)),
            returns_to: None,
        };
        let displaced = self.make_room(&actor, connection, request.details.reconnect).await?;
        let token = signer(&app).sign(&self.claims(&actor));
        let opened =
            Opened { actor: Arc::new(actor), token, ttl_seconds: self.ttl_seconds(), rates: app.rates() };
        Ok((opened, displaced))
    }

    /// What the request's token says. A token that is unknown, malformed, expired or another client's is
    /// refused (W-118).
    fn claims_of(
        &self,
        app: &App,
        client: &ClientId,
        details: &OpenSession,
    ) -> Result<Option<Claims>, Reject> {
        if details.malformed_token {
            return Err(Code::SessionTokenExpired.into());
        }
        let Some(token) = &details.token else { return Ok(None) };
        let valid = signer(app)
            .verify(token)
            .filter(|claims| claims.client == *client && claims.expires_at > self.clock.now());
        valid.map(Some).ok_or_else(|| Code::SessionTokenExpired.into())
    }

    /// A session that was ended does not come back by its token (W-121, W-459).
    async fn check_end(&self, request: &OpenRequest, claims: &Claims) -> Result<(), Reject> {
        let code = match self.end_of(&request.app, claims).await? {
            None => return Ok(()),
            Some(SessionEnd::Closed) if request.details.reconnect => Code::SessionRequired,
            Some(SessionEnd::Closed) => Code::SessionTokenExpired,
            Some(SessionEnd::Conflict) => Code::SessionConflict,
            Some(SessionEnd::Kicked) => Code::KickedByApp,
        };
        Err(code.into())
    }
}

/// The client's id, or a new one for a client that has none (W-94).
fn client_id(client: Option<ClientId>, settings: &AppConfig) -> Result<ClientId, Reject> {
    let Some(client) = client else {
        return Ok(random_id().parse().expect("32 digits are a client id"));
    };
    if settings.clients.id_policy == IdPolicy::Strict && !strict(client.as_str()) {
        return Err(Reject::because(
            Code::InvalidLogin,
            "a client id has ASCII letters, digits, _ and - only and starts with no digit",
        ));
    }
    Ok(client)
}

/// The newest rule for client ids (B-3).
fn strict(id: &str) -> bool {
    !id.starts_with(|first: char| first.is_ascii_digit())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

/// What the token says stands in for what the request leaves out (W-96).
fn merge(claims: Option<Claims>, details: &OpenSession) -> Origin {
    let (tag, device) = (details.tag.clone(), details.device.clone());
    match claims {
        None => Origin { session: random_id(), tag, device, config: details.config },
        Some(claims) => Origin {
            session: claims.session,
            tag: tag.or(claims.tag),
            device: device.or(claims.device),
            config: details.config.or(Some(claims.config)),
        },
    }
}

/// How missed messages arrive: as the connection says, unless the app has one way for all (B-274).
fn delivery(profile: Profile, settings: &AppConfig) -> Profile {
    let offline = match settings.offline.mode {
        OfflineDelivery::Auto => profile.offline,
        OfflineDelivery::Push => OfflineMode::Pushed,
        OfflineDelivery::Unread => OfflineMode::Unread,
    };
    Profile { offline, ..profile }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strict_policy_wants_ascii_and_no_leading_digit() {
        // B-3
        for (id, fits) in [("tom", true), ("_tom-1", true), ("1tom", false), ("汤姆", false), ("a b", false)]
        {
            assert_eq!(strict(id), fits, "{id}");
        }
    }

    #[test]
    fn what_a_reopen_leaves_out_comes_from_its_token() {
        // W-96
        let claims = Claims {
            client: "tom".parse().unwrap(),
            session: "s".to_owned(),
            tag: Some("web".parse().unwrap()),
            device: Some("d1".parse().unwrap()),
            config: 0xbb,
            issued_at: yanshu_protocol::Timestamp(0),
            expires_at: yanshu_protocol::Timestamp(1),
        };
        let details = OpenSession { reconnect: true, ..OpenSession::default() };
        let origin = merge(Some(claims), &details);
        assert_eq!(origin.session, "s");
        assert_eq!(origin.tag, Some("web".parse().unwrap()));
        assert_eq!(origin.device, Some("d1".parse().unwrap()));
        assert_eq!(origin.config, Some(0xbb));
    }
}
