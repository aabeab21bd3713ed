//! What a device is told, without what no two runs have in common.

use yanshu_protocol::{ConversationId, Event, MessageId, Restriction, Role};

use super::super::text;
use super::cast::Client;

/// Something told of one conversation; of none that is known for what belongs to none.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Heard {
    pub(super) talk: Option<usize>,
    pub(super) what: What,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum What {
    /// A transient message is known by its text alone.
    Message {
        id: Option<MessageId>,
        from: Client,
        text: String,
        offline: bool,
        more: bool,
    },
    Joined {
        by: Client,
    },
    Left {
        by: Client,
    },
    MembersJoined {
        members: Vec<Client>,
        by: Client,
    },
    MembersLeft {
        members: Vec<Client>,
        by: Client,
    },
    Patch {
        id: MessageId,
        text: String,
        recall: bool,
    },
    Receipt {
        id: MessageId,
        from: Client,
        read: bool,
    },
    Unread(Waiting),
    Restricted {
        restriction: Restriction,
        lifted: bool,
        by: Client,
    },
    MembersRestricted {
        restriction: Restriction,
        lifted: bool,
        members: Vec<Client>,
        by: Client,
    },
    RoleChanged {
        member: Client,
        role: Role,
        by: Client,
    },
    Renamed {
        name: String,
        by: Client,
    },
    /// What no step of a plan causes.
    Other(Box<Event>),
}

/// What waits unread in a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) count: u32,
    pub(super) mentioned: bool,
    /// The message that is shown.
    pub(super) last: Option<MessageId>,
}

impl Heard {
    /// What an event tells; of an unread notice each conversation by itself.
    pub(super) fn of(event: &Event, number: impl Fn(&ConversationId) -> Option<usize>) -> Vec<Self> {
        if let Event::Unread { conversations, .. } = event {
            let waiting = conversations.iter().map(|tuple| Self {
                talk: number(&tuple.conversation),
                what: What::Unread(Waiting {
                    count: tuple.count,
                    mentioned: tuple.mentioned,
                    last: tuple.last.as_ref().map(|last| last.id.clone()),
                }),
            });
            return waiting.collect();
        }
        let (conversation, what) = one(event);
        vec![Self { talk: conversation.and_then(number), what }]
    }
}

fn one(event: &Event) -> (Option<&ConversationId>, What) {
    let all = |ids: &[_]| ids.iter().map(Client::of).collect::<Vec<_>>();
    match event {
        Event::Message(delivery) => (
            Some(&delivery.conversation),
            What::Message {
                id: (!delivery.transient).then(|| delivery.id.clone()),
                from: Client::of(&delivery.from),
                text: text(&delivery.content),
                offline: delivery.offline,
                more: delivery.has_more,
            },
        ),
        Event::Joined { conversation, by, .. } => (Some(conversation), What::Joined { by: Client::of(by) }),
        Event::Left { conversation, by, .. } => (Some(conversation), What::Left { by: Client::of(by) }),
        Event::MembersJoined { conversation, members, by, .. } => {
            (Some(conversation), What::MembersJoined { members: all(members), by: Client::of(by) })
        }
        Event::MembersLeft { conversation, members, by, .. } => {
            (Some(conversation), What::MembersLeft { members: all(members), by: Client::of(by) })
        }
        Event::Patch(patch) => (
            Some(&patch.conversation),
            What::Patch { id: patch.message.clone(), text: text(&patch.content), recall: patch.recall },
        ),
        Event::Receipt(receipt) => (
            Some(&receipt.conversation),
            What::Receipt {
                id: receipt.message.clone(),
                from: Client::of(&receipt.from),
                read: receipt.read,
            },
        ),
        Event::Restricted { restriction, lifted, conversation, by, .. } => (
            Some(conversation),
            What::Restricted { restriction: *restriction, lifted: *lifted, by: Client::of(by) },
        ),
        Event::MembersRestricted { restriction, lifted, conversation, members, by, .. } => (
            Some(conversation),
            What::MembersRestricted {
                restriction: *restriction,
                lifted: *lifted,
                members: all(members),
                by: Client::of(by),
            },
        ),
        Event::MemberRoleChanged { conversation, member, role, by } => (
            Some(conversation),
            What::RoleChanged { member: Client::of(member), role: *role, by: Client::of(by) },
        ),
        Event::ConversationUpdated { conversation, by: Some(by), changes: Some((_, now)), .. } => {
            let name = now.get("name").and_then(|name| name.as_str()).unwrap_or_default().to_owned();
            (Some(conversation), What::Renamed { name, by: Client::of(by) })
        }
        other => (None, What::Other(Box::new(other.clone()))),
    }
}
