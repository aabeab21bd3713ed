//! Roles and restrictions.

use std::sync::Arc;

use rusqlite::{OptionalExtension, params};
use yanshu_protocol::{
    AppId, ClientId, Code, ConversationId, ConversationKind, Reject, Restriction, Role, Timestamp,
};

use crate::store::sqlite::read::order::{self, SILENCED, SILENCED_FOR_A_TIME};
use crate::store::sqlite::rows;
use crate::store::{Noticed, Order, RestrictOutcome, RestrictRequest, RoleOutcome, WriteError};

use super::notices::Teller;
use super::{Batch, Failure, Known, members, sessions};

impl Batch<'_> {
    /// Who may do what in a conversation.
    pub(super) fn order(&mut self, conversation: i64) -> rusqlite::Result<Arc<Order>> {
        if let Some(order) = self.memory.orders.get_mut(&conversation) {
            return Ok(Arc::clone(order));
        }
        let order = order::of(self.connection, conversation)?;
        self.memory.orders.insert(conversation, Arc::clone(&order));
        Ok(order)
    }

    /// Changes what is remembered of it, as its rows were changed.
    pub(super) fn reorder(
        &mut self,
        conversation: i64,
        change: impl FnOnce(&mut Order),
    ) -> rusqlite::Result<()> {
        let mut order = Order::clone(&*self.order(conversation)?);
        change(&mut order);
        self.memory.orders.insert(conversation, order.share());
        Ok(())
    }
}

/// Puts clients on one of a conversation's lists, or takes them off.
pub(in crate::store::sqlite) fn restrict(
    batch: &mut Batch<'_>,
    request: &RestrictRequest,
) -> Result<RestrictOutcome, Failure> {
    let app = batch.app(&request.app)?;
    let known = *batch.conversation(&request.app, &request.conversation, request.now)?;
    let seats = members::seats(batch, &known)?;
    let mut allowed: Vec<ClientId> = Vec::new();
    let mut refused = Vec::new();
    for client in &request.clients {
        if request.keep_owner && !request.lift && *client == seats.creator {
            refused.push((client.clone(), Code::ConversationNeedOwner));
        } else if !allowed.contains(client) {
            allowed.push(client.clone());
        }
    }
    members::refuse_whole(request.whole, &refused)?;

    let list = List::of(&known, request);
    let changed = if request.lift { list.holding(batch, allowed)? } else { list.lacking(batch, allowed)? };
    if request.lift {
        list.remove(batch, &changed)?;
    } else {
        list.add(batch, &changed, request.limit)?;
    }
    let teller = Teller { app, known: &known, by: Some(&request.by) };
    let at = match changed.is_empty() {
        true => batch.updated_at(known.key)?,
        false => {
            let at = batch.changed(known.key, request.now)?;
            tell_of_restriction(batch, &teller, at, request, &changed)?;
            at
        }
    };
    let blocks = request.restriction == Restriction::Blocked && !request.lift;
    if blocks && known.kind == ConversationKind::Room {
        sessions::put_nobody_back(batch, app, &request.conversation, &changed)?;
    }
    let left = match blocks {
        true => members::remove_all(batch, app, &known, &changed)?,
        false => Vec::new(),
    };
    let updated_at = match left.is_empty() {
        true => at,
        false => {
            let updated_at = batch.changed(known.key, request.now)?;
            members::tell_of_leaving(batch, &teller, updated_at, &left)?;
            updated_at
        }
    };
    let roster = members::roster(batch, &known)?;
    Ok(RestrictOutcome { changed, left, refused, at, updated_at, roster })
}

/// Keeps for those on whom the restriction changed that it did, and for all members on whom it did.
fn tell_of_restriction(
    batch: &Batch<'_>,
    teller: &Teller<'_>,
    at: Timestamp,
    request: &RestrictRequest,
    changed: &[ClientId],
) -> rusqlite::Result<()> {
    let (restriction, lifted) = (request.restriction, request.lift);
    for client in changed {
        teller.tell(batch, client, at, &Noticed::Restricted { restriction, lifted })?;
    }
    let members = changed.to_vec();
    teller.tell_all(batch, at, &Noticed::MembersRestricted { restriction, lifted, members })
}

