//! Messages.

use crate::config::setting::section;

section! {
    /// Messages.
    pub struct Message {
        /// Most bytes of a message, content and push data together; a larger one is refused with 4109 (B-199,
        /// B-200). Must fit into `connection.frame_limit`.
        max_bytes: usize = 5120, in 1..=16_777_216;
        /// Whether senders may edit their messages; else 4406 (B-238).
        allow_edit: bool = true;
        /// Whether senders may recall their messages; else 4407 (B-238).
        allow_recall: bool = true;
        /// How old a message may be to be edited or recalled, in seconds; afterwards 4403. 0 means any age
        /// (B-240).
        edit_window_seconds: u32 = 0;
        /// After how many days messages are deleted; 0 means never (B-513). What is deleted does not come back.
        retention_days: u32 = 0, in 0..=36_500;
    }
}
