//! The page at `/`: it shows that the server is alive, names the app, and lets two tabs chat.
//!
//! This room owns three small files and the few words they need to know about the server. The page speaks to
//! the server as any client does; it touches no other room.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

/// Scripts, styles and connections of this server only: what somebody writes in the chat can do nothing.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What the page has to know.
#[derive(Debug, Clone, Serialize)]
struct About {
    /// The app that the page logs in to.
    #[serde(rename = "appId")]
    app: Option<String>,
    version: &'static str,
}

/// The routes of the page, which logs in to the app with this id.
pub(crate) fn router(app: Option<&str>) -> Router {
    let about = About { app: app.map(str::to_owned), version: env!("CARGO_PKG_VERSION") };
    Router::new()
        .route("/", get(async || file("text/html; charset=utf-8", include_str!("index.html"))))
        .route("/page.css", get(async || file("text/css; charset=utf-8", include_str!("page.css"))))
        .route("/page.js", get(async || file("text/javascript; charset=utf-8", include_str!("page.js"))))
        .route("/page.json", get(async |State(about): State<Arc<About>>| Json(about.as_ref().clone())))
        .with_state(Arc::new(about))
}

fn file(kind: &'static str, text: &'static str) -> Response {
    let header = |name: HeaderName, value: &'static str| (name, HeaderValue::from_static(value));
    let headers = [
        header(header::CONTENT_TYPE, kind),
        header(header::CONTENT_SECURITY_POLICY, POLICY),
        header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        header(header::REFERRER_POLICY, "no-referrer"),
        // A newer server brings a newer page.
        header(header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, text).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::{Request, StatusCode};
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;

    async fn answer(path: &str) -> (StatusCode, axum::http::HeaderMap, String) {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let answer = router(Some("an-app-of-ours")).oneshot(request).await.unwrap();
        let (head, body) = answer.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (head.status, head.headers, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn the_page_runs_nothing_but_its_own_script() {
        let (status, headers, text) = answer("/").await;
        assert_eq!(status, StatusCode::OK);
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert!(!text.contains("<script>") && !text.contains("style=\"") && !text.contains(" onclick"));
    }

    #[tokio::test]
    async fn what_people_write_is_never_taken_for_markup() {
        let (status, _, script) = answer("/page.js").await;
        assert_eq!(status, StatusCode::OK);
        for name in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
            assert!(!script.contains(name), "{name}");
        }
    }

    #[tokio::test]
    async fn the_page_learns_which_app_to_log_in_to() {
        let (_, _, text) = answer("/page.json").await;
        assert!(text.contains("\"appId\":\"an-app-of-ours\""), "{text}");
    }
}
