//! Receipts.

use crate::config::setting::{choice, section};

section! {
    /// Receipts: who received and read a message.
    pub struct Receipts {
        /// Receipts in conversations of more than two members. `auto`: to sessions whose SDK can handle them.
        /// `never`: none (B-230).
        group: GroupReceipts = GroupReceipts::Auto;
    }
}

choice! {
    /// Receipts in conversations of more than two (B-230).
    pub enum GroupReceipts {
        /// To sessions whose SDK can handle them.
        Auto = "auto",
        /// None.
        Never = "never",
    }
    form = "\"auto\" or \"never\""
}
