//! Who is in a conversation, who may not be, and who may say so (B-85 to B-140).

use std::collections::BTreeSet;

use yanshu_protocol::{Code, ConversationId, ConversationKind, Restriction, Role, Timestamp};

use super::super::cast::{Client, Device};
use super::super::heard::What;
use super::super::step::Way;
use super::talk::Talk;
use super::{Ears, Model};

/// What a change of several clients came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Outcome {
    pub(in super::super) allowed: Vec<Client>,
    pub(in super::super) failed: Vec<(Code, Vec<Client>)>,
}

type Refused = Vec<(Client, Code)>;

impl Outcome {
    /// A device that knows no partial success is refused as a whole (W-104).
    fn of(device: Device, asked: &[Client], refused: &Refused) -> Result<Self, Code> {
        if let Some((_, code)) = refused.first()
            && !device.is_modern()
        {
            return Err(*code);
        }
        let mut failed: Vec<(Code, Vec<Client>)> = Vec::new();
        for (client, code) in refused {
            match failed.iter_mut().find(|(known, _)| known == code) {
                Some((_, clients)) => clients.push(*client),
                None => failed.push((*code, vec![*client])),
            }
        }
        Ok(Self { allowed: without(asked, refused), failed })
    }
}

fn without(clients: &[Client], refused: &Refused) -> Vec<Client> {
    clients.iter().filter(|client| refused.iter().all(|(refused, _)| refused != *client)).copied().collect()
}

impl Model {
    /// The conversation that is found in place of a new one (W-176).
    pub(in super::super) fn same(&self, kind: ConversationKind, members: &BTreeSet<Client>) -> Option<usize> {
        (0..self.talks.len()).find(|&talk| {
            let found = &self.talks[talk];
            found.kind == kind && found.founders.as_ref() == Some(members) && self.living(talk).is_ok()
        })
    }

    pub(in super::super) fn started(
        &mut self,
        device: Device,
        id: ConversationId,
        kind: ConversationKind,
        members: &[Client],
        unique: bool,
        expires_at: Option<Timestamp>,
    ) {
        let number = self.talks.len();
        let mut talk = Talk {
            id,
            kind,
            creator: device.client(),
            name: None,
            expires_at,
            founders: unique.then(|| members.iter().copied().collect()),
            members: Vec::new(),
            seats: Default::default(),
            managers: BTreeSet::new(),
            silenced: Vec::new(),
            blocked: Vec::new(),
            messages: Vec::new(),
        };
        members.iter().for_each(|member| talk.join(*member, self.now));
        self.talks.push(talk);
        if kind == ConversationKind::Room {
            return self.enter(device, number);
        }
        let by = device.client();
        self.tell(members, None, Ears::All, number, &What::Joined { by });
        let members = members.to_vec();
        self.tell_all(None, Ears::All, number, &What::MembersJoined { members, by });
    }

    pub(in super::super) fn change(
        &mut self,
        device: Device,
        talk: usize,
        way: Way,
        who: &[Client],
    ) -> Result<Outcome, Code> {
        let client = device.client();
        let itself = who.iter().all(|asked| *asked == client);
        let found = self.living(talk)?;
        match found.kind {
            ConversationKind::Room if itself => return self.change_room(device, talk, way),
            ConversationKind::Normal => {}
            _ => return Err(Code::NormalConversationRequired),
        }
        if !itself {
            self.may(device, talk)?;
        }
        let mut refused = match way {
            Way::Out if !itself => self.outranked(found, client, who),
            _ => Vec::new(),
        };
        let found = &self.talks[talk];
        let asked = without(who, &refused);
        let changed: Vec<Client> = match way {
            Way::In => {
                let barred = |client: &Client| {
                    !found.includes(*client)
                        && (found.blocked.contains(client) || self.avoided.contains(&(*client, talk)))
                };
                let barred: Vec<_> = asked.iter().filter(|client| barred(client)).collect();
                refused.extend(barred.iter().map(|client| (**client, Code::BlockedByConversation)));
                without(&asked, &refused).into_iter().filter(|client| !found.includes(*client)).collect()
            }
            Way::Out => {
                if self.roles && asked.contains(&found.creator) && found.includes(found.creator) {
                    refused.push((found.creator, Code::ConversationNeedOwner));
                }
                without(&asked, &refused).into_iter().filter(|client| found.includes(*client)).collect()
            }
        };
        let outcome = Outcome::of(device, who, &refused)?;
        match way {
            Way::In => self.join(talk, &changed, client),
            Way::Out => self.leave(talk, &changed, client),
        }
        Ok(outcome)
    }

