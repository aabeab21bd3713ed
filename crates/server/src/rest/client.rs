//! A client as the app's servers see it: taken offline, and the conversations to which nobody may
//! add it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};
use yanshu_protocol::{ClientId, ConversationId};

use super::Rest;
use super::credentials::MasterKey;
use super::failure::Failure;
use super::input::{self, Asked, Body, InPath, PageAsked};
use super::output::page;
use crate::apps::App;

/// Longest reason, in characters (B-41).
const LONGEST_REASON: usize = 20;

#[derive(Debug, Deserialize)]
pub(super) struct Why {
    #[serde(default)]
    reason: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct WhomAndWhy {
    #[serde(deserialize_with = "input::client")]
    client_id: ClientId,
    #[serde(default)]
    reason: Option<String>,
}

/// `POST /1.2/rtm/clients/{id}/kick`.
pub(super) async fn kick(
    State(rest): State<Arc<Rest>>,
    MasterKey(app): MasterKey,
    InPath(client): InPath<ClientId>,
    Body(Why { reason }): Body<Why>,
) -> Result<Json<Value>, Failure> {
    take_offline(&rest, &app, &client, reason).await
}

/// `POST /1.1/rtm/client/kick`.
pub(super) async fn kick_by_body(
    State(rest): State<Arc<Rest>>,
    MasterKey(app): MasterKey,
    Body(WhomAndWhy { client_id, reason }): Body<WhomAndWhy>,
) -> Result<Json<Value>, Failure> {
    take_offline(&rest, &app, &client_id, reason).await
}

async fn take_offline(
    rest: &Rest,
    app: &App,
    client: &ClientId,
    reason: Option<String>,
) -> Result<Json<Value>, Failure> {
    let reason = reason.filter(|reason| !reason.is_empty());
    if reason.as_ref().is_some_and(|reason| reason.chars().count() > LONGEST_REASON) {
        return Err(Failure::parameter("reason may have 20 characters"));
    }
    rest.server.kick(&app.id, client, reason).await?;
    Ok(Json(json!({})))
}

#[derive(Debug, Deserialize)]
pub(super) struct Which {
    #[serde(deserialize_with = "input::conversation")]
    conv_id: ConversationId,
}

/// `POST /1.2/rtm/clients/{id}/blacklists`
pub(super) async fn block(
    State(rest): State<Arc<Rest>>,
    MasterKey(app): MasterKey,
    InPath(client): InPath<ClientId>,
    Body(Which { conv_id }): Body<Which>,
) -> Result<Json<Value>, Failure> {
    change_blocked(&rest, &app, &client, conv_id, false).await
}

/// `DELETE /1.2/rtm/clients/{id}/blacklists`
pub(super) async fn unblock(
    State(rest): State<Arc<Rest>>,
    MasterKey(app): MasterKey,
    InPath(client): InPath<ClientId>,
    Body(Which { conv_id }): Body<Which>,
) -> Result<Json<Value>, Failure> {
    change_blocked(&rest, &app, &client, conv_id, true).await
}

/// `GET /1.2/rtm/clients/{id}/blacklists`
pub(super) async fn blocked(
    State(rest): State<Arc<Rest>>,
    MasterKey(app): MasterKey,
    InPath(client): InPath<ClientId>,
    Asked(asked): Asked<PageAsked>,
) -> Result<Json<Value>, Failure> {
    let (conversations, next) =
        rest.server.conversations.blocked_conversations(&app.id, &client, asked.into()).await?;
    Ok(page("conv_ids", &conversations, next))
}

async fn change_blocked(
    rest: &Rest,
    app: &App,
    client: &ClientId,
    conversation: ConversationId,
    lift: bool,
) -> Result<Json<Value>, Failure> {
    let conversations = vec![conversation];
    rest.server.conversations.change_blocked_conversations(&app.id, client, conversations, lift).await?;
    Ok(Json(json!({})))
}
