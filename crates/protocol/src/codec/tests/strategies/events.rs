//! Random events.

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

use super::{
    attributes, client, content, conversation, filled, id, mentions, message_id, restriction, role, text,
    time,
};
use crate::*;

pub(in crate::codec::tests) fn outbound() -> BoxedStrategy<Outbound> {
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
    prop_oneof![
        connection_event(),
        conversation_event(),
        membership_event(),
        moderation_event(),
        message_event(),
    ]
    .boxed()
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
    (
        proptest::sample::select(Code::ALL),
        option::of(filled()),
        option::of(text()),
        option::of((any::<i32>(), text())),
    )
        .prop_map(|(code, said, detail, app)| Reject { code, said, detail: detail.map(Into::into), app })
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
        any::<i32>().prop_map(Event::MatchCount),
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

fn failure() -> BoxedStrategy<MemberFailure> {
    (reject(), vec(client(), 1..3)).prop_map(|(reject, members)| MemberFailure { reject, members }).boxed()
}

fn membership_event() -> BoxedStrategy<Event> {
    let changed = || {
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

fn moderation_event() -> BoxedStrategy<Event> {
    let next = || option::of(1..=u32::MAX);
    let list = || (restriction(), conversation(), vec(client(), 0..4));
    prop_oneof![
        conversation().prop_map(|conversation| Event::RoleUpdated { conversation }),
        (conversation(), client(), role(), client()).prop_map(|(conversation, member, role, by)| {
            Event::MemberRoleChanged { conversation, member, role, by }
        }),
        (list(), any::<bool>(), vec(failure(), 0..3)).prop_map(
            |((restriction, conversation, allowed), lifted, failed)| {
                Event::RestrictionChanged { restriction, lifted, conversation, allowed, failed }
            }
        ),
        (list(), next()).prop_map(|((restriction, conversation, clients), next)| {
            Event::RestrictedClients { restriction, conversation, clients, next }
        }),
        list().prop_map(|(restriction, conversation, clients)| {
            Event::RestrictedAmong { restriction, conversation, clients }
        }),
        (list(), any::<[bool; 2]>(), client()).prop_map(
            |((restriction, conversation, _), [lifted, in_room], by)| {
                Event::Restricted { restriction, lifted, conversation, by, in_room }
            }
        ),
        (list(), any::<[bool; 2]>(), client()).prop_map(
            |((restriction, conversation, members), [lifted, in_room], by)| {
                Event::MembersRestricted { restriction, lifted, conversation, members, by, in_room }
            }
        ),
        (any::<bool>(), vec(conversation(), 0..4), vec((reject(), vec(conversation(), 1..3)), 0..3))
            .prop_map(|(lifted, allowed, failed)| Event::ConversationsBlocked { lifted, allowed, failed }),
        (vec(conversation(), 0..4), next())
            .prop_map(|(conversations, next)| Event::BlockedConversations { conversations, next }),
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

pub(in crate::codec::tests) fn delivery() -> BoxedStrategy<Delivery> {
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
    let reason = (any::<i32>(), option::of(text())).prop_map(|(code, text)| PatchReason { code, text });
    (
        (conversation(), message_id(), time(), client(), any::<bool>()),
        (content(), time(), mentions(), option::of(reason)),
    )
        .prop_map(
            |((conversation, message, timestamp, from, recall), (content, patched_at, mentions, reason))| {
                PatchItem {
                    conversation,
                    message,
                    timestamp,
                    from,
                    recall,
                    content,
                    patched_at,
                    mentions,
                    reason,
                }
            },
        )
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
