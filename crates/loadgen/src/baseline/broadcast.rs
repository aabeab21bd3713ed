//! The bare loop: finished bytes written to one socket after the other. No server delivers with less.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::Result;

use super::wire::{self, Ack, role};

type Members = Arc<Mutex<Vec<TcpStream>>>;

/// Accepts members, senders and echo connections. Members that connected before a sender are served by it.
pub(crate) fn serve(listener: &TcpListener, delivery: &[u8]) -> Result<()> {
    let members = Members::default();
    let delivery: Arc<[u8]> = delivery.into();
    loop {
        let (mut stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        let mut part = [0];
        if stream.read_exact(&mut part).is_err() {
            continue;
        }
        match part[0] {
            role::MEMBER => members.lock().unwrap_or_else(PoisonError::into_inner).push(stream),
            role::SENDER => {
                let (members, delivery) = (Arc::clone(&members), Arc::clone(&delivery));
                thread::spawn(move || send(stream, &members, &delivery));
            }
            _ => {
                thread::spawn(move || echo(stream));
            }
        }
    }
}

/// What was read at once goes to each member in one write.
fn send(stream: TcpStream, members: &Members, delivery: &[u8]) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    answer(stream, |count| {
        bytes.clear();
        (0..count).for_each(|_| bytes.extend_from_slice(delivery));
        let mut members = members.lock().unwrap_or_else(PoisonError::into_inner);
        members.retain_mut(|member| member.write_all(&bytes).is_ok());
    })
}

fn echo(stream: TcpStream) -> std::io::Result<()> {
    answer(stream, |_| ())
}

/// Acknowledges commands, then calls `then` with their number, until the connection ends.
fn answer(mut stream: TcpStream, mut then: impl FnMut(usize)) -> std::io::Result<()> {
    let ack = Ack::new();
    let mut buffer = vec![0; 64 * 1024];
    let (mut filled, mut out) = (0, Vec::new());
    loop {
        match stream.read(&mut buffer[filled..]) {
            Ok(0) => return Ok(()),
            Ok(read) => filled += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        }
        out.clear();
        let mut count = 0;
        let used = wire::commands(&buffer[..filled], |serial| {
            ack.append(serial, &mut out);
            count += 1;
        });
        buffer.copy_within(used..filled, 0);
        filled -= used;
        stream.write_all(&out)?;
        then(count);
    }
}
