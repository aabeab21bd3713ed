//! One socket to a server.

use std::cell::RefCell;
use std::fmt;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::Poll;

use anyhow::{Context, Result, anyhow, bail};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpSocket, TcpStream};
use yanshu_protocol::frame::{CloseFrame, FrameReader, Message, Opcode, Role, encode_masked};

const READ_BYTES: usize = 64 * 1024;

/// A page of history is the largest thing that is asked for.
const LARGEST: usize = 16 << 20;

thread_local! {
    /// One buffer for all connections of a thread: what it brings is handled before the next read.
    static READ: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_BYTES].into_boxed_slice());
}

/// What lies between a client and the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    /// The loopback interface as it is: it holds megabytes for whoever does not read.
    Wide,
    /// Segments and a receive buffer of the size they have on a mobile network, so that what is not read soon
    /// waits in the server.
    Narrow,
}

impl Line {
    /// Bytes of a segment behind the usual headers.
    const SEGMENT: u32 = 1400;
    const RECEIVE_BUFFER: u32 = 16 * 1024;

    async fn connect(self, address: SocketAddr) -> std::io::Result<TcpStream> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        if self == Self::Narrow {
            socket.set_recv_buffer_size(Self::RECEIVE_BUFFER)?;
            SockRef::from(&socket).set_tcp_mss(Self::SEGMENT)?;
        }
        socket.connect(address).await
    }
}

/// The server closed the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Closed(pub(crate) Option<CloseFrame>);

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(CloseFrame { code, reason }) => {
                write!(f, "the server closed the connection: {code} {reason}")
            }
            None => f.write_str("the server closed the connection without a code"),
        }
    }
}

impl std::error::Error for Closed {}

/// A connection that has been upgraded, or a bare one that never needs to be.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    frames: FrameReader,
    out: Vec<u8>,
    key: [u8; 4],
}

impl Connection {
    /// Connects and asks for the WebSocket sub-protocol that current SDKs use (W-18).
    pub(crate) async fn upgrade(address: SocketAddr, host: &str, path: &str, line: Line) -> Result<Self> {
        let mut connection = Self::connect(address, line, rand::random()).await?;
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Protocol: lc.protobuf2.3\r\n\r\n"
        );
        connection.stream.write_all(request.as_bytes()).await.context("cannot ask for the upgrade")?;
        let mut answer = Vec::with_capacity(1024);
        while !answer.ends_with(b"\r\n\r\n") {
            // Nothing follows the head before the client has spoken.
            let read = connection.stream.read_buf(&mut answer).await.context("cannot read the upgrade")?;
            if read == 0 || answer.len() > 8192 {
                bail!("the server does not answer the upgrade");
            }
        }
        let head = String::from_utf8_lossy(&answer);
        match head.starts_with("HTTP/1.1 101 ") {
            true => Ok(connection),
            false => bail!("the server refuses the upgrade: {}", head.lines().next().unwrap_or_default()),
        }
    }

    /// Connects to a bare server and says which part this connection plays there. Its frames are not masked,
    /// in effect, so that the bare server need not undo it.
    pub(crate) async fn bare(address: SocketAddr, role: u8) -> Result<Self> {
        let mut connection = Self::connect(address, Line::Wide, [0; 4]).await?;
        connection.stream.write_all(&[role]).await.context("cannot greet the bare server")?;
        Ok(connection)
    }

    async fn connect(address: SocketAddr, line: Line, key: [u8; 4]) -> Result<Self> {
        let stream = line.connect(address).await.with_context(|| format!("cannot connect to {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, frames: FrameReader::new(Role::Client, LARGEST), out: Vec::new(), key })
    }

    /// Puts a command into the next [`flush`](Self::flush).
    pub(crate) fn queue(&mut self, payload: &[u8]) {
        encode_masked(&mut self.out, Opcode::Binary, self.key, payload);
    }

    /// Sends what is queued, in one write if the socket takes it.
    pub(crate) async fn flush(&mut self) -> Result<()> {
        self.stream.write_all(&self.out).await.context("cannot send")?;
        self.out.clear();
        Ok(())
    }

    /// Waits for bytes and hands on the payload of every data frame they complete; returns how many.
    pub(crate) async fn receive(&mut self, mut each: impl FnMut(&[u8])) -> Result<usize> {
        let mut count = 0;
        let mut ping = None;
        poll_fn(|context| {
            READ.with_borrow_mut(|buffer| {
                let mut buffer = ReadBuf::new(buffer);
                match Pin::new(&mut self.stream).poll_read(context, &mut buffer) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(error).context("cannot receive")),
                    Poll::Ready(Ok(())) if buffer.filled().is_empty() => {
                        return Poll::Ready(Err(anyhow!("the server hung up")));
                    }
                    Poll::Ready(Ok(())) => {}
                }
                let mut input = buffer.filled_mut();
                loop {
                    match self.frames.next(&mut input) {
                        Ok(None) => return Poll::Ready(Ok(())),
                        Ok(Some(Message::Binary(event))) => {
                            count += 1;
                            each(&event);
                        }
                        Ok(Some(Message::Ping(payload))) => ping = Some(payload.into_owned()),
                        Ok(Some(Message::Text(_) | Message::Pong(_))) => {}
                        Ok(Some(Message::Close(frame))) => return Poll::Ready(Err(Closed(frame).into())),
                        Err(error) => return Poll::Ready(Err(error).context("not a frame")),
                    }
                }
            })
        })
        .await?;
        if let Some(payload) = ping {
            encode_masked(&mut self.out, Opcode::Pong, self.key, &payload);
            self.flush().await?;
        }
        Ok(count)
    }

    /// A second handle for sending, and the key its frames must be masked with.
    pub(crate) fn sender(&self) -> Result<(std::net::TcpStream, [u8; 4])> {
        let socket = SockRef::from(&self.stream).try_clone().context("cannot duplicate a socket")?;
        Ok((socket.into(), self.key))
    }
}
