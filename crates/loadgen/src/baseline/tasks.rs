//! The bare connection: a task that waits for its socket, and answers at once. What it takes is the least a
//! connection can take in an asynchronous server.

use std::io::{Error, ErrorKind};
use std::net::TcpListener;
use std::sync::Arc;

use anyhow::Result;
use tokio::net::TcpStream;

use super::wire::{self, Ack};

pub(super) fn serve(listener: TcpListener) -> Result<()> {
    let ack = Arc::new(Ack::new());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_io().build()?;
    runtime.block_on(async {
        listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let ack = Arc::clone(&ack);
            tokio::spawn(
                async move { while stream.readable().await.is_ok() && answer(&stream, &ack).is_ok() {} },
            );
        }
    })
}

/// Acknowledges what has come. The buffer lives on the thread's stack, not in the task. A command comes whole:
/// the client sends each in one write and waits for its answer.
fn answer(stream: &TcpStream, ack: &Ack) -> std::io::Result<()> {
    let mut bytes = [0; 2048];
    let read = match stream.try_read(&mut bytes) {
        Ok(0) => return Err(Error::from(ErrorKind::UnexpectedEof)),
        Ok(read) => read,
        Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
        Err(error) => return Err(error),
    };
    // The connection's first byte is the part it plays.
    let commands = if bytes[0] == wire::role::ECHO { &bytes[1..read] } else { &bytes[..read] };
    let mut out = Vec::new();
    wire::commands(commands, |serial| ack.append(serial, &mut out));
    if !out.is_empty() {
        stream.try_write(&out)?;
    }
    Ok(())
}
