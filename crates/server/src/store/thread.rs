//! What passes between a service conversation and one client has an id of its own, known to back ends.

use md5::{Digest, Md5};
use yanshu_protocol::{ClientId, ConversationId};

/// The MD5 of both ids with a colon between them, in lower-case hex digits.
pub(crate) fn thread_id(conversation: &ConversationId, client: &ClientId) -> String {
    let mut hash = Md5::new();
    hash.update(conversation.as_str());
    hash.update(":");
    hash.update(client.as_str());
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_named_by_the_md5_of_both_ids() {
        // R-126; the digest was computed by another program.
        let conversation = "5667070f60b2298fdddb6837".parse().unwrap();
        let id = thread_id(&conversation, &"Tom".parse().unwrap());
        assert_eq!(id, "5044ba71784bb985417860e124f5456c");
    }
}
