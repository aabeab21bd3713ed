//! A change on its way through the writer: what is asked, what came of it, and whom to tell.

use crate::store::{Completion, StoreError, Write, WriteError};

use super::write::{
    Batch, Failure, blocklists, cursors, expiry, members, messages, notices, order, patches, properties,
    removal, sessions,
};

/// One change. Running it may be repeated: if a batch is rolled back, each of its changes is run again.
pub(super) trait Job: Send {
    /// Whether there is anything to commit.
    fn changes(&self) -> bool;

    /// Makes the change within the open transaction. An error means that the engine failed; a refusal is an
    /// outcome like any other.
    fn run(&mut self, batch: &mut Batch<'_>) -> rusqlite::Result<()>;

    /// Tells what came of it, or that the engine failed after all.
    fn finish(self: Box<Self>, failure: Option<&StoreError>);
}

struct Slot<R, T> {
    request: R,
    changes: bool,
    apply: fn(&mut Batch<'_>, &R) -> Result<T, Failure>,
    outcome: Option<Result<T, WriteError>>,
    done: Completion<T>,
}

impl<R: Send, T: Send> Job for Slot<R, T> {
    fn changes(&self) -> bool {
        self.changes
    }

    fn run(&mut self, batch: &mut Batch<'_>) -> rusqlite::Result<()> {
        self.outcome = Some(match (self.apply)(batch, &self.request) {
            Ok(outcome) => Ok(outcome),
            Err(Failure::Refused(refusal)) => Err(refusal),
            Err(Failure::Engine(error)) => return Err(error),
        });
        Ok(())
    }

    fn finish(self: Box<Self>, failure: Option<&StoreError>) {
        let outcome = match (failure, self.outcome) {
            (None, Some(outcome)) => outcome,
            (Some(failure), _) => Err(WriteError::Store(failure.clone())),
            (None, None) => {
                Err(WriteError::Store(StoreError::Unavailable("the change was never tried".into())))
            }
        };
        self.done.call(outcome);
    }
}

fn slot<R: Send + 'static, T: Send + 'static>(
    request: R,
    done: Completion<T>,
    apply: fn(&mut Batch<'_>, &R) -> Result<T, Failure>,
) -> Box<dyn Job> {
    Box::new(Slot { request, changes: true, apply, outcome: None, done })
}

/// Finds the code for a change.
pub(super) fn job(write: Write) -> Box<dyn Job> {
    match write {
        Write::Append(draft, done) => slot(*draft, done, messages::append),
        Write::Direct(draft, clients, done) => {
            slot(messages::Direct { draft: *draft, clients }, done, messages::direct)
        }
        Write::Create(request, done) => slot(*request, done, properties::create),
        Write::ChangeMembers(request, done) => slot(*request, done, members::change),
        Write::Restrict(request, done) => slot(*request, done, order::restrict),
        Write::SetRole { app, conversation, client, role, by, max_managers, now, done } => {
            let new = order::NewRole { app, conversation, client, role, by, max_managers, now };
            slot(new, done, order::set_role)
        }
        Write::BlockConversations { app, client, conversations, lift, limit, now, done } => {
            let wish = blocklists::Block { app, client, conversations, lift, limit, now };
            slot(wish, done, blocklists::block)
        }
        Write::UpdateAttributes(request, done) => slot(*request, done, properties::update),
        Write::SetMuted { app, conversation, client, muted, now, done } => {
            slot(members::Mute { app, conversation, client, muted, now }, done, members::mute)
        }
        Write::Patch(draft, done) => slot(*draft, done, patches::patch),
        Write::MoveCursors(moves, done) => slot(moves, done, cursors::advance),
        Write::KeepReceipts(receipts, done) => slot(receipts, done, notices::keep_receipts),
        Write::SaveWill(will, done) => slot(*will, done, sessions::save_will),
        Write::ClearWill { app, client, session, done } => {
            slot((app, client, session), done, sessions::clear_will)
        }
        Write::SetRoom(presence, done) => slot(*presence, done, sessions::set_room),
        Write::RoomsLost { now, done } => slot(now, done, sessions::rooms_lost),
        Write::EndSession { app, session, end, until, done } => {
            slot((app, session, end, until), done, sessions::end)
        }
        Write::NoteKick { app, client, now, done } => slot((app, client, now), done, sessions::kick),
        Write::HoldTag(holder, done) => slot(*holder, done, sessions::hold_tag),
        Write::Mark(done) => {
            Box::new(Slot { request: (), changes: false, apply: messages::mark, outcome: None, done })
        }
        Write::DeleteConversation { app, conversation, done } => {
            slot((app, conversation), done, removal::delete)
        }
        Write::Expire { now, resend_keys_before, rooms_lost_before, notices_before, policies, done } => {
            let due = expiry::Expire { now, resend_keys_before, rooms_lost_before, notices_before, policies };
            slot(due, done, expiry::expire)
        }
    }
}
