//! Requests of web pages: which may ask, and what browsers are told about it (W-11, W-17, R-18, B-444).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use yanshu_protocol::{AppId, Code};

use super::core::Core;
use super::discovery::failure;

/// Where requests name their app.
const APP_HEADERS: [&str; 3] = ["x-lc-id", "x-avoscloud-application-id", "x-uluru-application-id"];

/// Headers that pages may always send.
const HEADERS: &str = "Content-Type,X-LC-Id,X-LC-Key,X-LC-Sign,X-LC-Session,X-LC-Prod,X-LC-UA,X-LC-Hook-Key,\
    X-LC-IM-Session-Token,X-Requested-With";

/// Which pages may read an answer.
enum Readers {
    All,
    /// Only the page that asks; others would get another answer.
    This(HeaderValue),
    /// The page that asks is none of the app's.
    None,
}

/// Refuses what a page asks that is not on its app's list. A request that names no app is for everyone, as is a
/// preflight, which cannot name one.
pub(super) async fn guard(State(core): State<Arc<Core>>, request: Request, next: Next) -> Response {
    let readers = readers(&core, request.headers(), request.uri());
    if matches!(readers, Readers::None) {
        let code = Code::InvalidOrigin;
        return failure(StatusCode::FORBIDDEN, code.number().into(), code.name()).into_response();
    }
    let preflight = request.method() == Method::OPTIONS;
    let wanted = request.headers().get(ACCESS_CONTROL_REQUEST_HEADERS).cloned();
    let mut response =
        if preflight { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    let headers = response.headers_mut();
    if let Readers::This(origin) = readers {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.append(VARY, HeaderValue::from_static("Origin"));
    } else {
        headers.entry(ACCESS_CONTROL_ALLOW_ORIGIN).or_insert(HeaderValue::from_static("*"));
    }
    if preflight {
        headers.insert(
            ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static("GET,POST,PUT,PATCH,DELETE,HEAD,OPTIONS"),
        );
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted.unwrap_or(HeaderValue::from_static(HEADERS)));
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    }
    response
}

fn readers(core: &Core, headers: &HeaderMap, uri: &Uri) -> Readers {
    let Some(origin) = headers.get(ORIGIN) else { return Readers::All };
    let Some(app) = app_of(headers, uri).and_then(|app| core.apps.get(&app)) else { return Readers::All };
    let origins = &app.settings.origins;
    if !origins.restricts() {
        Readers::All
    } else if origin.to_str().is_ok_and(|origin| origins.admit(origin)) {
        Readers::This(origin.clone())
    } else {
        Readers::None
    }
}

/// The app that a request names, in a header or, as the routers' requests do, in its query.
fn app_of(headers: &HeaderMap, uri: &Uri) -> Option<AppId> {
    let named = APP_HEADERS.iter().find_map(|name| headers.get(*name)?.to_str().ok());
    let asked = uri.query().unwrap_or_default().split('&');
    let asked = asked.filter_map(|pair| pair.strip_prefix("appId=")).next();
    named.or(asked)?.trim().parse().ok()
}
