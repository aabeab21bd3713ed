//! Identifiers. Each is its own type, cheap to clone, and checked where it enters the system.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::limits::{MAX_CLIENT_ID_CHARS, TEMPORARY_PREFIX};

/// Why a text is not the id it was meant to be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text is empty.
    #[error("{0} must not be empty")]
    Empty(&'static str),
    /// The text has more characters than the protocol allows.
    #[error("{0} is longer than {1} characters")]
    TooLong(&'static str, usize),
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $label:literal, $max:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The id as text, exactly as it was supplied.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                if text.is_empty() {
                    return Err(IdError::Empty($label));
                }
                // Bytes bound characters from above, so most ids are never counted.
                if text.len() > $max && text.chars().count() > $max {
                    return Err(IdError::TooLong($label, $max));
                }
                Ok(Self(text.into()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

text_id! {
    /// An application. Every row and every key carries one.
    AppId, "app id", 64
}
text_id! {
    /// A client: the user's id in conversations, 1 to 64 characters of any kind (B-2, W-92, W-93).
    ClientId, "client id", MAX_CLIENT_ID_CHARS
}
text_id! {
    /// A conversation. 24 lower-case hex digits when made here, other forms when imported; temporary ones
    /// start with `_tmp:` (W-143).
    ConversationId, "conversation id", 128
}
text_id! {
    /// A message: 1 to 64 URL-safe characters, unique in the app (W-266).
    MessageId, "message id", 64
}
text_id! {
    /// A session token: opaque to clients and safe in a URL or a header (W-115).
    SessionToken, "session token", 4096
}
text_id! {
    /// The device a session runs on, as the SDK names it (W-95).
    DeviceId, "device id", 256
}
text_id! {
    /// The kind of device that at most one session of a client may hold (B-27).
    Tag, "tag", 256
}
text_id! {
    /// Names the member set of a unique conversation (W-175).
    UniqueId, "unique id", 64
}

impl ConversationId {
    /// Whether this names a temporary conversation, which all SDKs tell by its prefix (W-143).
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        self.0.starts_with(TEMPORARY_PREFIX)
    }
}

/// The number by which a reply finds its command: any 32-bit integer, unique per connection (W-57, W-59).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Serial(pub i32);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_id_of_64_characters_is_accepted_and_one_of_65_refused() {
        // B-2: characters, not bytes.
        assert!("雁".repeat(64).parse::<ClientId>().is_ok());
        assert_eq!("雁".repeat(65).parse::<ClientId>(), Err(IdError::TooLong("client id", 64)));
        assert_eq!("".parse::<ClientId>(), Err(IdError::Empty("client id")));
    }

    #[test]
    fn an_id_is_given_back_exactly_as_supplied() {
        // B-4
        assert_eq!(" <b>Tom</b> ".parse::<ClientId>().unwrap().as_str(), " <b>Tom</b> ");
    }
}
