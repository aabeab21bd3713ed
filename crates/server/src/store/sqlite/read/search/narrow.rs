//! Which conversations to look at: a superset of the matches, from what every match must have.

use std::ops::ControlFlow;

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use yanshu_protocol::ConversationKind;

use crate::query::{Filter, Requirement, TimeField};
use crate::store::sqlite::readers::Fault;
use crate::store::sqlite::rows::HOUR;

/// Below every hour: that of conversations without a message is -1.
const NEVER: i64 = -1;

/// The tables and conditions of a search in SQL.
pub(super) struct Narrowed {
    from: String,
    from_values: Vec<Value>,
    conditions: String,
    values: Vec<Value>,
    app: i64,
    kinds: Vec<i32>,
    /// The hours in which the newest message can be, if nothing but activity leads to the candidates.
    hours: Option<(i64, i64)>,
}

/// Says whether to go on to the next candidate.
type Look<'a> = &'a mut dyn FnMut(i64) -> Result<ControlFlow<()>, Fault>;

impl Narrowed {
    pub(super) fn by(app: i64, filter: &Filter) -> Self {
        let mut requirements = filter.required();
        let mut narrowed = Self::lead(app, &mut requirements);
        for requirement in &requirements {
            narrowed.restrict(requirement);
        }
        narrowed
    }

