//! Where to connect, over HTTP.

use axum::body::{Body, to_bytes};
use axum::response::Response;
use http::{Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;

const ROUTE: &str = "/v1/route?appId=an-app-of-this-server";

async fn ask(world: &World, uri: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = Request::get(uri);
    if !headers.iter().any(|(name, _)| *name == "host") {
        request = request.header("host", "im.example.com:7600");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    world.gateway.routes.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

async fn body(response: Response) -> Value {
    serde_json::from_slice(&to_bytes(response.into_body(), 1 << 20).await.unwrap()).unwrap()
}

async fn server(world: &World, uri: &str, headers: &[(&str, &str)]) -> String {
    body(ask(world, uri, headers).await).await["server"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_route_has_all_five_fields() {
    // W-1 to W-4, W-424, R-31
    let response = ask(&World::new(), ROUTE, &[]).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.headers()["cache-control"], "no-cache,no-store");
    let expected = json!({
        "server": "ws://im.example.com:7600/",
        "secondary": "ws://im.example.com:7600/",
        "groupId": "g0",
        "groupUrl": "http://im.example.com:7600",
        "ttl": 3600,
    });
    assert_eq!(body(response).await, expected);
}

#[tokio::test]
async fn the_scheme_is_the_one_asked_for_where_there_is_tls() {
    // W-6, W-7
    let world = World::new();
    let secure = format!("{ROUTE}&secure=1");
    let tls = [("x-forwarded-proto", "https")];
    assert_eq!(server(&world, &secure, &tls).await, "wss://im.example.com:7600/");
    assert_eq!(server(&world, &format!("{ROUTE}&secure=true"), &tls).await, "wss://im.example.com:7600/");
    assert_eq!(server(&world, &format!("{ROUTE}&secure=false"), &tls).await, "ws://im.example.com:7600/");
    assert_eq!(server(&world, ROUTE, &tls).await, "ws://im.example.com:7600/");
    assert_eq!(server(&world, &secure, &[]).await, "ws://im.example.com:7600/");
    let insecure = World::with(|settings| settings.insecure_route = true);
    assert_eq!(server(&insecure, &secure, &tls).await, "ws://im.example.com:7600/");
}

#[tokio::test]
async fn a_public_address_is_given_out_whatever_the_request_says() {
    // W-7
    let world = World::with(|settings| settings.public_url = Some("https://chat.example.com".to_owned()));
    assert_eq!(server(&world, &format!("{ROUTE}&secure=1"), &[]).await, "wss://chat.example.com/");
    let world = World::with(|settings| settings.public_url = Some("http://10.0.0.1:7600".to_owned()));
    assert_eq!(server(&world, &format!("{ROUTE}&secure=1"), &[]).await, "ws://10.0.0.1:7600/");
}

#[tokio::test]
async fn a_proxy_says_under_which_name_it_was_asked() {
    let world = World::new();
    let uri = format!("{ROUTE}&secure=1");
    let headers = [("x-forwarded-host", "a.example.com, inner"), ("x-forwarded-proto", "https, http")];
    assert_eq!(server(&world, &uri, &headers).await, "wss://a.example.com/");
    let headers = [("forwarded", "for=192.0.2.1;Proto=https;host=\"b.example.com:8443\", for=10.0.0.1")];
    assert_eq!(server(&world, &uri, &headers).await, "wss://b.example.com:8443/");
}

#[tokio::test]
async fn a_host_that_is_none_is_refused() {
    let world = World::new();
    for host in ["a/b", "a@b", "a b", "\"", "a?b"] {
        let response = ask(&world, ROUTE, &[("host", host)]).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{host}");
    }
    assert_eq!(server(&world, ROUTE, &[("host", "[::1]:7600")]).await, "ws://[::1]:7600/");
}

#[tokio::test]
async fn unknown_parameters_are_ignored() {
    // W-8, W-9
    let uri = format!("{ROUTE}&features=wechat&_t=1700000000000&installationId=x&server=y&debug=&z");
    assert_eq!(ask(&World::new(), &uri, &[]).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn an_unknown_app_gets_404_and_a_code() {
    // W-10
    for uri in ["/v1/route?appId=nobody", "/v1/route?appId=", "/v1/route", "/1/route?appId=x", "/2/route"] {
        let response = ask(&World::new(), uri, &[]).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{uri}");
        assert_eq!(body(response).await, json!({ "code": 4100, "error": "APP_NOT_AVAILABLE" }));
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_leaves_is_not_healthy_and_still_says_where_to_connect() {
    // W-50: who is told to go asks for the route at once.
    let world = World::new();
    assert_eq!(ask(&world, "/health", &[]).await.status(), StatusCode::OK);
    world.gateway.drain().await;
    assert_eq!(ask(&world, "/health", &[]).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(ask(&world, ROUTE, &[]).await.status(), StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn java_is_told_to_ask_again_when_the_server_leaves() {
    // W-50, W-51: what it was told before must not lead it to an address that refuses it.
    let world = World::new();
    let route = format!("{ROUTE}&installationId=0123456789abcdef");
    assert_eq!(body(ask(&world, &route, &[]).await).await["ttl"], 1);
    world.gateway.drain().await;
    assert_eq!(ask(&world, &route, &[]).await.status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn the_app_routers_routes_name_one_host_for_everything() {
    // W-14, R-28, R-29, R-30
    let world = World::new();
    let h = "im.example.com:7600";
    let answer = body(ask(&world, "/2/route?appId=an-app-of-this-server", &[]).await).await;
    let expected = json!({
        "api_server": h, "engine_server": h, "push_server": h, "rtm_router_server": h, "stats_server": h,
        "ttl": 3600,
    });
    assert_eq!(answer, expected);
    let answer = body(ask(&world, "/1/route?appId=an-app-of-this-server", &[]).await).await;
    assert_eq!(answer, json!({ "api_server": h, "push_router_server": h, "ttl": 3600 }));
}

#[tokio::test]
async fn every_page_may_ask() {
    // W-11, W-17
    let world = World::new();
    let response = ask(&world, ROUTE, &[("origin", "https://page.example.com")]).await;
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
    let preflight = Request::options("/1.1/rtm/anything")
        .header("origin", "https://page.example.com")
        .header("access-control-request-method", "GET")
        .header("access-control-request-headers", "x-lc-id,x-lc-key,x-lc-im-session-token,content-type")
        .body(Body::empty())
        .unwrap();
    let response = world.gateway.routes.clone().oneshot(preflight).await.unwrap();
    assert!(response.status().is_success());
    let allowed = response.headers()["access-control-allow-headers"].to_str().unwrap();
    for header in ["x-lc-id", "x-lc-key", "x-lc-im-session-token", "content-type"] {
        assert!(allowed.contains(header));
    }
}

#[tokio::test]
async fn only_listed_pages_may_ask_about_an_app_that_lists_them() {
    // B-436, B-444
    let world = World::new();
    let mut settings = AppConfig::default();
    settings.origins.allow = vec!["https://www.a.com".parse().unwrap()];
    world.apps.replace([app_with(settings)]);
    for uri in [ROUTE, "/2/route?x=y&appId=an-app-of-this-server"] {
        let response = ask(&world, uri, &[("origin", "https://www.a.com")]).await;
        assert_eq!(response.status(), StatusCode::OK, "{uri}");
        assert_eq!(response.headers()["access-control-allow-origin"], "https://www.a.com");
        assert_eq!(response.headers()["vary"], "Origin");
        for other in ["https://a.com", "http://www.a.com", "null", "\u{e9}"] {
            let response = ask(&world, uri, &[("origin", other)]).await;
            assert_eq!(response.status(), StatusCode::FORBIDDEN, "{other}");
            assert_eq!(response.headers().get("access-control-allow-origin"), None, "{other}");
            assert_eq!(body(response).await, json!({ "code": 4110, "error": "INVALID_ORIGIN" }));
        }
        // B-442: no browser.
        assert_eq!(ask(&world, uri, &[]).await.status(), StatusCode::OK, "{uri}");
        // B-439
        let local = [("origin", "http://localhost:3000")];
        assert_eq!(ask(&world, uri, &local).await.status(), StatusCode::OK, "{uri}");
    }
}

#[tokio::test]
async fn a_request_is_of_the_app_that_its_headers_name() {
    // B-444, R-8
    let world = World::new();
    let mut settings = AppConfig::default();
    settings.origins.allow = vec!["https://www.a.com".parse().unwrap()];
    world.apps.replace([app_with(settings)]);
    for name in ["x-lc-id", "X-AVOSCloud-Application-Id", "X-Uluru-Application-Id"] {
        let status = async |origin| {
            let headers = [("origin", origin), (name, "an-app-of-this-server")];
            ask(&world, "/1.1/anything", &headers).await.status()
        };
        assert_eq!(status("https://www.b.com").await, StatusCode::FORBIDDEN, "{name}");
        assert_eq!(status("https://www.a.com").await, StatusCode::NOT_FOUND, "{name}");
    }
}

#[tokio::test]
async fn a_changed_list_of_pages_is_in_force_for_the_next_request() {
    // B-440, B-443
    let world = World::new();
    let page = [("origin", "https://www.b.com")];
    assert_eq!(ask(&world, ROUTE, &page).await.headers()["access-control-allow-origin"], "*");
    let mut settings = AppConfig::default();
    settings.origins.allow = vec!["https://www.a.com".parse().unwrap()];
    world.apps.replace([app_with(settings.clone())]);
    assert_eq!(ask(&world, ROUTE, &page).await.status(), StatusCode::FORBIDDEN);
    settings.origins.allow.push("https://www.b.com".parse().unwrap());
    world.apps.replace([app_with(settings)]);
    assert_eq!(ask(&world, ROUTE, &page).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn what_is_not_served_is_refused_cleanly() {
    //
    for uri in ["/1.1/classes/Thing", "/1.2/rtm/nothing", "/1/push", "/nowhere"] {
        let response = ask(&World::new(), uri, &[]).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{uri}");
        let body = body(response).await;
        assert!(body["code"].is_i64() && body["error"].is_string(), "{uri}: {body}");
    }
}
