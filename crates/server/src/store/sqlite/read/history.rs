//! Pages of history: from the index, and from the places that are not in it yet, which stand behind all others.

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use smallvec::SmallVec;
use yanshu_protocol::{AppId, Direction, Timestamp};

use crate::store::sqlite::readers::{Fault, Reader};
use crate::store::sqlite::recent::{Place, Places};
use crate::store::sqlite::rows::{self, Strand};
use crate::store::{HistoryPage, Interval, ReceiptTimes, StoredMessage};

use super::cursors;
use super::messages::by_row;

pub(in crate::store::sqlite) fn page(
    reader: &mut Reader,
    app: &AppId,
    page: &HistoryPage,
) -> Result<Vec<StoredMessage>, Fault> {
    let view = View::of(reader, app, page)?;
    reader.look(|connection| view.messages(connection, page))
}

/// The page, and when its messages were received and read.
pub(in crate::store::sqlite) fn page_with_times(
    reader: &mut Reader,
    app: &AppId,
    page: &HistoryPage,
) -> Result<Vec<(StoredMessage, ReceiptTimes)>, Fault> {
    let view = View::of(reader, app, page)?;
    reader.look(|connection| {
        let messages = view.messages(connection, page)?;
        let Some(conversation) = view.strands.first() else { return Ok(Vec::new()) };
        let times = cursors::times_of(connection, conversation.key, &messages)?;
        Ok(messages.into_iter().zip(times).collect())
    })
}

/// What a viewer sees, with the places of recent messages, which are taken before the look.
struct View<'a> {
    strands: SmallVec<[Strand<'a>; 2]>,
    places: SmallVec<[Places; 2]>,
}

impl<'a> View<'a> {
    fn of(reader: &mut Reader, app: &AppId, page: &'a HistoryPage) -> rusqlite::Result<Self> {
        let strands = reader.strands(app, &page.conversation, page.viewer.as_ref())?;
        let places = strands.iter().map(|strand| reader.recent.of(strand.key)).collect();
        Ok(Self { strands, places })
    }

    fn messages(&self, connection: &Connection, page: &HistoryPage) -> Result<Vec<StoredMessage>, Fault> {
        let mut messages = Vec::new();
        for (strand, places) in self.strands.iter().zip(&self.places) {
            messages.extend(of_strand(connection, *strand, page, places)?);
        }
        if self.strands.len() > 1 {
            merge(&mut messages, page);
        }
        Ok(messages)
    }
}

/// What a page holds of one strand, ascending.
fn of_strand(
    connection: &Connection,
    strand: Strand<'_>,
    page: &HistoryPage,
    places: &Places,
) -> Result<Vec<StoredMessage>, Fault> {
    let range = Range::of(page);
    let mut recent: Vec<&Place> = places.iter().filter(|place| range.holds(place)).collect();
    let filed_before = places.front().map(|first| Timestamp(first.at));
    let in_index = match page.direction {
        Direction::Older => {
            recent.drain(..recent.len().saturating_sub(page.limit));
            page.limit - recent.len()
        }
        Direction::Newer => page.limit,
    };
    let mut messages = range.filed(connection, strand, page, filed_before, in_index)?;
    for place in recent.iter().take(page.limit - messages.len()) {
        messages.extend(by_row(connection, place.row, strand)?);
    }
    Ok(messages)
}

/// Makes one page of the pages of several strands.
fn merge(messages: &mut Vec<StoredMessage>, page: &HistoryPage) {
    messages.sort_by(|left, right| (left.timestamp, &left.id).cmp(&(right.timestamp, &right.id)));
    match page.direction {
        Direction::Older => drop(messages.drain(..messages.len().saturating_sub(page.limit))),
        Direction::Newer => messages.truncate(page.limit),
    }
}

/// What a page may hold.
struct Range<'a> {
    lower: Option<Bound<'a>>,
    upper: Option<Bound<'a>>,
    kind: Option<i64>,
}

/// A comparison of the pair (time, id).
#[derive(Clone, Copy)]
struct Bound<'a> {
    comparison: Comparison,
    at: Timestamp,
    id: &'a str,
}

