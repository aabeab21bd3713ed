//! What can happen in a plan. Every step means something in every state, if need be nothing, so that a plan
//! stays one when steps are taken out of it.

use std::fmt;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::{select, subsequence};
use yanshu_protocol::{ConversationKind, Restriction, Role};

use super::cast::{Client, Device, Group};

/// Steps of the longest plan.
const LONGEST: usize = 100;

/// Which conversation: counted from the first one, around and around.
pub(super) type Talk = usize;

#[derive(Clone, PartialEq)]
pub(super) struct Plan {
    /// Whether the app has roles.
    pub(super) roles: bool,
    pub(super) steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    /// Logs in: with its token and what it remembers, or as if for the first time.
    Open {
        device: Device,
        resume: bool,
    },
    LogOut(Device),
    /// The line ends, and the server notices.
    HangUp(Device),
    /// The line ends, and nobody notices.
    Cut(Device),
    Start {
        device: Device,
        kind: ConversationKind,
        with: Group,
        unique: bool,
    },
    /// Others, or without them itself.
    Change {
        device: Device,
        talk: Talk,
        way: Way,
        who: Option<Group>,
    },
    Send {
        device: Device,
        talk: Talk,
        how: How,
    },
    /// Sends once more what it sent last.
    Repeat(Device),
    /// All at once, none waits for another; and a device may log in meanwhile.
    Burst {
        sends: Vec<(Device, Talk)>,
        arriving: Option<Device>,
    },
    /// Sends, and before there is an answer comes the fault. The device sends again when it is back.
    Interrupt {
        device: Device,
        talk: Talk,
        fault: Fault,
    },
    Patch {
        device: Device,
        talk: Talk,
        message: usize,
        recall: bool,
    },
    Ack {
        device: Device,
        talk: Talk,
        message: usize,
        as_range: bool,
    },
    Read {
        device: Device,
        talk: Talk,
    },
    Restrict {
        device: Device,
        talk: Talk,
        restriction: Restriction,
        lift: bool,
        who: Group,
    },
    /// Nobody shall add the client to this any more, or again.
    Avoid {
        device: Device,
        talk: Talk,
        lift: bool,
    },
    SetRole {
        device: Device,
        talk: Talk,
        who: Client,
        role: Role,
    },
    Rename {
        device: Device,
        talk: Talk,
    },
    Wait(Wait),
    Restart,
    Kill,
    /// Everyone compares with everyone and with the model.
    Compare,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    In,
    Out,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    Plain,
    /// The sender wants a receipt.
    Receipt,
    Transient,
    Mentioning(Client),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    HangUp,
    Restart,
    Kill,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    Minute,
    Hour,
    Month,
}

impl Step {
    /// Who does it, if it is something one does while connected.
    pub(super) fn actor(&self) -> Option<Device> {
        match self {
            Self::Start { device, .. }
            | Self::Change { device, .. }
            | Self::Send { device, .. }
            | Self::Repeat(device)
            | Self::Interrupt { device, .. }
            | Self::Patch { device, .. }
            | Self::Ack { device, .. }
            | Self::Read { device, .. }
            | Self::Restrict { device, .. }
            | Self::Avoid { device, .. }
            | Self::SetRole { device, .. }
            | Self::Rename { device, .. } => Some(*device),
            Self::Open { .. }
            | Self::LogOut(_)
            | Self::HangUp(_)
            | Self::Cut(_)
            | Self::Burst { .. }
            | Self::Wait(_)
            | Self::Restart
            | Self::Kill
            | Self::Compare => None,
        }
    }
}

impl Wait {
    pub(super) fn millis(self) -> i64 {
        60_000
            * match self {
                Self::Minute => 1,
                Self::Hour => 60,
                Self::Month => 31 * 24 * 60,
            }
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "roles: {}", self.roles)?;
        self.steps.iter().try_for_each(|step| writeln!(f, "  {step:?}"))
    }
}

pub(super) fn plan() -> impl Strategy<Value = Plan> {
    let taste = (any::<bool>(), taste());
    taste.prop_flat_map(|(roles, taste)| {
        vec(step(&taste), 1..=LONGEST).prop_map(move |steps| Plan { roles, steps })
    })
}

/// What a plan does much of. Plans that differ in this meet more than plans that do a little of everything.
#[derive(Debug, Clone)]
struct Taste {
    devices: Vec<Device>,
    talks: usize,
    talking: u32,
    lines: u32,
    membership: u32,
    order: u32,
    faults: u32,
}

fn taste() -> impl Strategy<Value = Taste> {
    let weight = || prop_oneof![Just(1_u32), Just(4), Just(16)];
    let few = subsequence(Client::all().collect::<Vec<_>>(), 2..=3);
    let of_few = few.prop_map(|few| Device::all().filter(|device| few.contains(&device.client())).collect());
    let devices = prop_oneof![of_few, subsequence(Device::all().collect::<Vec<_>>(), 2..=Device::COUNT)];
    (devices, 1..=6_usize, weight(), weight(), weight(), weight(), weight()).prop_map(
        |(devices, talks, talking, lines, membership, order, faults)| Taste {
            devices,
            talks,
            talking: talking * 2,
            lines: lines * 2,
            membership,
            order,
            faults,
        },
    )
}

