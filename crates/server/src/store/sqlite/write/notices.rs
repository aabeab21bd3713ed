//! Keeps what clients are to hear of, with the change that they are to hear of.

use rusqlite::params;
use yanshu_protocol::{ClientId, ConversationKind, Timestamp};

use crate::store::sqlite::noticed;
use crate::store::{KeptReceipt, Noticed};

use super::{Batch, Failure, Known, WriteError};

/// Told again whatever else is lost (W-384).
const RELIABLE: bool = true;
/// Told if it is still there.
const DROPPABLE: bool = false;

/// Keeps notices of one change.
pub(super) struct Teller<'a> {
    pub(super) app: i64,
    pub(super) known: &'a Known,
    pub(super) by: Option<&'a ClientId>,
}

impl Teller<'_> {
    /// Whether the conversation has members that are to hear of changes. In chat rooms and service
    /// conversations, nobody but the client itself is told.
    fn has_members(&self) -> bool {
        matches!(self.known.kind, ConversationKind::Normal | ConversationKind::Temporary)
    }

    /// Keeps it for a client whom it concerns.
    pub(super) fn tell(
        &self,
        batch: &Batch<'_>,
        client: &ClientId,
        at: Timestamp,
        what: &Noticed,
    ) -> rusqlite::Result<()> {
        if self.known.kind == ConversationKind::Service {
            return Ok(());
        }
        self.insert(batch, client, RELIABLE, at, what)
    }

    /// Keeps it for all members, who have not been told anything of this conversation at this time or later.
    pub(super) fn tell_all(&self, batch: &Batch<'_>, at: Timestamp, what: &Noticed) -> rusqlite::Result<()> {
        if !self.has_members() {
            return Ok(());
        }
        let (number, details) = noticed::columns(what);
        batch
            .connection
            .prepare_cached(
                "INSERT INTO group_notice (conversation, at, what, by, details) VALUES (?, ?, ?, ?, ?)",
            )?
            .execute(params![self.known.key, at.0, number, self.by.map(ClientId::as_str), details])?;
        Ok(())
    }

    /// Times grow strictly, so that a client can go on behind the last one it heard of.
    fn insert(
        &self,
        batch: &Batch<'_>,
        client: &ClientId,
        reliable: bool,
        at: Timestamp,
        what: &Noticed,
    ) -> rusqlite::Result<()> {
        let (number, details) = noticed::columns(what);
        batch
            .connection
            .prepare_cached(
                "INSERT INTO notice (app, client, reliable, at, conversation, what, by, details)
                 VALUES (?1, ?2, ?3,
                     max(?4, coalesce((SELECT max(at) + 1 FROM notice WHERE app = ?1 AND client = ?2 AND reliable = ?3), 0)),
                     ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                self.app,
                client.as_str(),
                reliable,
                at.0,
                self.known.key,
                number,
                self.by.map(ClientId::as_str),
                details,
            ])?;
        Ok(())
    }
}

/// Keeps receipts for senders. One of a conversation that is gone is nothing.
pub(in crate::store::sqlite) fn keep_receipts(
    batch: &mut Batch<'_>,
    receipts: &Vec<KeptReceipt>,
) -> Result<(), Failure> {
    for receipt in receipts {
        let app = batch.app(&receipt.app)?;
        let known = match batch.conversation(&receipt.app, &receipt.conversation, receipt.at) {
            Ok(known) => *known,
            Err(Failure::Refused(WriteError::NotFound)) => continue,
            Err(failure) => return Err(failure),
        };
        let what = Noticed::Receipt {
            message: receipt.message.clone(),
            at: receipt.at,
            from: receipt.from.clone(),
            read: receipt.read,
        };
        let teller = Teller { app, known: &known, by: None };
        teller.insert(batch, &receipt.sender, DROPPABLE, receipt.at, &what)?;
    }
    Ok(())
}
