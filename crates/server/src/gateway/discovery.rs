//! Where to connect: the answers that every SDK asks for first (W-1 to W-17, R-27 to R-33), and the clean
//! refusal of paths that are not served.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::header::{CACHE_CONTROL, HOST};
use http::{HeaderMap, StatusCode, Uri};
use serde::Deserialize;
use serde_json::{Value, json};
use yanshu_protocol::{AppId, Code};

use super::core::Core;
use super::{cors, upgrade};

/// Name of the group of servers, which SDKs keep but do not use.
const GROUP: &str = "g0";

/// How long Java may keep the answer, which it does only for tries that follow a failed one: shorter than its
/// shortest pause before such a try, which is two seconds.
const JAVA_TTL: Duration = Duration::from_secs(1);

/// The gateway's own routes in front of `others`.
pub(super) fn routes(core: &Arc<Core>, others: Router) -> Router {
    let own = Router::new()
        .route("/v1/route", get(websocket_route))
        .route("/1/route", get(first_app_route))
        .route("/2/route", get(second_app_route))
        .route("/health", get(health))
        .with_state(Arc::clone(core));
    let guard = middleware::from_fn_with_state(Arc::clone(core), cors::guard);
    own.merge(others).fallback(not_found).layer(guard)
}

/// A failure as clients of the REST interface expect it.
pub(super) fn failure(status: StatusCode, code: i64, error: &str) -> impl IntoResponse {
    (status, [(CACHE_CONTROL, "no-cache,no-store")], Json(json!({ "code": code, "error": error })))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked {
    app_id: Option<String>,
    secure: Option<String>,
    /// Only Java names it (W-9).
    installation_id: Option<String>,
}

/// `GET /v1/route` (W-1 to W-12).
async fn websocket_route(
    State(core): State<Arc<Core>>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    // Java tries again some seconds later if the router fails, and not at all if the address it was given does.
    // Told to go elsewhere (W-51), it must hear from the router that there is no elsewhere yet, each time anew.
    let java = asked.installation_id.is_some();
    if java && core.live.is_draining() {
        let code = Code::InternalError;
        return failure(StatusCode::SERVICE_UNAVAILABLE, code.number().into(), "leaving").into_response();
    }
    let ttl = if java { JAVA_TTL } else { core.settings.route_ttl };
    answer(&core, &asked, &headers, &uri, |seen| {
        let secure = matches!(asked.secure.as_deref(), Some("1" | "true"));
        let scheme = if secure && seen.secure && !core.settings.insecure_route { "wss" } else { "ws" };
        let server = format!("{scheme}://{}{}", seen.host, upgrade::PATH);
        let http = if seen.secure { "https" } else { "http" };
        json!({
            "server": server,
            "secondary": server,
            "groupId": GROUP,
            "groupUrl": format!("{http}://{}", seen.host),
            "ttl": ttl.as_secs(),
        })
    })
}

/// `GET /1/route`, as the third generation of the web SDK asks it (W-14, R-29).
async fn first_app_route(
    State(core): State<Arc<Core>>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    answer(&core, &asked, &headers, &uri, |seen| {
        json!({
            "api_server": seen.host,
            "push_router_server": seen.host,
            "ttl": core.settings.route_ttl.as_secs(),
        })
    })
}

/// `GET /2/route`: one host for everything (W-14, R-28, R-30).
async fn second_app_route(
    State(core): State<Arc<Core>>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    answer(&core, &asked, &headers, &uri, |seen| {
        json!({
            "api_server": seen.host,
            "engine_server": seen.host,
            "push_server": seen.host,
            "rtm_router_server": seen.host,
            "stats_server": seen.host,
            "ttl": core.settings.route_ttl.as_secs(),
        })
    })
}

/// Answers for an app that is served here, also while the server leaves: who was told to go asks at once where
/// to, and some SDKs do not survive a refusal (W-50, W-51).
fn answer(
    core: &Core,
    asked: &Asked,
    headers: &HeaderMap,
    uri: &Uri,
    body: impl FnOnce(&Seen) -> Value,
) -> Response {
    let app: Option<AppId> = asked.app_id.as_deref().and_then(|id| id.parse().ok());
    if app.is_none_or(|app| core.apps.get(&app).is_none()) {
        let code = Code::AppNotAvailable;
        return failure(StatusCode::NOT_FOUND, code.number().into(), code.name()).into_response();
    }
    match Seen::in_request(core.settings.public_url.as_deref(), headers, uri) {
        Some(seen) => ([(CACHE_CONTROL, "no-cache,no-store")], Json(body(&seen))).into_response(),
        None => failure(StatusCode::BAD_REQUEST, 400, "the request names no host").into_response(),
    }
}

/// This server as the client sees it.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    /// Name and perhaps port.
    host: String,
    /// Behind TLS.
    secure: bool,
}

impl Seen {
    /// From the public address, else from what a proxy says, else from the request itself.
    fn in_request(public_url: Option<&str>, headers: &HeaderMap, uri: &Uri) -> Option<Self> {
        if let Some((scheme, host)) = public_url.and_then(|url| url.split_once("://")) {
            return Some(Self { host: host.to_owned(), secure: matches!(scheme, "https" | "wss") });
        }
        let first = |name: &str| Some(headers.get(name)?.to_str().ok()?.split(',').next()?.trim());
        let forwarded = first("forwarded").unwrap_or_default();
        let host = first("x-forwarded-host")
            .or_else(|| forwarded_part(forwarded, "host"))
            .or_else(|| uri.authority().map(http::uri::Authority::as_str))
            .or_else(|| headers.get(HOST)?.to_str().ok())
            .filter(|host| is_host(host))?;
        let scheme = first("x-forwarded-proto").or_else(|| forwarded_part(forwarded, "proto"));
        let secure = scheme
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("wss"));
        Some(Self { host: host.to_owned(), secure })
    }
}

/// A parameter of a `Forwarded` element (RFC 7239).
fn forwarded_part<'a>(element: &'a str, name: &str) -> Option<&'a str> {
    element.split(';').find_map(|part| {
        let (key, value) = part.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"'))
    })
}

/// Nothing but a name or an address, and perhaps a port: it goes into an address that clients use.
fn is_host(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte))
}

/// `GET /health`: 200 while connections are taken, 503 while the server is leaving.
async fn health(State(core): State<Arc<Core>>) -> Response {
    if core.live.is_draining() {
        (StatusCode::SERVICE_UNAVAILABLE, "leaving").into_response()
    } else {
        "ok".into_response()
    }
}

/// What is not served is refused in the form that SDKs of other services understand.
async fn not_found() -> impl IntoResponse {
    failure(StatusCode::NOT_FOUND, 404, "no such path")
}
