//! The sub-protocol of a connection: how its frames are written, and what happens to missed messages.

use super::Dialect;

/// What a sub-protocol's name says (`wire-protocol.md` §2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Subprotocol {
    /// How frames are written.
    pub dialect: Dialect,
    /// Which generation of SDKs asks for it.
    pub generation: Generation,
    /// What a client gets when it comes back.
    pub offline: Offline,
}

/// The generation of the protocol. Numbers and names are the same in both (W-24).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Generation {
    /// Legacy JSON, and protobuf up to 2016.
    First,
    /// Protobuf since edits, roles and block lists.
    Second,
}

/// What a returning client is told of the messages it missed (W-23).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Offline {
    /// The messages themselves.
    Pushed,
    /// Their number, for each conversation.
    Unread,
}

const NAMES: [(&str, Subprotocol); 8] = {
    use Dialect::{Protobuf, ProtobufBase64};
    use Generation::{First, Second};
    use Offline::{Pushed, Unread};
    const fn of(dialect: Dialect, generation: Generation, offline: Offline) -> Subprotocol {
        Subprotocol { dialect, generation, offline }
    }
    [
        ("lc.protobuf2.3", of(Protobuf, Second, Unread)),
        ("lc.protobuf2.1", of(Protobuf, Second, Pushed)),
        ("lc.proto2base64.3", of(ProtobufBase64, Second, Unread)),
        ("lc.proto2base64.1", of(ProtobufBase64, Second, Pushed)),
        ("lc.protobuf.3", of(Protobuf, First, Unread)),
        ("lc.protobuf.1", of(Protobuf, First, Pushed)),
        ("lc.protobase64.3", of(ProtobufBase64, First, Unread)),
        ("lc.protobase64.1", of(ProtobufBase64, First, Pushed)),
    ]
};

impl Subprotocol {
    /// What a connection speaks that asks for no sub-protocol: the JSON of 2015 (W-391, W-392).
    pub const LEGACY: Self =
        Self { dialect: Dialect::Json, generation: Generation::First, offline: Offline::Pushed };

    /// The sub-protocol with this name, if it is one of the eight (W-18).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|&(_, subprotocol)| subprotocol)
    }

    /// Its name, as the upgrade's answer must repeat it (W-19); legacy JSON has none.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        NAMES.iter().find(|(_, known)| *known == self).map(|&(name, _)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_eight_names_are_known_and_given_back() {
        // W-18, W-19
        for (name, subprotocol) in NAMES {
            assert_eq!(Subprotocol::from_name(name), Some(subprotocol));
            assert_eq!(subprotocol.name(), Some(name));
        }
    }

    #[test]
    fn the_name_tells_frames_generation_and_missed_messages() {
        // W-23, W-28, W-29
        let modern = Subprotocol::from_name("lc.protobuf2.3").unwrap();
        assert_eq!(modern.dialect, Dialect::Protobuf);
        assert_eq!(modern.generation, Generation::Second);
        assert_eq!(modern.offline, Offline::Unread);
        let old = Subprotocol::from_name("lc.protobase64.1").unwrap();
        assert_eq!(old.dialect, Dialect::ProtobufBase64);
        assert_eq!(old.generation, Generation::First);
        assert_eq!(old.offline, Offline::Pushed);
    }

    #[test]
    fn other_names_are_unknown() {
        // W-22
        for name in ["", "lc.protobuf2.2", "lc.protobuf.2", "LC.PROTOBUF2.3", "lc.json.1", "lc.protobuf2.3 "]
        {
            assert_eq!(Subprotocol::from_name(name), None, "{name}");
        }
    }

    #[test]
    fn no_name_means_legacy_json_with_missed_messages_pushed() {
        // W-391, W-392
        assert_eq!(Subprotocol::LEGACY.dialect, Dialect::Json);
        assert_eq!(Subprotocol::LEGACY.offline, Offline::Pushed);
        assert_eq!(Subprotocol::LEGACY.name(), None);
    }
}
