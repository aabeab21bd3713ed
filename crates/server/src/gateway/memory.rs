//! A transport without a network, for scenarios: bounded like a socket, and it can be cut.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::wire::Wire;

/// One direction.
#[derive(Debug)]
struct Pipe {
    bytes: VecDeque<u8>,
    capacity: usize,
    finished: bool,
    /// The line is dead: writes vanish and reads hang, as with a plug pulled out.
    cut: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Pipe {
    fn new(capacity: usize) -> Arc<Mutex<Self>> {
        Arc::new(Mutex::new(Self {
            bytes: VecDeque::new(),
            capacity,
            finished: false,
            cut: false,
            reader: None,
            writer: None,
        }))
    }

    fn wake(&mut self) {
        self.reader.take().into_iter().chain(self.writer.take()).for_each(Waker::wake);
    }

    fn poll_readable(&mut self, cx: &Context<'_>) -> Poll<()> {
        if !self.cut && (self.finished || !self.bytes.is_empty()) {
            return Poll::Ready(());
        }
        self.reader = Some(cx.waker().clone());
        Poll::Pending
    }

    fn read(&mut self, buffer: &mut [u8]) -> Option<usize> {
        if self.cut || (self.bytes.is_empty() && !self.finished) {
            return None;
        }
        let count = buffer.len().min(self.bytes.len());
        for (place, byte) in buffer.iter_mut().zip(self.bytes.drain(..count)) {
            *place = byte;
        }
        self.wake();
        Some(count)
    }

    fn poll_writable(&mut self, cx: &Context<'_>) -> Poll<()> {
        if self.cut || self.finished || self.bytes.len() < self.capacity {
            return Poll::Ready(());
        }
        self.writer = Some(cx.waker().clone());
        Poll::Pending
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<Option<usize>> {
        if self.cut {
            return Ok(Some(bytes.len()));
        }
        if self.finished {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let count = bytes.len().min(self.capacity - self.bytes.len());
        if count == 0 && !bytes.is_empty() {
            return Ok(None);
        }
        self.bytes.extend(&bytes[..count]);
        self.wake();
        Ok(Some(count))
    }

    fn finish(&mut self) {
        self.finished = true;
        self.wake();
    }
}

/// The server's end.
#[derive(Debug)]
pub struct MemoryWire {
    incoming: Arc<Mutex<Pipe>>,
    outgoing: Arc<Mutex<Pipe>>,
}

/// The client's end.
#[derive(Debug)]
pub struct MemoryEnd {
    incoming: Arc<Mutex<Pipe>>,
    outgoing: Arc<Mutex<Pipe>>,
}

impl MemoryWire {
    /// Both ends of a line on which at most `capacity` bytes are under way in each direction.
    #[must_use]
    pub fn pair(capacity: usize) -> (Self, MemoryEnd) {
        let (up, down) = (Pipe::new(capacity), Pipe::new(capacity));
        (
            Self { incoming: Arc::clone(&up), outgoing: Arc::clone(&down) },
            MemoryEnd { incoming: down, outgoing: up },
        )
    }
}

impl Wire for MemoryWire {
    fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.incoming.lock().poll_readable(cx).map(Ok)
    }

    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.incoming.lock().read(buffer).ok_or_else(|| io::ErrorKind::WouldBlock.into())
    }

    fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.outgoing.lock().poll_writable(cx).map(Ok)
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.outgoing.lock().write(bytes)?.ok_or_else(|| io::ErrorKind::WouldBlock.into())
    }

    fn finish(&self) {
        self.outgoing.lock().finish();
    }
}

impl Drop for MemoryWire {
    fn drop(&mut self) {
        self.outgoing.lock().finish();
        self.incoming.lock().finish();
    }
}

impl MemoryEnd {
    /// Pulls the plug: neither end notices; writes vanish and reads hang.
    pub fn cut(&self) {
        self.incoming.lock().cut = true;
        self.outgoing.lock().cut = true;
    }

    /// The plug is in again: what was on the line before is still there, and its end will be noticed.
    pub fn mend(&self) {
        self.incoming.lock().cut = false;
        self.outgoing.lock().cut = false;
    }
}

impl Drop for MemoryEnd {
    fn drop(&mut self) {
        self.outgoing.lock().finish();
        self.incoming.lock().finish();
    }
}

impl AsyncRead for MemoryEnd {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut pipe = self.incoming.lock();
        match pipe.read(buffer.initialize_unfilled()) {
            Some(count) => {
                buffer.advance(count);
                Poll::Ready(Ok(()))
            }
            None => pipe.poll_readable(cx).map(Ok),
        }
    }
}

impl AsyncWrite for MemoryEnd {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut pipe = self.outgoing.lock();
        match pipe.write(bytes)? {
            Some(count) => Poll::Ready(Ok(count)),
            None => pipe.poll_writable(cx).map(|()| Ok(0)),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.outgoing.lock().finish();
        Poll::Ready(Ok(()))
    }
}