fn step(taste: &Taste) -> impl Strategy<Value = Step> + use<> {
    let wait = prop_oneof![2 => Just(Wait::Minute), 2 => Just(Wait::Hour), 1 => Just(Wait::Month)];
    let fault = prop_oneof![
        3 => wait.prop_map(Step::Wait),
        1 => Just(Step::Restart),
        1 => Just(Step::Kill),
        1 => Just(Step::Compare),
    ];
    prop_oneof![
        taste.talking => talking(taste),
        taste.lines => lines(taste),
        taste.membership => membership(taste),
        taste.order => order(taste),
        taste.faults => fault,
    ]
}

fn talking(taste: &Taste) -> impl Strategy<Value = Step> + use<> {
    let here = || (device(taste), talk(taste));
    prop_oneof![
        8 => (here(), how()).prop_map(|((device, talk), how)| Step::Send { device, talk, how }),
        1 => device(taste).prop_map(Step::Repeat),
        2 => (vec(here(), 2..=6), option::of(device(taste)))
            .prop_map(|(sends, arriving)| Step::Burst { sends, arriving }),
        2 => (here(), fault())
            .prop_map(|((device, talk), fault)| Step::Interrupt { device, talk, fault }),
        3 => (here(), message(), any::<bool>())
            .prop_map(|((device, talk), message, recall)| Step::Patch { device, talk, message, recall }),
        4 => (here(), message(), any::<bool>())
            .prop_map(|((device, talk), message, as_range)| Step::Ack { device, talk, message, as_range }),
        3 => here().prop_map(|(device, talk)| Step::Read { device, talk }),
    ]
}

fn lines(taste: &Taste) -> impl Strategy<Value = Step> + use<> {
    prop_oneof![
        8 => (device(taste), any::<bool>()).prop_map(|(device, resume)| Step::Open { device, resume }),
        1 => device(taste).prop_map(Step::LogOut),
        3 => device(taste).prop_map(Step::HangUp),
        2 => device(taste).prop_map(Step::Cut),
    ]
}

fn membership(taste: &Taste) -> impl Strategy<Value = Step> + use<> {
    let way = prop_oneof![3 => Just(Way::In), 2 => Just(Way::Out)];
    let who = prop_oneof![Just(None), group().prop_map(Some)];
    prop_oneof![
        1 => (device(taste), kind(), group(), any::<bool>())
            .prop_map(|(device, kind, with, unique)| Step::Start { device, kind, with, unique }),
        4 => (device(taste), talk(taste), way, who)
            .prop_map(|(device, talk, way, who)| Step::Change { device, talk, way, who }),
    ]
}

fn order(taste: &Taste) -> impl Strategy<Value = Step> + use<> {
    let here = || (device(taste), talk(taste));
    let restriction = prop_oneof![Just(Restriction::Silenced), Just(Restriction::Blocked)];
    let role = prop_oneof![3 => Just(Role::Manager), 1 => Just(Role::Member)];
    prop_oneof![
        4 => (here(), restriction, any::<bool>(), group()).prop_map(
            |((device, talk), restriction, lift, who)| Step::Restrict { device, talk, restriction, lift, who }
        ),
        1 => (here(), any::<bool>()).prop_map(|((device, talk), lift)| Step::Avoid { device, talk, lift }),
        1 => here().prop_map(|(device, talk)| Step::Rename { device, talk }),
        2 => (here(), client(), role)
            .prop_map(|((device, talk), who, role)| Step::SetRole { device, talk, who, role }),
    ]
}

fn device(taste: &Taste) -> impl Strategy<Value = Device> + use<> {
    select(taste.devices.clone())
}

fn client() -> impl Strategy<Value = Client> {
    (0..Client::COUNT).prop_map(Client::number)
}

fn talk(taste: &Taste) -> impl Strategy<Value = Talk> + use<> {
    0..taste.talks
}

/// Mostly one client, sometimes several.
fn group() -> impl Strategy<Value = Group> {
    prop_oneof![
        3 => client().prop_map(Group::of),
        1 => (1..(1_u8 << Client::COUNT)).prop_map(Group::bits),
    ]
}

/// Counted from the newest one, and mostly that.
fn message() -> impl Strategy<Value = usize> {
    prop_oneof![2 => Just(0), 1 => 0..8_usize]
}

fn kind() -> impl Strategy<Value = ConversationKind> {
    prop_oneof![
        Just(ConversationKind::Normal),
        Just(ConversationKind::Room),
        Just(ConversationKind::Temporary)
    ]
}

fn how() -> impl Strategy<Value = How> {
    prop_oneof![
        4 => Just(How::Plain),
        3 => Just(How::Receipt),
        1 => Just(How::Transient),
        1 => client().prop_map(How::Mentioning),
    ]
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![2 => Just(Fault::HangUp), 1 => Just(Fault::Restart), 1 => Just(Fault::Kill)]
}
