//! Client ids.

use yanshu_protocol::ClientId;

use crate::config::setting::{choice, section};

section! {
    /// Who may log in.
    pub struct Clients {
        /// `any`: every id of 1 to 64 characters. `strict`: ASCII letters, digits, `_` and `-` only, not
        /// starting with a digit; others are refused with 4103 (B-3).
        id_policy: IdPolicy = IdPolicy::Any;
        /// Clients that cannot log in: they are refused with 4106 (B-21).
        blocked: Vec<ClientId> = Vec::new();
    }
}

choice! {
    /// Which client ids are accepted (B-3).
    pub enum IdPolicy {
        /// The rule of 2015: any characters.
        Any = "any",
        /// The rule of later documents.
        Strict = "strict",
    }
    form = "\"any\" or \"strict\""
}
