//! The frame layer against the examples of RFC 6455, the cases of the Autobahn suite, and another library.

use std::io::{self, Read, Write};

use proptest::collection::vec;
use proptest::prelude::*;
use tungstenite::protocol::{self as other, WebSocketConfig};

use super::*;

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
const LIMIT: usize = 1000;

/// Everything a reader makes of some bytes, read in pieces of a given size.
fn read_in_pieces(
    role: Role,
    limit: usize,
    bytes: &[u8],
    piece: usize,
) -> (Vec<Message<'static>>, Option<FrameError>) {
    let mut reader = FrameReader::new(role, limit);
    let mut messages = Vec::new();
    for piece in bytes.chunks(piece) {
        let mut piece = piece.to_vec();
        let mut input = piece.as_mut_slice();
        loop {
            match reader.next(&mut input) {
                Ok(Some(message)) => messages.push(owned(message)),
                Ok(None) => break,
                Err(error) => return (messages, Some(error)),
            }
        }
        assert!(input.is_empty(), "a reader takes all it is given");
    }
    (messages, None)
}

fn owned(message: Message<'_>) -> Message<'static> {
    match message {
        Message::Text(text) => Message::Text(text.into_owned().into()),
        Message::Binary(bytes) => Message::Binary(bytes.into_owned().into()),
        Message::Ping(bytes) => Message::Ping(bytes.into_owned().into()),
        Message::Pong(bytes) => Message::Pong(bytes.into_owned().into()),
        Message::Close(close) => Message::Close(close),
    }
}

fn text(text: &str) -> Message<'static> {
    Message::Text(text.to_owned().into())
}

/// A client's frame with any first byte.
fn client_frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    encode_masked(&mut frame, Opcode::Binary, KEY, payload);
    frame[0] = first;
    frame
}

