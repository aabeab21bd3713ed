//! A client that asks in its own name, by the token of its session (R-14, W-379).

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::Deserialize;
use yanshu_protocol::{ClientId, Code, Reject, SessionToken};

use super::Rest;
use super::credentials::AnyKey;
use super::failure::Failure;
use super::input::Asked;
use crate::apps::App;

const TOKEN: &str = "x-lc-im-session-token";

/// The client of a request that shows a key of its app and its own token.
#[derive(Debug)]
pub(super) struct ImSession {
    pub(super) app: Arc<App>,
    pub(super) client: ClientId,
}

#[derive(Debug, Deserialize)]
struct Names {
    client_id: Option<String>,
}

impl FromRequestParts<Arc<Rest>> for ImSession {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, rest: &Arc<Rest>) -> Result<Self, Failure> {
        let AnyKey(app) = AnyKey::from_request_parts(parts, rest).await?;
        let Asked(Names { client_id }) = Asked::from_request_parts(parts, rest).await?;
        let client: Option<ClientId> = client_id.and_then(|id| id.parse().ok());
        let token: Option<SessionToken> =
            parts.headers.get(TOKEN).and_then(|token| token.to_str().ok()?.parse().ok());
        // One code for whatever is wrong: it makes an SDK ask for a fresh token.
        let (Some(client), Some(token)) = (client, token) else {
            return Err(Reject::new(Code::SessionTokenExpired).into());
        };
        rest.server.logins.check_token(&app, &client, &token).await?;
        Ok(Self { app, client })
    }
}
