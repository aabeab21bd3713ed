//! Carries out the steps of a plan on a real server and compares every answer and everything told with the
//! model.

mod faults;
mod lines;
mod members;
mod speech;

use yanshu_protocol::{Code, ConversationKind, Event, Outbound, Reject, Timestamp};

use super::super::World;
use super::cast::{Client, Device, Group, Style};
use super::desk::Desk;
use super::heard::{Heard, What};
use super::model::Model;
use super::step::{Step, Wait};
use crate::clock::Clock;

/// Between two steps, in milliseconds: more than messages of one step run ahead of the clock.
const TICK: i64 = 10;

/// Conversations of one plan; with more of them less happens in each.
const MOST_TALKS: usize = 10;

pub(super) struct Stage {
    pub(super) world: World,
    pub(super) model: Model,
    pub(super) desks: Vec<Desk>,
    /// How many words were said, so that no two are the same.
    words: usize,
    logins: u64,
    /// A device that has just logged in, and up to when it knew what is unread.
    arrived: Option<(Device, Option<Timestamp>)>,
}

pub(super) type Checked = Result<(), String>;

impl Stage {
    /// Everyone is there, in one conversation of all, one of two, and two chat rooms there are.
    pub(super) async fn new(roles: bool) -> Result<Self, String> {
        let world = World::apart(|config| config.apps[0].settings.members.roles = roles).await;
        let model = Model::new(world.clock.now(), roles);
        let desks = Device::all().map(Desk::new).collect();
        let mut stage = Self { world, model, desks, words: 0, logins: 0, arrived: None };
        for device in Device::all() {
            stage.perform(&Step::Open { device, resume: false }).await?;
        }
        let device = Device::number(0);
        for (kind, with) in [
            (ConversationKind::Normal, Group::everyone()),
            (ConversationKind::Normal, Group::of(Client::number(1))),
            (ConversationKind::Room, Group::nobody()),
            (ConversationKind::Room, Group::nobody()),
        ] {
            stage.perform(&Step::Start { device, kind, with, unique: false }).await?;
        }
        Ok(stage)
    }

    pub(super) async fn perform(&mut self, step: &Step) -> Checked {
        self.world.clock.advance(TICK);
        self.model.now = self.world.clock.now();
        let actor = match step {
            Step::Open { device, resume } => {
                self.open(*device, *resume).await?;
                Some(*device)
            }
            Step::LogOut(device) => return self.log_out(*device).await,
            Step::HangUp(device) => return self.hang_up(*device).await,
            Step::Cut(device) => return self.cut(*device),
            Step::Start { device, kind, with, unique } => {
                self.start(*device, *kind, *with, *unique).await?;
                Some(*device)
            }
            Step::Change { device, talk, way, who } => {
                self.change(*device, self.talk(*talk), *way, *who).await?;
                Some(*device)
            }
            Step::Send { device, talk, how } => {
                self.send(*device, self.talk(*talk), *how).await?;
                Some(*device)
            }
            Step::Repeat(device) => {
                self.repeat(*device).await?;
                Some(*device)
            }
            Step::Burst(sends) => {
                self.burst(sends).await?;
                None
            }
            Step::Interrupt { device, talk, fault } => {
                return self.interrupt(*device, self.talk(*talk), *fault).await;
            }
            Step::Patch { device, talk, message, recall } => {
                self.patch(*device, self.talk(*talk), *message, *recall).await?;
                Some(*device)
            }
            Step::Ack { device, talk, message, as_range } => {
                self.acknowledge(*device, self.talk(*talk), *message, *as_range);
                Some(*device)
            }
            Step::Read { device, talk } => {
                self.read(*device, self.talk(*talk));
                Some(*device)
            }
            Step::Restrict { device, talk, restriction, lift, who } => {
                self.restrict(*device, self.talk(*talk), *restriction, *lift, *who).await?;
                Some(*device)
            }
            Step::Avoid { device, talk, lift } => {
                self.avoid(*device, self.talk(*talk), *lift).await?;
                Some(*device)
            }
            Step::SetRole { device, talk, who, role } => {
                self.set_role(*device, self.talk(*talk), *who, *role).await?;
                Some(*device)
            }
            Step::Wait(wait) => return self.wait(*wait).await,
            Step::Restart => return self.restart().await,
            Step::Kill => return self.kill().await,
            Step::Compare => return self.compare().await,
        };
        self.listen(actor).await?;
        match step {
            Step::Open { device, .. } => self.send_again(*device).await,
            _ => Ok(()),
        }
    }

