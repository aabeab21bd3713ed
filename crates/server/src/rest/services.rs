//! Service conversations: made, found, changed and deleted.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};
use yanshu_protocol::codec;
use yanshu_protocol::{Attributes, ConversationId, ConversationKind};

use super::Rest;
use super::credentials::MasterKey;
use super::failure::Failure;
use super::input::{self, Asked, Body, InPath};
use crate::conversation::{Managed, SearchByApp};

/// Who has made what the app itself made, unless it says (W-197 wants a creator).
const APP: &str = "app";

/// `POST /1.2/rtm/service-conversations`
pub(super) async fn create(
    State(rest): State<Arc<Rest>>,
    MasterKey(app): MasterKey,
    Body(mut properties): Body<Attributes>,
) -> Result<Json<Value>, Failure> {
    let creator = match properties.shift_remove("c") {
        None => APP.to_owned(),
        Some(Value::String(creator)) => creator,
        Some(_) => return Err(Failure::parameter("c is the id of a client")),
    };
    let creator = creator.parse().map_err(|_| Failure::parameter("c is the id of a client"))?;
    let made = rest.server.conversations.create_service(&app.id, creator, properties).await?;
    Ok(Json(json!({ "objectId": made.id.as_str(), "createdAt": made.created_at.to_string() })))
}

#[derive(Debug, Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    r#where: Option<String>,
    #[serde(default, deserialize_with = "input::number")]
    skip: Option<i64>,
    #[serde(default, deserialize_with = "input::number")]
    limit: Option<i64>,
}

/// `GET /1.2/rtm/service-conversations?where=&skip=&limit=`
pub(super) async fn find(
    State(rest): State<Arc<Rest>>,
    MasterKey(app): MasterKey,
    Asked(asked): Asked<Search>,
) -> Result<Json<Value>, Failure> {
    let condition = match asked.r#where.as_deref() {
        None | Some("") => json!({}),
        Some(text) => input::json(text.as_bytes())?,
    };
    let (skip, limit) = input::window(asked.skip, asked.limit);
    let search = SearchByApp { kind: ConversationKind::Service, condition, skip, limit };
    let found = rest.server.conversations.find_by_app(&app.id, search).await?;
    let results: Vec<Value> = found.iter().map(codec::conversation).collect();
    Ok(Json(json!({ "results": results })))
}

/// `PUT /1.2/rtm/service-conversations/{id}`
pub(super) async fn change(
    State(rest): State<Arc<Rest>>,
    MasterKey(app): MasterKey,
    InPath(id): InPath<ConversationId>,
    Body(changes): Body<Attributes>,
) -> Result<Json<Value>, Failure> {
    let service = Managed { app: &app.id, id: &id, kind: ConversationKind::Service };
    let at = rest.server.conversations.update_by_app(service, changes).await?;
    Ok(Json(json!({ "objectId": id.as_str(), "updatedAt": at.to_string() })))
}

/// `DELETE /1.2/rtm/service-conversations/{id}`
pub(super) async fn delete(
    State(rest): State<Arc<Rest>>,
    MasterKey(app): MasterKey,
    InPath(id): InPath<ConversationId>,
) -> Result<Json<Value>, Failure> {
    let service = Managed { app: &app.id, id: &id, kind: ConversationKind::Service };
    rest.server.conversations.delete_by_app(service).await?;
    Ok(Json(json!({})))
}
