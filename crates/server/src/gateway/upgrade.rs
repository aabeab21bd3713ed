//! From HTTP to WebSocket (RFC 6455 §4.2) and the choice of a sub-protocol.

use std::net::IpAddr;

use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{
    CONNECTION, ORIGIN, RETRY_AFTER, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Version};
use yanshu_protocol::codec::Subprotocol;
use yanshu_protocol::frame::accept_key;

use super::core::Core;
use super::wire::Hello;

/// The path of the addresses that discovery gives, and the only one that takes connections (W-13).
pub(super) const PATH: &str = "/";

/// Whether a request asks to become a WebSocket on a path that takes them.
pub(super) fn is_wanted<B>(request: &Request<B>) -> bool {
    request.uri().path() == PATH && lists(request.headers(), &UPGRADE, "websocket")
}

/// The answer to such a request, and what its connection is to be if it is let in.
pub(super) fn answer<B>(core: &Core, request: &Request<B>, ip: IpAddr) -> (Response, Option<Hello>) {
    match handshake(request) {
        Err(refusal) => (refusal.into_response(), None),
        Ok(_) if core.live.is_draining() || core.live.len() >= core.settings.max_connections => {
            ((StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "5")]).into_response(), None)
        }
        Ok(_) if !core.connections.admits(ip, core.steady()) => {
            ((StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, "60")]).into_response(), None)
        }
        Ok(accepted) => {
            // One that is no text is still one: it is on no list.
            let origin =
                request.headers().get(ORIGIN).map(|origin| String::from_utf8_lossy(origin.as_bytes()));
            let origin = origin.map(|origin| origin.into_owned().into());
            let hello = Hello { subprotocol: accepted.subprotocol, ip: Some(ip), origin };
            (accepted.into_response(), Some(hello))
        }
    }
}

/// Why a handshake is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    Malformed,
    Version,
    Key,
    Subprotocol,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let why = match self {
            Self::Version => {
                let version = [(SEC_WEBSOCKET_VERSION, "13")];
                return (StatusCode::UPGRADE_REQUIRED, version, "only version 13 is served").into_response();
            }
            Self::Malformed => "not a WebSocket handshake",
            Self::Key => "the key is missing or malformed",
            Self::Subprotocol => "no known sub-protocol",
        };
        (StatusCode::BAD_REQUEST, why).into_response()
    }
}

#[derive(Debug)]
struct Accepted {
    key: String,
    subprotocol: Subprotocol,
    /// Only what the header asked for is confirmed in the header (W-19, W-21).
    named: bool,
}

fn handshake<B>(request: &Request<B>) -> Result<Accepted, Refusal> {
    let headers = request.headers();
    if request.method() != Method::GET
        || request.version() != Version::HTTP_11
        || !lists(headers, &CONNECTION, "upgrade")
    {
        return Err(Refusal::Malformed);
    }
    if headers.get(SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        return Err(Refusal::Version);
    }
    let key = headers.get(SEC_WEBSOCKET_KEY).and_then(|key| key.to_str().ok());
    let key = key.filter(|key| STANDARD.decode(key).is_ok_and(|bytes| bytes.len() == 16));
    let key = key.ok_or(Refusal::Key)?;
    let (subprotocol, named) = choose(headers, request.uri().query()).ok_or(Refusal::Subprotocol)?;
    Ok(Accepted { key: key.to_owned(), subprotocol, named })
}

impl IntoResponse for Accepted {
    fn into_response(self) -> Response {
        let mut headers = HeaderMap::new();
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        if let Ok(accept) = accept_key(&self.key).parse() {
            headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
        }
        if let (true, Some(name)) = (self.named, self.subprotocol.name()) {
            headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(name));
        }
        (StatusCode::SWITCHING_PROTOCOLS, headers).into_response()
    }
}

/// The sub-protocol, and whether the header asked for it: the first one known (W-22), else the one in the
/// query (W-21), else the JSON of 2015 (W-391). `None` if names were given and none is known.
fn choose(headers: &HeaderMap, query: Option<&str>) -> Option<(Subprotocol, bool)> {
    let mut asked = false;
    for name in tokens(headers, &SEC_WEBSOCKET_PROTOCOL) {
        asked = true;
        if let Some(known) = Subprotocol::from_name(name) {
            return Some((known, true));
        }
    }
    if asked {
        return None;
    }
    let parameter = query.into_iter().flat_map(|query| query.split('&')).find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        (name == "subprotocol").then_some(value)
    });
    match parameter {
        Some(name) => Subprotocol::from_name(name).map(|known| (known, false)),
        None => Some((Subprotocol::LEGACY, false)),
    }
}

