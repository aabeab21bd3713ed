//! The HTTP interface, and what it does to those who are online (`rest-api.md`).

mod announcements;
mod credentials;
mod kick;
mod notifications;
mod restrictions;
mod roles;
mod services;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};
use serde_json::Value;

use super::{Peer, World};

const APP: &str = "scenario-app-id";
const MASTER: &str = "master key,master";

/// An answer over HTTP.
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Answer {
    /// The body of a success.
    fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        assert_eq!(self.headers["content-type"], "application/json");
        assert_eq!(self.headers["cache-control"], "no-cache,no-store");
        self.body
    }

    /// Status and code of a failure.
    fn failed(self) -> (u16, i64) {
        assert!(self.body["error"].is_string(), "{}", self.body);
        (self.status, self.body["code"].as_i64().expect("the code is an integer"))
    }
}

impl World {
    async fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let (parts, body) = self.gateway().answer(request).await.into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap();
        let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    /// A call by the app's own server.
    async fn master(&self, method: &str, path: &str, body: Value) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.request(method, path, &[("x-lc-id", APP), ("x-lc-key", MASTER)], &body).await
    }

    /// A call by an SDK in its client's name.
    async fn in_name_of(&self, peer: &Peer, method: &str, path: &str) -> Answer {
        let token = peer.token.as_ref().expect("it has logged in").to_string();
        let path = match path.contains('?') {
            true => format!("{path}&client_id={}", peer.name),
            false => format!("{path}?client_id={}", peer.name),
        };
        let headers = [("x-lc-id", APP), ("x-lc-key", "key"), ("x-lc-im-session-token", token.as_str())];
        self.request(method, &path, &headers, "{}").await
    }
}
