//! Who may call, and how calls fail (R-1 to R-24).

use serde_json::{Value, json};

use super::{APP, MASTER, World};

const KICK: &str = "/1.2/rtm/clients/tom/kick";

#[tokio::test]
async fn a_call_shows_the_master_key_where_it_is_needed() {
    // R-2, R-3, R-15, R-16, R-24
    let world = World::new().await;
    let cases: [(&[(&str, &str)], u16); 7] = [
        (&[("x-lc-id", APP), ("x-lc-key", MASTER)], 200),
        (&[("x-lc-id", APP), ("x-lc-key", "key")], 403),
        (&[("x-lc-id", APP), ("x-lc-key", "master key")], 401),
        (&[("x-lc-id", APP), ("x-lc-key", "another key")], 401),
        (&[("x-lc-id", APP)], 401),
        (&[("x-lc-id", "another-app-id"), ("x-lc-key", MASTER)], 401),
        (&[("x-lc-key", MASTER)], 401),
    ];
    for (headers, status) in cases {
        let answer = world.request("POST", KICK, headers, "{}").await;
        assert_eq!(answer.status, status, "{headers:?}");
        match status {
            200 => assert_eq!(answer.ok(), json!({})),
            401 => assert_eq!(answer.body, json!({ "code": 401, "error": "Unauthorized." })),
            _ => assert_eq!(answer.failed(), (status, i64::from(status))),
        }
    }
}

#[tokio::test]
async fn credentials_come_before_everything_else() {
    let world = World::new().await;
    let answer = world.request("POST", KICK, &[("x-lc-id", APP)], "{ no JSON").await;
    assert_eq!(answer.failed(), (401, 401));
}

#[tokio::test]
async fn a_body_that_is_no_json_or_not_what_is_asked_for_is_refused() {
    // R-24, R-165
    let world = World::new().await;
    let headers = [("x-lc-id", APP), ("x-lc-key", MASTER)];
    for (body, code) in [("{", 107), ("nothing", 107), ("[]", 1), (r#"{"reason":5}"#, 1)] {
        assert_eq!(world.request("POST", KICK, &headers, body).await.failed(), (400, code), "{body}");
    }
}

#[tokio::test]
async fn browsers_of_2015_put_everything_into_the_body() {
    // R-9
    let world = World::new().await;
    let body =
        json!({ "_ApplicationId": APP, "_MasterKey": "master key", "_method": "POST", "reason": "bye" });
    let headers = [("content-type", "text/plain")];
    assert_eq!(world.request("POST", KICK, &headers, &body.to_string()).await.ok(), json!({}));
    let body = json!({ "_ApplicationId": APP, "_ApplicationKey": "key" });
    assert_eq!(world.request("POST", KICK, &headers, &body.to_string()).await.failed(), (403, 403));
}

#[tokio::test]
async fn a_page_that_is_not_the_app_s_may_not_ask_whatever_form_it_uses() {
    // B-444, R-9
    let world = World::with(|config| {
        config.apps[0].settings.origins.allow = vec!["https://chat.example.com".parse().unwrap()];
    })
    .await;
    let body = json!({ "_ApplicationId": APP, "_MasterKey": "master key" }).to_string();
    for (origin, status) in [("https://chat.example.com", 200), ("https://evil.example.com", 403)] {
        let answer = world.request("POST", KICK, &[("origin", origin)], &body).await;
        assert_eq!(answer.status, status, "{origin}");
        let headers = [("origin", origin), ("x-lc-id", APP), ("x-lc-key", MASTER)];
        assert_eq!(world.request("POST", KICK, &headers, "{}").await.status, status, "{origin}");
    }
}

#[tokio::test]
async fn odd_slashes_lead_to_the_same_place() {
    // R-22
    let world = World::new().await;
    for path in ["/1.2/rtm//clients/tom/kick", "/1.2/rtm/clients/tom/kick/", "//1.2/rtm/clients/tom/kick"] {
        assert_eq!(world.master("POST", path, Value::Null).await.ok(), json!({}), "{path}");
    }
}

#[tokio::test]
async fn what_is_not_served_is_refused_as_json() {
    // R-33
    let world = World::new().await;
    for path in ["/1.2/rtm/nothing", "/1.2/", "/1.1/functions/f", "/1.3/rtm/clients/tom/kick"] {
        assert_eq!(world.master("POST", path, Value::Null).await.failed(), (404, 404), "{path}");
    }
    assert_eq!(world.master("GET", KICK, Value::Null).await.failed(), (405, 405));
}

#[tokio::test]
async fn browsers_may_ask_from_any_page() {
    // R-18
    let world = World::new().await;
    let wanted = "X-LC-Id,X-LC-Key,X-LC-Sign,X-LC-UA,X-AVOSCloud-Application-Id";
    let headers = [("origin", "https://example.com"), ("access-control-request-headers", wanted)];
    let answer = world.request("OPTIONS", KICK, &headers, "").await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.headers["access-control-allow-headers"], wanted);
    assert_eq!(answer.headers["access-control-max-age"], "86400");
    let answer = world.master("POST", KICK, Value::Null).await;
    assert_eq!(answer.headers["access-control-allow-origin"], "*");
}