    /// In the end everyone comes back, and it makes no difference who was away, and for how long.
    pub(super) async fn finish(&mut self) -> Checked {
        self.compare().await?;
        for device in Device::all() {
            self.perform(&Step::Open { device, resume: true }).await?;
            self.perform(&Step::Open { device, resume: false }).await?;
        }
        self.compare().await
    }

    fn talk(&self, talk: usize) -> usize {
        talk % self.model.talks.len()
    }

    pub(super) fn desk(&mut self, device: Device) -> &mut Desk {
        &mut self.desks[device.index()]
    }

    fn is_online(&self, device: Device) -> bool {
        self.desks[device.index()].peer.is_some()
    }

    /// Something no other message says.
    fn word(&mut self) -> String {
        self.words += 1;
        format!("word {}", self.words)
    }

    /// Hears everyone out, and compares. What a command caused that has no answer is told before its device is
    /// answered again, so whoever acted is asked first.
    async fn listen(&mut self, actor: Option<Device>) -> Checked {
        let mut early = Vec::new();
        if let Some(peer) = actor.and_then(|device| self.desk(device).peer.as_mut()) {
            early = peer.hear().await;
        }
        for device in Device::all() {
            let expected = self.model.take_expected(device);
            let Some(peer) = self.desk(device).peer.as_mut() else { continue };
            let mut told = if actor == Some(device) { std::mem::take(&mut early) } else { Vec::new() };
            told.extend(peer.hear().await);
            self.compare_told(device, told, expected)?;
        }
        self.arrived = None;
        Ok(())
    }

    fn compare_told(&mut self, device: Device, told: Vec<Outbound>, mut expected: Vec<Heard>) -> Checked {
        let mut heard = Vec::new();
        // An answer to what nobody waits for is none of it.
        for event in told.iter().filter(|outbound| outbound.serial.is_none()).map(|outbound| &outbound.event)
        {
            heard.extend(Heard::of(event, |id| self.model.number(id)));
            self.desks[device.index()].take_in(event);
        }
        let arrived = self.arrived.filter(|(arrived, _)| *arrived == device);
        if let Some((_, since)) = arrived.filter(|_| device.style() == Style::Unread) {
            let notices = heard.extract_if(.., |heard| matches!(heard.what, What::Unread(_))).collect();
            self.compare_notices(device, since, notices)?;
        }
        // Each conversation has its order; between them there is none.
        heard.sort_by_key(|heard| heard.talk);
        expected.sort_by_key(|heard| heard.talk);
        match heard == expected {
            true => Ok(()),
            false => {
                Err(format!("{device:?} was told\n{heard:#?}\nand should have been told\n{expected:#?}"))
            }
        }
    }

    /// What an unread notice at login says is so, and everything that changed is in it.
    fn compare_notices(&self, device: Device, since: Option<Timestamp>, notices: Vec<Heard>) -> Checked {
        let client = device.client();
        for talk in self.model.must_be_noticed(client, since) {
            if !notices.iter().any(|notice| notice.talk == Some(talk)) {
                return Err(format!("{device:?} is not told what waits in {talk}: {notices:?}"));
            }
        }
        for notice in notices {
            let talk = notice.talk.filter(|&talk| self.model.is_member(client, talk));
            let is = talk.map(|talk| self.model.talks[talk].waiting_for(client));
            let is = is.filter(|is| since.is_some() || is.count > 0);
            if is.clone().map(What::Unread).as_ref() != Some(&notice.what) {
                return Err(format!("{device:?} is told {notice:?}, and there is {is:?}"));
            }
        }
        Ok(())
    }
}

/// The code of a refusal.
pub(super) fn refusal(event: &Event) -> Option<Code> {
    match event {
        Event::Error { reject, .. } => Some(reject.code),
        _ => None,
    }
}

pub(super) fn code(reject: &Option<Reject>) -> Option<Code> {
    reject.as_ref().map(|reject| reject.code)
}

/// Says what is not as it should be.
pub(super) fn same<T: PartialEq + std::fmt::Debug>(what: &str, is: T, should: T) -> Checked {
    match is == should {
        true => Ok(()),
        false => Err(format!("{what}: is {is:?}, should be {should:?}")),
    }
}

impl Wait {
    /// Whether the server has noticed by then which lines are dead.
    pub(super) fn shows_dead_lines(self) -> bool {
        self != Self::Minute
    }
}
