//! Opening and ending sessions on a connection.

use super::*;

#[tokio::test(start_paused = true)]
async fn the_answer_to_an_open_comes_before_any_push() {
    // W-84
    let world = World::new();
    let mut alice = world.connect(Some(MODERN));
    alice.command(Some("alice"), open(0)).await;
    while world.sessions("alice").is_empty() {
        tokio::task::yield_now().await;
    }
    world.publish(&push(Audience::Session(world.sessions("alice")[0]), 1));
    assert!(matches!(alice.event().await.event, Event::SessionOpened { .. }));
    assert_eq!(number(&alice.event().await), 1);
}

#[tokio::test(start_paused = true)]
async fn a_session_catches_up_from_what_its_client_knows() {
    // W-114
    let mut world = World::new();
    let mut alice = world.connect(Some(MODERN));
    let details = yanshu_protocol::OpenSession {
        last_unread_notice: Some(Timestamp(5)),
        last_patch: Some(Timestamp(6)),
        ..Default::default()
    };
    alice.command(Some("alice"), Command::Session(SessionCommand::Open(Box::new(details)))).await;
    world.seen().await;
    let resume = Resume { last_unread_notice: Some(Timestamp(5)), last_patch: Some(Timestamp(6)) };
    assert_eq!(world.seen().await, Seen::Opened(client("alice"), resume));
}

