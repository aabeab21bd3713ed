//! A bare server as a child process: this same program, told to be bare.

use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use socket2::{Domain, Socket, Type};

use super::{broadcast, durable, tasks};
use crate::meter::Process;

/// Which bare server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// A loop of `write` over all members, and an echo, on blocking threads.
    Broadcast,
    /// An echo that answers once the command is appended to a file and `fdatasync` has returned.
    Durable,
    /// A task for each connection, which waits.
    Tasks,
}

/// Serves until the parent is gone: it holds the other end of standard input.
pub(crate) fn serve(kind: Kind, text: usize, folder: &Path) -> Result<()> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
    socket.listen(4096)?;
    let listener = TcpListener::from(socket);
    println!("{}", listener.local_addr()?);
    thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    match kind {
        Kind::Broadcast => broadcast::serve(&listener, &super::wire::delivery(text)),
        Kind::Durable => durable::serve(listener, folder, text),
        Kind::Tasks => tasks::serve(listener),
    }
}

/// A running bare server; ends when dropped.
#[derive(Debug)]
pub(crate) struct Bare {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Bare {
    pub(crate) fn start(kind: Kind, text: usize, folder: &Path) -> Result<Self> {
        let program = std::env::current_exe().context("cannot find this program")?;
        let kind = kind.to_possible_value().context("a kind without a name")?;
        let mut child = Command::new(program)
            .args(["bench", "bare", kind.get_name(), "--text", &text.to_string(), "--dir"])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start a bare server")?;
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut line)?;
        }
        match line.trim().parse() {
            Ok(address) => Ok(Self { child, address }),
            Err(_) => {
                let _ = child.kill();
                bail!("the bare server did not start ({})", child.wait()?);
            }
        }
    }

    pub(crate) fn process(&self) -> Process {
        Process::new(self.child.id())
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
