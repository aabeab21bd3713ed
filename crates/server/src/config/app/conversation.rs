//! Conversations.

use crate::config::setting::section;
use crate::config::units::ByteSize;

section! {
    /// Conversations.
    pub struct Conversation {
        /// Most attributes of one conversation together, as JSON text, its name included. A change that would
        /// make them larger is refused.
        max_attributes: ByteSize = ByteSize::kib(128), in ByteSize::kib(1)..=ByteSize::mib(16);
    }
}
