use yanshu_protocol::{AckMessages, Content, DeviceId, HistoryQuery, Mentions, SendMessage, Serial, Tag};

use super::*;
use crate::{Capabilities, OfflineMode, Rate};

const NOW: Timestamp = Timestamp(1_700_000_000_000);
const MODERN: Profile = Profile { legacy: false, offline: OfflineMode::Unread };
const LEGACY: Profile = Profile { legacy: true, offline: OfflineMode::Pushed };
const TIMEOUTS: Timeouts =
    Timeouts { login: 60_000, read: 400_000, legacy_ping: 120_000, legacy_pong: 60_000 };
const NO_LIMIT: Rate = Rate { per_minute: 0, burst: 0 };
const FREE: Rates = Rates { messages: NO_LIMIT, history: NO_LIMIT, others: NO_LIMIT, drop_excess: false };

fn connection(profile: Profile) -> Connection {
    Connection::new(profile, TIMEOUTS, NOW)
}

fn client(name: &str) -> ClientId {
    name.parse().unwrap()
}

fn app() -> AppId {
    "an-app-id".parse().unwrap()
}

fn envelope(client_name: Option<&str>, serial: Option<i32>, command: Command) -> Envelope {
    Envelope { app: None, client: client_name.map(client), serial: serial.map(Serial), command: Ok(command) }
}

fn open_command(name: Option<&str>, serial: Option<i32>) -> Envelope {
    let open = Command::Session(SessionCommand::Open(Box::default()));
    Envelope { app: Some(app()), ..envelope(name, serial, open) }
}

fn actor(name: &str, key: u64, bits: i64, profile: Profile) -> Arc<Actor> {
    Arc::new(Actor {
        app: app(),
        client: client(name),
        key: SessionKey(key),
        session: format!("session-{key}"),
        device: None::<DeviceId>,
        tag: None::<Tag>,
        capabilities: Capabilities::new(bits, profile),
        returns_to: None,
    })
}

/// Opens a session as the gateway would.
fn open_as(connection: &mut Connection, actor: Arc<Actor>, rates: Rates) -> Outbound {
    let step = connection.command(NOW, open_command(Some(actor.client.as_str()), Some(1)));
    let Step::Open(request) = step else { panic!("not an open: {step:?}") };
    let opened = Opened { actor, token: "token".parse().unwrap(), ttl_seconds: 604_800, rates };
    connection.opened(NOW, &request.reply, Ok(opened))
}

fn open(connection: &mut Connection, name: &str, key: u64) -> Outbound {
    let profile = connection.profile();
    open_as(connection, actor(name, key, 0xbb, profile), FREE)
}

fn query() -> Command {
    Command::Session(SessionCommand::Query(Vec::new()))
}

fn message(transient: bool) -> Command {
    Command::Send(Box::new(SendMessage {
        conversation: "c".parse().unwrap(),
        content: Content::Text("hi".into()),
        transient,
        receipt: false,
        will: false,
        resend_key: None,
        push_data: None,
        mentions: Mentions::default(),
        priority: None,
    }))
}

fn refused(step: &Step) -> Option<Code> {
    match step {
        Step::Reply(Outbound { event: Event::Error { reject, .. }, .. }) => Some(reject.code),
        _ => None,
    }
}

fn called_for(step: &Step) -> Option<&str> {
    match step {
        Step::Call(call) => Some(call.actor.client.as_str()),
        _ => None,
    }
}

#[test]
fn an_echo_needs_no_session_and_keeps_the_presence_of_its_serial() {
    // W-36, W-37
    let mut connection = connection(MODERN);
    for serial in [None, Some(0), Some(-3), Some(7)] {
        let step = connection.command(NOW, envelope(None, serial, Command::Echo));
        let Step::Reply(reply) = step else { panic!("no reply") };
        assert_eq!((reply.event, reply.serial), (Event::Echo, serial.map(Serial)));
    }
}

#[test]
fn a_command_before_login_is_refused_with_4105() {
    // W-67, B-8
    let mut connection = connection(MODERN);
    let step = connection.command(NOW, envelope(Some("tom"), Some(1), query()));
    assert_eq!(refused(&step), Some(Code::SessionRequired));
    let step = connection.command(NOW, envelope(None, Some(2), message(false)));
    assert_eq!(refused(&step), Some(Code::SessionRequired));
    let step = connection.command(NOW, envelope(None, None, query()));
    assert_eq!(step, Step::Nothing);
}

