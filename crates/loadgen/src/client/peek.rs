//! A glance into an encoded event: what it is and which command it answers, without decoding the rest.
//! Field and enum numbers are those of `wire-protocol.md` §3.1.

/// The value of a field, as far as the wire tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// The fields of an encoded message in the order they come. Ends early where the bytes make no sense.
#[derive(Debug, Clone)]
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// The first field of this number.
    fn find(mut self, number: u64) -> Option<Value<'a>> {
        self.find_map(|(field, value)| (field == number).then_some(value))
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for (index, &byte) in self.0.iter().take(10).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                self.0 = &self.0[index + 1..];
                return Some(value);
            }
        }
        None
    }

    fn take(&mut self, length: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(taken)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (u64, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let tag = self.varint()?;
        let value = match tag & 7 {
            0 => Value::Number(self.varint()?),
            1 => Value::Bytes(self.take(8)?),
            2 => {
                let length = self.varint()?;
                Value::Bytes(self.take(length)?)
            }
            5 => Value::Bytes(self.take(4)?),
            _ => return None,
        };
        Some((tag >> 3, value))
    }
}

const CMD: u64 = 1;
const SERIAL: u64 = 5;
const ERROR_MESSAGE: u64 = 103;
const ACK_MESSAGE: u64 = 105;
const DIRECT_MESSAGE: u64 = 104;
const MSG: u64 = 1;
const CMD_DIRECT: u64 = 2;
/// `code` has this number in both errors and acks.
const CODE: u64 = 1;

/// What an event means to the load generator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Incoming {
    /// The answer to the command with this serial.
    Reply(i32),
    /// The refusal of a command; the protocol's code.
    Refusal(i32),
    /// A message for this client.
    Delivery,
    /// Anything else the server tells unasked.
    Push,
}

impl Incoming {
    pub(crate) fn of(event: &[u8]) -> Self {
        let (mut cmd, mut serial, mut code) = (None, None, None);
        for (field, value) in Fields(event) {
            match (field, value) {
                (CMD, Value::Number(number)) => cmd = Some(number),
                // The wire widens negative serials to 64 bits; the low half is the number.
                (SERIAL, Value::Number(number)) => serial = Some(number as i32),
                (ERROR_MESSAGE | ACK_MESSAGE, Value::Bytes(body)) => {
                    code = Fields(body).find(CODE).or(code);
                }
                _ => {}
            }
        }
        match (serial, code) {
            (Some(_), Some(Value::Number(code))) => Self::Refusal(code as i32),
            (Some(serial), _) => Self::Reply(serial),
            (None, _) if cmd == Some(CMD_DIRECT) => Self::Delivery,
            (None, _) => Self::Push,
        }
    }
}

/// The text that a delivery carries.
pub(crate) fn text_of(event: &[u8]) -> Option<&[u8]> {
    let Some(Value::Bytes(direct)) = Fields(event).find(DIRECT_MESSAGE) else { return None };
    match Fields(direct).find(MSG) {
        Some(Value::Bytes(text)) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ack_is_the_reply_to_its_serial() {
        // W-263: cmd 3, i 300, ackMessage { uid "m", cid "c", t 7 }
        let event = [0x08, 3, 0x28, 0xac, 2, 0xca, 6, 8, 0x32, 1, b'm', 0x22, 1, b'c', 0x28, 7];
        assert_eq!(Incoming::of(&event), Incoming::Reply(300));
    }

    #[test]
    fn a_message_is_a_delivery_even_if_its_command_comes_last() {
        let event = [0x22, 3, b't', b'o', b'm', 0xc2, 6, 2, 0x0a, 0, 0x08, 2];
        assert_eq!(Incoming::of(&event), Incoming::Delivery);
    }

    #[test]
    fn the_text_of_a_message_is_found() {
        // directMessage { msg "hi", uid "u" }
        let event = [0x08, 2, 0xc2, 6, 7, 0x0a, 2, b'h', b'i', 0x12, 1, b'u', 0x12, 1, b'x'];
        assert_eq!(text_of(&event), Some(&b"hi"[..]));
        assert_eq!(text_of(&[0x08, 3, 0x28, 1]), None);
    }

    #[test]
    fn refusals_show_their_code_in_both_forms() {
        // W-77: cmd 3, i 1, ackMessage { code 4401 }
        assert_eq!(Incoming::of(&[0x08, 3, 0x28, 1, 0xca, 6, 3, 0x08, 0xb1, 0x22]), Incoming::Refusal(4401));
        // W-76: cmd 7, i 1, errorMessage { code 4303 }
        assert_eq!(Incoming::of(&[0x08, 7, 0x28, 1, 0xba, 6, 3, 0x08, 0xcf, 0x21]), Incoming::Refusal(4303));
    }

    #[test]
    fn other_events_are_pushes() {
        assert_eq!(Incoming::of(&[0x08, 1, 0x10, 32]), Incoming::Push);
        assert_eq!(Incoming::of(&[]), Incoming::Push);
    }

    #[test]
    fn a_serial_of_zero_and_a_negative_one_are_serials() {
        assert_eq!(Incoming::of(&[0x08, 3, 0x28, 0]), Incoming::Reply(0));
        let minus_one = [0x28, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        assert_eq!(Incoming::of(&minus_one), Incoming::Reply(-1));
    }

    #[test]
    fn cut_off_fields_end_the_walk() {
        for bytes in [&[0x0a, 5, 1][..], &[0x08], &[0x09, 1], &[0x0b], &[0xff; 12]] {
            assert_eq!(Fields(bytes).count(), 0, "{bytes:x?}");
        }
    }
}
