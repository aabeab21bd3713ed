//! What must hold for any bytes. The fuzz targets run these, and `crates/protocol/tests/corpus.rs` runs them
//! over the corpus. The first byte of an input chooses a dialect or a role; the rest is what the peer sent.

use yanshu_protocol::codec::{Dialect, decode_command, decode_event, encode_command, encode_event};
use yanshu_protocol::frame::{FrameReader, Role};

/// A command can be refused, or else be written again and read again.
pub(crate) fn commands(input: &[u8]) {
    let Some((dialect, frame)) = dialect(input) else { return };
    if let Ok(envelope) = decode_command(dialect, frame) {
        let again = decode_command(dialect, &encode_command(dialect, &envelope));
        assert_eq!(again.expect("what was written can be read").serial, envelope.serial);
    }
}

/// An event can be refused, or else be written again and read again.
pub(crate) fn events(input: &[u8]) {
    let Some((dialect, frame)) = dialect(input) else { return };
    if let Ok(event) = decode_event(dialect, frame) {
        let again = decode_event(dialect, &encode_event(dialect, &event));
        assert_eq!(again.expect("what was written can be read").serial, event.serial);
    }
}

/// However the bytes are cut, the same messages come out of them, and the same error ends them.
pub(crate) fn frames(input: &[u8]) {
    let Some((&[role, piece], bytes)) = input.split_first_chunk() else { return };
    let role = if role.is_multiple_of(2) { Role::Server } else { Role::Client };
    let whole = read(role, bytes, usize::MAX);
    let pieces = read(role, bytes, usize::from(piece).max(1));
    assert_eq!(whole, pieces);
}

fn dialect(input: &[u8]) -> Option<(Dialect, &[u8])> {
    let (first, frame) = input.split_first()?;
    let dialect = match first % 3 {
        0 => Dialect::Protobuf,
        1 => Dialect::ProtobufBase64,
        _ => Dialect::Json,
    };
    Some((dialect, frame))
}

/// All that comes out, as text, so that it can be kept and compared.
fn read(role: Role, bytes: &[u8], piece: usize) -> Vec<String> {
    let mut reader = FrameReader::new(role, 1024);
    let mut read = Vec::new();
    for piece in bytes.chunks(piece) {
        let mut piece = piece.to_vec();
        let mut input = piece.as_mut_slice();
        loop {
            match reader.next(&mut input) {
                Ok(Some(message)) => read.push(format!("{message:?}")),
                Ok(None) => break,
                Err(error) => {
                    read.push(error.to_string());
                    return read;
                }
            }
        }
    }
    read
}
