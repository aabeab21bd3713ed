//! What one side writes the other reads, in every dialect; and no bytes whatever make a reader panic.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use super::super::*;
use super::strategies::{client, delivery, envelope, outbound, send};
use crate::{Command, Content, Event, Reject, Unsupported};

const DIALECTS: [Dialect; 3] = [Dialect::Protobuf, Dialect::ProtobufBase64, Dialect::Json];

/// What is left of an event on its way through a dialect.
fn as_heard(dialect: Dialect, mut event: Outbound) -> Outbound {
    fn in_an_ack(reject: &mut Reject) {
        reject.detail = None;
    }
    match &mut event.event {
        Event::Error { reject, family } => {
            if *family == Unsupported::Message {
                in_an_ack(reject);
            } else if dialect != Dialect::Json {
                *family = Unsupported::Other;
            } else if *family == Unsupported::Other {
                *family = Unsupported::Session;
            }
        }
        Event::SessionClosed(Some(reject)) => reject.app = None,
        Event::MessageAck(ack) => ack.reject.iter_mut().for_each(in_an_ack),
        Event::Message(delivery) if dialect == Dialect::Json => {
            if let Content::Binary(bytes) = &delivery.content {
                delivery.content = Content::Text(STANDARD.encode(bytes).into());
            }
        }
        _ => {}
    }
    event
}

fn frame(dialect: Dialect, head: &[u8], shared: &[u8]) -> Bytes {
    match dialect {
        Dialect::ProtobufBase64 => base64_frame(head, shared),
        Dialect::Protobuf | Dialect::Json => [head, shared].concat().into(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn a_command_arrives_as_it_was_sent(sent in envelope()) {
        for dialect in DIALECTS {
            let frame = encode_command(dialect, &sent);
            prop_assert_eq!(&decode_command(dialect, &frame).unwrap(), &sent, "{:?}", dialect);
        }
    }

    #[test]
    fn an_event_arrives_as_it_was_sent(sent in outbound()) {
        for dialect in DIALECTS {
            let frame = encode_event(dialect, &sent);
            let heard = decode_event(dialect, &frame).unwrap();
            prop_assert_eq!(heard, as_heard(dialect, sent.clone()), "{:?}", dialect);
        }
    }

    #[test]
    fn a_head_and_a_shared_body_are_the_whole_event(event in outbound(), recipient in client()) {
        for dialect in DIALECTS {
            let frame = frame(dialect, &recipient_head(dialect, &recipient), &encode_shared(dialect, &event));
            let expected = Outbound { client: Some(recipient.clone()), ..event.clone() };
            let heard = decode_event(dialect, &frame).unwrap();
            prop_assert_eq!(heard, as_heard(dialect, expected), "{:?}", dialect);
        }
    }

    #[test]
    fn the_short_way_writes_a_message_like_the_long_way(delivery in delivery(), to in client(), at in any::<i64>()) {
        let event = Outbound {
            client: Some(to),
            serial: None,
            server_time: Some(crate::Timestamp(at)),
            permanent: false,
            event: Event::Message(delivery),
        };
        let long = events::write(&event, event.client.as_ref(), events::Style::Protobuf);
        prop_assert_eq!(protobuf::decode(&encode_event(Dialect::Protobuf, &event)).unwrap(), long);
    }

    #[test]
    fn the_short_way_reads_a_message_like_the_long_way(message in send(), from in client(), serial in any::<i32>()) {
        let envelope = Envelope {
            app: None,
            client: Some(from),
            serial: Some(crate::Serial(serial)),
            command: Ok(Command::Send(Box::new(message))),
        };
        let wire = commands::write(&envelope);
        let short = protobuf::shortcut::decode_send(&protobuf::encode(&wire));
        prop_assert_eq!(short, Some(commands::read(wire)));
    }

    #[test]
    fn a_spoiled_frame_is_read_or_refused_alike_by_both_ways(
        message in send(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>(),
    ) {
        let envelope = Envelope { app: None, client: None, serial: None, command: Ok(Command::Send(Box::new(message))) };
        let mut frame = encode_command(Dialect::Protobuf, &envelope).to_vec();
        let at = at.index(frame.len());
        frame[at] = byte;
        frame.truncate(cut.index(2 * frame.len()));
        if let Some(short) = protobuf::shortcut::decode_send(&frame) {
            prop_assert_eq!(short, commands::read(protobuf::decode(&frame).unwrap()));
        }
    }

    #[test]
    fn random_bytes_make_no_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for dialect in DIALECTS {
            let _ = decode_command(dialect, &bytes);
            let _ = decode_event(dialect, &bytes);
        }
    }

    #[test]
    fn spoiled_commands_and_events_make_no_reader_panic(
        command in envelope(), event in outbound(), at in any::<prop::sample::Index>(), byte in any::<u8>(),
        cut in any::<prop::sample::Index>(),
    ) {
        for dialect in DIALECTS {
            for frame in [encode_command(dialect, &command), encode_event(dialect, &event)] {
                let mut frame = frame.to_vec();
                if let Some(spoiled) = frame.get_mut(at.index(200)) {
                    *spoiled = byte;
                }
                frame.truncate(cut.index(2 * frame.len() + 1));
                let _ = decode_command(dialect, &frame);
                let _ = decode_event(dialect, &frame);
            }
        }
    }
}
