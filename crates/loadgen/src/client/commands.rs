//! The commands that measurements send.

use std::sync::Arc;

use yanshu_protocol::codec::{Dialect, encode_command};
use yanshu_protocol::{
    Command, Content, ConversationId, Direction, Envelope, HistoryQuery, Mentions, SendMessage, Serial,
};

use crate::drive::Requests;

/// Typed text messages to the connection's own conversations in turn, as the JavaScript SDKs send them:
/// without a client id, since there is one client on the connection, and with a key for sending them again.
pub(crate) fn messages(conversations: Vec<Vec<ConversationId>>, text_bytes: usize) -> Requests {
    let content = Content::Text(text(text_bytes).into());
    let run: u64 = rand::random();
    Arc::new(move |slot, serial, out| {
        let own = &conversations[slot];
        let message = SendMessage {
            conversation: own[serial as usize % own.len()].clone(),
            content: content.clone(),
            transient: false,
            receipt: false,
            will: false,
            resend_key: Some(format!("{run:016x}-{slot:06x}-{serial:08x}")),
            push_data: None,
            mentions: Mentions::default(),
            priority: None,
        };
        append(Command::Send(Box::new(message)), serial, out);
    })
}

/// Chat-room messages that carry the number and the priority which `of` gives for a serial.
pub(crate) fn numbered(
    room: ConversationId,
    text_bytes: usize,
    of: impl Fn(i32) -> (u32, i32) + Send + Sync + 'static,
) -> Requests {
    let run: u64 = rand::random();
    Arc::new(move |_, serial, out| {
        let (number, priority) = of(serial);
        let message = SendMessage {
            conversation: room.clone(),
            content: Content::Text(numbered_text(number, text_bytes).into()),
            transient: false,
            receipt: false,
            will: false,
            resend_key: Some(format!("{run:016x}-{number:08x}")),
            push_data: None,
            mentions: Mentions::default(),
            priority: Some(priority),
        };
        append(Command::Send(Box::new(message)), serial, out);
    })
}

/// The JSON of a text message that begins with a number.
pub(crate) fn numbered_text(number: u32, bytes: usize) -> String {
    let rest = bytes.saturating_sub(BEFORE_TEXT.len() + NUMBER_DIGITS + AFTER_TEXT.len());
    format!("{BEFORE_TEXT}{number:08x}{}{AFTER_TEXT}", "m".repeat(rest))
}

/// The number that such a text begins with.
pub(crate) fn number_of(text: &[u8]) -> Option<u32> {
    let digits = text.strip_prefix(BEFORE_TEXT.as_bytes())?.get(..NUMBER_DIGITS)?;
    digits.iter().try_fold(0, |number, &digit| Some(number << 4 | char::from(digit).to_digit(16)?))
}

/// Heartbeats.
pub(crate) fn echoes() -> Requests {
    Arc::new(|_, serial, out| append(Command::Echo, serial, out))
}

/// The last messages of one of the connection's conversations, chosen at random.
pub(crate) fn last_pages(conversations: Vec<Vec<ConversationId>>, page: i32) -> Requests {
    Arc::new(move |slot, serial, out| {
        let own = &conversations[slot];
        let query = HistoryQuery {
            conversation: own[rand::random_range(0..own.len())].clone(),
            start: None,
            stop: None,
            direction: Direction::Older,
            limit: Some(page),
            message_type: None,
        };
        append(Command::History(query), serial, out);
    })
}

fn append(command: Command, serial: i32, out: &mut Vec<u8>) {
    let envelope = Envelope { app: None, client: None, serial: Some(Serial(serial)), command: Ok(command) };
    out.extend_from_slice(&encode_command(Dialect::Protobuf, &envelope));
}

/// The JSON of a text message, filled up to a number of bytes (W-425).
fn text(bytes: usize) -> String {
    let rest = bytes.saturating_sub(BEFORE_TEXT.len() + AFTER_TEXT.len());
    format!("{BEFORE_TEXT}{}{AFTER_TEXT}", "m".repeat(rest))
}

const BEFORE_TEXT: &str = r#"{"_lctype":-1,"_lctext":""#;
const AFTER_TEXT: &str = r#""}"#;
const NUMBER_DIGITS: usize = 8;

#[cfg(test)]
mod tests {
    use yanshu_protocol::codec::decode_command;
    use yanshu_protocol::message_type;

    use super::*;

    fn decode(requests: &Requests, slot: usize, serial: i32) -> Envelope {
        let mut bytes = Vec::new();
        requests(slot, serial, &mut bytes);
        decode_command(Dialect::Protobuf, &bytes).unwrap()
    }

    #[test]
    fn messages_have_their_size_their_serial_and_a_key_each() {
        let id = |id: &str| id.parse::<ConversationId>().unwrap();
        let requests = messages(vec![vec![id("c0")], vec![id("c1"), id("c2")]], 128);
        let mut keys = Vec::new();
        for (slot, serial, conversation) in [(0, 0, "c0"), (0, 1, "c0"), (1, 0, "c1"), (1, 1, "c2")] {
            let envelope = decode(&requests, slot, serial);
            assert_eq!(envelope.serial, Some(Serial(serial)));
            let Ok(Command::Send(message)) = envelope.command else { panic!("{envelope:?}") };
            assert_eq!(message.conversation.as_str(), conversation);
            assert_eq!(message.content.len(), 128);
            assert_eq!(message_type(&message.content), Some(-1));
            keys.push(message.resend_key.unwrap());
        }
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), 4);
    }

    #[test]
    fn numbered_messages_have_their_size_their_number_and_their_priority() {
        let requests = numbered("r".parse().unwrap(), 128, |serial| (serial as u32 + 0xabc, 3));
        let Ok(Command::Send(message)) = decode(&requests, 0, 5).command else { panic!("not a message") };
        assert_eq!((message.content.len(), message.priority), (128, Some(3)));
        let Content::Text(text) = message.content else { panic!("not a text") };
        assert_eq!(number_of(text.as_bytes()), Some(0xabc + 5));
        assert_eq!(message_type(&Content::Text(text)), Some(-1));
        assert_eq!(number_of(b"another text"), None);
        assert_eq!(number_of(numbered_text(u32::MAX, 40).as_bytes()), Some(u32::MAX));
    }

    #[test]
    fn pages_are_asked_of_the_connections_own_conversations() {
        let requests = last_pages(vec![vec!["a".parse().unwrap()], vec!["b".parse().unwrap()]], 20);
        let Ok(Command::History(query)) = decode(&requests, 1, 7).command else {
            panic!("not a history query")
        };
        assert_eq!((query.conversation.as_str(), query.limit), ("b", Some(20)));
    }
}
