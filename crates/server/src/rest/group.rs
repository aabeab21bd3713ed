//! The three groups of conversations in paths, one for each kind.

use yanshu_protocol::{Code, ConversationId, ConversationKind, Reject};

use super::input::FromPath;

/// A conversation as a path names it: its group and its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) kind: ConversationKind,
    pub(super) id: ConversationId,
}

impl FromPath for Named {
    type Texts = (String, String);

    fn from_path((group, id): (String, String)) -> Result<Self, Reject> {
        Ok(Self { kind: kind(&group)?, id: ConversationId::from_path(id)? })
    }
}

/// The same, and something of its own.
impl FromPath for (Named, String) {
    type Texts = (String, String, String);

    fn from_path((group, id, own): (String, String, String)) -> Result<Self, Reject> {
        Ok((Named::from_path((group, id))?, own))
    }
}

/// The kind of a group's conversations. Another group holds none.
fn kind(group: &str) -> Result<ConversationKind, Reject> {
    match group {
        "conversations" => Ok(ConversationKind::Normal),
        "chatrooms" => Ok(ConversationKind::Room),
        "service-conversations" => Ok(ConversationKind::Service),
        _ => Err(Code::ConversationNotFound.into()),
    }
}