    /// B-95, W-209
    fn join(&mut self, talk: usize, clients: &[Client], by: Client) {
        if clients.is_empty() {
            return;
        }
        clients.iter().for_each(|client| self.talks[talk].join(*client, self.now));
        self.tell(clients, None, Ears::All, talk, &What::Joined { by });
        self.tell_all(None, Ears::All, talk, &What::MembersJoined { members: clients.to_vec(), by });
    }

    /// W-210
    fn leave(&mut self, talk: usize, clients: &[Client], by: Client) {
        if clients.is_empty() {
            return;
        }
        clients.iter().for_each(|client| self.talks[talk].leave(*client));
        self.tell(clients, None, Ears::All, talk, &What::Left { by });
        self.tell_all(None, Ears::All, talk, &What::MembersLeft { members: clients.to_vec(), by });
    }

    /// One comes and goes by oneself, and nobody is told (W-150, W-152).
    fn change_room(&mut self, device: Device, talk: usize, way: Way) -> Result<Outcome, Code> {
        let client = device.client();
        let blocked = way == Way::In && self.talks[talk].blocked.contains(&client);
        let refused: Refused = blocked.then_some((client, Code::BlockedByConversation)).into_iter().collect();
        let outcome = Outcome::of(device, &[client], &refused)?;
        match way {
            Way::In if !blocked => self.enter(device, talk),
            Way::In => {}
            Way::Out => self.quit(device, talk),
        }
        Ok(outcome)
    }

    /// Whether the client may act on others (B-88, B-89, B-117, W-239).
    fn may(&self, device: Device, talk: usize) -> Result<(), Code> {
        let (found, client) = (&self.talks[talk], device.client());
        if !self.roles {
            let inside = match found.kind {
                ConversationKind::Room => found.creator == client || self.room_of(device) == Some(talk),
                _ => found.includes(client),
            };
            return inside.then_some(()).ok_or(Code::ConversationMembershipRequired);
        }
        match found.role(client) {
            Some(Role::Owner | Role::Manager) => Ok(()),
            Some(Role::Member) => Err(Code::ConversationOperationUnauthorized),
            None => Err(Code::ConversationMembershipRequired),
        }
    }

    /// Those who do not stand below the client (B-119, B-120).
    fn outranked(&self, talk: &Talk, client: Client, who: &[Client]) -> Refused {
        let rank = |client| match talk.role(client) {
            None => 0,
            Some(Role::Member) => 1,
            Some(Role::Manager) => 2,
            Some(Role::Owner) => 3,
        };
        let above = |other: &&Client| self.roles && **other != client && rank(**other) >= rank(client);
        let code = |other: &Client| match talk.creator == *other {
            true => Code::ConversationNeedOwner,
            false => Code::ConversationOperationUnauthorized,
        };
        who.iter().filter(above).map(|other| (*other, code(other))).collect()
    }

