//! Where new ids come from. One source per node; ids of different nodes never collide.

use std::sync::atomic::{AtomicU32, Ordering};

use rand::RngCore;
use yanshu_protocol::{ConversationId, MessageId, Timestamp};

/// The URL-safe alphabet in ASCII order, so that ids sort as text as they sort in time.
const ALPHABET: &[u8; 64] = b"-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";

/// Makes ids from a time, the node and a counter.
#[derive(Debug)]
pub(crate) struct IdSource {
    node: u16,
    counter: AtomicU32,
}

impl IdSource {
    pub(crate) fn new(node: u16) -> Self {
        // A restart within one millisecond must not repeat ids, so the counter does not start at zero.
        Self { node, counter: AtomicU32::new(rand::rng().next_u32()) }
    }

    fn next(&self) -> u32 {
        self.counter.fetch_add(1, Ordering::Relaxed)
    }

    /// 16 characters: 48 bits of time, 16 of node, 32 of counter (W-266).
    pub(crate) fn message(&self, at: Timestamp) -> MessageId {
        let bits = (u128::from(at.0.unsigned_abs() & 0xffff_ffff_ffff) << 48)
            | (u128::from(self.node) << 32)
            | u128::from(self.next());
        let text: String =
            (0..16).rev().map(|place| char::from(ALPHABET[(bits >> (place * 6) & 63) as usize])).collect();
        text.parse().expect("16 characters are a message id")
    }

    /// 24 hex digits: 32 bits of seconds, 24 of node, 40 of counter and chance (W-143).
    pub(crate) fn conversation(&self, at: Timestamp) -> ConversationId {
        let seconds = (at.0 / 1000) & 0xffff_ffff;
        let chance = rand::rng().next_u32() & 0xff;
        format!("{seconds:08x}{:06x}{:08x}{chance:02x}", self.node, self.next())
            .parse()
            .expect("24 digits are a conversation id")
    }

    /// The id of a temporary conversation (W-143).
    pub(crate) fn temporary_conversation(&self, at: Timestamp) -> ConversationId {
        format!("{}{}", yanshu_protocol::limits::TEMPORARY_PREFIX, self.conversation(at))
            .parse()
            .expect("prefix and 24 digits are a conversation id")
    }
}

/// The time a message id of [`IdSource::message`] was made at; `None` for ids of another origin.
pub(crate) fn message_time(id: &MessageId) -> Option<Timestamp> {
    let bytes = id.as_str().as_bytes();
    if bytes.len() != 16 {
        return None;
    }
    let mut millis: i64 = 0;
    for &byte in &bytes[..8] {
        let digit = ALPHABET.binary_search(&byte).ok()?;
        millis = millis << 6 | i64::try_from(digit).ok()?;
    }
    Some(Timestamp(millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_ids_sort_by_time_as_text() {
        let ids = IdSource::new(7);
        let earlier = ids.message(Timestamp(1_700_000_000_000));
        let later = ids.message(Timestamp(1_700_000_000_001));
        assert!(earlier.as_str() < later.as_str());
    }

    #[test]
    fn a_message_id_tells_its_time() {
        let id = IdSource::new(1).message(Timestamp(1_700_000_000_123));
        assert_eq!(message_time(&id), Some(Timestamp(1_700_000_000_123)));
        assert_eq!(message_time(&"qNkRkFWOeSqP65S9fDyHJw".parse().unwrap()), None);
    }

    #[test]
    fn conversation_ids_look_like_object_ids() {
        // W-143
        let ids = IdSource::new(1);
        let id = ids.conversation(Timestamp(1_700_000_000_000));
        assert_eq!(id.as_str().len(), 24);
        assert!(id.as_str().bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)));
        assert!(ids.temporary_conversation(Timestamp(0)).is_temporary());
    }
}
