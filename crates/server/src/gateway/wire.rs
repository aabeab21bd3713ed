//! What a connection needs of its transport.

use std::fmt::Debug;
use std::io;
use std::net::{IpAddr, Shutdown};
use std::task::{Context, Poll};

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

    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        Self::try_read(self, buffer)
    }

    fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_write_ready(cx)
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        Self::try_write(self, bytes)
    }

    fn finish(&self) {
        // It fails only if the other end is gone already.
        let _ = socket2::SockRef::from(self).shutdown(Shutdown::Write);
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