#[test]
fn an_open_is_answered_with_client_token_and_time() {
    // W-107, W-108, W-109
    let mut connection = connection(MODERN);
    let reply = open(&mut connection, "tom", 1);
    assert_eq!(reply.client, Some(client("tom")));
    assert_eq!(reply.serial, Some(Serial(1)));
    assert_eq!(reply.server_time, Some(NOW));
    let token = "token".parse().unwrap();
    assert_eq!(reply.event, Event::SessionOpened { token, ttl_seconds: 604_800 });
}

#[test]
fn an_open_without_app_or_with_a_second_one_is_refused_with_4100() {
    // W-63
    let mut connection = connection(MODERN);
    let without = Envelope { app: None, ..open_command(Some("tom"), Some(1)) };
    assert_eq!(refused(&connection.command(NOW, without)), Some(Code::AppNotAvailable));
    open(&mut connection, "tom", 1);
    let other = Envelope { app: Some("other-app".parse().unwrap()), ..open_command(Some("bob"), Some(2)) };
    assert_eq!(refused(&connection.command(NOW, other)), Some(Code::AppNotAvailable));
    let other =
        Envelope { app: Some("other-app".parse().unwrap()), ..envelope(Some("tom"), Some(3), query()) };
    assert_eq!(refused(&connection.command(NOW, other)), Some(Code::AppNotAvailable));
}

#[test]
fn commands_without_a_client_belong_to_the_one_answered_first() {
    // W-65, W-66, W-456
    let mut connection = connection(MODERN);
    let first = connection.command(NOW, open_command(Some("tom"), Some(1)));
    let second = connection.command(NOW, open_command(Some("bob"), Some(2)));
    let (Step::Open(tom), Step::Open(bob)) = (first, second) else { panic!("not opens") };
    let opened = |name, key| Opened {
        actor: actor(name, key, 0xbb, MODERN),
        token: "token".parse().unwrap(),
        ttl_seconds: 1000,
        rates: FREE,
    };
    connection.opened(NOW, &bob.reply, Ok(opened("bob", 2)));
    connection.opened(NOW, &tom.reply, Ok(opened("tom", 1)));
    assert_eq!(called_for(&connection.command(NOW, envelope(None, Some(3), query()))), Some("bob"));
    assert_eq!(called_for(&connection.command(NOW, envelope(Some("tom"), Some(4), query()))), Some("tom"));
}

#[test]
fn when_the_default_client_is_closed_the_only_one_left_takes_its_place() {
    // W-65
    let mut connection = connection(MODERN);
    for (key, name) in [(1, "tom"), (2, "bob"), (3, "eve")] {
        open(&mut connection, name, key);
    }
    let close = || Command::Session(SessionCommand::Close);
    connection.command(NOW, envelope(Some("tom"), Some(5), close()));
    let step = connection.command(NOW, envelope(None, Some(6), query()));
    assert_eq!(refused(&step), Some(Code::SessionRequired));
    connection.command(NOW, envelope(Some("bob"), Some(7), close()));
    assert_eq!(called_for(&connection.command(NOW, envelope(None, Some(8), query()))), Some("eve"));
}

#[test]
fn a_second_open_of_the_same_client_replaces_the_first() {
    // W-100
    let mut connection = connection(MODERN);
    open(&mut connection, "tom", 1);
    open(&mut connection, "tom", 2);
    let keys: Vec<_> = connection.actors().map(|actor| actor.key).collect();
    assert_eq!(keys, [SessionKey(2)]);
    assert_eq!(connection.default_client(), Some(&client("tom")));
}

#[test]
fn closing_is_answered_also_without_a_session() {
    // W-134, W-137
    let mut connection = connection(MODERN);
    let close = || envelope(Some("tom"), Some(9), Command::Session(SessionCommand::Close));
    let Step::Reply(reply) = connection.command(NOW, close()) else { panic!("no reply") };
    assert_eq!(reply.event, Event::SessionClosed(None));
    open(&mut connection, "tom", 1);
    let Step::Close { actor, reply: Some(reply) } = connection.command(NOW, close()) else {
        panic!("no close")
    };
    assert_eq!(actor.client, client("tom"));
    assert_eq!(reply.event, Event::SessionClosed(None));
    assert_eq!(connection.actors().count(), 0);
}

