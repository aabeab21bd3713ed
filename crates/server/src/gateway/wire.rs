//! What a connection needs of its transport.

use std::fmt::Debug;
use std::io::{self, Read};
use std::net::{IpAddr, Shutdown};
use std::task::{Context, Poll};

use socket2::SockRef;
use tokio::io::Interest;
use tokio::net::TcpStream;
use yanshu_protocol::codec::Subprotocol;

/// A transport of bytes, after any handshake.
///
/// Everything takes a shared reference: the connection's task reads and waits, while whoever has something to
/// say writes at once, from any thread. One task at a time waits for each direction.
pub trait Wire: Send + Sync + Debug + 'static {
    /// Waits until there is something to read, or the end.
    fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Reads what is there; [`io::ErrorKind::WouldBlock`] if nothing is, 0 at the end.
    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Waits until something can be written again after a [`io::ErrorKind::WouldBlock`].
    fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Writes as much as is taken at once.
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize>;

    /// Tells the other end that nothing more will come.
    fn finish(&self);
}

impl Wire for TcpStream {
    fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_read_ready(cx)
    }

    /// A read that does not fill the buffer has emptied the socket: the runtime is told so in the same breath,
    /// which saves a second read only to hear it.
    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut taken = None;
        let outcome = self.try_io(Interest::READABLE, || {
            let count = (&*SockRef::from(self)).read(buffer)?;
            taken = Some(count);
            if 0 < count && count < buffer.len() { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(count) }
        });
        taken.map_or(outcome, Ok)
    }

    fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_write_ready(cx)
    }

    /// Straight to the socket: what the runtime knows of it lies elsewhere in memory, and only matters once the
    /// socket is full.
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match SockRef::from(self).send(bytes) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Self::try_write(self, bytes),
            outcome => outcome,
        }
    }

    fn finish(&self) {
        // It fails only if the other end is gone already.
        let _ = SockRef::from(self).shutdown(Shutdown::Write);
    }
}

/// What the handshake of a connection said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hello {
    /// How frames are written and how missed messages arrive.
    pub subprotocol: Subprotocol,
    /// Where the connection comes from.
    pub ip: Option<IpAddr>,
    /// The page it was opened from, if a browser said so.
    pub origin: Option<Box<str>>,
}
