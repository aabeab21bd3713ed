//! Accepting sockets on the one port.

use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::core::Gateway;
use super::http;

/// How long accepting pauses when the system has no more sockets; doubled each time.
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What the system may hold of a connection beyond what is under way. Left alone it takes megabytes, where they
/// grow old; in the outbox they can give way to what matters more (B-269).
#[cfg(target_os = "linux")]
const UNSENT_BYTES: u32 = 64 * 1024;

impl Gateway {
    /// Serves all sockets of a listener until `shutdown`, then drains; discovery and health are answered until
    /// the end. Returns when every connection is gone.
    pub async fn serve(&self, listener: TcpListener, shutdown: impl Future<Output = ()>) {
        let mut sockets = JoinSet::new();
        tokio::select! {
            () = self.accept(&listener, &mut sockets) => {}
            () = shutdown => {}
        }
        tokio::select! {
            () = self.drain() => {}
            () = self.accept(&listener, &mut sockets) => {}
        }
        drop(listener);
        sockets.shutdown().await;
    }

    async fn accept(&self, listener: &TcpListener, sockets: &mut JoinSet<()>) {
        let mut pause = SHORTEST_PAUSE;
        loop {
            while sockets.try_join_next().is_some() {}
            while sockets.len() >= self.core.settings.max_http_sockets {
                // Further sockets wait in the system's queue, as when everyone comes back at once.
                sockets.join_next().await;
            }
            match listener.accept().await {
                Ok((socket, address)) => {
                    pause = SHORTEST_PAUSE;
                    prepare(&socket);
                    sockets.spawn(http::serve(self.clone(), socket, address));
                }
                // What was wrong with one socket does not concern the next.
                Err(error) if is_of_one_socket(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, "cannot accept");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }
}

/// Sets a socket up for small frames to clients that may read slowly. Without the options they come later.
fn prepare(socket: &TcpStream) {
    // Small frames must not wait for more to come.
    let _ = socket.set_nodelay(true);
    #[cfg(target_os = "linux")]
    let _ = socket2::SockRef::from(socket).set_tcp_notsent_lowat(UNSENT_BYTES);
}

fn is_of_one_socket(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}
