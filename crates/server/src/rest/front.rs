//! Makes requests of every age look alike before they are routed: the odd slashes of joined addresses (R-22), and
//! what browsers of 2015 put into the body to do without headers (R-9).

use std::borrow::Cow;
use std::convert::Infallible;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use futures_util::future::BoxFuture;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method, Uri};
use serde_json::{Map, Value};
use tower::{Service, ServiceExt};

use super::failure::Failure;

/// The credentials of a body, and the headers they stand for.
const CREDENTIALS: [(&str, HeaderName); 5] = [
    ("_ApplicationId", HeaderName::from_static("x-lc-id")),
    ("_ApplicationKey", HeaderName::from_static("x-lc-key")),
    ("_MasterKey", HeaderName::from_static("x-avoscloud-master-key")),
    ("_SessionToken", HeaderName::from_static("x-lc-session")),
    ("_ApplicationProduction", HeaderName::from_static("x-lc-prod")),
];

/// The routes behind what arranges requests for them.
#[derive(Debug, Clone)]
pub(super) struct Front {
    routes: Router,
}

impl Front {
    pub(super) const fn new(routes: Router) -> Self {
        Self { routes }
    }
}

impl Service<Request> for Front {
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let routes = self.routes.clone();
        Box::pin(async move {
            tidy_path(request.uri_mut());
            if *request.method() == Method::POST {
                request = match unpack(request).await {
                    Ok(request) => request,
                    Err(failure) => return Ok(failure.into_response()),
                };
            }
            routes.oneshot(request).await
        })
    }
}

/// One slash between the parts of a path and none at its end.
fn tidy_path(uri: &mut Uri) {
    let path = uri.path();
    if !path.contains("//") && (path.len() == 1 || !path.ends_with('/')) {
        return;
    }
    let parts = path.split('/').filter(|part| !part.is_empty());
    let mut tidy: String = parts.flat_map(|part| ["/", part]).collect();
    if tidy.is_empty() {
        tidy.push('/');
    }
    replace(uri, &tidy, uri.query().map(str::to_owned).as_deref());
}

/// Takes what is not data out of a body: every name with exactly one underscore in front.
async fn unpack(request: Request) -> Result<Request, Failure> {
    let (mut parts, body) = request.into_parts();
    let bytes = Bytes::from_request(Request::new(body), &()).await;
    let bytes = bytes.map_err(|rejection| Failure::body(rejection.status()))?;
    let Some(packed) = packed(&bytes) else { return Ok(Request::from_parts(parts, Body::from(bytes))) };
    let (orders, data): (Map<String, Value>, Map<String, Value>) =
        packed.into_iter().partition(|(name, _)| is_order(name));
    for (name, header) in CREDENTIALS {
        let value = orders.get(name).and_then(|value| HeaderValue::from_str(&text(value)).ok());
        if let Some(value) = value {
            parts.headers.entry(header).or_insert(value);
        }
    }
    if let Some(method) = orders.get("_method").and_then(|method| text(method).parse().ok()) {
        parts.method = method;
    }
    parts.headers.remove(CONTENT_LENGTH);
    if parts.method == Method::GET {
        let mut query = form_urlencoded::Serializer::new(parts.uri.query().unwrap_or_default().to_owned());
        for (name, value) in &data {
            query.append_pair(name, &text(value));
        }
        let path = parts.uri.path().to_owned();
        replace(&mut parts.uri, &path, Some(&query.finish()));
        return Ok(Request::from_parts(parts, Body::empty()));
    }
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(Request::from_parts(parts, Body::from(Value::Object(data).to_string())))
}

/// The body, if it is one that holds more than data.
fn packed(bytes: &[u8]) -> Option<Map<String, Value>> {
    let body: Map<String, Value> = serde_json::from_slice(bytes).ok()?;
    body.keys().any(|name| is_order(name)).then_some(body)
}

fn is_order(name: &str) -> bool {
    name.starts_with('_') && !name.starts_with("__")
}

/// A text as it is, anything else as JSON.
fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => text.into(),
        other => other.to_string().into(),
    }
}

