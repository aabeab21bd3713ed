//! How far clients are in conversations, between two writes to the store.
//!
//! Every recipient's acknowledgement moves a cursor, so moves are gathered in memory and written together.
//! Losing the last second of them only delivers again.

use std::collections::HashMap;
use std::num::NonZeroUsize;

use lru::LruCache;
use parking_lot::Mutex;
use yanshu_protocol::{AppId, ClientId, ConversationId, Timestamp};

use super::Service;
use crate::store::{Cursor, CursorMove, StoreError, Write, WriteError};

/// Positions kept at hand, so that an acknowledgement needs no read.
const CAPACITY: usize = 1 << 17;

/// A client in a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Seat {
    pub(super) app: AppId,
    pub(super) conversation: ConversationId,
    pub(super) client: ClientId,
}

/// A step forward.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    Delivered(Timestamp),
    Read(Timestamp),
}

#[derive(Debug)]
pub(super) struct Cursors {
    state: Mutex<State>,
    /// Held while gathered moves are written, so that whoever waits for them really does.
    writing: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct State {
    known: LruCache<Seat, Cursor>,
    pending: Vec<CursorMove>,
    /// Where in `pending` a seat's moves are merged; moves whose times are shown stay apart.
    merged: HashMap<Seat, usize>,
}

impl Default for Cursors {
    fn default() -> Self {
        let known = LruCache::new(NonZeroUsize::new(CAPACITY).unwrap_or(NonZeroUsize::MIN));
        Self {
            state: Mutex::new(State { known, pending: Vec::new(), merged: HashMap::new() }),
            writing: tokio::sync::Mutex::default(),
        }
    }
}

impl Cursors {
    fn known(&self, seat: &Seat) -> Option<Cursor> {
        self.state.lock().known.get(seat).copied()
    }

    /// Notes a position read from the store, unless a later one is known by now.
    fn learn(&self, seat: &Seat, cursor: Cursor) -> Cursor {
        let mut state = self.state.lock();
        *state.known.get_or_insert_mut(seat.clone(), || cursor)
    }

    /// Moves a cursor and gives its position before; `None` if it was there already.
    fn advance(&self, seat: Seat, step: Step, at: Timestamp, keep_times: bool) -> Option<Cursor> {
        let mut state = self.state.lock();
        let cursor = state.known.get_or_insert_mut(seat.clone(), Cursor::default);
        let before = *cursor;
        let (place, to) = match step {
            Step::Delivered(to) => (&mut cursor.delivered, to),
            Step::Read(to) => (&mut cursor.read, to),
        };
        if place.is_some_and(|place| place >= to) {
            return None;
        }
        *place = Some(to);
        let after = *cursor;
        let merged = (!keep_times).then(|| state.merged.get(&seat).copied()).flatten();
        if let Some(pending) = merged.and_then(|index| state.pending.get_mut(index)) {
            pending.delivered = after.delivered;
            pending.read = after.read;
            pending.at = at;
            return Some(before);
        }
        let (delivered, read) = match step {
            Step::Delivered(to) => (Some(to), None),
            Step::Read(to) => (None, Some(to)),
        };
        let index = state.pending.len();
        state.pending.push(CursorMove {
            app: seat.app.clone(),
            conversation: seat.conversation.clone(),
            client: seat.client.clone(),
            delivered,
            read,
            at,
            keep_times,
        });
        if !keep_times {
            state.merged.insert(seat, index);
        }
        Some(before)
    }

    /// The client joined or left: where it starts again is for the store to say.
    pub(super) fn forget(&self, seat: &Seat) {
        self.state.lock().known.pop(seat);
    }

    fn take_pending(&self) -> Vec<CursorMove> {
        let mut state = self.state.lock();
        state.merged.clear();
        std::mem::take(&mut state.pending)
    }
}

impl Service {
    /// Moves a client's cursor and gives its position before; `None` if it was there already.
    pub(super) async fn move_cursor(
        &self,
        seat: Seat,
        step: Step,
        at: Timestamp,
        keep_times: bool,
    ) -> Result<Option<Cursor>, StoreError> {
        if self.cursors.known(&seat).is_none() {
            let stored = self.store.cursor(&seat.app, &seat.conversation, &seat.client).await?;
            self.cursors.learn(&seat, stored);
        }
        Ok(self.cursors.advance(seat, step, at, keep_times))
    }

    /// Writes the moves gathered so far; when it returns, reads see them.
    pub(crate) async fn flush_cursors(&self) -> Result<(), WriteError> {
        let _writing = self.cursors.writing.lock().await;
        let moves = self.cursors.take_pending();
        if moves.is_empty() {
            return Ok(());
        }
        self.commit(|done| Write::MoveCursors(moves, done)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seat() -> Seat {
        Seat {
            app: "an-app-id".parse().unwrap(),
            conversation: "c".parse().unwrap(),
            client: "tom".parse().unwrap(),
        }
    }

    #[test]
    fn a_cursor_never_goes_back() {
        let cursors = Cursors::default();
        let at = Timestamp(100);
        assert!(cursors.advance(seat(), Step::Delivered(Timestamp(10)), at, false).is_some());
        assert!(cursors.advance(seat(), Step::Delivered(Timestamp(10)), at, false).is_none());
        assert!(cursors.advance(seat(), Step::Delivered(Timestamp(9)), at, false).is_none());
    }

    #[test]
    fn moves_are_merged_unless_their_times_are_shown() {
        let cursors = Cursors::default();
        for time in 1..=3 {
            cursors.advance(seat(), Step::Delivered(Timestamp(time)), Timestamp(100 + time), false);
        }
        cursors.advance(seat(), Step::Read(Timestamp(2)), Timestamp(104), false);
        let pending = cursors.take_pending();
        assert_eq!(pending.len(), 1);
        assert_eq!((pending[0].delivered, pending[0].read), (Some(Timestamp(3)), Some(Timestamp(2))));

        for time in 4..=6 {
            cursors.advance(seat(), Step::Delivered(Timestamp(time)), Timestamp(100 + time), true);
        }
        assert_eq!(cursors.take_pending().len(), 3);
    }
}