/// First bytes and payloads.
type Frames<'a> = &'a [(u8, &'a [u8])];

fn client_frames(frames: Frames<'_>) -> Vec<u8> {
    frames.iter().flat_map(|(first, payload)| client_frame(*first, payload)).collect()
}

#[test]
fn the_accept_key_is_that_of_the_rfc() {
    // RFC 6455 §1.3
    assert_eq!(accept_key("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

#[test]
fn the_examples_of_the_rfc_are_read() {
    // RFC 6455 §5.7
    let hello = Message::Binary(b"Hello".to_vec().into());
    let examples: [(Role, &[u8], Message<'_>); 6] = [
        (Role::Client, &[0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f], text("Hello")),
        (Role::Server, &[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58], text("Hello")),
        (Role::Client, &[0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f], text("Hello")),
        (Role::Client, &[0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f], Message::Ping(b"Hello".to_vec().into())),
        (
            Role::Server,
            &[0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58],
            Message::Pong(b"Hello".to_vec().into()),
        ),
        (Role::Client, &[0x82, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f], hello),
    ];
    for (role, bytes, message) in examples {
        for piece in 1..=bytes.len() {
            assert_eq!(read_in_pieces(role, LIMIT, bytes, piece), (vec![message.clone()], None));
        }
    }
}

#[test]
fn headers_of_all_three_lengths_are_those_of_the_rfc() {
    // RFC 6455 §5.7
    let header = |length| {
        let (bytes, size) = encode_header(Opcode::Binary, length);
        bytes[..size].to_vec()
    };
    assert_eq!(header(125), [0x82, 0x7d]);
    assert_eq!(header(256), [0x82, 0x7e, 0x01, 0x00]);
    assert_eq!(header(65_535), [0x82, 0x7e, 0xff, 0xff]);
    assert_eq!(header(65_536), [0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0]);
    for length in [0, 1, 125, 126, 65_535, 65_536] {
        let bytes = header(length);
        let read = parse_header(&bytes).unwrap().unwrap();
        assert_eq!((read.length, read.size, read.fin), (length as u64, bytes.len(), true));
        for cut in 0..bytes.len() {
            assert_eq!(parse_header(&bytes[..cut]), Ok(None));
        }
    }
}

#[test]
fn what_breaks_the_protocol_is_refused() {
    // RFC 6455 §5.1 to 5.5; Autobahn 3.*, 4.*, 5.*, 7.*.
    use FrameError::*;
    let cases: &[(&str, Frames<'_>, FrameError)] = &[
        ("a reserved bit", &[(0xc1, b"x")], ReservedBits),
        ("a reserved bit on a ping", &[(0xb9, b"")], ReservedBits),
        ("a reserved opcode", &[(0x83, b"")], ReservedOpcode(3)),
        ("a reserved control opcode", &[(0x8b, b"")], ReservedOpcode(11)),
        ("a fragmented ping", &[(0x09, b"x")], FragmentedControl),
        ("a fragmented close", &[(0x08, b"")], FragmentedControl),
        ("a long ping", &[(0x89, &[0; 126])], LongControl),
        ("a long close", &[(0x88, &[0; 126])], LongControl),
        ("a continuation of nothing", &[(0x80, b"x")], UnexpectedContinuation),
        (
            "a continuation after the last",
            &[(0x01, b"a"), (0x80, b"b"), (0x80, b"c")],
            UnexpectedContinuation,
        ),
        ("a text inside a text", &[(0x01, b"a"), (0x81, b"b")], MissingContinuation),
        ("a binary inside a text", &[(0x01, b"a"), (0x02, b"b")], MissingContinuation),
        ("text that is not UTF-8", &[(0x81, b"\xce\xba\xe1\xbd\xb9\xed\xa0\x80")], InvalidUtf8),
        ("text that ends in a character", &[(0x81, b"\xce")], InvalidUtf8),
        ("parts that make no UTF-8", &[(0x01, b"\xce"), (0x80, b"\xce")], InvalidUtf8),
        ("a close of one byte", &[(0x88, b"\x03")], InvalidClose),
        ("a close with code 0", &[(0x88, &[0, 0])], InvalidClose),
        ("a close with code 999", &[(0x88, &999u16.to_be_bytes())], InvalidClose),
        ("a close with code 1004", &[(0x88, &1004u16.to_be_bytes())], InvalidClose),
        ("a close with code 1005", &[(0x88, &1005u16.to_be_bytes())], InvalidClose),
        ("a close with code 1006", &[(0x88, &1006u16.to_be_bytes())], InvalidClose),
        ("a close with code 1015", &[(0x88, &1015u16.to_be_bytes())], InvalidClose),
        ("a close with code 2999", &[(0x88, &2999u16.to_be_bytes())], InvalidClose),
        ("a close with code 5000", &[(0x88, &5000u16.to_be_bytes())], InvalidClose),
        ("a close reason that is not UTF-8", &[(0x88, b"\x03\xe8\xff")], InvalidUtf8),
    ];
    for (case, frames, error) in cases {
        let bytes = client_frames(frames);
        for piece in [1, 3, bytes.len()] {
            let (_, found) = read_in_pieces(Role::Server, LIMIT, &bytes, piece);
            assert_eq!(found, Some(*error), "{case}");
        }
    }
}

#[test]
fn what_keeps_to_the_protocol_is_taken() {
    // Autobahn 1.*, 2.*, 5.*, 6.*, 7.*.
    let binary = |bytes: &[u8]| Message::Binary(bytes.to_vec().into());
    let ping = |bytes: &[u8]| Message::Ping(bytes.to_vec().into());
    let close = |code, reason: &str| Message::Close(Some(CloseFrame { code, reason: reason.to_owned() }));
    let cases: &[(&str, Frames<'_>, Vec<Message<'_>>)] = &[
        ("an empty text", &[(0x81, b"")], vec![text("")]),
        ("an empty binary", &[(0x82, b"")], vec![binary(b"")]),
        ("a long text", &[(0x81, &[b'*'; 126])], vec![text(&"*".repeat(126))]),
        ("an empty ping", &[(0x89, b"")], vec![ping(b"")]),
        ("a ping of 125 bytes", &[(0x89, &[0xfe; 125])], vec![ping(&[0xfe; 125])]),
        ("two texts", &[(0x81, b"a"), (0x81, b"b")], vec![text("a"), text("b")]),
        ("parts", &[(0x01, b"a"), (0x00, b"b"), (0x80, b"c")], vec![text("abc")]),
        ("empty parts", &[(0x01, b""), (0x00, b""), (0x80, b"")], vec![text("")]),
        ("a ping between parts", &[(0x01, b"a"), (0x89, b"p"), (0x80, b"b")], vec![ping(b"p"), text("ab")]),
        ("a character over two parts", &[(0x01, b"\xc3"), (0x80, b"\xa9")], vec![text("é")]),
        ("an empty close", &[(0x88, b"")], vec![Message::Close(None)]),
        ("a close", &[(0x88, b"\x03\xe8bye")], vec![close(1000, "bye")]),
        ("a close of the protocol's own", &[(0x88, &4100u16.to_be_bytes())], vec![close(4100, "")]),
        ("a registered close", &[(0x88, &1012u16.to_be_bytes())], vec![close(1012, "")]),
    ];
    for (case, frames, messages) in cases {
        let bytes = client_frames(frames);
        for piece in 1..=bytes.len() {
            let read = read_in_pieces(Role::Server, LIMIT, &bytes, piece);
            assert_eq!(read, (messages.clone(), None), "{case}");
        }
    }
}

#[test]
fn a_server_refuses_frames_without_a_mask_and_a_client_those_with_one() {
    // RFC 6455 §5.1
    let unmasked = [0x81, 0x01, b'x'];
    assert_eq!(read_in_pieces(Role::Server, LIMIT, &unmasked, 3).1, Some(FrameError::Unmasked));
    assert_eq!(read_in_pieces(Role::Client, LIMIT, &client_frame(0x81, b"x"), 7).1, Some(FrameError::Masked));
}

#[test]
fn a_message_over_the_limit_is_refused_before_it_arrives() {
    // W-31
    let frame = client_frame(0x82, &[0; 200]);
    assert_eq!(read_in_pieces(Role::Server, 200, &frame, 500).0, [Message::Binary(vec![0; 200].into())]);
    for enough_for_the_header in [8, frame.len()] {
        let read = read_in_pieces(Role::Server, 199, &frame[..enough_for_the_header], 500);
        assert_eq!(read, (vec![], Some(FrameError::TooLong)));
    }
    let huge = [0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];
    for piece in [1, 14] {
        for limit in [LIMIT, usize::MAX] {
            assert_eq!(read_in_pieces(Role::Server, limit, &huge, piece).1, Some(FrameError::TooLong));
        }
    }
}

#[test]
fn the_limit_holds_for_the_sum_of_parts_and_not_for_pings_between() {
    // W-31
    let bytes = client_frames(&[(0x02, &[0; 60]), (0x89, &[0; 100]), (0x00, &[0; 40]), (0x80, &[0; 1])]);
    let (messages, error) = read_in_pieces(Role::Server, 100, &bytes, 16);
    assert_eq!(messages, [Message::Ping(vec![0; 100].into())]);
    assert_eq!(error, Some(FrameError::TooLong));
}

#[test]
fn a_whole_message_is_borrowed_and_an_idle_reader_owns_nothing() {
    let mut reader = FrameReader::new(Role::Server, LIMIT);
    let mut frame = client_frame(0x82, b"payload");
    let (first, second) = frame.split_at_mut(9);
    for (mut part, done) in [(first, false), (second, true)] {
        let message = reader.next(&mut part).unwrap();
        assert_eq!(message.is_some(), done);
        assert_eq!(reader.is_mid_message(), !done);
    }
    assert_eq!(reader.pending.capacity(), 0);

    let mut frame = client_frame(0x82, b"payload");
    let message = reader.next(&mut frame.as_mut_slice()).unwrap();
    assert!(matches!(message, Some(Message::Binary(std::borrow::Cow::Borrowed(b"payload")))));
    assert!(size_of::<FrameReader>() <= 64);
}

#[test]
fn a_close_reason_is_cut_at_a_character_to_fit() {
    assert_eq!(close_payload(1000, "bye"), b"\x03\xe8bye");
    let payload = close_payload(4109, &"雁".repeat(60));
    assert_eq!(payload.len(), 2 + 123);
    let frame = client_frame(0x88, &payload);
    let (messages, error) = read_in_pieces(Role::Server, LIMIT, &frame, 500);
    assert_eq!(error, None);
    assert_eq!(messages, [Message::Close(Some(CloseFrame { code: 4109, reason: "雁".repeat(41) }))]);
}

#[test]
fn every_error_has_a_code_that_may_be_sent() {
    assert_eq!(FrameError::InvalidUtf8.close_code(), 1007);
    assert_eq!(FrameError::TooLong.close_code(), 4109);
    assert_eq!(FrameError::Unmasked.close_code(), 1002);
}

/// A stream that has some bytes to read, in pieces, and swallows what is written.
struct Script<'a> {
    bytes: &'a [u8],
    piece: usize,
}

impl Read for Script<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.bytes.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let count = self.piece.min(buffer.len()).min(self.bytes.len());
        let (now, later) = self.bytes.split_at(count);
        buffer[..count].copy_from_slice(now);
        self.bytes = later;
        Ok(count)
    }
}

impl Write for Script<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What tungstenite makes of the same bytes.
fn read_by_tungstenite(limit: usize, bytes: &[u8], piece: usize) -> (Vec<Message<'static>>, bool) {
    let config =
        WebSocketConfig::default().max_message_size(Some(limit)).max_frame_size(Some(limit.max(125)));
    let script = Script { bytes, piece };
    let mut socket = other::WebSocket::from_raw_socket(script, other::Role::Server, Some(config));
    let mut messages = Vec::new();
    loop {
        match socket.read() {
            Ok(tungstenite::Message::Text(text)) => messages.push(self::text(&text)),
            Ok(tungstenite::Message::Binary(bytes)) => messages.push(Message::Binary(bytes.to_vec().into())),
            Ok(tungstenite::Message::Ping(bytes)) => messages.push(Message::Ping(bytes.to_vec().into())),
            Ok(tungstenite::Message::Pong(bytes)) => messages.push(Message::Pong(bytes.to_vec().into())),
            Ok(tungstenite::Message::Close(close)) => {
                let close = close
                    .map(|close| CloseFrame { code: close.code.into(), reason: close.reason.to_string() });
                messages.push(Message::Close(close));
                return (messages, false);
            }
            Ok(tungstenite::Message::Frame(_)) => unreachable!("reading never gives raw frames"),
            Err(tungstenite::Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                return (messages, false);
            }
            Err(_) => return (messages, true),
        }
    }
}

/// Frames of which most are right, so that long conversations come about. Text is always UTF-8: the other
/// library finds a part wrong that is not, this one the message.
fn frame() -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![
        6 => prop::sample::select(vec![0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x89, 0x8a]),
        1 => Just(0x88),
        1 => any::<u8>(),
    ];
    let text = prop_oneof![4 => "[a-z雁é]{0,20}", 1 => "[a-z]{120,140}"];
    let bytes = prop_oneof![
        2 => vec(any::<u8>(), 0..10),
        1 => vec(any::<u8>(), 120..140),
        1 => (900..5100u16).prop_map(|code| code.to_be_bytes().to_vec()),
    ];
    (first, text, bytes, any::<[u8; 4]>()).prop_map(|(first, text, bytes, key)| {
        let payload = if first & 0x0f <= 1 { text.into_bytes() } else { bytes };
        let mut frame = Vec::new();
        encode_masked(&mut frame, Opcode::Text, key, &payload);
        frame[0] = first;
        frame
    })
}

proptest! {
    #[test]
    fn bytes_mean_the_same_as_to_another_library(
        frames in vec(frame(), 0..8), limit in 100..160usize, piece in 1..40usize,
    ) {
        let bytes = frames.concat();
        let (theirs, they_failed) = read_by_tungstenite(limit, &bytes, piece);
        let (mut ours, error) = read_in_pieces(Role::Server, limit, &bytes, piece);
        let closed = ours.iter().position(|message| matches!(message, Message::Close(_)));
        if let Some(end) = closed {
            ours.truncate(end + 1);
        }
        if !they_failed && closed.is_none() && error == Some(FrameError::InvalidClose) {
            // It hands out a close of its own in place of a malformed one.
            let refused = matches!(theirs.last(), Some(Message::Close(Some(close))) if close.code == 1002);
            prop_assert!(refused);
            prop_assert_eq!(&ours, &theirs[..theirs.len() - 1]);
        } else {
            prop_assert_eq!(error.is_some() && closed.is_none(), they_failed, "{:?}", error);
            prop_assert_eq!(ours, theirs);
        }
    }

    #[test]
    fn the_size_of_the_pieces_does_not_matter(frames in vec(frame(), 0..6), piece in 1..60usize) {
        let bytes = frames.concat();
        let whole = read_in_pieces(Role::Server, LIMIT, &bytes, usize::MAX);
        prop_assert_eq!(read_in_pieces(Role::Server, LIMIT, &bytes, piece), whole);
    }

    #[test]
    fn random_bytes_make_no_reader_panic(bytes in vec(any::<u8>(), 0..300), piece in 1..50usize) {
        for role in [Role::Server, Role::Client] {
            let _ = read_in_pieces(role, LIMIT, &bytes, piece);
        }
    }

    #[test]
    fn a_mask_is_taken_off_by_putting_it_on_again(key in any::<[u8; 4]>(), payload in vec(any::<u8>(), 0..40)) {
        let mut bytes = payload.clone();
        mask(key, &mut bytes);
        for (index, byte) in bytes.iter().enumerate() {
            prop_assert_eq!(*byte, payload[index] ^ key[index % 4]);
        }
        mask(key, &mut bytes);
        prop_assert_eq!(bytes, payload);
    }
}
