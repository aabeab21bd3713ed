//! What a service says to some clients, or to all who subscribe.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};
use yanshu_protocol::{ClientId, Content, ConversationId, Mentions, MessageId, Timestamp};

use super::Rest;
use super::credentials::MasterKey;
use super::failure::Failure;
use super::input::{self, Body, InPath};
use crate::conversation::{Announcement, Recipients};

/// Receivers of one message (B-145).
const MOST_RECEIVERS: usize = 20;

#[derive(Debug, Deserialize)]
pub(super) struct Directed {
    #[serde(deserialize_with = "input::client")]
    from_client: ClientId,
    #[serde(deserialize_with = "input::clients")]
    to_clients: Vec<ClientId>,
    message: String,
    #[serde(default)]
    transient: bool,
}

/// `POST /1.2/rtm/service-conversations/{id}/messages`
pub(super) async fn to_some(
    State(rest): State<Arc<Rest>>,
    MasterKey(app): MasterKey,
    InPath(conversation): InPath<ConversationId>,
    Body(directed): Body<Directed>,
) -> Result<Json<Value>, Failure> {
    let mut receivers = directed.to_clients;
    if receivers.is_empty() || receivers.len() > MOST_RECEIVERS {
        return Err(Failure::parameter("to_clients names 1 to 20 clients"));
    }
    let mut seen = std::collections::HashSet::new();
    receivers.retain(|client| seen.insert(client.clone()));
    let announcement = Announcement {
        app: app.id.clone(),
        conversation,
        from: directed.from_client,
        content: Content::Text(directed.message.into()),
        mentions: Mentions::default(),
        transient: directed.transient,
        valid_till: None,
    };
    let recipients = Recipients::Clients(receivers);
    let (id, at) = rest.server.conversations.announce(announcement, recipients).await?;
    Ok(sent(&id, at))
}

#[derive(Debug, Deserialize)]
pub(super) struct ToAll {
    #[serde(deserialize_with = "input::client")]
    from_client: ClientId,
    message: String,
    #[serde(default)]
    transient: bool,
    /// In milliseconds; as some languages write a number.
    #[serde(default)]
    valid_till: Option<f64>,
}

/// `POST /1.2/rtm/service-conversations/{id}/broadcasts`
pub(super) async fn to_all(
    State(rest): State<Arc<Rest>>,
    MasterKey(app): MasterKey,
    InPath(conversation): InPath<ConversationId>,
    Body(said): Body<ToAll>,
) -> Result<Json<Value>, Failure> {
    #[expect(clippy::cast_possible_truncation, reason = "the cast stops at the bounds")]
    let valid_till = said.valid_till.map(|millis| Timestamp(millis as i64));
    let announcement = Announcement {
        app: app.id.clone(),
        conversation,
        from: said.from_client,
        content: Content::Text(said.message.into()),
        mentions: Mentions::default(),
        transient: said.transient,
        valid_till,
    };
    let (id, at) = rest.server.conversations.broadcast(announcement).await?;
    Ok(sent(&id, at))
}

/// Both forms of the documents at once: on its own, and as a `result`.
fn sent(id: &MessageId, at: Timestamp) -> Json<Value> {
    let message = json!({ "msg-id": id.as_str(), "timestamp": at.0 });
    let mut body = message.clone();
    body["result"] = message;
    Json(body)
}
