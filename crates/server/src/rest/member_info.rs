//! `GET /1.1/classes/_ConversationMemberInfo`: the rows in which SDKs look roles up (R-40, R-41, W-388, W-389).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use md5::{Digest, Md5};
use serde::Deserialize;
use serde_json::{Value, json};
use yanshu_protocol::{ClientId, ConversationId, Role};

use super::Rest;
use super::failure::Failure;
use super::input::{self, Asked};
use super::session::ImSession;

/// The conversation and perhaps the member that an SDK asks for: as a condition, or as parameters.
#[derive(Debug, Deserialize)]
pub(super) struct RowsAsked {
    #[serde(default)]
    r#where: Option<String>,
    #[serde(default)]
    cid: Option<String>,
    #[serde(default, deserialize_with = "input::number")]
    skip: Option<i64>,
    #[serde(default, deserialize_with = "input::number")]
    limit: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Condition {
    cid: Option<String>,
    client_id: Option<String>,
    /// What one SDK calls the client (W-464).
    peer_id: Option<String>,
}

/// Only managers have a row.
pub(super) async fn list(
    State(rest): State<Arc<Rest>>,
    ImSession { app, .. }: ImSession,
    Asked(asked): Asked<RowsAsked>,
) -> Result<Json<Value>, Failure> {
    let condition: Condition = match asked.r#where.as_deref() {
        None | Some("") => Condition::default(),
        Some(text) => input::json(text.as_bytes())?,
    };
    let cid = condition.cid.or(asked.cid).ok_or_else(|| Failure::parameter("cid is missing"))?;
    let client = condition.client_id.or(condition.peer_id);
    // What cannot be a conversation has no rows.
    let Ok(id) = cid.parse::<ConversationId>() else { return Ok(Json(json!({ "results": [] }))) };
    let managers = rest.server.conversations.managers(&app.id, &id).await?;
    let managers =
        managers.into_iter().filter(|manager| client.as_ref().is_none_or(|id| manager.as_str() == id));
    let (skip, limit) = input::window(asked.skip, asked.limit);
    let rows = managers.skip(skip).take(limit).map(|manager| {
        let record = record_id(&id, &manager);
        json!({
            "objectId": record,
            "cid": id.as_str(),
            "clientId": manager.as_str(),
            "role": Role::Manager.name(),
            // Java 6 reads these names alone.
            "infoId": record,
            "conversationId": id.as_str(),
            "peerId": manager.as_str(),
        })
    });
    Ok(Json(json!({ "results": rows.collect::<Vec<_>>() })))
}

/// The id of a role's record. Roles lie with their conversation: an id that follows from what the record says needs
/// no record of its own.
pub(super) fn record_id(conversation: &ConversationId, client: &ClientId) -> String {
    let digest = Md5::new_with_prefix(conversation.as_str()).chain_update(":").chain_update(client.as_str());
    let mut id = format!("{:x}", digest.finalize());
    id.truncate(24);
    id
}
