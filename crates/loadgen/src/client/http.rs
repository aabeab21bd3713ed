//! Requests of an app's own server: JSON over one kept connection, with the master key.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::target::Address;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection to the HTTP interface.
#[derive(Debug)]
pub(crate) struct Backend {
    stream: TcpStream,
    head: String,
}

impl Backend {
    pub(crate) async fn connect(server: &Address, master_key: &str) -> Result<Self> {
        let stream = TcpStream::connect(server.socket).await.context("cannot connect")?;
        stream.set_nodelay(true)?;
        let Address { host, app, .. } = server;
        let head = format!(
            "Host: {host}\r\nX-LC-Id: {app}\r\nX-LC-Key: {master_key},master\r\n\
             Content-Type: application/json\r\n"
        );
        Ok(Self { stream, head })
    }

    /// Posts a body and gives that of the answer, which must be a success.
    pub(crate) async fn post(&mut self, path: &str, body: &Value) -> Result<Value> {
        let body = body.to_string();
        let request =
            format!("POST {path} HTTP/1.1\r\n{}Content-Length: {}\r\n\r\n{body}", self.head, body.len());
        self.stream.write_all(request.as_bytes()).await.context("cannot ask")?;
        let (status, body) =
            timeout(PATIENCE, self.answer()).await.with_context(|| format!("no answer to POST {path}"))??;
        match status {
            200..300 => serde_json::from_slice(&body).context("an answer that is no JSON"),
            _ => bail!("POST {path} is answered with {status}: {}", String::from_utf8_lossy(&body)),
        }
    }

    async fn answer(&mut self) -> Result<(u16, Vec<u8>)> {
        let mut bytes = Vec::with_capacity(1024);
        loop {
            if let Some(answer) = parse(&bytes)? {
                return Ok(answer);
            }
            if self.stream.read_buf(&mut bytes).await.context("cannot read the answer")? == 0 {
                bail!("the server hung up instead of answering");
            }
        }
    }
}

/// An answer whose body has a stated length, once it is complete.
fn parse(bytes: &[u8]) -> Result<Option<(u16, Vec<u8>)>> {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&bytes[..end]).context("not an answer")?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).context("no status")?;
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, length)| length.trim().parse::<usize>().ok())
        .context("an answer without a length")?;
    Ok(bytes[end + 4..].get(..length).map(|body| (status, body.to_vec())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_complete_with_the_last_byte_of_its_body() {
        let answer = b"HTTP/1.1 201 Created\r\nContent-length: 4\r\n\r\n{  }";
        for cut in 0..answer.len() {
            assert_eq!(parse(&answer[..cut]).unwrap(), None, "after {cut} bytes");
        }
        assert_eq!(parse(answer).unwrap(), Some((201, b"{  }".to_vec())));
        assert!(parse(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