fn replace(uri: &mut Uri, path: &str, query: Option<&str>) {
    let mut parts = uri.clone().into_parts();
    let joined = match query {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    // What is made of parts of an address is an address; if it should become too long, it stays as it was.
    if let Ok(joined) = joined.parse() {
        parts.path_and_query = Some(joined);
        if let Ok(replaced) = Uri::from_parts(parts) {
            *uri = replaced;
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use http::StatusCode;
    use serde_json::json;

    use super::*;

    async fn unpacked(uri: &str, body: &str) -> (Method, String, http::HeaderMap, String) {
        let request = Request::post(uri).header("content-type", "text/plain;charset=UTF-8");
        let request = unpack(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap();
        (parts.method, parts.uri.to_string(), parts.headers, String::from_utf8(body.to_vec()).unwrap())
    }

    #[test]
    fn the_slashes_of_joined_addresses_are_tidied() {
        // R-22
        let cases = [
            ("/rtm/clients", "/rtm/clients"),
            ("/rtm//clients///tom/", "/rtm/clients/tom"),
            ("//rtm/clients/?a=//&b=1", "/rtm/clients?a=//&b=1"),
            ("/rtm/clients/a%2F%2Fb/kick", "/rtm/clients/a%2F%2Fb/kick"),
            ("/", "/"),
            ("///", "/"),
        ];
        for (given, tidy) in cases {
            let mut uri: Uri = given.parse().unwrap();
            tidy_path(&mut uri);
            assert_eq!(uri.to_string(), tidy);
        }
    }

    #[tokio::test]
    async fn the_credentials_of_a_body_become_headers_and_only_data_is_left() {
        // R-9
        let body = json!({
            "name": "a name", "__type": "Date", "_ApplicationId": "an-id", "_ApplicationKey": "a-key",
            "_MasterKey": "a-master-key", "_SessionToken": "a-session", "_ApplicationProduction": 0,
            "_ClientVersion": "js0.5.8", "_method": "PUT",
        });
        let (method, uri, headers, body) = unpacked("/classes/C/1", &body.to_string()).await;
        assert_eq!((method, uri.as_str()), (Method::PUT, "/classes/C/1"));
        assert_eq!(body, r#"{"name":"a name","__type":"Date"}"#);
        assert_eq!(headers["content-type"], "application/json");
        assert_eq!(headers["x-lc-id"], "an-id");
        assert_eq!(headers["x-lc-key"], "a-key");
        assert_eq!(headers["x-avoscloud-master-key"], "a-master-key");
        assert_eq!(headers["x-lc-session"], "a-session");
        assert_eq!(headers["x-lc-prod"], "0");
    }

    #[tokio::test]
    async fn the_data_of_a_packed_get_become_its_parameters() {
        // R-9
        let body = r#"{"where":{"cid":"5f&8"},"limit":10,"order":"-lm","_method":"GET"}"#;
        let (method, uri, _, body) = unpacked("/classes/C?a=1", body).await;
        assert_eq!(method, Method::GET);
        assert_eq!(uri, "/classes/C?a=1&where=%7B%22cid%22%3A%225f%268%22%7D&limit=10&order=-lm");
        assert_eq!(body, "");
    }

    #[tokio::test]
    async fn a_body_of_nothing_but_data_stays_as_it_is() {
        for body in [r#"{ "a": 1,  "__type": 2 }"#, "[1]", "{", "", "_method=GET"] {
            let (method, uri, headers, left) = unpacked("/rtm/x", body).await;
            assert_eq!((method, uri.as_str(), left.as_str()), (Method::POST, "/rtm/x", body));
            assert_eq!(headers["content-type"], "text/plain;charset=UTF-8");
        }
    }

    #[tokio::test]
    async fn headers_are_stronger_than_the_body() {
        let request = Request::post("/x").header("x-lc-id", "in the header");
        let body = Body::from(r#"{"_ApplicationId":"in the body"}"#);
        let request = unpack(request.body(body).unwrap()).await.unwrap();
        assert_eq!(request.headers()["x-lc-id"], "in the header");
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_refused_as_such() {
        let body = http_body_util::Limited::new(Body::from("x".repeat(11)), 10);
        let request = Request::post("/x").body(Body::new(body)).unwrap();
        let failure = unpack(request).await.unwrap_err();
        assert_eq!(failure.into_response().status(), StatusCode::PAYLOAD_TOO_LARGE);
    }
}
