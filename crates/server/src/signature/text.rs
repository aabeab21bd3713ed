//! What is signed. The SDKs' generations and the apps' own signers differ in details, so for some acts several
//! texts are right.

use yanshu_protocol::{ClientId, ConversationId, Signature};

use crate::apps::App;

/// An act that may need a signature.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Act<'a> {
    /// Logging in, or refreshing a token with a signature.
    Login,
    /// Making a conversation: the members as received, and the id of whoever makes it.
    Start { members: &'a [ClientId], creator: &'a ClientId },
    /// Joining, or adding others.
    Add { conversation: &'a ConversationId, members: &'a [ClientId], actor: &'a ClientId },
    /// Removing others.
    Remove { conversation: &'a ConversationId, members: &'a [ClientId] },
    /// A conversation blocks clients, or no longer does.
    Block { conversation: &'a ConversationId, clients: &'a [ClientId], lift: bool },
    /// A client blocks a conversation, or no longer does.
    BlockConversations { conversation: &'a ConversationId, lift: bool },
}

impl Act<'_> {
    /// Every text that is accepted, the documented one first (`wire-protocol.md` §7.2).
    pub(super) fn texts(&self, app: &App, client: &str, signature: &Signature) -> Vec<String> {
        let id = app.id.as_str();
        let when = format!("{}:{}", signature.timestamp, signature.nonce);
        match *self {
            Act::Login => vec![format!("{id}:{client}::{when}")],
            Act::Start { members, creator } => starts(members, creator)
                .into_iter()
                .map(|members| format!("{id}:{client}:{members}:{when}"))
                .collect(),
            Act::Add { conversation, members, actor } => {
                let mut lists = lists(members);
                // One revision of the documents signs no ids for joining (B-424).
                if members.iter().all(|member| member == actor) {
                    lists.push(String::new());
                }
                acts(&format!("{id}:{client}:{conversation}"), &lists, &when, &["invite", "add", "join"])
            }
            Act::Remove { conversation, members } => {
                let mut names = vec!["kick", "remove"];
                if app.settings.signature.invite_for_kick {
                    names.push("invite");
                }
                acts(&format!("{id}:{client}:{conversation}"), &lists(members), &when, &names)
            }
            Act::Block { conversation, clients, lift } => {
                let names = match lift {
                    false => ["conversation-block-clients", "block"],
                    true => ["conversation-unblock-clients", "unblock"],
                };
                acts(&format!("{id}:{client}:{conversation}"), &lists(clients), &when, &names)
            }
            Act::BlockConversations { conversation, lift } => {
                let name = match lift {
                    false => "client-block-conversations",
                    true => "client-unblock-conversations",
                };
                vec![format!("{id}:{client}:{conversation}::{when}:{name}")]
            }
        }
    }
}

/// The act's name is decided here; apps that pass on what their SDK calls it are understood too (W-453).
fn acts(begin: &str, lists: &[String], when: &str, names: &[&str]) -> Vec<String> {
    names
        .iter()
        .flat_map(|name| lists.iter().map(move |list| format!("{begin}:{list}:{when}:{name}")))
        .collect()
}

/// Ids sorted and joined: each once, or failing that as received (W-448, W-451).
fn lists(ids: &[ClientId]) -> Vec<String> {
    let mut all: Vec<&str> = ids.iter().map(ClientId::as_str).collect();
    all.sort_by(|a, b| a.encode_utf16().cmp(b.encode_utf16()));
    let received = all.join(":");
    all.dedup();
    let once = all.join(":");
    match once == received {
        true => vec![once],
        false => vec![once, received],
    }
}

/// The members as received, with their creator, and without (W-449).
fn starts(members: &[ClientId], creator: &ClientId) -> Vec<String> {
    let others: Vec<ClientId> = members.iter().filter(|member| *member != creator).cloned().collect();
    let everyone: Vec<ClientId> = others.iter().chain([creator]).cloned().collect();
    let mut lists = lists(members);
    lists.extend(self::lists(&everyone));
    // An empty list stands only for an empty list: it would otherwise allow any (W-449).
    if !others.is_empty() {
        lists.extend(self::lists(&others));
    }
    lists
}
