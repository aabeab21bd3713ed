//! The client's half of the limits: the same driving as for the real server, against bare ones.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;

use super::process::{Bare, Kind};
use super::wire::{self, role};
use crate::client::Connection;
use crate::drive::arrivals::{self, Arrivals};
use crate::drive::disturbance::{self, Crowd, Disturbed};
use crate::drive::rounds::{self, Plan};
use crate::drive::{Length, Meters, Outcome, closed, open};

/// What all bare servers need to know.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits<'a> {
    pub(crate) folder: &'a Path,
    /// Bytes of text in each message.
    pub(crate) text: usize,
    pub(crate) length: Length,
}

impl Limits<'_> {
    fn start(&self, kind: Kind) -> Result<(Bare, Meters)> {
        let bare = Bare::start(kind, self.text, self.folder)?;
        let meters = Meters { server: Some(bare.process()) };
        Ok((bare, meters))
    }

    /// A loop of `write` over all members, `batch` frames in each.
    pub(crate) async fn broadcast(&self, members: usize, batch: usize) -> Result<Outcome> {
        let (bare, meters) = self.start(Kind::Broadcast)?;
        let receivers = connect_all(bare.address, members, role::MEMBER).await?;
        let sender = Connection::bare(bare.address, role::SENDER).await?;
        let plan = Plan { batch, pause: Duration::ZERO, length: self.length };
        Ok(rounds::run(sender, receivers, &wire::requests(self.text), plan, &meters).await?.0)
    }

    /// One round trip after the other.
    pub(crate) async fn echo(&self) -> Result<Outcome> {
        let (bare, meters) = self.start(Kind::Broadcast)?;
        let connection = vec![Connection::bare(bare.address, role::ECHO).await?];
        closed::run(connection, &wire::requests(self.text), 1, self.length, &meters).await
    }

    /// Durable round trips, `outstanding` on each of the connections at any time.
    pub(crate) async fn durable(&self, connections: usize, outstanding: usize) -> Result<Outcome> {
        let (bare, meters) = self.start(Kind::Durable)?;
        let connections = connect_all(bare.address, connections, role::ECHO).await?;
        let requests = wire::requests(self.text);
        closed::run(connections, &requests, outstanding, self.length, &meters).await
    }

    /// Durable round trips by a timetable.
    pub(crate) async fn durable_at_rate(&self, connections: usize, per_second: u32) -> Result<Outcome> {
        let (bare, meters) = self.start(Kind::Durable)?;
        let connections = connect_all(bare.address, connections, role::ECHO).await?;
        Ok(open::run(connections, &wire::requests(self.text), per_second, self.length, &meters).await?.0)
    }

    /// Connecting and one round trip, `at_once` clients at the same time.
    pub(crate) async fn arrivals(&self, clients: usize, at_once: usize) -> Result<Arrivals> {
        let (bare, meters) = self.start(Kind::Tasks)?;
        let (address, requests) = (bare.address, wire::requests(self.text));
        arrivals::run(clients, at_once, &meters, move |_| {
            let requests = Arc::clone(&requests);
            async move {
                let mut connection = Connection::bare(address, role::ECHO).await?;
                let mut command = Vec::new();
                requests(0, 0, &mut command);
                connection.queue(&command);
                connection.flush().await?;
                while connection.receive(|_| ()).await? == 0 {}
                Ok(connection)
            }
        })
        .await
    }

    /// Round trips of one connection by a timetable: alone, then while `members` receive one message after
    /// the other.
    pub(crate) async fn echo_during_broadcast(&self, members: usize) -> Result<Disturbed> {
        let (bare, meters) = self.start(Kind::Broadcast)?;
        let (address, text) = (bare.address, self.text);
        let crowd = move || async move {
            let receivers = connect_all(address, members, role::MEMBER).await?;
            let sender = Connection::bare(address, role::SENDER).await?;
            Ok(Crowd { sender, members: receivers, requests: wire::requests(text) })
        };
        let echo = || Connection::bare(address, role::ECHO);
        disturbance::run(crowd, echo, &wire::requests(text), self.length, &meters).await
    }

    /// Bytes that a task with its socket takes.
    pub(crate) async fn task_memory(&self, connections: usize) -> Result<f64> {
        let bare = Bare::start(Kind::Tasks, self.text, self.folder)?;
        let process = bare.process();
        let before = process.own_memory()?;
        let open = connect_all(bare.address, connections, role::ECHO).await?;
        let after = settled_memory(&process).await?;
        drop(open);
        Ok(after.saturating_sub(before) as f64 / connections as f64)
    }
}

/// Memory once it stops growing: the server may still be accepting.
pub(crate) async fn settled_memory(process: &crate::meter::Process) -> Result<u64> {
    let mut last = 0;
    loop {
        tokio::time::sleep(Duration::from_millis(250)).await;
        match process.own_memory()? {
            now if now.abs_diff(last) <= last / 1000 => return Ok(now),
            now => last = now,
        }
    }
}

/// Connections to a bare server that all play the same part.
pub(crate) async fn connect_all(address: SocketAddr, count: usize, role: u8) -> Result<Vec<Connection>> {
    let mut connections = Vec::with_capacity(count);
    for _ in 0..count {
        connections.push(Connection::bare(address, role).await?);
    }
    Ok(connections)
}
