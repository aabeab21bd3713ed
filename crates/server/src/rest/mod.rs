//! The HTTP interface that apps' own servers and the SDKs call, below `/1.1` and `/1.2` (`rest-api.md`).
//!
//! This room owns credentials, the form of requests and failures, and one file for each resource. A request
//! is arranged (`front`), its extractors check who asks and what for (`credentials`, `session`, `input`), and a
//! handler calls the same functions of the domain as the WebSocket does. It knows no store and no socket.

mod announcements;
mod client;
mod credentials;
mod failure;
mod front;
mod group;
mod input;
mod member_info;
mod notifications;
mod output;
mod restrictions;
mod roles;
mod services;
mod session;
mod subscribers;

use std::sync::Arc;

use axum::routing::{delete, get, post, put};
use axum::{Router, middleware};

use yanshu_protocol::Restriction;

use crate::apps::Apps;
use crate::domain::Server;

/// What the handlers work with.
#[derive(Debug)]
pub(crate) struct Rest {
    pub(crate) apps: Arc<Apps>,
    pub(crate) server: Arc<Server>,
}

/// All routes of this interface.
pub(crate) fn router(rest: Rest) -> Router {
    let rest = Arc::new(rest);
    let newer = Router::new()
        .route(
            "/rtm/clients/{client}/blacklists",
            post(client::block).delete(client::unblock).get(client::blocked),
        )
        .route("/rtm/clients/{client}/kick", post(client::kick))
        .route("/rtm/clients/{client}/service-conversations", get(subscribers::of_client))
        .route("/rtm/service-conversations", post(services::create).get(services::find))
        .route("/rtm/service-conversations/{id}", put(services::change).delete(services::delete))
        .route("/rtm/service-conversations/{id}/broadcasts", post(announcements::to_all))
        .route("/rtm/service-conversations/{id}/messages", post(announcements::to_some))
        .route("/rtm/service-conversations/{id}/subscribers", post(subscribers::add).get(subscribers::list))
        .route(
            "/rtm/service-conversations/{id}/subscribers/{client}",
            delete(subscribers::remove).get(subscribers::count),
        )
        .route("/rtm/{group}/{id}/blacklists", restrictions::list(Restriction::Blocked))
        .route("/rtm/{group}/{id}/member-infos", post(roles::set).get(roles::list))
        .route("/rtm/{group}/{id}/member-infos/{record}", put(roles::change).delete(roles::take_back))
        .route("/rtm/{group}/{id}/permanent-silenceds", restrictions::list(Restriction::Silenced))
        .route("/rtm/{group}/{id}/temporary-silenceds", restrictions::for_a_time());
    let older = Router::new()
        .route("/classes/_ConversationMemberInfo", get(member_info::list))
        .route("/rtm/client/kick", post(client::kick_by_body))
        .route("/rtm/notifications", get(notifications::list));
    let finish = |routes: Router<Arc<Rest>>| {
        let routes = routes
            .fallback(failure::no_such_path)
            .method_not_allowed_fallback(failure::no_such_method)
            .layer(middleware::map_response(failure::never_cached))
            .with_state(Arc::clone(&rest));
        front::Front::new(routes)
    };
    let (newer, older) = (finish(newer), finish(older));
    Router::new()
        .nest_service("/1.2", newer.clone())
        .nest_service("/1.1", older.clone())
        // An address that ends in a slash and a path that begins with one.
        .nest_service("//1.2", newer)
        .nest_service("//1.1", older)
}
