//! The server under load: one that runs already, or a child of our own on an empty data folder.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::meter::Process;

/// How long a server may take to become ready.
const START: Duration = Duration::from_secs(60);

/// Where a server is and which app to log in to.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    pub(crate) socket: SocketAddr,
    pub(crate) host: String,
    pub(crate) path: String,
    pub(crate) app: String,
}

impl Address {
    /// Reads `ws://HOST[:PORT][/PATH]`.
    pub(crate) fn parse(url: &str, app: &str) -> Result<Self> {
        let Some(rest) = url.strip_prefix("ws://") else {
            bail!("{url}: only ws:// addresses can be loaded");
        };
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let with_port = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
        let socket = with_port.to_socket_addrs().ok().and_then(|mut found| found.next());
        Ok(Self {
            socket: socket.with_context(|| format!("{host} is not an address"))?,
            host: host.to_owned(),
            path: format!("/{path}"),
            app: app.to_owned(),
        })
    }
}

/// A server that can be loaded. One of our own ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) address: Address,
    pub(crate) process: Option<Process>,
    own: Option<Own>,
}

#[derive(Debug)]
struct Own {
    child: Child,
    /// Holds data, configuration and log; deleted at the end unless it is handed on.
    folder: tempfile::TempDir,
}

impl Server {
    /// One that runs already.
    pub(crate) fn running(address: Address, pid: Option<u32>) -> Self {
        Self::seen_from(address, pid.map(Process::new))
    }

    /// One that is somebody else's to end.
    pub(crate) fn seen_from(address: Address, process: Option<Process>) -> Self {
        Self { address, process, own: None }
    }

    /// A child of our own, with an empty data folder inside `parent`. Returns when it is ready.
    pub(crate) fn start(parent: &Path) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("yanshu-bench-").tempdir_in(parent);
        Self::start_in(folder.context("cannot make a data folder")?).map(|(server, _)| server)
    }

    /// A child on a folder that an earlier one has filled; and how long it took until it was ready.
    pub(crate) fn start_in(folder: tempfile::TempDir) -> Result<(Self, Duration)> {
        let socket = free_address()?;
        let app = "bench-0123456789".to_owned();
        let config = folder.path().join("yanshu.toml");
        std::fs::write(&config, configuration(socket, &Self::data_in(folder.path()), &app))?;
        let log_path = folder.path().join("log");
        let log = File::create(&log_path)?;
        let begin = Instant::now();
        let child = Command::new(std::env::current_exe().context("cannot find this program")?)
            .arg("serve")
            .arg("--config")
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("cannot start the server")?;
        let process = Process::new(child.id());
        let mut own = Own { child, folder };
        let took = own.wait_until_ready(socket, begin, &log_path)?;
        let address = Address { socket, host: socket.to_string(), path: "/".to_owned(), app };
        Ok((Self { address, process: Some(process), own: Some(own) }, took))
    }

    /// Where a server of our own keeps its data.
    pub(crate) fn data_in(folder: &Path) -> PathBuf {
        folder.join("data")
    }

    /// Of a server of our own.
    pub(crate) const MASTER_KEY: &str = "bench-master-key";

    /// Kills a server of our own and hands on its folder, as a crash would leave it.
    pub(crate) fn kill(mut self) -> Option<tempfile::TempDir> {
        self.own.take().map(Own::end)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(own) = self.own.take() {
            drop(own.end());
        }
    }
}

impl Own {
    fn wait_until_ready(&mut self, socket: SocketAddr, begin: Instant, log: &Path) -> Result<Duration> {
        while !is_ready(socket) {
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended at once ({status}):\n{}", std::fs::read_to_string(log)?);
            }
            if begin.elapsed() > START {
                let _ = self.child.kill();
                bail!("the server is not ready after {START:?}:\n{}", std::fs::read_to_string(log)?);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(begin.elapsed())
    }

    fn end(mut self) -> tempfile::TempDir {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.folder
    }
}

/// Whether `GET /health` is answered with 200.
fn is_ready(socket: SocketAddr) -> bool {
    let ask = || {
        let mut stream = TcpStream::connect_timeout(&socket, Duration::from_secs(1))?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        stream.write_all(b"GET /health HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")?;
        let mut head = [0; 12];
        stream.read_exact(&mut head)?;
        std::io::Result::Ok(head)
    };
    ask().is_ok_and(|head| &head == b"HTTP/1.1 200")
}

/// A port that was free a moment ago.
fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
    Ok(listener.local_addr()?)
}

/// The server as it comes, but without rate limits: one client here sends what thousands of people would, from
/// one address.
fn configuration(listen: SocketAddr, data: &Path, app: &str) -> String {
    format!(
        "listen = \"{listen}\"\n\
         data_dir = {data:?}\n\
         [throttle]\n\
         connections_per_minute = 0\n\
         logins_per_minute = 0\n\
         [[apps]]\n\
         id = \"{app}\"\n\
         key = \"bench-key\"\n\
         master_key = \"{}\"\n\
         [apps.limits]\n\
         messages_per_minute = 0\n\
         history_per_minute = 0\n\
         others_per_minute = 0\n",
        Server::MASTER_KEY
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart() {
        let address = Address::parse("ws://127.0.0.1:7600/ws?x=1", "app").unwrap();
        assert_eq!(address.socket, "127.0.0.1:7600".parse().unwrap());
        assert_eq!((address.host.as_str(), address.path.as_str()), ("127.0.0.1:7600", "/ws?x=1"));
        let short = Address::parse("ws://127.0.0.1", "app").unwrap();
        assert_eq!((short.socket.port(), short.path.as_str()), (80, "/"));
        assert!(Address::parse("wss://127.0.0.1", "app").is_err());
    }
}
