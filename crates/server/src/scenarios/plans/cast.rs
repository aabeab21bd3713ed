//! Who takes part in a plan: a few clients, each with devices of one or two generations.

use std::fmt;

use yanshu_protocol::{ClientId, DeviceId};

use super::super::MODERN_CONFIG;

const CLIENTS: [&str; 5] = ["ann", "bob", "cat", "dan", "eve"];

/// Client, device, sub-protocol. The two generations that catch up differently also meet in one client.
const DEVICES: [(usize, &str, &str); 8] = [
    (0, "phone", "lc.protobuf2.3"),
    (0, "desk", "lc.proto2base64.3"),
    (1, "phone", "lc.protobuf2.3"),
    (1, "old", ""),
    (2, "phone", "lc.protobuf2.1"),
    (2, "pad", "lc.proto2base64.1"),
    (3, "phone", "lc.protobuf2.3"),
    (4, "old", ""),
];

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Client(usize);

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Device(usize);

/// What a device is told when it comes back, and how much it knows of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Of today: told how much is unread.
    Unread,
    /// Of today: sent what it missed.
    Pushed,
    /// Of 2015: sent what it missed, and knows neither edits nor lists nor temporary conversations.
    Legacy,
}

/// Some of the clients, each named once.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Group(u8);

impl Client {
    pub(super) const COUNT: usize = CLIENTS.len();

    pub(super) fn all() -> impl Iterator<Item = Self> {
        (0..Self::COUNT).map(Self)
    }

    pub(super) fn number(number: usize) -> Self {
        Self(number % Self::COUNT)
    }

    /// The client of this id; nobody else appears in a plan.
    pub(super) fn of(id: &ClientId) -> Self {
        let known = CLIENTS.iter().position(|name| *name == id.as_str());
        Self(known.unwrap_or_else(|| panic!("nobody is called {id}")))
    }

    pub(super) fn name(self) -> &'static str {
        CLIENTS[self.0]
    }

    pub(super) fn id(self) -> ClientId {
        self.name().parse().unwrap()
    }
}

impl Device {
    pub(super) const COUNT: usize = DEVICES.len();

    pub(super) fn all() -> impl Iterator<Item = Self> {
        (0..Self::COUNT).map(Self)
    }

    pub(super) fn number(number: usize) -> Self {
        Self(number % Self::COUNT)
    }

    pub(super) fn index(self) -> usize {
        self.0
    }

    pub(super) fn client(self) -> Client {
        Client(DEVICES[self.0].0)
    }

    pub(super) fn subprotocol(self) -> &'static str {
        DEVICES[self.0].2
    }

    pub(super) fn style(self) -> Style {
        match self.subprotocol() {
            "" => Style::Legacy,
            name if name.ends_with(".1") => Style::Pushed,
            _ => Style::Unread,
        }
    }

    pub(super) fn is_modern(self) -> bool {
        self.style() != Style::Legacy
    }

    /// What it says of itself when it logs in; clients of 2015 say nothing.
    pub(super) fn id(self) -> Option<DeviceId> {
        self.is_modern().then(|| format!("{self:?}").parse().unwrap())
    }

    pub(super) fn config(self) -> Option<i64> {
        self.is_modern().then_some(MODERN_CONFIG)
    }
}

impl Group {
    pub(super) fn bits(bits: u8) -> Self {
        Self(bits)
    }

    pub(super) fn nobody() -> Self {
        Self(0)
    }

    pub(super) fn everyone() -> Self {
        Self((1 << Client::COUNT) - 1)
    }

    pub(super) fn of(client: Client) -> Self {
        Self(1 << client.0)
    }

    pub(super) fn clients(self) -> Vec<Client> {
        Client::all().filter(|client| self.0 & (1 << client.0) != 0).collect()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.client().name(), DEVICES[self.0].1)
    }
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clients()).finish()
    }
}