#[tokio::test(start_paused = true)]
async fn a_refused_open_is_answered_and_registers_nobody() {
    // W-141
    let world = World::new();
    world.domain.told.lock().refuse_opens = Some(Code::SignatureFailed.into());
    let mut alice = world.connect(Some(MODERN));
    let serial = alice.command(Some("alice"), open(0)).await;
    let answer = alice.event().await;
    assert_eq!((refused(&answer), answer.serial), (Code::SignatureFailed, Some(Serial(serial))));
    assert!(world.sessions("alice").is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_open_that_names_no_app_waits_for_the_login_that_does() {
    // W-63: Java 6 names the app in its push login only, and an app that opens a client in the SDK's
    // connection callback does so before that login.
    let world = World::new();
    let mut connection = world.connect(Some(MODERN));
    for (name, serial) in [("alice", 1), ("bob", 2)] {
        let command = Ok(open(0));
        let nameless =
            Envelope { app: None, client: Some(client(name)), serial: Some(Serial(serial)), command };
        connection.envelope(&nameless).await;
    }
    connection.command(None, Command::Login(Login { installation: None, service: None })).await;
    assert!(matches!(connection.event().await.event, Event::LoggedIn { .. }));
    for name in ["alice", "bob"] {
        let answer = connection.event().await;
        assert!(matches!(answer.event, Event::SessionOpened { .. }), "{answer:?}");
        assert_eq!(answer.client, Some(client(name)));
    }
}

#[tokio::test(start_paused = true)]
async fn an_open_that_no_login_follows_ends_with_the_time_for_logging_in() {
    // W-43, W-63
    let world = World::new();
    let mut connection = world.connect(Some(MODERN));
    let nameless =
        Envelope { app: None, client: Some(client("alice")), serial: Some(Serial(1)), command: Ok(open(0)) };
    connection.envelope(&nameless).await;
    assert_eq!(connection.close_code().await, Code::LoginTimeout.number());
    assert_eq!(connection.next().await, Received::End);
}

#[tokio::test(start_paused = true)]
async fn an_open_that_names_no_app_belongs_to_the_app_of_its_token() {
    // W-63, W-113: Java reopens by token alone.
    let world = World::new();
    let mut connection = world.connect(Some(MODERN));
    let details = yanshu_protocol::OpenSession { token: Some(TOKEN.parse().unwrap()), ..Default::default() };
    let command = Ok(Command::Session(SessionCommand::Open(Box::new(details))));
    connection.envelope(&Envelope { app: None, client: Some(client("alice")), serial: None, command }).await;
    let answer = connection.event().await;
    assert!(matches!(answer.event, Event::SessionOpened { .. }), "{answer:?}");
    assert_eq!((answer.client, answer.serial), (Some(client("alice")), None));
}

#[tokio::test(start_paused = true)]
async fn several_clients_share_a_connection_and_each_gets_its_own_pushes() {
    // W-64, B-12
    let mut world = World::new();
    let mut connection = world.client("alice").await;
    connection.open("bob").await;
    world.seen().await;
    world.seen().await;
    world.publish(&push(to(&["bob", "carol", "alice"]), 1));
    let receivers = [connection.event().await.client, connection.event().await.client];
    assert_eq!(receivers, [Some(client("bob")), Some(client("alice"))]);
}

#[tokio::test(start_paused = true)]
async fn a_command_that_was_sent_behind_its_clients_open_waits_for_it() {
    // W-89
    let mut world = World::new();
    let mut alice = world.connect(Some(MODERN));
    alice.command(Some("alice"), open(0)).await;
    let serial = alice.command(Some("alice"), count()).await;
    assert!(matches!(alice.event().await.event, Event::SessionOpened { .. }));
    assert_eq!(alice.replied().await, serial);
    assert_eq!(world.seen().await, Seen::Open(Some(client("alice"))));
}

#[tokio::test(start_paused = true)]
async fn while_an_open_is_decided_others_of_the_connection_are_served() {
    // W-456
    let mut world = World::new();
    let mut connection = world.client("alice").await;
    world.domain.opens.forget_permits(usize::MAX);
    connection.command(Some("bob"), open(0)).await;
    let serial = connection.command(None, count()).await;
    let answer = connection.event().await;
    assert_eq!((answer.serial, answer.client), (Some(Serial(serial)), Some(client("alice"))));
    world.domain.opens.add_permits(1);
    assert!(matches!(connection.event().await.event, Event::SessionOpened { .. }));
}

#[tokio::test(start_paused = true)]
async fn a_second_open_of_a_client_replaces_the_first_in_silence_and_keeps_its_room() {
    // W-100
    let mut world = World::new();
    let mut alice = world.client("alice").await;
    let first = world.sessions("alice")[0];
    assert!(world.registry.enter_room(first, &conversation()));
    alice.open("alice").await;
    let sessions = world.sessions("alice");
    assert_eq!(sessions.len(), 1);
    assert_ne!(sessions[0], first);
    assert_eq!(world.registry.room_of(sessions[0]), Some(conversation()));
    assert_eq!(world.registry.room_count(&app(), &conversation()), 1);
    assert_eq!(alice.command(Some("alice"), count()).await, alice.replied().await);
}

#[tokio::test(start_paused = true)]
async fn a_logout_ends_the_session_and_not_the_connection() {
    // W-44, W-134
    let mut world = World::new();
    let mut alice = world.client("alice").await;
    let serial = alice.command(Some("alice"), Command::Session(SessionCommand::Close)).await;
    let answer = alice.event().await;
    assert_eq!((answer.serial, answer.event), (Some(Serial(serial)), Event::SessionClosed(None)));
    assert_eq!(world.seen().await, Seen::Close(client("alice")));
    assert!(world.sessions("alice").is_empty());
    alice.open("alice").await;
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_ended_from_elsewhere_is_told_and_its_connection_stays() {
    // W-48, W-138
    let mut world = World::new();
    let mut connection = world.client("alice").await;
    connection.open("bob").await;
    let key = world.sessions("alice")[0];
    assert!(world.registry.end_session(key, Some(Code::SessionConflict.into())));
    world.registry.flush(64);
    let told = connection.event().await;
    assert_eq!(told.event, Event::SessionClosed(Some(Code::SessionConflict.into())));
    assert_eq!((told.client, told.serial), (Some(client("alice")), None));
    connection.command(Some("alice"), count()).await;
    assert_eq!(refused(&connection.event().await), Code::SessionRequired);
    connection.command(Some("bob"), count()).await;
    assert!(matches!(connection.event().await.event, Event::MemberCount { .. }));
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_replaced_elsewhere_hears_nothing_and_is_not_lost_again() {
    // W-127
    let mut world = World::new();
    let mut alice = world.client("alice").await;
    let key = world.sessions("alice")[0];
    assert!(world.registry.end_session(key, None));
    assert!(!world.registry.end_session(key, None));
    alice.command(Some("alice"), count()).await;
    assert_eq!(refused(&alice.event().await), Code::SessionRequired);
    drop(alice);
    world.gateway.core.live.none().await;
    assert_eq!(world.unseen(), None);
}

#[tokio::test(start_paused = true)]
async fn a_living_connection_answers_a_probe_and_a_cut_one_does_not() {
    // W-124
    let mut world = World::new();
    let mut alice = world.client("alice").await;
    let key = world.sessions("alice")[0];
    let answers = async {
        assert_eq!(alice.next().await, Received::Ping);
        alice.frame(Opcode::Pong, b"").await;
        alice
    };
    let (alive, alice) = tokio::join!(world.registry.probe(key, 5000), answers);
    assert!(alive);
    alice.end.cut();
    assert!(!world.registry.probe(key, 5000).await);
    assert!(!world.registry.probe(SessionKey(99), 5000).await);
}
