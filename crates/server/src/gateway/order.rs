//! In which order the commands of one connection start (W-61, W-89, W-90).
//!
//! A command starts when every earlier write has been accepted in its order. Sends and acknowledgements flow
//! behind each other without waiting for answers; everything else waits until earlier writes are answered, so
//! that it sees what they did. Reads then run side by side.

use yanshu_protocol::{Command, ConversationCommand, Envelope, SessionCommand};

/// How a command stands to others of its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Done on the spot.
    Immediate,
    /// A write that follows others of its class without waiting for their answers.
    Flowing,
    /// A write that waits for the answers of all earlier ones, and is waited for.
    Exclusive,
    /// Changes nothing and runs beside others.
    Read,
    /// Runs beside others; its client's own commands wait for it.
    Open,
}

impl Class {
    pub(super) fn of(envelope: &Envelope) -> Self {
        let Ok(command) = &envelope.command else { return Self::Immediate };
        match command {
            Command::Echo | Command::Login(_) | Command::Logout(_) | Command::Unsupported(_) => {
                Self::Immediate
            }
            Command::Send(_) | Command::Ack(_) | Command::Read(_) | Command::PatchConfirmed(_) => {
                Self::Flowing
            }
            Command::History(_) | Command::Session(SessionCommand::Query(_)) => Self::Read,
            Command::Session(SessionCommand::Open(_)) => Self::Open,
            Command::Session(SessionCommand::Refresh(_) | SessionCommand::Close)
            | Command::Patch(_)
            | Command::ReportDevice(_) => Self::Exclusive,
            Command::Conversation(command) => match command {
                ConversationCommand::Start(_)
                | ConversationCommand::Add(_)
                | ConversationCommand::Remove(_)
                | ConversationCommand::Update { .. }
                | ConversationCommand::Mute(_)
                | ConversationCommand::Unmute(_)
                | ConversationCommand::SetRole { .. }
                | ConversationCommand::Restrict(_)
                | ConversationCommand::BlockConversations(_) => Self::Exclusive,
                ConversationCommand::Query(_)
                | ConversationCommand::Count(_)
                | ConversationCommand::CountMatching(_)
                | ConversationCommand::RoomMembers { .. }
                | ConversationCommand::IsMember(_)
                | ConversationCommand::MaxRead { .. }
                | ConversationCommand::Restricted { .. }
                | ConversationCommand::CheckRestricted { .. }
                | ConversationCommand::BlockedConversations(_) => Self::Read,
            },
        }
    }
}

/// What of a connection is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Traffic {
    /// A write is not yet accepted.
    pub(super) accepting: bool,
    /// The write under way is an exclusive one.
    pub(super) exclusive: bool,
    /// Writes that are not answered.
    pub(super) unanswered: u32,
    /// Reads and opens that run.
    pub(super) running: usize,
}

/// How much may be under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Most {
    pub(super) unanswered: u32,
    pub(super) running: usize,
}

impl Traffic {
    /// Whether a command of this class may start now.
    pub(super) const fn admits(self, class: Class, most: Most) -> bool {
        match class {
            Class::Immediate => true,
            Class::Flowing => {
                !self.accepting
                    && (!self.exclusive || self.unanswered == 0)
                    && self.unanswered < most.unanswered
            }
            Class::Exclusive => !self.accepting && self.unanswered == 0,
            Class::Read | Class::Open => {
                !self.accepting && self.unanswered == 0 && self.running < most.running
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: Most = Most { unanswered: 3, running: 2 };
    const IDLE: Traffic = Traffic { accepting: false, exclusive: false, unanswered: 0, running: 0 };

    #[test]
    fn sends_follow_sends_without_waiting_for_answers() {
        // W-90
        assert!(Traffic { unanswered: 2, ..IDLE }.admits(Class::Flowing, MOST));
        assert!(!Traffic { unanswered: 3, ..IDLE }.admits(Class::Flowing, MOST));
    }

    #[test]
    fn nothing_overtakes_a_write_that_is_not_accepted() {
        // W-89
        let traffic = Traffic { accepting: true, unanswered: 1, ..IDLE };
        for class in [Class::Flowing, Class::Exclusive, Class::Read, Class::Open] {
            assert!(!traffic.admits(class, MOST), "{class:?}");
        }
        assert!(traffic.admits(Class::Immediate, MOST));
    }

    #[test]
    fn what_is_no_send_waits_for_the_answers_of_earlier_writes() {
        // W-89
        let traffic = Traffic { unanswered: 1, ..IDLE };
        for class in [Class::Exclusive, Class::Read, Class::Open] {
            assert!(!traffic.admits(class, MOST), "{class:?}");
            assert!(IDLE.admits(class, MOST), "{class:?}");
        }
    }

    #[test]
    fn sends_wait_for_the_answer_of_an_exclusive_write() {
        let traffic = Traffic { exclusive: true, unanswered: 1, ..IDLE };
        assert!(!traffic.admits(Class::Flowing, MOST));
        assert!(Traffic { unanswered: 0, ..traffic }.admits(Class::Flowing, MOST));
    }

    #[test]
    fn reads_run_side_by_side_up_to_a_bound_and_hold_up_no_write() {
        // W-61
        assert!(Traffic { running: 1, ..IDLE }.admits(Class::Read, MOST));
        assert!(!Traffic { running: 2, ..IDLE }.admits(Class::Read, MOST));
        assert!(Traffic { running: 2, ..IDLE }.admits(Class::Flowing, MOST));
        assert!(Traffic { running: 2, ..IDLE }.admits(Class::Exclusive, MOST));
    }
}
