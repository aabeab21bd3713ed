//! The bare durable server: sockets, one log without any index, and nothing else. Whatever waits is appended
//! and synced together, and each connection gets its acks in one write.

use std::io::{ErrorKind, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use anyhow::Result;
use tokio::io::AsyncReadExt;

use super::append::Log;
use super::wire::{self, Ack};

/// What has been read and is not yet durable.
#[derive(Default)]
struct Waiting {
    commands: Mutex<Vec<Commands>>,
    something: Condvar,
}

/// Commands that came in one read.
struct Commands {
    socket: Arc<TcpStream>,
    acks: Vec<u8>,
    count: usize,
}

pub(super) fn serve(listener: TcpListener, folder: &Path, text: usize) -> Result<()> {
    let waiting = Arc::new(Waiting::default());
    let log = Log::create(folder)?;
    thread::spawn({
        let waiting = Arc::clone(&waiting);
        move || {
            if let Err(error) = commit(&waiting, log, text + wire::SEND_OVERHEAD) {
                eprintln!("the bare log failed: {error}");
                std::process::exit(1);
            }
        }
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_io().build()?;
    runtime.block_on(async {
        listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let socket = stream.into_std()?;
            let writer = Arc::new(socket.try_clone()?);
            tokio::spawn(read(tokio::net::TcpStream::from_std(socket)?, writer, Arc::clone(&waiting)));
        }
    })
}

async fn read(mut stream: tokio::net::TcpStream, socket: Arc<TcpStream>, waiting: Arc<Waiting>) {
    let ack = Ack::new();
    let mut buffer = vec![0; 8192];
    let mut filled = 0;
    // The first byte says which part the connection plays; here there is only one.
    if stream.read_u8().await.is_err() {
        return;
    }
    while let Ok(read @ 1..) = stream.read(&mut buffer[filled..]).await {
        filled += read;
        let (mut acks, mut count) = (Vec::new(), 0);
        let used = wire::commands(&buffer[..filled], |serial| {
            ack.append(serial, &mut acks);
            count += 1;
        });
        buffer.copy_within(used..filled, 0);
        filled -= used;
        if count > 0 {
            let mut list = waiting.commands.lock().unwrap_or_else(PoisonError::into_inner);
            list.push(Commands { socket: Arc::clone(&socket), acks, count });
            drop(list);
            waiting.something.notify_one();
        }
    }
}

/// Makes everything that waits durable in one go, then answers.
fn commit(waiting: &Waiting, mut log: Log, record: usize) -> Result<()> {
    let mut bytes = Vec::new();
    loop {
        let list = waiting.commands.lock().unwrap_or_else(PoisonError::into_inner);
        let mut list = waiting
            .something
            .wait_while(list, |list| list.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        let batch = std::mem::take(&mut *list);
        drop(list);
        bytes.resize(record * batch.iter().map(|commands| commands.count).sum::<usize>(), b'.');
        log.append(&bytes)?;
        for commands in batch {
            write_all(&commands.socket, &commands.acks);
        }
    }
}

/// Writes to a socket that does not block. Who does not read its acks, or has gone, is left alone.
fn write_all(mut socket: &TcpStream, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        match socket.write(bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}
