//! Ways to put load on a server, the same for a bare one and the real one: [`closed`] keeps a number of
//! commands in flight, [`open`] follows a timetable, [`rounds`] sends to many and waits until all have it.
//!
//! Everything of one way runs on one thread, so that the client takes as little of the machine as it can.

pub(crate) mod arrivals;
pub(crate) mod broadcast;
pub(crate) mod closed;
pub(crate) mod disturbance;
pub(crate) mod open;
pub(crate) mod overload;
pub(crate) mod pace;
pub(crate) mod rounds;
mod tally;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::latency::Latency;
use crate::meter::{Cpu, Process};
use crate::report::Unit;

pub(crate) use tally::Tally;

/// Writes the command that connection number `.0` sends with serial `.1`.
pub(crate) type Requests = Arc<dyn Fn(usize, i32, &mut Vec<u8>) + Send + Sync>;

/// How long a server may do nothing at all before a run is given up.
pub(crate) const STALLED: Duration = Duration::from_secs(20);

/// How long to load a server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Length {
    /// Not counted: caches fill, connections settle.
    pub(crate) warm_up: Duration,
    pub(crate) measured: Duration,
}

impl Length {
    pub(crate) fn of(measured: Duration) -> Self {
        Self { warm_up: (measured / 4).min(Duration::from_secs(1)), measured }
    }
}

/// What a run measured.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// Commands answered, or messages delivered.
    pub(crate) operations: u64,
    pub(crate) elapsed: Duration,
    pub(crate) latency: Latency,
    /// What the server used meanwhile; `None` if its process is not known.
    pub(crate) server: Option<Cpu>,
    /// What this process used meanwhile.
    pub(crate) client: Cpu,
}

impl Outcome {
    pub(crate) fn per_second(&self) -> f64 {
        self.operations as f64 / self.elapsed.as_secs_f64()
    }

    /// Seconds of the server's own code for each operation.
    pub(crate) fn user_seconds_each(&self) -> Option<f64> {
        self.server.map(|cpu| cpu.user.as_secs_f64() / self.operations.max(1) as f64)
    }

    /// The cores that server and client kept busy, and the server's CPU time for each operation, in words.
    pub(crate) fn cores(&self) -> String {
        let busy = |cpu: Cpu| cpu.total().as_secs_f64() / self.elapsed.as_secs_f64();
        let client = busy(self.client);
        match self.server {
            Some(server) => {
                let each = server.total().as_secs_f64() / self.operations.max(1) as f64;
                let each = Unit::Seconds.show(each);
                format!("server {:.2} cores ({each} each), client {client:.2}", busy(server))
            }
            None => format!("client {client:.2} cores"),
        }
    }
}

/// Takes CPU readings of both sides at once.
#[derive(Debug, Clone)]
pub(crate) struct Meters {
    pub(crate) server: Option<Process>,
}

impl Meters {
    pub(crate) fn read(&self) -> Result<(Option<Cpu>, Cpu)> {
        let server = self.server.as_ref().map(Process::cpu).transpose()?;
        Ok((server, Process::this().cpu()?))
    }

    /// What was used since an earlier reading.
    pub(crate) fn since(&self, earlier: (Option<Cpu>, Cpu)) -> Result<(Option<Cpu>, Cpu)> {
        let now = self.read()?;
        Ok((now.0.zip(earlier.0).map(|(now, then)| now - then), now.1 - earlier.1))
    }
}

/// An error if the server refused anything: then the figures are not what they say.
fn accept_no_refusals(tally: &Tally) -> Result<()> {
    match tally.refused() {
        (0, _) => Ok(()),
        (count, code) => bail!("the server refused {count} commands, the first with code {code}"),
    }
}