#[derive(Clone, Copy)]
enum Comparison {
    Before,
    UpTo,
    From,
    Behind,
}

impl<'a> Range<'a> {
    fn of(page: &'a HistoryPage) -> Self {
        let (older, newer) = match page.direction {
            Direction::Older => (&page.stop, &page.start),
            Direction::Newer => (&page.start, &page.stop),
        };
        Self {
            lower: older.as_ref().map(Bound::lower),
            upper: newer.as_ref().map(Bound::upper),
            kind: page.message_type.map(i64::from),
        }
    }

    fn holds(&self, place: &Place) -> bool {
        self.lower.is_none_or(|bound| bound.holds(place))
            && self.upper.is_none_or(|bound| bound.holds(place))
            && self.kind.is_none_or(|kind| place.kind == Some(kind))
    }

    /// The part of the page that is in the index, ascending.
    fn filed(
        &self,
        connection: &Connection,
        strand: Strand<'_>,
        page: &HistoryPage,
        before: Option<Timestamp>,
        limit: usize,
    ) -> Result<Vec<StoredMessage>, Fault> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let mut sql = format!(
            "SELECT {} FROM message_index AS place CROSS JOIN message ON message.row = place.row
             WHERE place.conversation = ?",
            rows::MESSAGE
        );
        let mut values = vec![Value::from(strand.key)];
        let before = before.map(|at| Bound { comparison: Comparison::Before, at, id: "" });
        for bound in [self.lower, self.upper, before].into_iter().flatten() {
            sql.push_str(&format!(" AND (place.at, place.id) {} (?, ?)", bound.comparison.sql()));
            values.push(bound.at.0.into());
            values.push(bound.id.to_owned().into());
        }
        if let Some(kind) = self.kind {
            sql.push_str(" AND place.type = ?");
            values.push(kind.into());
        }
        let order = match page.direction {
            Direction::Older => "DESC",
            Direction::Newer => "ASC",
        };
        sql.push_str(&format!(" ORDER BY place.at {order}, place.id {order} LIMIT ?"));
        values.push(rows::count(limit).into());
        let mut messages = connection
            .prepare_cached(&sql)?
            .query_map(params_from_iter(values), |row| rows::message(row, strand))?
            .collect::<Result<Vec<_>, _>>()?;
        if page.direction == Direction::Older {
            messages.reverse();
        }
        Ok(messages)
    }
}

/// An end without a message stands before all of its millisecond, or behind them: ids are never empty (W-328).
impl<'a> Bound<'a> {
    fn lower(end: &'a Interval) -> Self {
        let (comparison, at, id) = match (&end.message, end.included) {
            (Some(id), true) => (Comparison::From, end.timestamp, id.as_str()),
            (Some(id), false) => (Comparison::Behind, end.timestamp, id.as_str()),
            (None, true) => (Comparison::From, end.timestamp, ""),
            (None, false) => (Comparison::From, end.timestamp.next(), ""),
        };
        Self { comparison, at, id }
    }

    fn upper(end: &'a Interval) -> Self {
        let (comparison, at, id) = match (&end.message, end.included) {
            (Some(id), true) => (Comparison::UpTo, end.timestamp, id.as_str()),
            (Some(id), false) => (Comparison::Before, end.timestamp, id.as_str()),
            (None, true) => (Comparison::Before, end.timestamp.next(), ""),
            (None, false) => (Comparison::Before, end.timestamp, ""),
        };
        Self { comparison, at, id }
    }

    fn holds(&self, place: &Place) -> bool {
        let (pair, bound) = ((place.at, place.id.as_str()), (self.at.0, self.id));
        match self.comparison {
            Comparison::Before => pair < bound,
            Comparison::UpTo => pair <= bound,
            Comparison::From => pair >= bound,
            Comparison::Behind => pair > bound,
        }
    }
}

impl Comparison {
    fn sql(self) -> &'static str {
        match self {
            Self::Before => "<",
            Self::UpTo => "<=",
            Self::From => ">=",
            Self::Behind => ">",
        }
    }
}