/// One list of a conversation.
struct List {
    conversation: i64,
    number: i64,
    until: Option<Timestamp>,
}

impl List {
    fn of(known: &Known, request: &RestrictRequest) -> Self {
        let until = request.until.filter(|_| request.restriction == Restriction::Silenced);
        let number = match until {
            Some(_) => SILENCED_FOR_A_TIME,
            None => order::list(request.restriction),
        };
        Self { conversation: known.key, number, until }
    }

    /// Whether a client is on the list, and until when.
    fn entry(&self, batch: &Batch<'_>, client: &ClientId) -> rusqlite::Result<Option<Option<Timestamp>>> {
        batch
            .connection
            .prepare_cached(
                "SELECT until FROM restriction WHERE conversation = ? AND list = ? AND client = ?",
            )?
            .query_row(params![self.conversation, self.number, client.as_str()], |row| {
                rows::optional_time(row, 0)
            })
            .optional()
    }

    /// Those that are on the list.
    fn holding(&self, batch: &Batch<'_>, clients: Vec<ClientId>) -> rusqlite::Result<Vec<ClientId>> {
        let mut held = Vec::new();
        for client in clients {
            if self.entry(batch, &client)?.is_some() {
                held.push(client);
            }
        }
        Ok(held)
    }

    /// Those that are not, or with another time.
    fn lacking(&self, batch: &Batch<'_>, clients: Vec<ClientId>) -> rusqlite::Result<Vec<ClientId>> {
        let mut lacking = Vec::new();
        for client in clients {
            if self.entry(batch, &client)? != Some(self.until) {
                lacking.push(client);
            }
        }
        Ok(lacking)
    }

    fn add(&self, batch: &mut Batch<'_>, clients: &[ClientId], limit: usize) -> Result<(), Failure> {
        let place = [self.conversation, self.number];
        let mut new = 0;
        for client in clients {
            new += usize::from(self.entry(batch, client)?.is_none());
        }
        let before: i64 = batch
            .connection
            .prepare_cached("SELECT count(*) FROM restriction WHERE conversation = ? AND list = ?")?
            .query_row(place, |row| row.get(0))?;
        if new > 0 && before.saturating_add(rows::count(new)) > rows::count(limit) {
            return Err(WriteError::ListFull.into());
        }
        let last: i64 = batch
            .connection
            .prepare_cached(
                "SELECT coalesce(max(position), 0) FROM restriction WHERE conversation = ? AND list = ?",
            )?
            .query_row(place, |row| row.get(0))?;
        for (client, position) in clients.iter().zip(last + 1..) {
            batch
                .connection
                .prepare_cached(
                    "INSERT INTO restriction (conversation, list, client, position, until) VALUES (?, ?, ?, ?, ?)
                     ON CONFLICT (conversation, list, client) DO UPDATE SET until = excluded.until",
                )?
                .execute(params![
                    self.conversation,
                    self.number,
                    client.as_str(),
                    position,
                    self.until.map(|until| until.0),
                ])?;
        }
        self.reorder(batch, clients)?;
        Ok(())
    }

    fn remove(&self, batch: &mut Batch<'_>, clients: &[ClientId]) -> rusqlite::Result<()> {
        for client in clients {
            batch
                .connection
                .prepare_cached("DELETE FROM restriction WHERE conversation = ? AND list = ? AND client = ?")?
                .execute(params![self.conversation, self.number, client.as_str()])?;
        }
        self.reorder(batch, clients)
    }