#[test]
fn an_open_by_token_without_serial_hears_of_bad_tokens_as_errors_and_of_the_rest_as_the_end() {
    // W-113, W-142, W-458
    let mut connection = connection(MODERN);
    for (code, as_error) in [
        (Code::SessionTokenExpired, true),
        (Code::SignatureFailed, true),
        (Code::SessionConflict, false),
        (Code::KickedByApp, false),
    ] {
        let Step::Open(request) = connection.command(NOW, open_command(Some("tom"), None)) else {
            panic!("not an open")
        };
        let reply = connection.opened(NOW, &request.reply, Err(code.into()));
        assert_eq!(reply.serial, None);
        match reply.event {
            Event::Error { reject, .. } => assert!(as_error && reject.code == code),
            Event::SessionClosed(Some(reject)) => assert!(!as_error && reject.code == code),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_refused_open_with_serial_is_an_error() {
    // W-125
    let mut connection = connection(MODERN);
    let Step::Open(request) = connection.command(NOW, open_command(Some("tom"), Some(4))) else {
        panic!("not an open")
    };
    let reply = connection.opened(NOW, &request.reply, Err(Code::SessionConflict.into()));
    assert!(matches!(reply.event, Event::Error { .. }));
    assert_eq!(reply.serial, Some(Serial(4)));
}

#[test]
fn acknowledgements_and_read_marks_are_never_answered() {
    // W-45, W-293, W-315
    let mut connection = connection(MODERN);
    open(&mut connection, "tom", 1);
    for command in [Command::Ack(AckMessages::Foreign), Command::Read(Vec::new())] {
        let Step::Call(call) = connection.command(NOW, envelope(None, Some(1), command)) else {
            panic!("not a call")
        };
        assert_eq!(call.reply.with(Event::Echo), None);
    }
}

#[test]
fn a_transient_message_is_answered_only_if_the_session_says_so() {
    // W-103, W-271, W-272
    for (bits, answered) in [(0xbb, true), (0, false)] {
        let mut connection = connection(MODERN);
        open_as(&mut connection, actor("tom", 1, bits, MODERN), FREE);
        let Step::Call(call) = connection.command(NOW, envelope(None, Some(1), message(true))) else {
            panic!("not a call")
        };
        assert_eq!(call.reply.with(Event::Echo).is_some(), answered);
    }
}

#[test]
fn what_comes_too_fast_is_refused_with_4116_or_dropped() {
    // B-505, W-292
    let one = Rate { per_minute: 60, burst: 1 };
    let slow = Rates { messages: one, history: one, others: one, drop_excess: false };
    let history = || {
        Command::History(HistoryQuery {
            conversation: "c".parse().unwrap(),
            start: None,
            stop: None,
            direction: yanshu_protocol::Direction::Older,
            limit: None,
            message_type: None,
        })
    };
    let mut connection = connection(MODERN);
    open_as(&mut connection, actor("tom", 1, 0xbb, MODERN), slow);
    for command in [query(), history()] {
        assert!(called_for(&connection.command(NOW, envelope(None, Some(1), command.clone()))).is_some());
        let step = connection.command(NOW, envelope(None, Some(2), command));
        assert_eq!(refused(&step), Some(Code::MessageSentQuotaExceeded));
    }
    connection.command(NOW, envelope(None, Some(3), message(false)));
    let step = connection.command(NOW, envelope(None, Some(4), message(false)));
    assert!(
        matches!(step, Step::RefuseMessage { reject, .. } if reject.code == Code::MessageSentQuotaExceeded)
    );

    let dropping = Rates { drop_excess: true, ..slow };
    open_as(&mut connection, actor("tom", 2, 0xbb, MODERN), dropping);
    connection.command(NOW, envelope(None, Some(5), message(false)));
    assert_eq!(connection.command(NOW, envelope(None, Some(6), message(false))), Step::Nothing);
}

#[test]
fn a_changed_rate_counts_at_once_and_from_anew() {
    // B-440, B-505
    let rate = |per_minute, burst| {
        let rate = Rate { per_minute, burst };
        Rates { messages: rate, history: rate, others: rate, drop_excess: false }
    };
    let mut connection = connection(MODERN);
    open_as(&mut connection, actor("tom", 1, 0xbb, MODERN), rate(1, 1));
    let passes = |connection: &mut Connection| {
        let step = connection.command(NOW, envelope(None, Some(1), query()));
        called_for(&step).is_some()
    };
    assert!(passes(&mut connection));
    assert!(!passes(&mut connection));
    connection.set_rates(rate(1, 1));
    assert!(!passes(&mut connection), "nothing has changed");
    connection.set_rates(rate(60, 2));
    assert_eq!((0..5).filter(|_| passes(&mut connection)).count(), 2);
}

#[test]
fn a_connection_on_which_nobody_logs_in_is_closed_with_4108() {
    // W-43, B-10
    let mut connection = connection(MODERN);
    connection.heard(NOW.plus_millis(59_000));
    assert_eq!(connection.due(NOW.plus_millis(59_999)), Deadline::Wait);
    assert_eq!(connection.due(NOW.plus_millis(60_000)), Deadline::Close(Code::LoginTimeout));
}

#[test]
fn a_push_login_counts_as_a_login() {
    // W-43, W-372, W-376
    let mut connection = connection(MODERN);
    let login = Envelope { app: Some(app()), ..envelope(None, None, Command::Login(Login::default())) };
    let Step::Reply(reply) = connection.command(NOW, login) else { panic!("no reply") };
    assert_eq!(reply.serial, None);
    assert_eq!(reply.event, Event::LoggedIn { installation: None, service: 0 });
    assert_eq!(connection.due(NOW.plus_millis(61_000)), Deadline::Wait);
}

#[test]
fn a_silent_connection_is_closed_with_4107() {
    // W-40, B-20
    let mut connection = connection(MODERN);
    open(&mut connection, "tom", 1);
    connection.heard(NOW.plus_millis(100_000));
    assert_eq!(connection.due(NOW.plus_millis(499_999)), Deadline::Wait);
    assert_eq!(connection.due(NOW.plus_millis(500_000)), Deadline::Close(Code::ReadTimeout));
}

#[test]
fn a_silent_legacy_connection_is_pinged_and_closed_only_without_a_pong() {
    // W-41, W-399
    let mut connection = connection(LEGACY);
    open_as(&mut connection, actor("tom", 1, 0, LEGACY), FREE);
    assert_eq!(connection.due(NOW.plus_millis(120_000)), Deadline::Ping);
    assert_eq!(connection.due(NOW.plus_millis(130_000)), Deadline::Wait);
    connection.heard(NOW.plus_millis(131_000));
    assert_eq!(connection.due(NOW.plus_millis(200_000)), Deadline::Wait);
    assert_eq!(connection.due(NOW.plus_millis(251_000)), Deadline::Ping);
    assert_eq!(connection.due(NOW.plus_millis(311_000)), Deadline::Close(Code::ReadTimeout));
}

#[test]
fn a_session_ended_elsewhere_is_off_the_connection() {
    let mut connection = connection(MODERN);
    open(&mut connection, "tom", 1);
    open(&mut connection, "bob", 2);
    assert_eq!(connection.ended(SessionKey(1)).map(|actor| actor.client.clone()), Some(client("tom")));
    assert_eq!(connection.ended(SessionKey(1)), None);
    let lost = connection.lost();
    assert_eq!(lost.len(), 1);
    assert_eq!(lost[0].client, client("bob"));
}

#[test]
fn an_unusable_command_is_answered_for_its_family() {
    // W-35, W-76
    let mut connection = connection(MODERN);
    open(&mut connection, "tom", 1);
    let reject = Reject::because(Code::ConversationApiFailed, "a member id is empty");
    let envelope = Envelope {
        app: None,
        client: Some(client("tom")),
        serial: Some(Serial(8)),
        command: Err((Unsupported::Conversation, reject)),
    };
    assert_eq!(refused(&connection.command(NOW, envelope)), Some(Code::ConversationApiFailed));
    let unknown = self::envelope(Some("tom"), Some(9), Command::Unsupported(Unsupported::Other));
    assert_eq!(refused(&connection.command(NOW, unknown)), Some(Code::InternalError));
}
