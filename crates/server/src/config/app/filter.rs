//! The content filter.

use std::path::PathBuf;

use crate::config::setting::section;

section! {
    /// Words that are replaced by `***` before anyone receives them, in conversations of more than two members,
    /// chat rooms and service conversations; history holds the replaced text (B-452, B-453). The sender is told
    /// by an update of its message with the reason -4408 (B-456). In typed messages only `_lctext` is changed, in
    /// other texts everything (B-454). Edited messages are filtered as well (B-457).
    pub struct Filter {
        /// A file with the words, in UTF-8, one word on a line (B-455). The case of ASCII letters does not count.
        words: Option<PathBuf> = None;
        /// Whether messages between two are filtered as well (B-453).
        one_to_one: bool = false;
    }
}