    /// What is remembered of these clients follows their rows.
    fn reorder(&self, batch: &mut Batch<'_>, clients: &[ClientId]) -> rusqlite::Result<()> {
        if clients.is_empty() {
            return Ok(());
        }
        let list = |number| Self { number, ..*self };
        let mut now = Vec::with_capacity(clients.len());
        for client in clients {
            let blocked = list(order::BLOCKED).entry(batch, client)?.is_some();
            let silence = match list(SILENCED).entry(batch, client)? {
                Some(for_ever) => Some(for_ever),
                None => list(SILENCED_FOR_A_TIME).entry(batch, client)?,
            };
            now.push((client.clone(), blocked, silence));
        }
        batch.reorder(self.conversation, |order| {
            for (client, blocked, silence) in now {
                match silence {
                    Some(until) => order.silenced.insert(client.clone(), until),
                    None => order.silenced.remove(&client),
                };
                if blocked {
                    order.blocked.insert(client);
                } else {
                    order.blocked.remove(&client);
                }
            }
        })
    }
}

/// A member's new role.
pub(in crate::store::sqlite) struct NewRole {
    pub(in crate::store::sqlite) app: AppId,
    pub(in crate::store::sqlite) conversation: ConversationId,
    pub(in crate::store::sqlite) client: ClientId,
    pub(in crate::store::sqlite) role: Role,
    pub(in crate::store::sqlite) by: ClientId,
    pub(in crate::store::sqlite) max_managers: usize,
    pub(in crate::store::sqlite) now: Timestamp,
}

/// Makes a member a manager, or a plain member again.
pub(in crate::store::sqlite) fn set_role(
    batch: &mut Batch<'_>,
    request: &NewRole,
) -> Result<RoleOutcome, Failure> {
    let app = batch.app(&request.app)?;
    let known = *batch.conversation(&request.app, &request.conversation, request.now)?;
    let client = &request.client;
    let seats = members::seats(batch, &known)?;
    // Who is in a chat room is not known here.
    let with_members = matches!(known.kind, ConversationKind::Normal | ConversationKind::Temporary);
    if with_members && !seats.members.contains(client) {
        return refuse(Code::ConversationMembershipRequired);
    }
    if *client == seats.creator {
        return refuse(Code::ConversationNeedOwner);
    }
    let order = batch.order(known.key)?;
    let manager = order.managers.contains(client);
    let to_manager = match request.role {
        Role::Manager => true,
        Role::Member => false,
        // Nobody is made one (W-242).
        Role::Owner => return refuse(Code::UnknownConversationRole),
    };
    if to_manager && !manager && order.managers.len() >= request.max_managers {
        return refuse(Code::ConversationMemberInRoleFull);
    }
    let changed = to_manager != manager;
    if !changed {
        let at = batch.updated_at(known.key)?;
        return Ok(RoleOutcome { changed, at, roster: members::roster(batch, &known)? });
    }
    if to_manager {
        batch
            .connection
            .prepare_cached("INSERT INTO manager (conversation, client) VALUES (?, ?)")?
            .execute(params![known.key, client.as_str()])?;
        batch.reorder(known.key, |order| {
            order.managers.insert(client.clone());
        })?;
    } else {
        drop_role(batch, known.key, client)?;
    }
    let at = batch.changed(known.key, request.now)?;
    let teller = Teller { app, known: &known, by: Some(&request.by) };
    teller.tell_all(batch, at, &Noticed::RoleChanged { member: client.clone(), role: request.role })?;
    Ok(RoleOutcome { changed, at, roster: members::roster(batch, &known)? })
}

fn refuse<T>(code: Code) -> Result<T, Failure> {
    Err(WriteError::Refused(Reject::from(code)).into())
}

/// A manager is none any more.
pub(super) fn drop_role(batch: &mut Batch<'_>, conversation: i64, client: &ClientId) -> rusqlite::Result<()> {
    batch
        .connection
        .prepare_cached("DELETE FROM manager WHERE conversation = ? AND client = ?")?
        .execute(params![conversation, client.as_str()])?;
    batch.reorder(conversation, |order| {
        order.managers.remove(client);
    })
}
