//! Finding conversations by a condition.
//!
//! SQL narrows the candidates by what every match must have ([`narrow`]); the condition itself decides, on the
//! whole conversation ([`candidate`]). In the usual order, newest activity first, candidates come in that order
//! and the search ends with the page; in any other order all of them are looked at.

mod candidate;
mod narrow;

use std::ops::ControlFlow;
use std::time::Instant;

use rusqlite::Connection;
use yanshu_protocol::AppId;

use crate::query::Budget;
use crate::store::sqlite::readers::{Fault, Reader};
use crate::store::{Conversation, ConversationSearch};

use candidate::Candidate;
use narrow::Narrowed;

/// Steps of the engine between two looks at the clock: well under a millisecond.
const STEPS: i32 = 20_000;

/// A page of matches.
pub(in crate::store::sqlite) fn search(
    reader: &mut Reader,
    app: &AppId,
    search: &ConversationSearch,
) -> Result<Vec<Conversation>, Fault> {
    let Some(app) = reader.app(app)? else { return Ok(Vec::new()) };
    within(reader, search, |connection| {
        let found = if search.sort.is_latest_activity_first() {
            first_matches(connection, app, search)?
        } else {
            best_matches(connection, app, search)?
        };
        found.into_iter().map(|candidate| Ok(candidate.into_conversation()?)).collect()
    })
}

/// How many match.
pub(in crate::store::sqlite) fn count(
    reader: &mut Reader,
    app: &AppId,
    search: &ConversationSearch,
) -> Result<u64, Fault> {
    let Some(app) = reader.app(app)? else { return Ok(0) };
    within(reader, search, |connection| {
        let narrowed = Narrowed::by(app, &search.filter);
        let mut judge = Judge::new(connection, search);
        let mut count = 0;
        narrowed.each(connection, |key| {
            count += u64::from(judge.matching(key)?.is_some());
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(count)
    })
}

/// Looks, but gives up when the time is over, wherever the engine is then.
fn within<T>(
    reader: &mut Reader,
    search: &ConversationSearch,
    work: impl FnOnce(&Connection) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let end = Instant::now() + search.timeout;
    reader.connection.progress_handler(STEPS, Some(move || Instant::now() >= end))?;
    let result = reader.look(work);
    reader.connection.progress_handler(0, None::<fn() -> bool>)?;
    match result {
        Err(Fault::Engine(error))
            if error.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted) =>
        {
            Err(Fault::TooCostly)
        }
        other => other,
    }
}

/// The page, from candidates that come in order.
fn first_matches<'c>(
    connection: &'c Connection,
    app: i64,
    search: &ConversationSearch,
) -> Result<Vec<Candidate<'c>>, Fault> {
    let mut found = Vec::new();
    if search.limit == 0 {
        return Ok(found);
    }
    let mut to_skip = search.skip;
    let mut judge = Judge::new(connection, search);
    Narrowed::by(app, &search.filter).each_by_activity(connection, |key| {
        match judge.matching(key)? {
            Some(_) if to_skip > 0 => to_skip -= 1,
            Some(candidate) => found.push(candidate),
            None => {}
        }
        Ok(if found.len() == search.limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    Ok(found)
}

/// The page, from candidates in any order. Never keeps many more than are wanted.
fn best_matches<'c>(
    connection: &'c Connection,
    app: i64,
    search: &ConversationSearch,
) -> Result<Vec<Candidate<'c>>, Fault> {
    let wanted = search.skip.saturating_add(search.limit);
    let most = wanted.saturating_mul(2).saturating_add(1_000);
    let cut = |found: &mut Vec<Candidate<'c>>| {
        found.sort_by(|left, right| search.sort.compare(left, right));
        found.truncate(wanted);
    };
    let mut found = Vec::new();
    let mut judge = Judge::new(connection, search);
    Narrowed::by(app, &search.filter).each(connection, |key| {
        found.extend(judge.matching(key)?);
        if found.len() >= most {
            cut(&mut found);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    cut(&mut found);
    found.drain(..search.skip.min(found.len()));
    Ok(found)
}

/// Decides on candidates, with what it may spend in all.
struct Judge<'c, 's> {
    connection: &'c Connection,
    search: &'s ConversationSearch,
    budget: Budget,
    end: Instant,
}

impl<'c, 's> Judge<'c, 's> {
    fn new(connection: &'c Connection, search: &'s ConversationSearch) -> Self {
        Self { connection, search, budget: Budget::default(), end: Instant::now() + search.timeout }
    }

    /// The candidate, if it matches.
    fn matching(&mut self, key: i64) -> Result<Option<Candidate<'c>>, Fault> {
        if Instant::now() >= self.end {
            return Err(Fault::TooCostly);
        }
        let candidate = Candidate::load(self.connection, key)?;
        let matches = self.search.filter.matches(&candidate, &mut self.budget);
        // What could not be read looks like what is not there; the fault decides first.
        candidate.fault()?;
        Ok(matches.map_err(|_| Fault::TooCostly)?.then_some(candidate))
    }
}