    /// W-245 to W-248, W-363 to W-370
    pub(in super::super) fn restrict(
        &mut self,
        device: Device,
        talk: usize,
        restriction: Restriction,
        lift: bool,
        who: &[Client],
    ) -> Result<Outcome, Code> {
        let by = device.client();
        let found = self.living(talk)?;
        if found.kind == ConversationKind::Temporary {
            return Err(Code::NormalConversationRequired);
        }
        self.may(device, talk)?;
        let mut refused = self.outranked(found, by, who);
        let asked = without(who, &refused);
        if self.roles && !lift && asked.contains(&found.creator) {
            refused.push((found.creator, Code::ConversationNeedOwner));
        }
        let outcome = Outcome::of(device, who, &refused)?;

        let found = &mut self.talks[talk];
        let list = match restriction {
            Restriction::Silenced => &mut found.silenced,
            Restriction::Blocked => &mut found.blocked,
        };
        let changed: Vec<Client> =
            outcome.allowed.iter().filter(|client| list.contains(client) == lift).copied().collect();
        match lift {
            true => list.retain(|client| !changed.contains(client)),
            false => list.extend(&changed),
        }
        if changed.is_empty() {
            return Ok(outcome);
        }
        let blocks = restriction == Restriction::Blocked && !lift;
        let left: Vec<Client> =
            changed.iter().filter(|client| blocks && found.includes(**client)).copied().collect();
        left.iter().for_each(|client| found.leave(*client));
        if blocks && !found.has_members() {
            self.expel(talk, &changed);
        }
        self.tell(&changed, None, Ears::Modern, talk, &What::Restricted { restriction, lifted: lift, by });
        if !left.is_empty() {
            self.tell(&left, None, Ears::All, talk, &What::Left { by });
        }
        let group = What::MembersRestricted { restriction, lifted: lift, members: changed, by };
        self.tell_all(None, Ears::Modern, talk, &group);
        if !left.is_empty() {
            self.tell_all(None, Ears::All, talk, &What::MembersLeft { members: left, by });
        }
        Ok(outcome)
    }

    /// W-218, W-222, W-224
    pub(in super::super) fn rename(&mut self, device: Device, talk: usize, name: String) -> Result<(), Code> {
        let (found, by) = (self.living(talk)?, device.client());
        let inside = match found.kind {
            ConversationKind::Normal => found.includes(by),
            ConversationKind::Room => self.room_of(device) == Some(talk),
            _ => return Err(Code::NormalConversationRequired),
        };
        if !inside {
            return Err(Code::ConversationUpdateRejected);
        }
        self.talks[talk].name = Some(name.clone());
        if self.talks[talk].has_members() {
            self.tell_all(None, Ears::Modern, talk, &What::Renamed { name, by });
        }
        Ok(())
    }

    /// B-135
    pub(in super::super) fn avoid(&mut self, client: Client, talk: usize, lift: bool) {
        match lift {
            true => self.avoided.remove(&(client, talk)),
            false => self.avoided.insert((client, talk)),
        };
    }

    /// W-236 to W-243
    pub(in super::super) fn set_role(
        &mut self,
        device: Device,
        talk: usize,
        who: Client,
        role: Role,
    ) -> Result<(), Code> {
        if !self.roles {
            return Err(Code::ConversationMemberInfoFeatureDisabled);
        }
        let (found, by) = (self.living(talk)?, device.client());
        if found.kind == ConversationKind::Temporary {
            return Err(Code::NormalConversationRequired);
        }
        self.may(device, talk)?;
        if let Some((_, code)) = self.outranked(found, by, &[who]).first() {
            return Err(*code);
        }
        match found.role(who) {
            Some(_) if who == found.creator => return Err(Code::ConversationNeedOwner),
            Some(_) if who == by => return Err(Code::ConversationOperationUnauthorized),
            Some(_) => {}
            None => return Err(Code::ConversationMembershipRequired),
        }
        let managers = &mut self.talks[talk].managers;
        let changed = match role {
            Role::Manager => managers.insert(who),
            _ => managers.remove(&who),
        };
        if changed {
            self.tell_all(None, Ears::Modern, talk, &What::RoleChanged { member: who, role, by });
        }
        Ok(())
    }
}
