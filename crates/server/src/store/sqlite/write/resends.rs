//! Recognises repeated messages (W-274).
//!
//! Keys are kept in two tables in turn: the current one is filled, the one before is only looked at. When
//! the current one is old enough, the one before holds nothing that is still wanted and is emptied as a whole,
//! which costs next to nothing.

use rusqlite::{Connection, OptionalExtension};
use yanshu_protocol::Timestamp;

/// Which of the two tables is filled now.
#[derive(Debug, Clone, Copy)]
pub(super) struct Resends {
    number: i64,
    started_at: i64,
}

struct Sql {
    insert: &'static str,
    empty: &'static str,
}

const EVEN: Sql = Sql {
    insert: "INSERT INTO resend_even (conversation, hash, row) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
    empty: "DELETE FROM resend_even",
};
const ODD: Sql = Sql {
    insert: "INSERT INTO resend_odd (conversation, hash, row) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
    empty: "DELETE FROM resend_odd",
};

impl Resends {
    pub(super) fn load(connection: &Connection) -> rusqlite::Result<Self> {
        connection.query_row("SELECT number, started_at FROM resend_generation", [], |row| {
            Ok(Self { number: row.get(0)?, started_at: row.get(1)? })
        })
    }

    fn sql(self) -> &'static Sql {
        if self.number % 2 == 0 { &EVEN } else { &ODD }
    }

    /// Keeps the key of a message.
    pub(super) fn keep(
        self,
        connection: &Connection,
        conversation: i64,
        hash: i64,
        row: i64,
    ) -> rusqlite::Result<()> {
        connection.prepare_cached(self.sql().insert)?.execute([conversation, hash, row]).map(drop)
    }

    /// Forgets keys of messages before `boundary`, if all of the older table are.
    pub(super) fn expire(
        self,
        connection: &Connection,
        boundary: Timestamp,
        now: Timestamp,
    ) -> rusqlite::Result<(Self, usize)> {
        if self.started_at > boundary.0 {
            return Ok((self, 0));
        }
        let next = Self { number: self.number + 1, started_at: now.0 };
        let forgotten = connection.execute(next.sql().empty, [])?;
        connection.execute(
            "UPDATE resend_generation SET number = ?, started_at = ?",
            [next.number, next.started_at],
        )?;
        Ok((next, forgotten))
    }
}

/// The row of a message whose key has this hash: most likely the same key.
pub(super) fn find(connection: &Connection, conversation: i64, hash: i64) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached(
            "SELECT row FROM resend_even WHERE conversation = ?1 AND hash = ?2
             UNION ALL SELECT row FROM resend_odd WHERE conversation = ?1 AND hash = ?2 LIMIT 1",
        )?
        .query_row([conversation, hash], |row| row.get(0))
        .optional()
}
