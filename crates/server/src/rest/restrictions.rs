//! Who may not speak in a conversation, for a time or for ever, and who may not be in it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::routing::{MethodRouter, post};
use serde::Deserialize;
use serde_json::{Value, json};
use yanshu_protocol::{ClientId, Restriction};

use super::Rest;
use super::credentials::MasterKey;
use super::failure::Failure;
use super::group::Named;
use super::input::{self, Asked, Body, InPath, PageAsked};
use super::output::page;
use crate::apps::App;
use crate::conversation::{Managed, RestrictionByApp};

/// A silence for a time ends after a day at the latest (B-132).
const LONGEST_SECONDS: i64 = 86_400;

#[derive(Debug, Deserialize)]
struct Clients {
    #[serde(deserialize_with = "input::clients")]
    client_ids: Vec<ClientId>,
}

#[derive(Debug, Deserialize)]
struct Whom {
    #[serde(deserialize_with = "input::client")]
    client_id: ClientId,
}

#[derive(Debug, Deserialize)]
struct WhomAndHowLong {
    #[serde(deserialize_with = "input::client")]
    client_id: ClientId,
    /// In seconds.
    ttl: i64,
}

/// `POST`, `DELETE` and `GET` of `permanent-silenceds` and `blacklists`.
pub(super) fn list(restriction: Restriction) -> MethodRouter<Arc<Rest>> {
    let change = move |lift: bool| {
        move |State(rest): State<Arc<Rest>>,
              MasterKey(app): MasterKey,
              InPath(named): InPath<Named>,
              Body(Clients { client_ids }): Body<Clients>| async move {
            let change = RestrictionByApp { restriction, lift, clients: client_ids, for_seconds: None };
            make(&rest, &app, named, change).await
        }
    };
    let show = move |State(rest): State<Arc<Rest>>,
                     MasterKey(app): MasterKey,
                     InPath(Named { kind, id }): InPath<Named>,
                     Asked(asked): Asked<PageAsked>| async move {
        let conversation = Managed { app: &app.id, id: &id, kind };
        let (clients, next) =
            rest.server.conversations.restricted_by_app(conversation, restriction, asked.into()).await?;
        Ok::<_, Failure>(page("client_ids", &clients, next))
    };
    post(change(false)).delete(change(true)).get(show)
}

/// `POST` and `DELETE` of `temporary-silenceds`.
pub(super) fn for_a_time() -> MethodRouter<Arc<Rest>> {
    post(silence_for_a_time).delete(lift_early)
}

async fn silence_for_a_time(
    State(rest): State<Arc<Rest>>,
    MasterKey(app): MasterKey,
    InPath(named): InPath<Named>,
    Body(WhomAndHowLong { client_id, ttl }): Body<WhomAndHowLong>,
) -> Result<Json<Value>, Failure> {
    if !(1..=LONGEST_SECONDS).contains(&ttl) {
        return Err(Failure::parameter("ttl is from 1 to 86400 seconds"));
    }
    make(&rest, &app, named, temporary(client_id, false, ttl)).await
}

async fn lift_early(
    State(rest): State<Arc<Rest>>,
    MasterKey(app): MasterKey,
    InPath(named): InPath<Named>,
    Asked(Whom { client_id }): Asked<Whom>,
) -> Result<Json<Value>, Failure> {
    make(&rest, &app, named, temporary(client_id, true, 0)).await
}

fn temporary(client: ClientId, lift: bool, seconds: i64) -> RestrictionByApp {
    let restriction = Restriction::Silenced;
    RestrictionByApp { restriction, lift, clients: vec![client], for_seconds: Some(seconds) }
}

async fn make(
    rest: &Rest,
    app: &App,
    Named { kind, id }: Named,
    change: RestrictionByApp,
) -> Result<Json<Value>, Failure> {
    let conversation = Managed { app: &app.id, id: &id, kind };
    rest.server.conversations.restrict_by_app(conversation, change).await?;
    Ok(Json(json!({})))
}