/// The items of a header that is a list, over all its lines.
fn tokens<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(name).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim).filter(|token| !token.is_empty())
}

fn lists(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    tokens(headers, name).any(|listed| listed.eq_ignore_ascii_case(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(uri: &str, headers: &[(&str, &str)]) -> Request<()> {
        let mut request = Request::get(uri);
        for (name, value) in [
            ("connection", "keep-alive, Upgrade"),
            ("upgrade", "WebSocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ] {
            if !headers.iter().any(|(own, _)| *own == name) {
                request = request.header(name, value);
            }
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap()
    }

    fn refused(uri: &str, headers: &[(&str, &str)]) -> StatusCode {
        handshake(&request(uri, headers)).unwrap_err().into_response().status()
    }

    #[test]
    fn the_answer_proves_that_the_key_was_read() {
        // RFC 6455 §1.3
        let answer = handshake(&request("/", &[])).unwrap().into_response();
        assert_eq!(answer.status(), StatusCode::SWITCHING_PROTOCOLS);
        assert_eq!(answer.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert_eq!(answer.headers().get("sec-websocket-protocol"), None);
    }

    #[test]
    fn all_eight_names_are_accepted_and_confirmed() {
        // W-18, W-19
        for name in [
            "lc.protobuf.3",
            "lc.protobase64.3",
            "lc.protobuf.1",
            "lc.protobase64.1",
            "lc.protobuf2.3",
            "lc.proto2base64.3",
            "lc.protobuf2.1",
            "lc.proto2base64.1",
        ] {
            let answer = handshake(&request("/", &[("sec-websocket-protocol", name)])).unwrap();
            assert_eq!(answer.into_response().headers()["sec-websocket-protocol"], name);
        }
    }

    #[test]
    fn no_name_at_all_means_the_json_of_2015() {
        // W-18, W-391
        assert_eq!(handshake(&request("/", &[])).unwrap().subprotocol, Subprotocol::LEGACY);
    }

    #[test]
    fn the_first_known_name_is_chosen() {
        // W-22
        let chosen =
            |names| handshake(&request("/", &[("sec-websocket-protocol", names)])).unwrap().subprotocol;
        assert_eq!(chosen("mqtt, lc.protobuf.1,lc.protobuf2.3").name(), Some("lc.protobuf.1"));
    }

    #[test]
    fn names_of_which_none_is_known_are_refused() {
        // W-22
        assert_eq!(refused("/", &[("sec-websocket-protocol", "mqtt")]), StatusCode::BAD_REQUEST);
        assert_eq!(refused("/?subprotocol=mqtt", &[]), StatusCode::BAD_REQUEST);
    }

    #[test]
    fn the_query_names_the_sub_protocol_when_the_header_does_not() {
        // W-21
        let accepted = handshake(&request("/?a=b&subprotocol=lc.protobase64.3", &[])).unwrap();
        assert_eq!(accepted.subprotocol.name(), Some("lc.protobase64.3"));
        assert_eq!(accepted.into_response().headers().get("sec-websocket-protocol"), None);
        let both = request("/?subprotocol=lc.protobuf.1", &[("sec-websocket-protocol", "lc.protobuf2.3")]);
        assert_eq!(handshake(&both).unwrap().subprotocol.name(), Some("lc.protobuf2.3"));
    }

    #[test]
    fn a_malformed_handshake_is_refused() {
        assert_eq!(refused("/", &[("sec-websocket-version", "8")]), StatusCode::UPGRADE_REQUIRED);
        assert_eq!(refused("/", &[("sec-websocket-key", "short")]), StatusCode::BAD_REQUEST);
        assert_eq!(refused("/", &[("connection", "close")]), StatusCode::BAD_REQUEST);
    }

    #[test]
    fn an_extension_that_is_offered_is_declined() {
        // W-26
        let offer = [("sec-websocket-extensions", "permessage-deflate; client_max_window_bits")];
        let answer = handshake(&request("/", &offer)).unwrap().into_response();
        assert_eq!(answer.headers().get("sec-websocket-extensions"), None);
    }
}
