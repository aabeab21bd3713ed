//! Who subscribes to a service, and to which services a client subscribes.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};
use yanshu_protocol::{ClientId, ConversationId, ConversationKind, Timestamp};

use super::Rest;
use super::credentials::MasterKey;
use super::failure::Failure;
use super::input::{self, Asked, Body, InPath};
use crate::apps::App;
use crate::conversation::Managed;

/// Rows of an answer, by default and at most.
const ROWS: usize = 50;

#[derive(Debug, Deserialize)]
pub(super) struct Whom {
    #[serde(deserialize_with = "input::client")]
    client_id: ClientId,
}

/// `POST /1.2/rtm/service-conversations/{id}/subscribers`
pub(super) async fn add(
    State(rest): State<Arc<Rest>>,
    MasterKey(app): MasterKey,
    InPath(service): InPath<ConversationId>,
    Body(Whom { client_id }): Body<Whom>,
) -> Result<Json<Value>, Failure> {
    subscribe(&rest, &app, &service, client_id, true).await
}

/// `DELETE /1.2/rtm/service-conversations/{id}/subscribers/{client}`
pub(super) async fn remove(
    State(rest): State<Arc<Rest>>,
    MasterKey(app): MasterKey,
    InPath((service, client)): InPath<(ConversationId, ClientId)>,
) -> Result<Json<Value>, Failure> {
    subscribe(&rest, &app, &service, client, false).await
}

async fn subscribe(
    rest: &Rest,
    app: &App,
    service: &ConversationId,
    client: ClientId,
    subscribed: bool,
) -> Result<Json<Value>, Failure> {
    rest.server.conversations.subscribe_by_app(managed(app, service), client, subscribed).await?;
    Ok(Json(json!({})))
}

#[derive(Debug, Deserialize)]
pub(super) struct After {
    /// The last subscriber of the part before.
    #[serde(default)]
    client_id: Option<String>,
    #[serde(default, deserialize_with = "input::number")]
    limit: Option<i64>,
}

/// `GET /1.2/rtm/service-conversations/{id}/subscribers?limit=&client_id=`
pub(super) async fn list(
    State(rest): State<Arc<Rest>>,
    MasterKey(app): MasterKey,
    InPath(service): InPath<ConversationId>,
    Asked(After { client_id, limit }): Asked<After>,
) -> Result<Json<Value>, Failure> {
    let after = match client_id.filter(|id| !id.is_empty()) {
        None => None,
        Some(id) => Some(id.parse().map_err(|_| Failure::parameter("client_id is no client's id"))?),
    };
    let found = rest.server.conversations.subscribers(managed(&app, &service), after, rows(limit)).await?;
    let row = |(client, since): (ClientId, Timestamp)| subscription(&service, &client, since);
    Ok(Json(found.into_iter().map(row).collect()))
}

/// `GET /1.2/rtm/service-conversations/{id}/subscribers/count`. Where a client would be named there is nothing else
/// to read.
pub(super) async fn count(
    State(rest): State<Arc<Rest>>,
    MasterKey(app): MasterKey,
    InPath((service, name)): InPath<(ConversationId, ClientId)>,
) -> Result<Json<Value>, Failure> {
    if name.as_str() != "count" {
        return Err(Failure::no_such_path());
    }
    let count = rest.server.conversations.subscriber_count(managed(&app, &service)).await?;
    Ok(Json(json!({ "count": count })))
}

#[derive(Debug, Deserialize)]
pub(super) struct Since {
    /// The last item of the part before, and its time.
    #[serde(default)]
    conv_id: Option<String>,
    #[serde(default, deserialize_with = "input::number")]
    timestamp: Option<i64>,
    #[serde(default, deserialize_with = "input::number")]
    limit: Option<i64>,
    #[serde(default)]
    direction: Option<String>,
}

/// `GET /1.2/rtm/clients/{id}/service-conversations`
pub(super) async fn of_client(
    State(rest): State<Arc<Rest>>,
    MasterKey(app): MasterKey,
    InPath(client): InPath<ClientId>,
    Asked(asked): Asked<Since>,
) -> Result<Json<Value>, Failure> {
    let latest_first = match asked.direction.as_deref() {
        None | Some("" | "new") => false,
        Some("old") => true,
        Some(_) => return Err(Failure::parameter("direction is new or old")),
    };
    let after = match (asked.timestamp, asked.conv_id.filter(|id| !id.is_empty())) {
        (None, None) => None,
        (Some(time), Some(id)) => {
            let id = id.parse().map_err(|_| Failure::parameter("conv_id is no conversation's id"))?;
            Some((Timestamp(time), id))
        }
        _ => return Err(Failure::parameter("conv_id and timestamp go together")),
    };
    let limit = rows(asked.limit);
    let found = rest.server.conversations.subscriptions(&app.id, &client, after, latest_first, limit).await?;
    let row = |(service, since): (ConversationId, Timestamp)| subscription(&service, &client, since);
    Ok(Json(found.into_iter().map(row).collect()))
}

fn managed<'a>(app: &'a App, service: &'a ConversationId) -> Managed<'a> {
    Managed { app: &app.id, id: service, kind: ConversationKind::Service }
}

fn subscription(service: &ConversationId, client: &ClientId, since: Timestamp) -> Value {
    json!({ "timestamp": since.0, "subscriber": client.as_str(), "conv_id": service.as_str() })
}

fn rows(limit: Option<i64>) -> usize {
    limit
        .and_then(|limit| usize::try_from(limit).ok())
        .filter(|limit| (1..=ROWS).contains(limit))
        .unwrap_or(ROWS)
}
