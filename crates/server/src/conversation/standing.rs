//! Who may do what to whom in a conversation (B-116 to B-125, W-239 to W-243).

use yanshu_protocol::{ClientId, Code, ConversationKind, MemberFailure, Reject, Role};

use crate::config::Members;
use crate::store::Roster;

/// What a member may want to do to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Power {
    Add,
    Remove,
    Silence,
    Block,
    ChangeRole,
}

/// Ids that were refused, each with its reason.
pub(super) type Refused = Vec<(ClientId, Code)>;

/// Whether the caller may do this at all. If not, nothing of the command is done (W-461). `inside` says whether
/// it is a member, or in a chat room now.
pub(super) fn may(
    settings: &Members,
    roster: &Roster,
    caller: &ClientId,
    inside: bool,
    power: Power,
) -> Result<(), Reject> {
    if !settings.roles {
        return match inside {
            true => Ok(()),
            false => Err(Code::ConversationMembershipRequired.into()),
        };
    }
    match role(roster, caller) {
        Some(Role::Owner | Role::Manager) => Ok(()),
        Some(Role::Member) if power == Power::Add && settings.member_may_add => Ok(()),
        Some(Role::Member) => Err(Code::ConversationOperationUnauthorized.into()),
        None => Err(Code::ConversationMembershipRequired.into()),
    }
}

/// Those whose own rank forbids it: one acts only on lower ranks, and on oneself (W-239, W-461).
pub(super) fn outranked(
    settings: &Members,
    roster: &Roster,
    caller: &ClientId,
    targets: &[ClientId],
) -> Refused {
    if !settings.roles {
        return Vec::new();
    }
    let own = rank(role(roster, caller));
    targets
        .iter()
        .filter(|target| *target != caller && rank(role(roster, target)) >= own)
        .map(|target| {
            let owner = roster.creator == *target;
            // That the owner stays is its own reason (B-120).
            let code =
                if owner { Code::ConversationNeedOwner } else { Code::ConversationOperationUnauthorized };
            (target.clone(), code)
        })
        .collect()
}

/// The role of a client; `None` if it is no member. A chat room has no list of members: everybody is one.
pub(super) fn role(roster: &Roster, client: &ClientId) -> Option<Role> {
    let member = roster.kind == ConversationKind::Room || roster.includes(client);
    match () {
        () if !member => None,
        () if roster.creator == *client => Some(Role::Owner),
        () if roster.order.managers.contains(client) => Some(Role::Manager),
        () => Some(Role::Member),
    }
}

fn rank(role: Option<Role>) -> u8 {
    match role {
        None => 0,
        Some(Role::Member) => 1,
        Some(Role::Manager) => 2,
        Some(Role::Owner) => 3,
    }
}

/// The refused ids, one entry for each reason (W-203).
pub(super) fn failures(refused: Refused) -> Vec<MemberFailure> {
    let mut failures: Vec<MemberFailure> = Vec::new();
    for (client, code) in refused {
        match failures.iter_mut().find(|failure| failure.reject.code == code) {
            Some(failure) => failure.members.push(client),
            None => failures.push(MemberFailure { reject: code.into(), members: vec![client] }),
        }
    }
    failures
}

/// The first refusal, where any refuses the whole command (W-104).
pub(super) fn none_refused(refused: &Refused) -> Result<(), Reject> {
    refused.first().map_or(Ok(()), |(_, code)| Err((*code).into()))
}

/// Takes the refused ids out.
pub(super) fn without(clients: Vec<ClientId>, refused: &Refused) -> Vec<ClientId> {
    clients.into_iter().filter(|client| refused.iter().all(|(refused, _)| refused != client)).collect()
}
