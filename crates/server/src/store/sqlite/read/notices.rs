//! What a client is to hear of what happened while it was away.

use rusqlite::{Connection, Row, params};
use yanshu_protocol::{AppId, ClientId, ConversationId, ConversationKind, Timestamp};

use crate::store::sqlite::readers::{Fault, Reader};
use crate::store::sqlite::{noticed, rows};
use crate::store::{Notice, NoticePage};

/// What concerns the client itself, for one reliability.
const OWN: &str = "SELECT notice.at, notice.what, notice.by, notice.details, \
     conversation.id, conversation.kind, conversation.expires_at \
     FROM notice CROSS JOIN conversation ON conversation.key = notice.conversation \
     WHERE notice.app = ?1 AND notice.client = ?2 AND notice.reliable = ?3 AND notice.at > ?4 \
     AND conversation.app = ?1 AND (conversation.expires_at IS NULL OR conversation.expires_at > ?5) \
     ORDER BY notice.at LIMIT ?6";

/// Reads the columns `at`, `what`, `by`, `details`.
fn notice(row: &Row<'_>, of: &Of) -> rusqlite::Result<Notice> {
    Ok(Notice {
        at: rows::time(row, 0)?,
        what: noticed::read(row, 1, 3)?,
        by: rows::optional_id(row, 2)?,
        conversation: of.id.clone(),
        kind: of.kind,
        expires_at: of.expires_at,
    })
}

/// The conversation of a notice.
struct Of {
    id: ConversationId,
    kind: ConversationKind,
    expires_at: Option<Timestamp>,
}

impl Of {
    /// Reads three columns.
    fn read(row: &Row<'_>, first: usize) -> rusqlite::Result<Self> {
        Ok(Self {
            id: rows::id(row, first)?,
            kind: rows::kind(row, first + 1)?,
            expires_at: rows::optional_time(row, first + 2)?,
        })
    }
}

fn own(
    connection: &Connection,
    app: i64,
    client: &ClientId,
    reliable: bool,
    after: Timestamp,
    limit: usize,
    now: Timestamp,
) -> rusqlite::Result<Vec<Notice>> {
    let most = rows::count(limit.saturating_add(1));
    connection
        .prepare_cached(OWN)?
        .query_map(params![app, client.as_str(), reliable, after.0, now.0, most], |row| {
            notice(row, &Of::read(row, 4)?)
        })?
        .collect()
}

pub(in crate::store::sqlite) fn reliable(
    reader: &mut Reader,
    app: &AppId,
    client: &ClientId,
    after: Timestamp,
    limit: usize,
    now: Timestamp,
) -> Result<NoticePage, Fault> {
    let Some(app) = reader.app(app)? else { return Ok(NoticePage::default()) };
    reader.look(|connection| {
        let mut earliest = Earliest::new(limit);
        for notice in own(connection, app, client, true, after, limit, now)? {
            earliest.take(notice);
        }
        Ok(earliest.page())
    })
}

pub(in crate::store::sqlite) fn droppable(
    reader: &mut Reader,
    app: &AppId,
    client: &ClientId,
    after: Timestamp,
    limit: usize,
    now: Timestamp,
) -> Result<NoticePage, Fault> {
    let Some(app) = reader.app(app)? else { return Ok(NoticePage::default()) };
    reader.look(|connection| {
        let mut earliest = Earliest::new(limit);
        for notice in own(connection, app, client, false, after, limit, now)? {
            earliest.take(notice);
        }
        let mut memberships = connection
            .prepare_cached("SELECT conversation, since FROM membership WHERE app = ? AND client = ?")?;
        let mut memberships = memberships.query(params![app, client.as_str()])?;
        let mut told = connection.prepare_cached(
            "SELECT at, what, by, details FROM group_notice
             WHERE conversation = ? AND at > ? AND at >= ? ORDER BY at",
        )?;
        let mut conversation = connection.prepare_cached(
            "SELECT id, kind, expires_at FROM conversation
             WHERE key = ? AND app = ? AND (expires_at IS NULL OR expires_at > ?)",
        )?;
        while let Some(row) = memberships.next()? {
            let (key, since): (i64, i64) = (row.get(0)?, row.get(1)?);
            let mut told = told.query([key, after.0, since])?;
            let mut of = None;
            while let Some(row) = told.next()? {
                if !earliest.wants(rows::time(row, 0)?) {
                    break;
                }
                if of.is_none() {
                    let mut found = conversation.query([key, app, now.0])?;
                    of = found.next()?.map(|row| Of::read(row, 0)).transpose()?;
                }
                let Some(of) = &of else { break };
                earliest.take(notice(row, of)?);
            }
        }
        Ok(earliest.page())
    })
}

pub(in crate::store::sqlite) fn kept_since(reader: &mut Reader) -> Result<Timestamp, Fault> {
    let mut question = reader.connection.prepare_cached("SELECT since FROM notices_kept")?;
    Ok(question.query_row([], |row| rows::time(row, 0))?)
}

/// Gathers the earliest notices from several places.
struct Earliest {
    limit: usize,
    found: Vec<Notice>,
    /// Enough are known up to here.
    bound: Option<Timestamp>,
}

impl Earliest {
    fn new(limit: usize) -> Self {
        Self { limit: limit.max(1), found: Vec::new(), bound: None }
    }

    /// Whether one of this time may be on the page, or tells that there are more.
    fn wants(&self, at: Timestamp) -> bool {
        self.bound.is_none_or(|bound| at <= bound)
    }

    fn take(&mut self, notice: Notice) {
        self.found.push(notice);
        if self.found.len() > 4 * self.limit {
            self.cut();
        }
    }

    /// Forgets what comes behind the first one that is too many.
    fn cut(&mut self) {
        self.found.sort_by_key(|notice| notice.at);
        let Some(last) = self.found.get(self.limit - 1).map(|notice| notice.at) else { return };
        let beyond = self.found.partition_point(|notice| notice.at <= last);
        self.found.truncate(beyond + 1);
        self.bound = self.found.get(beyond).map(|notice| notice.at);
    }

    fn page(mut self) -> NoticePage {
        self.cut();
        // Behind the page there is at most the one that tells of more.
        let more = self.bound.is_some();
        if more {
            self.found.pop();
        }
        NoticePage { notices: self.found, more }
    }
}