    /// Takes the requirement that leads to the fewest conversations out of the list.
    fn lead(app: i64, requirements: &mut Vec<Requirement<'_>>) -> Self {
        let rank = |requirement: &Requirement<'_>| match requirement {
            Requirement::Id(_) => 0,
            Requirement::UniqueId(_) => 1,
            Requirement::Member(_) => 2,
            _ => 3,
        };
        let best = (0..requirements.len()).min_by_key(|&place| rank(&requirements[place]));
        let lead =
            best.filter(|&place| rank(&requirements[place]) < 3).map(|place| requirements.remove(place));
        let (from, from_values, hours) = match lead {
            Some(Requirement::Id(ids)) => (
                "json_each(?) AS lead CROSS JOIN conversation
                 ON conversation.app = ? AND conversation.id = lead.value",
                vec![list(&ids), app.into()],
                None,
            ),
            Some(Requirement::Member(clients)) => (
                "(SELECT DISTINCT conversation FROM membership
                  WHERE app = ? AND client IN (SELECT value FROM json_each(?))) AS lead
                 CROSS JOIN conversation ON conversation.key = lead.conversation",
                vec![app.into(), list(&clients)],
                None,
            ),
            Some(Requirement::UniqueId(id)) => (
                "(SELECT key FROM conversation WHERE app = ? AND kind IN (1, 2, 3) AND unique_id = ?) AS lead
                 CROSS JOIN conversation ON conversation.key = lead.key",
                vec![app.into(), id.to_owned().into()],
                None,
            ),
            _ => ("conversation", Vec::new(), Some((NEVER, i64::MAX))),
        };
        // Never temporary ones (W-185).
        let kinds = [ConversationKind::Normal, ConversationKind::Room, ConversationKind::Service];
        Self {
            from: format!("{from} CROSS JOIN tail ON tail.conversation = conversation.key"),
            from_values,
            conditions: String::new(),
            values: Vec::new(),
            app,
            kinds: kinds.map(ConversationKind::number).to_vec(),
            hours,
        }
    }

    fn restrict(&mut self, requirement: &Requirement<'_>) {
        match requirement {
            Requirement::Room(wanted) => self.only(ConversationKind::Room, *wanted),
            Requirement::Service(wanted) => self.only(ConversationKind::Service, *wanted),
            Requirement::Id(ids) => {
                self.and("conversation.id IN (SELECT value FROM json_each(?))", [list(ids)]);
            }
            Requirement::UniqueId(id) => {
                self.and("conversation.unique_id = ?", [Value::from((*id).to_owned())]);
            }
            Requirement::Creator(clients) => {
                self.and("conversation.creator IN (SELECT value FROM json_each(?))", [list(clients)]);
            }
            Requirement::Member(clients) => self.and(
                "EXISTS (SELECT 1 FROM member WHERE member.conversation = conversation.key
                         AND client IN (SELECT value FROM json_each(?)))",
                [list(clients)],
            ),
            Requirement::Time(field, range) => {
                let (first, last) = (range.start().0, range.end().0);
                let column = match field {
                    TimeField::LastMessage => {
                        if let Some((least, most)) = &mut self.hours {
                            *least = (*least).max(first.div_euclid(HOUR));
                            *most = (*most).min(last.div_euclid(HOUR));
                        }
                        "tail.last_at"
                    }
                    TimeField::Created => "conversation.created_at",
                    TimeField::Updated => "conversation.updated_at",
                };
                self.and(&format!("{column} BETWEEN ? AND ?"), [first.into(), last.into()]);
            }
            // Its JSON text, which is written in one way only, must be somewhere in that of all attributes.
            Requirement::Equal(_, serde_json::Value::String(text)) => self.and(
                "instr(conversation.attributes, ?)",
                [Value::from(serde_json::Value::from(text.as_str()).to_string())],
            ),
            Requirement::Equal(..) => {}
        }
    }

    fn only(&mut self, kind: ConversationKind, wanted: bool) {
        self.kinds.retain(|&number| (number == kind.number()) == wanted);
    }

    fn and<const N: usize>(&mut self, condition: &str, values: [Value; N]) {
        self.conditions.push_str(" AND ");
        self.conditions.push_str(condition);
        self.values.extend(values);
    }

    /// Looks at every candidate, in any order.
    pub(super) fn each(
        &self,
        connection: &Connection,
        mut look: impl FnMut(i64) -> Result<ControlFlow<()>, Fault>,
    ) -> Result<(), Fault> {
        self.run(connection, "", &[], "", &mut look).map(drop)
    }

    /// Looks at candidates, those with the newest message first, equal ones by id, until told to stop.
    pub(super) fn each_by_activity(
        &self,
        connection: &Connection,
        mut look: impl FnMut(i64) -> Result<ControlFlow<()>, Fault>,
    ) -> Result<(), Fault> {
        let order = format!(
            " ORDER BY iif(conversation.kind = {}, 0, tail.last_at) DESC, conversation.id",
            ConversationKind::Service.number()
        );
        let Some((least, most)) = self.hours else {
            return self.run(connection, "", &[], &order, &mut look).map(drop);
        };
        // Hour by hour, so that only what was active in one hour has to be sorted at a time.
        let mut below = most.saturating_add(1);
        while let Some(hour) = self.newest_hour(connection, below)?.filter(|&hour| hour >= least) {
            let order = if hour == NEVER { " ORDER BY conversation.id" } else { &order };
            let step =
                self.run(connection, " AND conversation.active_hour = ?", &[hour.into()], order, &mut look)?;
            if step.is_break() {
                break;
            }
            below = hour;
        }
        Ok(())
    }

    fn newest_hour(&self, connection: &Connection, below: i64) -> rusqlite::Result<Option<i64>> {
        let mut question = connection.prepare_cached(
            "SELECT max(active_hour) FROM conversation WHERE app = ? AND kind = ? AND active_hour < ?",
        )?;
        let mut newest = None;
        for kind in &self.kinds {
            let hour: Option<i64> =
                question.query_row([self.app, i64::from(*kind), below], |row| row.get(0))?;
            newest = newest.max(hour);
        }
        Ok(newest)
    }

    fn run(
        &self,
        connection: &Connection,
        condition: &str,
        value: &[Value],
        order: &str,
        look: Look<'_>,
    ) -> Result<ControlFlow<()>, Fault> {
        let kinds: Vec<String> = self.kinds.iter().map(i32::to_string).collect();
        let sql = format!(
            "SELECT conversation.key FROM {} WHERE conversation.app = ? AND conversation.kind IN ({}){}{condition}{order}",
            self.from,
            kinds.join(", "),
            self.conditions,
        );
        let values = self
            .from_values
            .iter()
            .cloned()
            .chain([self.app.into()])
            .chain(self.values.iter().cloned())
            .chain(value.iter().cloned());
        let mut question = connection.prepare_cached(&sql)?;
        let mut keys = question.query(params_from_iter(values))?;
        while let Some(row) = keys.next()? {
            if look(row.get(0)?)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// A list of texts as one value.
fn list(texts: &[&str]) -> Value {
    Value::Text(serde_json::Value::from(texts).to_string())
}
