//! Roles, as records that an app's servers keep.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};
use yanshu_protocol::{ClientId, ConversationId, Role, Timestamp};

use super::Rest;
use super::credentials::MasterKey;
use super::failure::Failure;
use super::group::Named;
use super::input::{self, Asked, Body, InPath};
use super::member_info::record_id;
use crate::apps::App;
use crate::conversation::Managed;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewRole {
    #[serde(deserialize_with = "input::client")]
    client_id: ClientId,
    role: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChangedRole {
    #[serde(default)]
    client_id: Option<String>,
    #[serde(default)]
    role: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RolesAsked {
    #[serde(default)]
    role: Option<String>,
    #[serde(default, deserialize_with = "input::number")]
    skip: Option<i64>,
    #[serde(default, deserialize_with = "input::number")]
    limit: Option<i64>,
}

/// `POST …/member-infos`
pub(super) async fn set(
    State(rest): State<Arc<Rest>>,
    MasterKey(app): MasterKey,
    InPath(named): InPath<Named>,
    Body(NewRole { client_id, role }): Body<NewRole>,
) -> Result<Json<Value>, Failure> {
    let at = give(&rest, &app, &named, &client_id, &role).await?;
    Ok(updated(&named.id, &client_id, at))
}

/// `PUT …/member-infos/{id}`
pub(super) async fn change(
    State(rest): State<Arc<Rest>>,
    MasterKey(app): MasterKey,
    InPath((named, record)): InPath<(Named, String)>,
    Body(ChangedRole { client_id, role }): Body<ChangedRole>,
) -> Result<Json<Value>, Failure> {
    let client = holder(&rest, &app, &named, &record).await?;
    if client_id.is_some_and(|id| id != client.as_str()) {
        return Err(Failure::parameter("a record stays that of its client"));
    }
    let role = role.unwrap_or_else(|| Role::Manager.name().to_owned());
    let at = give(&rest, &app, &named, &client, &role).await?;
    Ok(updated(&named.id, &client, at))
}

/// `DELETE …/member-infos/{id}`
pub(super) async fn take_back(
    State(rest): State<Arc<Rest>>,
    MasterKey(app): MasterKey,
    InPath((named, record)): InPath<(Named, String)>,
) -> Result<Json<Value>, Failure> {
    let client = holder(&rest, &app, &named, &record).await?;
    give(&rest, &app, &named, &client, Role::Member.name()).await?;
    Ok(Json(json!({})))
}

/// `GET …/member-infos`
pub(super) async fn list(
    State(rest): State<Arc<Rest>>,
    MasterKey(app): MasterKey,
    InPath(named): InPath<Named>,
    Asked(asked): Asked<RolesAsked>,
) -> Result<Json<Value>, Failure> {
    let managers = managers(&rest, &app, &named).await?;
    let wanted = asked.role.as_deref().is_none_or(|role| role == Role::Manager.name());
    let managers = managers.into_iter().filter(|_| wanted);
    let (skip, limit) = input::window(asked.skip, asked.limit);
    let rows = managers.skip(skip).take(limit).map(|client| {
        let id = record_id(&named.id, &client);
        json!({ "clientId": client.as_str(), "objectId": id, "role": Role::Manager.name() })
    });
    Ok(Json(json!({ "results": rows.collect::<Vec<_>>() })))
}

async fn managers(rest: &Rest, app: &App, named: &Named) -> Result<Vec<ClientId>, Failure> {
    let conversation = Managed { app: &app.id, id: &named.id, kind: named.kind };
    Ok(rest.server.conversations.managers_by_app(conversation).await?)
}

async fn give(
    rest: &Rest,
    app: &App,
    named: &Named,
    client: &ClientId,
    role: &str,
) -> Result<Timestamp, Failure> {
    let conversation = Managed { app: &app.id, id: &named.id, kind: named.kind };
    Ok(rest.server.conversations.set_role_by_app(conversation, client, Role::from_name(role)).await?)
}

/// Whose record this is.
async fn holder(rest: &Rest, app: &App, named: &Named, record: &str) -> Result<ClientId, Failure> {
    let managers = managers(rest, app, named).await?;
    let found = managers.into_iter().find(|manager| record_id(&named.id, manager) == record);
    found.ok_or_else(|| Failure::no_such_object(record))
}

fn updated(conversation: &ConversationId, client: &ClientId, at: Timestamp) -> Json<Value> {
    Json(json!({ "objectId": record_id(conversation, client), "updatedAt": at.to_string() }))
}
