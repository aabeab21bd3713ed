//! Which pages may connect (B-436 to B-444).

use yanshu_protocol::Login;

use super::*;

const PAGE: &str = "https://www.a.com";
const OTHER: &str = "https://www.b.com";

/// A world whose app is for one page.
fn restricted() -> World {
    let world = World::new();
    world.apps.replace([restricted_app()]);
    world
}

fn restricted_app() -> crate::apps::App {
    let mut settings = AppConfig::default();
    settings.origins.allow = vec![PAGE.parse().unwrap()];
    app_with(settings)
}

#[tokio::test]
async fn a_page_that_is_not_listed_is_closed_with_4110_at_its_first_open() {
    // B-436, W-47
    for name in [Some(MODERN), None] {
        let mut world = restricted();
        let mut other = world.connect_from(name, OTHER);
        other.command(Some("alice"), open(0)).await;
        assert_eq!(other.close_code().await, 4110);
        assert_eq!(world.unseen(), None, "nobody was asked to open anything");
        world.connect_from(name, PAGE).open("alice").await;
    }
}

#[tokio::test]
async fn a_login_without_a_client_is_refused_to_other_pages_as_well() {
    // B-436
    let world = restricted();
    let mut other = world.connect_from(Some(MODERN), OTHER);
    other.command(None, Command::Login(Login { installation: None, service: None })).await;
    assert_eq!(other.close_code().await, 4110);
}

#[tokio::test]
async fn what_follows_a_refused_open_is_refused_as_well() {
    let mut world = restricted();
    let mut other = world.connect_from(Some(MODERN), OTHER);
    other.command(Some("alice"), open(0)).await;
    other.command(Some("bob"), open(0)).await;
    assert_eq!(other.close_code().await, 4110);
    assert_eq!(world.unseen(), None);
}

#[tokio::test]
async fn who_sends_no_origin_is_no_browser_and_connects() {
    // B-442, W-27
    restricted().connect(Some(MODERN)).open("alice").await;
}

#[tokio::test]
async fn pages_of_localhost_and_of_nowhere() {
    // B-439
    let world = restricted();
    world.connect_from(Some(MODERN), "http://localhost:8080").open("alice").await;
    for nowhere in ["null", "", "file://"] {
        let mut page = world.connect_from(Some(MODERN), nowhere);
        page.command(Some("alice"), open(0)).await;
        assert_eq!(page.close_code().await, 4110, "{nowhere}");
    }
}

#[tokio::test]
async fn without_a_list_every_page_connects() {
    // B-443
    let world = World::new();
    world.connect_from(Some(MODERN), OTHER).open("alice").await;
    world.connect_from(Some(MODERN), "null").open("bob").await;
}

#[tokio::test]
async fn a_changed_list_counts_for_new_connections_and_cuts_none() {
    // B-440, B-441
    let world = World::new();
    let mut early = world.connect_from(Some(MODERN), OTHER);
    early.open("alice").await;
    world.apps.replace([restricted_app()]);
    early.open("bob").await;
    let mut late = world.connect_from(Some(MODERN), OTHER);
    late.command(Some("carol"), open(0)).await;
    assert_eq!(late.close_code().await, 4110);
    world.apps.replace([app_with(AppConfig::default())]);
    world.connect_from(Some(MODERN), OTHER).open("carol").await;
}
