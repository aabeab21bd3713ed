//! Random commands and events: everything that can be said on the wire and be heard again unchanged.

use std::fmt::Debug;
use std::str::FromStr;

use bytes::Bytes;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use serde_json::Value;

use crate::*;

/// Milliseconds up to the year 2100; never zero, which means absence in many places.
fn time() -> BoxedStrategy<Timestamp> {
    (1..4_102_444_800_000i64).prop_map(Timestamp).boxed()
}

fn id<T: FromStr<Err = IdError> + Debug>(pattern: &'static str) -> impl Strategy<Value = T> {
    pattern.prop_map(|text| text.parse().unwrap())
}

pub(super) fn client() -> BoxedStrategy<ClientId> {
    prop_oneof![id("[a-z0-9_-]{1,12}"), id("\\PC{1,16}"), id("[\"\\\\/ \t雁😀]{1,8}")].boxed()
}

fn conversation() -> BoxedStrategy<ConversationId> {
    prop_oneof![id("[0-9a-f]{24}"), id("_tmp:[0-9a-f]{8}")].boxed()
}

fn message_id() -> BoxedStrategy<MessageId> {
    id("[A-Za-z0-9_-]{1,22}").boxed()
}

fn text() -> BoxedStrategy<String> {
    prop_oneof![".{0,20}", "[\u{0}-\u{ff}\"\\\\]{0,12}", r#"\{"_lctype":-1,"_lctext":"[a-z]{0,6}"\}"#].boxed()
}

fn filled() -> BoxedStrategy<String> {
    "\\PC{1,12}".boxed()
}

fn content() -> BoxedStrategy<Content> {
    prop_oneof![
        text().prop_map(|text| Content::Text(text.into())),
        vec(any::<u8>(), 1..24).prop_map(|bytes| Content::Binary(Bytes::from(bytes))),
    ]
    .boxed()
}

fn mentions() -> BoxedStrategy<Mentions> {
    (vec(client(), 0..3), any::<bool>()).prop_map(|(clients, all)| Mentions { clients, all }).boxed()
}

fn value() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map("[a-z$.]{1,4}", inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
    .boxed()
}

/// Properties of the app: none of the names a result keeps for itself.
fn attributes() -> BoxedStrategy<Attributes> {
    btree_map("name|attr|x[a-z.]{0,4}", value(), 0..4).prop_map(|map| map.into_iter().collect()).boxed()
}

fn signature() -> BoxedStrategy<Signature> {
    (filled(), any::<i64>(), text())
        .prop_map(|(value, timestamp, nonce)| Signature { value, timestamp, nonce })
        .boxed()
}

pub(super) fn envelope() -> BoxedStrategy<Envelope> {
    (option::of(id("[A-Za-z0-9-]{1,24}")), option::of(client()), option::of(any::<i32>()), command())
        .prop_map(|(app, client, serial, command)| {
            let heartbeat = command == Command::Echo && serial.is_none();
            Envelope {
                // The legacy heartbeat is an empty object (W-398).
                app: app.filter(|_| !heartbeat),
                client: client.filter(|_| !heartbeat),
                serial: serial.map(Serial),
                command: Ok(command),
            }
        })
        .boxed()
}

fn command() -> BoxedStrategy<Command> {
    prop_oneof![
        Just(Command::Echo),
        login().prop_map(Command::Login),
        login().prop_map(Command::Logout),
        session_command().prop_map(Command::Session),
        conversation_command().prop_map(Command::Conversation),
        send().prop_map(|message| Command::Send(Box::new(message))),
        ack().prop_map(Command::Ack),
        vec(read_mark(), 0..3).prop_map(Command::Read),
        history_query().prop_map(Command::History),
        vec(patch(), 0..3).prop_map(Command::Patch),
        any::<i64>().prop_map(|until| Command::PatchConfirmed(Timestamp(until))),
        id("\\PC{1,20}").prop_map(Command::ReportDevice),
        prop_oneof![Just(Unsupported::Session), Just(Unsupported::Conversation), Just(Unsupported::Other)]
            .prop_map(Command::Unsupported),
    ]
    .boxed()
}

fn login() -> BoxedStrategy<Login> {
    (option::of(text()), option::of(any::<i32>()))
        .prop_map(|(installation, service)| Login { installation, service })
        .boxed()
}

fn session_command() -> BoxedStrategy<SessionCommand> {
    prop_oneof![
        open().prop_map(|open| SessionCommand::Open(Box::new(open))),
        (option::of(id("[a-z0-9]{1,20}")), option::of(signature()))
            .prop_map(|(token, signature)| SessionCommand::Refresh(RefreshSession { token, signature })),
        vec(client(), 0..20).prop_map(SessionCommand::Query),
        Just(SessionCommand::Close),
    ]
    .boxed()
}

fn open() -> BoxedStrategy<OpenSession> {
    (
        any::<bool>(),
        option::of(id("[a-z0-9]{1,20}")),
        option::of(id("tag[a-z0-9]{0,8}")),
        option::of(id("\\PC{1,20}")),
        option::of(any::<i64>()),
        option::of(signature()),
        option::of(time()),
        option::of(time()),
        option::of(text()),
    )
        .prop_map(
            |(
                reconnect,
                token,
                tag,
                device,
                config,
                signature,
                last_unread_notice,
                last_patch,
                user_agent,
            )| {
                OpenSession {
                    reconnect,
                    token,
                    malformed_token: false,
                    tag,
                    device,
                    config,
                    signature,
                    last_unread_notice,
                    last_patch,
                    user_agent,
                }
            },
        )
        .boxed()
}

fn conversation_command() -> BoxedStrategy<ConversationCommand> {
    let change = || {
        (conversation(), vec(client(), 0..4), option::of(signature()))
            .prop_map(|(conversation, members, signature)| ChangeMembers { conversation, members, signature })
    };
    prop_oneof![
        start().prop_map(|start| ConversationCommand::Start(Box::new(start))),
        query().prop_map(|query| ConversationCommand::Query(Box::new(query))),
        change().prop_map(ConversationCommand::Add),
        change().prop_map(ConversationCommand::Remove),
        (conversation(), attributes())
            .prop_map(|(conversation, changes)| ConversationCommand::Update { conversation, changes }),
        conversation().prop_map(ConversationCommand::Mute),
        conversation().prop_map(ConversationCommand::Unmute),
        conversation().prop_map(ConversationCommand::Count),
        (conversation(), option::of(any::<i32>()))
            .prop_map(|(conversation, limit)| ConversationCommand::RoomMembers { conversation, limit }),
        vec(conversation(), 0..4).prop_map(ConversationCommand::IsMember),
        (conversation(), any::<bool>()).prop_map(|(conversation, each_member)| {
            ConversationCommand::MaxRead { conversation, each_member }
        }),
    ]
    .boxed()
}

fn start() -> BoxedStrategy<StartConversation> {
    (vec(client(), 0..4), attributes(), any::<[bool; 3]>(), option::of(1..=i32::MAX), option::of(signature()))
        .prop_map(|(members, attributes, [unique, transient, temporary], ttl_seconds, signature)| {
            StartConversation { members, attributes, unique, transient, temporary, ttl_seconds, signature }
        })
        .boxed()
}

fn query() -> BoxedStrategy<QueryConversations> {
    let target = prop_oneof![
        Just(QueryTarget::Where(None)),
        attributes().prop_map(|condition| QueryTarget::Where(Some(Value::Object(condition)))),
        Just(QueryTarget::Malformed),
        vec(conversation(), 1..4).prop_map(QueryTarget::Temporary),
    ];
    (
        target,
        option::of(filled()),
        option::of(any::<i32>()),
        option::of(any::<i32>()),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(target, sort, limit, skip, compact, with_last_message)| QueryConversations {
            target,
            sort,
            limit,
            skip,
            compact,
            with_last_message,
        })
        .boxed()
}

pub(super) fn send() -> BoxedStrategy<SendMessage> {
    (
        conversation(),
        content(),
        any::<[bool; 3]>(),
        option::of(filled()),
        option::of(filled()),
        mentions(),
        option::of(any::<i32>()),
    )
        .prop_map(
            |(
                conversation,
                content,
                [transient, receipt, will],
                resend_key,
                push_data,
                mentions,
                priority,
            )| {
                SendMessage {
                    conversation,
                    content,
                    transient,
                    receipt,
                    will,
                    resend_key,
                    push_data,
                    mentions,
                    priority,
                }
            },
        )
        .boxed()
}

fn ack() -> BoxedStrategy<AckMessages> {
    prop_oneof![
        (conversation(), message_id())
            .prop_map(|(conversation, message)| AckMessages::One { conversation, message }),
        (conversation(), option::of(any::<i64>()), any::<i64>()).prop_map(|(conversation, from, to)| {
            AckMessages::Range { conversation, from: from.map(Timestamp), to: Timestamp(to) }
        }),
        Just(AckMessages::Foreign),
    ]
    .boxed()
}

fn read_mark() -> BoxedStrategy<ReadMark> {
    (conversation(), option::of(message_id()), option::of(time()))
        .prop_map(|(conversation, message, timestamp)| ReadMark { conversation, message, timestamp })
        .boxed()
}

fn history_query() -> BoxedStrategy<HistoryQuery> {
    let point = || {
        (option::of(time()), option::of(message_id()), any::<bool>()).prop_map(
            |(timestamp, message, included)| {
                (timestamp.is_some() || message.is_some()).then_some(Point { timestamp, message, included })
            },
        )
    };
    (
        conversation(),
        point(),
        point(),
        prop_oneof![Just(Direction::Older), Just(Direction::Newer)],
        option::of(any::<i32>()),
        option::of(any::<i32>()),
    )
        .prop_map(|(conversation, start, stop, direction, limit, message_type)| HistoryQuery {
            conversation,
            start,
            stop,
            direction,
            limit,
            message_type,
        })
        .boxed()
}

fn patch() -> BoxedStrategy<PatchRequest> {
    (conversation(), message_id(), option::of(time()), any::<bool>(), option::of(content()), mentions())
        .prop_map(|(conversation, message, timestamp, recall, content, mentions)| PatchRequest {
            conversation,
            message,
            timestamp,
            recall,
            content: content.filter(|_| !recall),
            mentions,
        })
        .boxed()
}

pub(super) fn outbound() -> BoxedStrategy<Outbound> {
    (option::of(client()), option::of(any::<i32>()), option::of(time()), any::<bool>(), event())
        .prop_map(|(client, serial, server_time, permanent, event)| {
            let told = event != Event::Echo || serial.is_some();
            Outbound {
                client: client.filter(|_| told),
                serial: serial.map(Serial),
                server_time: server_time.filter(|_| told),
                permanent: permanent && told,
                event,
            }
        })
        .boxed()
}

fn event() -> BoxedStrategy<Event> {
    prop_oneof![connection_event(), conversation_event(), membership_event(), message_event()].boxed()
}

fn connection_event() -> BoxedStrategy<Event> {
    let token = || (id("[a-zA-Z0-9_-]{1,32}"), any::<i32>());
    prop_oneof![
        Just(Event::Echo),
        (option::of(text()), any::<i32>())
            .prop_map(|(installation, service)| Event::LoggedIn { installation, service }),
        option::of(text()).prop_map(|installation| Event::LoggedOut { installation }),
        (reject(), family()).prop_map(|(reject, family)| Event::Error { reject, family }),
        Just(Event::GoAway),
        token().prop_map(|(token, ttl_seconds)| Event::SessionOpened { token, ttl_seconds }),
        token().prop_map(|(token, ttl_seconds)| Event::SessionRefreshed { token, ttl_seconds }),
        vec(client(), 0..4).prop_map(Event::SessionsOnline),
        option::of(reject()).prop_map(Event::SessionClosed),
        Just(Event::DeviceReported),
    ]
    .boxed()
}

fn family() -> BoxedStrategy<Unsupported> {
    prop_oneof![
        Just(Unsupported::Session),
        Just(Unsupported::Conversation),
        Just(Unsupported::Message),
        Just(Unsupported::Other),
    ]
    .boxed()
}

fn reject() -> BoxedStrategy<Reject> {
    (proptest::sample::select(Code::ALL), option::of(text()), option::of((any::<i32>(), text())))
        .prop_map(|(code, detail, app)| Reject { code, detail: detail.map(Into::into), app })
        .boxed()
}

fn ttl() -> BoxedStrategy<Option<i32>> {
    option::of(any::<i32>()).boxed()
}

fn conversation_event() -> BoxedStrategy<Event> {
    let state = || {
        (option::of(time()), option::of(time()))
            .prop_map(|(delivered, read)| PeerReadState { delivered, read })
    };
    prop_oneof![
        (conversation(), time(), option::of(id("[0-9a-f]{32}")), ttl(), any::<bool>()).prop_map(
            |(conversation, created_at, unique_id, ttl_seconds, existing)| {
                Event::ConversationStarted { conversation, created_at, unique_id, ttl_seconds, existing }
            }
        ),
        vec(view(), 0..3).prop_map(Event::Conversations),
        (conversation(), time(), option::of(client()), option::of((attributes(), attributes()))).prop_map(
            |(conversation, updated_at, by, changes)| {
                Event::ConversationUpdated { conversation, updated_at, by, changes }
            }
        ),
        (conversation(), any::<i32>())
            .prop_map(|(conversation, count)| Event::MemberCount { conversation, count }),
        (conversation(), vec(client(), 0..4))
            .prop_map(|(conversation, members)| Event::RoomMembers { conversation, members }),
        btree_map("[0-9a-f]{24}", any::<bool>(), 0..4).prop_map(|answers| {
            Event::IsMember(answers.into_iter().map(|(id, is)| (id.parse().unwrap(), is)).collect())
        }),
        (conversation(), state(), option::of(vec((client(), state()), 1..4)))
            .prop_map(|(conversation, all, each)| Event::MaxRead { conversation, all, each }),
    ]
    .boxed()
}

fn membership_event() -> BoxedStrategy<Event> {
    let failure =
        || (reject(), vec(client(), 1..3)).prop_map(|(reject, members)| MemberFailure { reject, members });
    let changed = move || {
        (conversation(), time(), vec(client(), 0..4), vec(failure(), 0..3)).prop_map(
            |(conversation, updated_at, allowed, failed)| MembersChanged {
                conversation,
                updated_at,
                allowed,
                failed,
            },
        )
    };
    prop_oneof![
        changed().prop_map(Event::MembersAdded),
        changed().prop_map(Event::MembersRemoved),
        (conversation(), client(), time(), ttl()).prop_map(|(conversation, by, at, ttl_seconds)| {
            Event::Joined { conversation, by, at, ttl_seconds }
        }),
        (conversation(), client(), time()).prop_map(|(conversation, by, at)| Event::Left {
            conversation,
            by,
            at
        }),
        (conversation(), vec(client(), 0..4), client(), time(), ttl()).prop_map(
            |(conversation, members, by, at, ttl_seconds)| {
                Event::MembersJoined { conversation, members, by, at, ttl_seconds }
            }
        ),
        (conversation(), vec(client(), 0..4), client(), time())
            .prop_map(|(conversation, members, by, at)| Event::MembersLeft { conversation, members, by, at }),
    ]
    .boxed()
}

fn message_event() -> BoxedStrategy<Event> {
    prop_oneof![
        (conversation(), message_id(), time(), option::of(reject())).prop_map(
            |(conversation, message, timestamp, reject)| {
                Event::MessageAck(MessageAck { conversation, message, timestamp, reject })
            }
        ),
        delivery().prop_map(Event::Message),
        (conversation(), message_id(), time(), client(), any::<bool>()).prop_map(
            |(conversation, message, at, from, read)| {
                Event::Receipt(Receipt { conversation, message, at, from, read })
            }
        ),
        (vec(unread(), 0..3), time())
            .prop_map(|(conversations, notified_at)| Event::Unread { conversations, notified_at }),
        (conversation(), vec(history_item(), 0..3))
            .prop_map(|(conversation, messages)| Event::History { conversation, messages }),
        time().prop_map(|at| Event::Patched { at }),
        patch_item().prop_map(Event::Patch),
    ]
    .boxed()
}

fn kind() -> BoxedStrategy<ConversationKind> {
    (1..=4i64).prop_map(|number| ConversationKind::from_number(number).unwrap()).boxed()
}

pub(super) fn delivery() -> BoxedStrategy<Delivery> {
    (
        (conversation(), kind(), message_id(), client(), time()),
        (content(), mentions(), any::<[bool; 3]>(), option::of(time())),
    )
        .prop_map(
            |(
                (conversation, kind, id, from, timestamp),
                (content, mentions, [transient, offline, has_more], patched_at),
            )| Delivery {
                conversation,
                kind,
                id,
                from,
                timestamp,
                content,
                mentions,
                transient,
                offline,
                has_more,
                patched_at,
            },
        )
        .boxed()
}

fn last_message() -> BoxedStrategy<LastMessage> {
    (message_id(), client(), time(), content(), option::of(time()), mentions())
        .prop_map(|(id, from, timestamp, content, patched_at, mentions)| LastMessage {
            id,
            from,
            timestamp,
            content,
            patched_at,
            mentions,
        })
        .boxed()
}

fn unread() -> BoxedStrategy<UnreadConversation> {
    (conversation(), kind(), 0..1000u32, any::<bool>(), option::of(last_message()))
        .prop_map(|(conversation, kind, count, mentioned, last)| UnreadConversation {
            conversation,
            kind,
            count,
            mentioned,
            // Whom the message mentions does not travel here.
            last: last.map(|last| LastMessage { mentions: Mentions::default(), ..last }),
        })
        .boxed()
}

fn history_item() -> BoxedStrategy<HistoryItem> {
    (
        (message_id(), client(), time(), content(), kind()),
        (option::of(time()), option::of(time()), option::of(time()), mentions()),
    )
        .prop_map(|((id, from, timestamp, content, kind), (delivered_at, read_at, patched_at, mentions))| {
            HistoryItem { id, from, timestamp, content, kind, delivered_at, read_at, patched_at, mentions }
        })
        .boxed()
}

fn patch_item() -> BoxedStrategy<PatchItem> {
    ((conversation(), message_id(), time(), client(), any::<bool>()), (content(), time(), mentions()))
        .prop_map(|((conversation, message, timestamp, from, recall), (content, patched_at, mentions))| {
            PatchItem { conversation, message, timestamp, from, recall, content, patched_at, mentions }
        })
        .boxed()
}

fn view() -> BoxedStrategy<ConversationView> {
    let subscription =
        (option::of(time()), any::<bool>()).prop_map(|(joined_at, muted)| Subscription { joined_at, muted });
    (
        (conversation(), kind(), client(), time(), time(), option::of(time())),
        (
            option::of((vec(client(), 0..4), vec(client(), 0..2))),
            option::of(id("[0-9a-f]{32}")),
            attributes(),
            option::of(any::<i64>()),
            option::of(subscription),
            option::of(last_message()),
        ),
    )
        .prop_map(
            |(
                (id, kind, creator, created_at, updated_at, last_message_at),
                (lists, unique_id, attributes, seconds_left, subscription, last_message),
            )| {
                let (members, muted_by) = lists.unzip();
                ConversationView {
                    id,
                    kind,
                    creator,
                    created_at,
                    updated_at,
                    last_message_at,
                    members,
                    muted_by,
                    unique_id,
                    attributes,
                    seconds_left,
                    subscription,
                    last_message,
                }
            },
        )
        .boxed()
}
