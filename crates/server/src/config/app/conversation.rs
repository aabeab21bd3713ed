//! Conversations.

use crate::config::setting::section;
use crate::config::units::ByteSize;

section! {
    /// Conversations.
    pub struct Conversation {
        /// Most attributes of one conversation together, as JSON text, its name included. A change that would
        /// make them larger is refused.
        max_attributes: ByteSize = ByteSize::kib(128), in ByteSize::kib(1)..=ByteSize::mib(16);
        /// After how many days without a new message or a change a conversation is deleted with everything in it; 0
        /// means never (B-514). Sending to it then fails with 4401 (B-515). What is deleted does not come back.
        idle_days: u32 = 0, in 0..=36_500;
    }
}
