//! Carries out the steps of a plan on a real server and compares every answer and everything told with the
//! model.

mod faults;
mod lines;
mod members;
mod speech;

use yanshu_protocol::{Code, ConversationKind, Event, Outbound, Reject, Timestamp};

use super::super::{Peer, World};
use super::cast::{Client, Device, Group, Style};
use super::desk::Desk;
use super::heard::{Heard, What};
use super::model::{Model, PUSHED};
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
    /// A device that logged in while others talked.
    arrived_amid: Option<Device>,
}

pub(super) type Checked = Result<(), String>;

impl Stage {
    /// Everyone is there, in one conversation of all, one of two, and two chat rooms there are.
    pub(super) async fn new(roles: bool) -> Result<Self, String> {
        let world = World::apart(|config| config.apps[0].settings.members.roles = roles).await;
        let model = Model::new(world.clock.now(), roles);
        let desks = Device::all().map(Desk::new).collect();
        let mut stage = Self { world, model, desks, words: 0, logins: 0, arrived: None, arrived_amid: None };
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
        if let Some(device) = step.actor()
            && !self.is_online(device)
        {
            self.come_back(device).await?;
        }
        self.tick();
        self.act(step).await?;
        self.listen(step.actor()).await
    }

    async fn act(&mut self, step: &Step) -> Checked {
        match *step {
            Step::Open { device, resume } => self.arrive(device, resume).await,
            Step::LogOut(device) => self.log_out(device).await,
            Step::HangUp(device) => self.hang_up(device).await,
            Step::Cut(device) => self.cut(device),
            Step::Start { device, kind, with, unique } => self.start(device, kind, with, unique).await,
            Step::Change { device, talk, way, who } => self.change(device, self.talk(talk), way, who).await,
            Step::Send { device, talk, how } => self.send(device, self.talk(talk), how).await,
            Step::Repeat(device) => self.repeat(device).await,
            Step::Burst { ref sends, arriving } => self.burst(sends, arriving).await,
            Step::Interrupt { device, talk, fault } => self.interrupt(device, self.talk(talk), fault).await,
            Step::Patch { device, talk, message, recall } => {
                self.patch(device, self.talk(talk), message, recall).await
            }
            Step::Ack { device, talk, message, as_range } => {
                self.acknowledge(device, self.talk(talk), message, as_range);
                Ok(())
            }
            Step::Read { device, talk } => {
                self.read(device, self.talk(talk));
                Ok(())
            }
            Step::Restrict { device, talk, restriction, lift, who } => {
                self.restrict(device, self.talk(talk), restriction, lift, who).await
            }
            Step::Avoid { device, talk, lift } => self.avoid(device, self.talk(talk), lift).await,
            Step::SetRole { device, talk, who, role } => {
                self.set_role(device, self.talk(talk), who, role).await
            }
            Step::Rename { device, talk } => self.rename(device, self.talk(talk)).await,
            Step::Wait(wait) => self.wait(wait).await,
            Step::Restart => self.restart().await,
            Step::Kill => self.kill().await,
            Step::Compare => self.compare().await,
        }
    }

    fn tick(&mut self) {
        self.world.clock.advance(TICK);
        self.model.now = self.world.clock.now();
    }

    /// A device is used that is not connected: it returns as it can.
    async fn come_back(&mut self, device: Device) -> Checked {
        for resume in [true, false] {
            self.tick();
            self.arrive(device, resume).await?;
        }
        Ok(())
    }

    async fn arrive(&mut self, device: Device, resume: bool) -> Checked {
        if self.is_online(device) {
            return Ok(());
        }
        self.open(device, resume).await?;
        self.listen(Some(device)).await?;
        self.send_again(device).await
    }

    /// In the end everyone comes back, and it makes no difference who was away, and for how long.
    pub(super) async fn finish(&mut self) -> Checked {
        self.compare().await?;
        for device in Device::all() {
            self.come_back(device).await?;
        }
        self.compare().await
    }

    fn talk(&self, talk: usize) -> usize {
        talk % self.model.talks.len()
    }

    pub(super) fn desk(&mut self, device: Device) -> &mut Desk {
        &mut self.desks[device.index()]
    }

    fn peer(&mut self, device: Device) -> &mut Peer {
        self.desk(device).peer.as_mut().expect("whoever acts is connected")
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
        (self.arrived, self.arrived_amid) = (None, None);
        Ok(())
    }

    fn compare_told(&mut self, device: Device, told: Vec<Outbound>, mut expected: Vec<Heard>) -> Checked {
        let now = self.model.now;
        self.desk(device).seen(now);
        let mut heard = Vec::new();
        // An answer to what nobody waits for is none of it.
        for event in told.iter().filter(|outbound| outbound.serial.is_none()).map(|outbound| &outbound.event)
        {
            heard.extend(Heard::of(event, |id| self.model.number(id)));
            self.desks[device.index()].take_in(event);
        }
        if self.arrived_amid == Some(device) {
            return self.compare_amid(device, &heard, &expected);
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

    /// Where the login lies among the messages is a race. What is said after it comes live; what others said
    /// before comes as missed, or is counted; nothing comes twice, or out of order, or not at all.
    fn compare_amid(&self, device: Device, heard: &[Heard], expected: &[Heard]) -> Checked {
        let messages = |heard: &[Heard], talk: usize| {
            let here = heard.iter().filter(|heard| heard.talk == Some(talk));
            let messages = here.filter_map(|heard| match &heard.what {
                What::Message { id, from, .. } => Some((*from == device.client(), id.clone())),
                _ => None,
            });
            messages.collect::<Vec<_>>()
        };
        for (number, talk) in self.model.talks.iter().enumerate() {
            let (is, all) = (messages(heard, number), messages(expected, number));
            let mut rest = all.iter();
            let in_order = is.iter().all(|message| rest.any(|other| other == message));
            let latest = [false, true].into_iter().all(|own| {
                let of = |messages: &[(bool, _)]| {
                    messages.iter().filter(|message| message.0 == own).cloned().collect::<Vec<_>>()
                };
                let is_sent_missed = !own && device.style() != Style::Unread && talk.has_members();
                let least = if is_sent_missed { of(&all).len().min(PUSHED) } else { 0 };
                of(&all).ends_with(&of(&is)) && of(&is).len() >= least
            });
            if !in_order || !latest {
                return Err(format!("{device:?}, logging in, was told {is:?} of {all:?}"));
            }
        }
        self.desks[device.index()].compare(&self.model)
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
