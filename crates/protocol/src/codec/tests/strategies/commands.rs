//! Random commands.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::Value;

use super::{
    attributes, client, content, conversation, filled, id, mentions, message_id, restriction, role, text,
    time,
};
use crate::*;

fn signature() -> BoxedStrategy<Signature> {
    (filled(), any::<i64>(), text())
        .prop_map(|(value, timestamp, nonce)| Signature { value, timestamp, nonce })
        .boxed()
}

pub(in crate::codec::tests) fn envelope() -> BoxedStrategy<Envelope> {
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
        attributes().prop_map(|condition| ConversationCommand::CountMatching(condition.into())),
        (conversation(), option::of(any::<i32>()))
            .prop_map(|(conversation, limit)| ConversationCommand::RoomMembers { conversation, limit }),
        vec(conversation(), 0..4).prop_map(ConversationCommand::IsMember),
        (conversation(), any::<bool>()).prop_map(|(conversation, each_member)| {
            ConversationCommand::MaxRead { conversation, each_member }
        }),
        moderation(),
    ]
    .boxed()
}

fn moderation() -> BoxedStrategy<ConversationCommand> {
    let restrict =
        (conversation(), restriction(), any::<bool>(), vec(client(), 0..4), option::of(signature()))
            .prop_map(|(conversation, restriction, lift, clients, signature)| {
                ConversationCommand::Restrict(Restrict {
                    conversation,
                    restriction,
                    lift,
                    clients,
                    signature,
                })
            });
    let block = (vec(conversation(), 0..4), any::<bool>(), option::of(signature())).prop_map(
        |(conversations, lift, signature)| {
            ConversationCommand::BlockConversations(BlockConversations { conversations, lift, signature })
        },
    );
    prop_oneof![
        (conversation(), client(), option::of(role())).prop_map(|(conversation, member, role)| {
            ConversationCommand::SetRole { conversation, member, role }
        }),
        restrict,
        (conversation(), restriction(), page()).prop_map(|(conversation, restriction, page)| {
            ConversationCommand::Restricted { conversation, restriction, page }
        }),
        (conversation(), restriction(), vec(client(), 0..4)).prop_map(
            |(conversation, restriction, clients)| ConversationCommand::CheckRestricted {
                conversation,
                restriction,
                clients
            }
        ),
        block,
        page().prop_map(ConversationCommand::BlockedConversations),
    ]
    .boxed()
}

fn page() -> BoxedStrategy<Page> {
    (option::of(any::<i32>()), any::<u32>()).prop_map(|(limit, offset)| Page { limit, offset }).boxed()
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

pub(in crate::codec::tests) fn send() -> BoxedStrategy<SendMessage> {
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
