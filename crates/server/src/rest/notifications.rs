//! `GET /1.1/rtm/notifications`: what a client missed (R-36 to R-39, W-380 to W-386).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};
use yanshu_protocol::{Timestamp, codec};

use super::Rest;
use super::failure::Failure;
use super::input::{self, Asked};
use super::session::ImSession;
use crate::conversation::Missed;

/// Notices for SDKs that ask again until there are no more (W-385).
const PAGE: usize = 100;

/// Notices for the one that asks once; with more it fetches its conversations anew.
const ONCE: usize = 1000;

#[derive(Debug, Deserialize)]
pub(super) struct Since {
    #[serde(default, deserialize_with = "input::number")]
    start_ts: Option<i64>,
    #[serde(default)]
    notification_type: Option<String>,
}

/// Two SDKs ask, each for its own form: one for the reliable ones, page by page, the other for everything.
pub(super) async fn list(
    State(rest): State<Arc<Rest>>,
    ImSession { app, client }: ImSession,
    Asked(Since { start_ts, notification_type }): Asked<Since>,
) -> Result<Json<Value>, Failure> {
    let after = Timestamp(start_ts.unwrap_or_default());
    let conversations = &rest.server.conversations;
    match notification_type.as_deref() {
        Some("permanent") => {
            let permanent = conversations.reliable_notices(&app.id, &client, after, PAGE).await?;
            Ok(Json(shown(&permanent)))
        }
        None => {
            let permanent = conversations.reliable_notices(&app.id, &client, after, ONCE).await?;
            let (droppable, incomplete) =
                conversations.droppable_notices(&app.id, &client, after, ONCE).await?;
            let incomplete = incomplete || permanent.more;
            let mut body = json!({ "permanent": shown(&permanent), "droppable": shown(&droppable) });
            body["droppable"]["invalidLocalConvCache"] = incomplete.into();
            Ok(Json(body))
        }
        Some(_) => Err(Failure::parameter("notification_type is permanent or absent")),
    }
}

fn shown(notices: &Missed) -> Value {
    let items: Vec<Value> = notices.events.iter().map(codec::notification).collect();
    json!({ "hasMore": notices.more, "notifications": items })
}
