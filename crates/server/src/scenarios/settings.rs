//! Settings that change while the server runs.

use yanshu_protocol::{Code, Command, Event, OpenSession, SessionCommand};

use super::World;
use crate::config::Secret;

/// How many of so many messages are accepted.
async fn accepted(peer: &mut super::Peer, count: usize) -> usize {
    let conversation = peer.start(&["jerry"]).await;
    let mut accepted = 0;
    for _ in 0..count {
        accepted += usize::from(peer.send(&conversation, "hello").await.reject.is_none());
    }
    accepted
}

fn refusal(event: &Event) -> Option<Code> {
    match event {
        Event::Error { reject, .. } => Some(reject.code),
        _ => None,
    }
}

#[tokio::test]
async fn a_changed_rate_is_in_force_for_sessions_that_are_open() {
    // B-440, B-441, B-502
    let mut world = World::new().await;
    let mut tom = world.modern("tom").await;
    assert_eq!(accepted(&mut tom, 10).await, 10);
    world.set(|settings| {
        settings.limits.messages_per_minute = 60;
        settings.limits.messages_burst = 3;
    });
    assert_eq!(accepted(&mut tom, 10).await, 3);
    world.set(|settings| settings.limits.messages_per_minute = 0);
    assert_eq!(accepted(&mut tom, 10).await, 10);
}

#[tokio::test]
async fn a_changed_setting_is_in_force_for_the_next_command_of_an_open_session() {
    // B-440, B-441, B-199
    let mut world = World::new().await;
    let mut tom = world.modern("tom").await;
    let conversation = tom.start(&["jerry"]).await;
    assert_eq!(tom.send(&conversation, "twelve bytes").await.reject, None);
    world.set(|settings| settings.message.max_bytes = 11);
    let reject = tom.send(&conversation, "twelve bytes").await.reject.unwrap();
    assert_eq!(reject.code, Code::FrameTooLong);
}

#[tokio::test]
async fn a_client_that_is_blocked_from_the_app_gets_4106_at_its_next_login() {
    // B-21
    let mut world = World::new().await;
    let mut open = world.modern("tom").await;
    world.set(|settings| settings.clients.blocked = vec!["tom".parse().unwrap()]);
    let mut again = world.connect_as("tom", "lc.protobuf2.3");
    let reply = again.open(OpenSession::default()).await;
    assert_eq!(refusal(&reply.event), Some(Code::Blacklisted));
    let mut by_token = world.connect_as("tom", "lc.protobuf2.3");
    let details = OpenSession { token: open.token.clone(), reconnect: true, ..OpenSession::default() };
    assert_eq!(refusal(&by_token.open(details).await.event), Some(Code::Blacklisted));
    assert_eq!(accepted(&mut open, 1).await, 1);
    world.modern("jerry").await;
    world.set(|settings| settings.clients.blocked.clear());
    world.modern("tom").await;
}

#[tokio::test]
async fn an_app_that_is_gone_takes_no_logins_and_keeps_who_is_in() {
    // B-441
    let mut world = World::new().await;
    let mut tom = world.modern("tom").await;
    let conversation = tom.start(&["jerry"]).await;
    let mut other = None;
    world.set_apps(|apps| {
        let app = apps.remove(0);
        apps.push(crate::config::App { id: "some-other-app".parse().unwrap(), ..app.clone() });
        other = Some(app);
    });
    let mut late = world.connect_to("scenario-app-id", "late");
    assert_eq!(refusal(&late.open(OpenSession::default()).await.event), Some(Code::AppNotAvailable));
    assert_eq!(tom.send(&conversation, "still here").await.reject, None);
    world.connect_to("some-other-app", "early").log_in().await;
    world.set_apps(|apps| apps.extend(other));
    world.connect_to("scenario-app-id", "late").log_in().await;
}

#[tokio::test]
async fn a_new_master_key_voids_the_tokens_of_the_old_one() {
    // W-118
    let mut world = World::new().await;
    let tom = world.modern("tom").await;
    let details = OpenSession { token: tom.token.clone(), reconnect: true, ..OpenSession::default() };
    world.set_apps(|apps| apps[0].master_key = Secret::new("another master key"));
    let reply = world.connect_as("tom", "lc.protobuf2.3").open(details).await;
    assert_eq!(refusal(&reply.event), Some(Code::SessionTokenExpired));
}

#[tokio::test]
async fn a_page_taken_off_the_list_of_safe_domains_stays_connected_and_does_not_come_back() {
    // B-436, B-440, B-441, W-47
    let mut world = World::new().await;
    let page = "https://www.a.com";
    let mut tom = world.connect_from(page, "tom");
    tom.log_in().await;
    let conversation = tom.start(&["jerry"]).await;
    world.set(|settings| settings.origins.allow = vec!["https://www.b.com".parse().unwrap()]);
    assert_eq!(tom.send(&conversation, "still here").await.reject, None);
    let mut late = world.connect_from(page, "tom");
    late.tell(Command::Session(SessionCommand::Open(Box::default())));
    assert_eq!(late.closed().await, Some(4110));
    world.connect_from("https://www.b.com", "jerry").log_in().await;
    world.modern("no browser").await;
}
