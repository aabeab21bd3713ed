//! Where a reply goes, and in which shape.

use yanshu_protocol::{ClientId, Event, Outbound, Reject, Serial, Timestamp, Unsupported};

/// The address of a reply, kept while a command is carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyTo {
    /// The client the command belongs to; replies carry it (W-68, W-69).
    pub client: Option<ClientId>,
    /// The command's serial; without one nothing is answered (W-46).
    pub serial: Option<Serial>,
    /// The family of the command, which shapes its errors (W-76).
    pub family: Unsupported,
}

impl ReplyTo {
    /// The reply with this event, or nothing if the command wants none.
    #[must_use]
    pub fn with(&self, event: Event) -> Option<Outbound> {
        self.serial?;
        Some(self.forced(event))
    }

    /// The refusal, or nothing if the command wants no reply (W-83).
    #[must_use]
    pub fn refuse(&self, reject: Reject) -> Option<Outbound> {
        self.with(Event::Error { reject, family: self.family })
    }

    /// The answer to an outcome.
    #[must_use]
    pub fn outcome(&self, outcome: Result<Event, Reject>) -> Option<Outbound> {
        match outcome {
            Ok(event) => self.with(event),
            Err(reject) => self.refuse(reject),
        }
    }

    /// The event with or without a serial, for the few commands that are answered either way (W-37, W-113).
    #[must_use]
    pub fn forced(&self, event: Event) -> Outbound {
        Outbound {
            client: self.client.clone(),
            serial: self.serial,
            server_time: None,
            permanent: false,
            event,
        }
    }

    /// As [`Self::forced`], with the server's time (W-73).
    #[must_use]
    pub fn forced_at(&self, now: Timestamp, event: Event) -> Outbound {
        Outbound { server_time: Some(now), ..self.forced(event) }
    }
}
