//! Refusals: the protocol's codes, their names and the few words that go with them (`wire-protocol.md` §8).

use std::borrow::Cow;
use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $name:literal;)+) => {
        /// A code of the protocol. Its name is the `reason` on the wire, spelt as there (W-79, W-455).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[$doc])* $variant,)+
        }

        impl Code {
            /// Every code, in ascending order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The number on the wire.
            #[must_use]
            pub const fn number(self) -> u16 {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The name on the wire.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The code with this number, if the protocol has it.
            #[must_use]
            pub const fn from_number(number: i64) -> Option<Self> {
                match number { $($code => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

codes! {
    /// App unknown, or messaging switched off for it.
    AppNotAvailable = 4100, "APP_NOT_AVAILABLE";
    /// Login signature missing, wrong or too old.
    SignatureFailed = 4102, "SIGNATURE_FAILED";
    /// Malformed client id.
    InvalidLogin = 4103, "INVALID_LOGIN";
    /// No open session for this client on this connection.
    SessionRequired = 4105, "SESSION_REQUIRED";
    /// The client is banned from the app.
    Blacklisted = 4106, "BLACKLISTED";
    /// Nothing was received for too long.
    ReadTimeout = 4107, "READ_TIMEOUT";
    /// No session was opened in time.
    LoginTimeout = 4108, "LOGIN_TIMEOUT";
    /// A frame or a message is over its limit.
    FrameTooLong = 4109, "FRAME_TOO_LONG";
    /// The page's origin is not allowed.
    InvalidOrigin = 4110, "INVALID_ORIGIN";
    /// Another device holds the tag.
    SessionConflict = 4111, "SESSION_CONFLICT";
    /// The session token is unknown, malformed or expired.
    SessionTokenExpired = 4112, "SESSION_TOKEN_EXPIRED";
    /// The app's daily limit of clients is reached.
    AppQuotaExceeded = 4113, "APP_QUOTA_EXCEEDED";
    /// A frame that cannot be decoded.
    UnparseableRawMessage = 4114, "UNPARSEABLE_RAW_MESSAGE";
    /// Taken offline by the app.
    KickedByApp = 4115, "KICKED_BY_APP";
    /// Too many commands in too short a time.
    MessageSentQuotaExceeded = 4116, "MESSAGE_SENT_QUOTA_EXCEEDED";
    /// A fault of the server, or a command it does not have.
    InternalError = 4200, "INTERNAL_ERROR";
    /// A send timed out inside the server.
    SendMessageTimeout = 4201, "SEND_MESSAGE_TIMEOUT";
    /// A fault of the server in a conversation operation.
    ConversationInternalError = 4300, "CONVERSATION_INTERNAL_ERROR";
    /// A conversation operation whose arguments cannot be used.
    ConversationApiFailed = 4301, "CONVERSATION_API_FAILED";
    /// Conversation signature missing, wrong or too old.
    ConversationSignatureFailed = 4302, "CONVERSATION_SIGNATURE_FAILED";
    /// No such conversation.
    ConversationNotFound = 4303, "CONVERSATION_NOT_FOUND";
    /// Too many members.
    ConversationFull = 4304, "CONVERSATION_FULL";
    /// A hook of the app refused the operation.
    ConversationRejectedByApp = 4305, "CONVERSATION_REJECTED_BY_APP";
    /// An update the server cannot make.
    ConversationUpdateFailed = 4306, "CONVERSATION_UPDATE_FAILED";
    /// The conversation cannot be changed.
    ConversationReadOnly = 4307, "CONVERSATION_READ_ONLY";
    /// Sending is forbidden in this conversation.
    ConversationNotAllowed = 4308, "CONVERSATION_NOT_ALLOWED";
    /// An update by a client that is not a member.
    ConversationUpdateRejected = 4309, "CONVERSATION_UPDATE_REJECTED";
    /// A query that is malformed, or too costly.
    ConversationQueryFailed = 4310, "CONVERSATION_QUERY_FAILED";
    /// A fault of the server while reading history.
    ConversationLogFailed = 4311, "CONVERSATION_LOG_FAILED";
    /// History asked for by a client that is not a member.
    ConversationLogRejected = 4312, "CONVERSATION_LOG_REJECTED";
    /// Only for service conversations.
    SystemConversationRequired = 4313, "SYSTEM_CONVERSATION_REQUIRED";
    /// Only for normal conversations.
    NormalConversationRequired = 4314, "NORMAL_CONVERSATION_REQUIRED";
    /// The sender is silenced for a time.
    ConversationTemporaryBlacklisted = 4315, "CONVERSATION_TEMPORARY_BLACKLISTED";
    /// Only for chat rooms.
    TransientConversationRequired = 4316, "TRANSIENT_CONVERSATION_REQUIRED";
    /// The operation is open to members only.
    ConversationMembershipRequired = 4317, "CONVERSATION_MEMBERSHIP_REQUIRED";
    /// The caller's role does not allow the operation.
    ConversationOperationUnauthorized = 4320, "CONVERSATION_OPERATION_UNAUTHORIZED";
    /// No such role.
    UnknownConversationRole = 4321, "UNKNOWN_CONVERSATION_ROLE";
    /// Too many members hold the role.
    ConversationMemberInRoleFull = 4322, "CONVERSATION_MEMBER_IN_ROLE_FULL";
    /// The owner cannot go.
    ConversationNeedOwner = 4324, "CONVERSATION_NEED_OWNER";
    /// Roles are switched off.
    ConversationMemberInfoFeatureDisabled = 4325, "CONVERSATION_MEMBER_INFO_FEATURE_DISABLED";
    /// No such conversation to send to, or the sender is not a member.
    InvalidMessagingTarget = 4401, "INVALID_MESSAGING_TARGET";
    /// A hook of the app refused the message.
    MessageRejectedByApp = 4402, "MESSAGE_REJECTED_BY_APP";
    /// Only the sender may change a message.
    MessageOwnershipRequired = 4403, "MESSAGE_OWNERSHIP_REQUIRED";
    /// No such message.
    MessageNotFound = 4404, "MESSAGE_NOT_FOUND";
    /// A hook of the app refused the change.
    MessageUpdateRejectedByApp = 4405, "MESSAGE_UPDATE_REJECTED_BY_APP";
    /// Editing is switched off.
    MessageEditDisabled = 4406, "MESSAGE_EDIT_DISABLED";
    /// Recalling is switched off.
    MessageRecallDisabled = 4407, "MESSAGE_RECALL_DISABLED";
    /// The content filter changed the message.
    MessageModifiedByCensorship = 4408, "MESSAGE_MODIFIED_BY_CENSORSHIP";
    /// The block list is full.
    BlacklistFull = 4543, "BLACKLIST_FULL";
    /// Block lists are switched off.
    BlacklistFeatureDisabled = 4544, "BLACKLIST_FEATURE_DISABLED";
    /// Block-list signature missing, wrong or too old.
    BlacklistSignatureFailed = 4546, "BLACKLIST_SIGNATURE_FAILED";
    /// The conversation blocks this client.
    BlockedByConversation = 4548, "BLOCKED_BY_CONV";
    /// Too many silenced members.
    SilencedMemberListFull = 4561, "SILIENCED_MEMBER_LIST_FULL";
    /// The sender is silenced.
    Silenced = 4563, "SILIENCED";
}

/// Why a command was refused, as the client is told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Reject {
    /// The protocol's code; its name travels as the reason.
    pub code: Code,
    /// The words that travel as the reason in place of the code's name (W-138).
    pub said: Option<String>,
    /// A sentence for the developer at the other end (W-80).
    pub detail: Option<Cow<'static, str>>,
    /// The code and text of the app's own hook, if that refused (W-80).
    pub app: Option<(i32, String)>,
}

impl Reject {
    /// A refusal with the code alone.
    #[must_use]
    pub const fn new(code: Code) -> Self {
        Self { code, said: None, detail: None, app: None }
    }

    /// A refusal whose reason is in the caller's own words.
    #[must_use]
    pub fn saying(code: Code, text: impl Into<String>) -> Self {
        Self { said: Some(text.into()), ..Self::new(code) }
    }

    /// A refusal with a sentence that helps the developer.
    #[must_use]
    pub fn because(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { detail: Some(detail.into()), ..Self::new(code) }
    }

    /// The reason on the wire: the code's name, or what is said in its place.
    #[must_use]
    pub fn reason(&self) -> &str {
        self.said.as_deref().unwrap_or(self.code.name())
    }
}

impl From<Code> for Reject {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code.number(), self.reason())?;
        match &self.detail {
            Some(detail) => write!(f, ": {detail}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_found_by_its_number() {
        for &code in Code::ALL {
            assert_eq!(Code::from_number(i64::from(code.number())), Some(code));
        }
        assert_eq!(Code::from_number(4101), None);
    }

    #[test]
    fn codes_ascend_so_that_the_table_reads_like_the_specification() {
        assert!(Code::ALL.is_sorted_by_key(|code| code.number()));
    }
}
