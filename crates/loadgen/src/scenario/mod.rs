//! The groups of figures, one file each. Every scenario measures the limit it is compared with in the same
//! run, against its own server where it may start one.

mod broadcast;
mod calm;
mod fanout;
mod history;
mod idle;
mod interference;
mod limits;
mod login;
mod overload;
mod send;
mod startup;
mod store;
mod suite;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};

pub(crate) use broadcast::broadcast;
pub(crate) use fanout::{Members, fanout};
pub(crate) use history::history;
pub(crate) use idle::idle;
pub(crate) use interference::echo_during_fanout;
pub(crate) use limits::limits;
pub(crate) use login::login;
pub(crate) use overload::overload;
pub(crate) use send::{send_at_once, send_at_rate};
pub(crate) use startup::startup;
pub(crate) use store::store;
pub(crate) use suite::suite;

use crate::Inside;
use crate::baseline::measure::Limits;
use crate::client::{Connection, session};
use crate::drive::arrivals::{self, Arrivals};
use crate::drive::{Length, Meters};
use crate::meter::Process;
use crate::target::{Address, Server};

/// What all scenarios have in common.
#[derive(Debug)]
pub(crate) struct Bench {
    /// On the disk that is measured.
    pub(crate) folder: PathBuf,
    /// Bytes of text in each message.
    pub(crate) text: usize,
    /// Of each measurement.
    pub(crate) length: Duration,
    /// The server to load and its process, if it is not to be started here.
    pub(crate) running: Option<(Address, Option<u32>)>,
    /// What only the server's own code can do.
    pub(crate) inside: Inside,
    /// How long to wait for a calm machine in each scenario, and to measure again if it was not.
    pub(crate) patience: Duration,
}

impl Bench {
    pub(crate) fn length(&self) -> Length {
        Length::of(self.length)
    }

    pub(crate) fn limits(&self) -> Limits<'_> {
        Limits { folder: &self.folder, text: self.text, length: self.length() }
    }

    /// The server to load.
    fn server(&self) -> Result<Server> {
        match &self.running {
            Some((address, pid)) => Ok(Server::running(address.clone(), *pid)),
            None => Server::start(&self.folder),
        }
    }
}

impl Server {
    fn meters(&self) -> Meters {
        Meters { server: self.process.clone() }
    }

    /// The process, where nothing can be measured without it.
    fn known_process(&self) -> Result<&Process> {
        self.process.as_ref().context("this needs the server's process (--pid)")
    }

    /// Logs in clients number 0 to `clients`.
    async fn log_in(
        &self,
        clients: usize,
        at_once: usize,
        name: impl Fn(usize) -> String,
    ) -> Result<Arrivals> {
        let arrive = |number| {
            let (address, name) = (self.address.clone(), name(number));
            async move { session::log_in(&address, &name).await }
        };
        arrivals::run(clients, at_once, &self.meters(), arrive).await
    }

    /// The same, where only the connections matter.
    async fn connections(&self, clients: usize, name: impl Fn(usize) -> String) -> Result<Vec<Connection>> {
        Ok(self.log_in(clients, 64, name).await?.connections)
    }
}
