//! The HTTP phase of a socket. Requests are answered by the router; when one asks for a WebSocket, the phase
//! ends and the socket goes on, with what was read too much, as a connection in a task of its own.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::{Request, StatusCode};
use http_body_util::Limited;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use parking_lot::Mutex;
use tokio::net::TcpStream;
use tower::ServiceExt;

use super::core::{Core, Gateway};
use super::wire::Hello;
use super::{discovery, upgrade};

/// Largest head of a request, in bytes.
const MAX_HEAD: usize = 16 * 1024;

/// Serves a socket until it closes or becomes a WebSocket connection.
pub(super) async fn serve(gateway: Gateway, socket: TcpStream, address: SocketAddr) {
    let core = Arc::clone(&gateway.core);
    let requests = Requests { gateway, address, hello: Arc::default() };
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(core.settings.http_header_timeout)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(socket), requests)
        .without_shutdown();
    // A socket that breaks or talks nonsense is not worth a line in the log.
    let Ok(parts) = connection.await else { return };
    let hello = parts.service.hello.lock().take();
    if let Some(hello) = hello {
        // A copy: the rest of the buffer must not live as long as the connection.
        core.connect(parts.io.into_inner(), hello, parts.read_buf.to_vec());
    }
}

/// Answers the requests of one socket.
struct Requests {
    gateway: Gateway,
    address: SocketAddr,
    /// Set when the answer to a request was to switch to WebSocket.
    hello: Arc<Mutex<Option<Hello>>>,
}

impl Service<Request<Incoming>> for Requests {
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        let core = &self.gateway.core;
        request.extensions_mut().insert(ConnectInfo(self.address));
        if upgrade::is_wanted(&request) {
            let ip = client_ip(&request, self.address.ip(), core.settings.trust_forwarded);
            let (answer, hello) = upgrade::answer(core, &request, ip);
            *self.hello.lock() = hello;
            return std::future::ready(Ok(answer)).boxed();
        }
        route(Arc::clone(core), self.gateway.routes.clone(), request).boxed()
    }
}

async fn route(core: Arc<Core>, routes: Router, request: Request<Incoming>) -> Result<Response, Infallible> {
    let limit = core.settings.http_max_body_bytes;
    let request = request.map(|body| Body::new(Limited::new(body, limit)));
    match tokio::time::timeout(core.settings.http_request_timeout, routes.oneshot(request)).await {
        Ok(answer) => answer,
        Err(_) => {
            let status = StatusCode::REQUEST_TIMEOUT;
            Ok(discovery::failure(status, i64::from(status.as_u16()), "the request took too long")
                .into_response())
        }
    }
}

/// Where a request comes from: what the nearest proxy says, if one is trusted, else the other end of the socket.
fn client_ip<B>(request: &Request<B>, peer: IpAddr, trust_forwarded: bool) -> IpAddr {
    let forwarded = request.headers().get_all("x-forwarded-for").iter().next_back();
    forwarded
        .filter(|_| trust_forwarded)
        .and_then(|value| value.to_str().ok()?.rsplit(',').next()?.trim().parse().ok())
        .unwrap_or(peer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_believed_only_where_there_is_one() {
        let request = |values: &[&str]| {
            let mut request = Request::get("/");
            for value in values {
                request = request.header("x-forwarded-for", *value);
            }
            request.body(()).unwrap()
        };
        let peer: IpAddr = "10.0.0.1".parse().unwrap();
        let ip = |values: &[&str], trust| client_ip(&request(values), peer, trust).to_string();
        assert_eq!(ip(&["192.0.2.9, 192.0.2.1"], true), "192.0.2.1");
        assert_eq!(ip(&["192.0.2.9", "2001:db8::1"], true), "2001:db8::1");
        assert_eq!(ip(&["192.0.2.9, 192.0.2.1"], false), "10.0.0.1");
        assert_eq!(ip(&["unknown"], true), "10.0.0.1");
        assert_eq!(ip(&[], true), "10.0.0.1");
    }
}
