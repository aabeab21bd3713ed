//! The bare history: SQLite with each message's body clustered by conversation, time and id, asked for the
//! last messages of one conversation after the other, in this process.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rand::Rng;
use rusqlite::{Connection, params};

use crate::latency::Latency;

/// How much history there is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) conversations: usize,
    /// In each conversation.
    pub(crate) messages: usize,
    /// Bytes of text in each.
    pub(crate) text: usize,
    /// Messages of a page.
    pub(crate) page: usize,
}

/// Fills a database and reads pages for a time; returns pages a second and the time of each.
pub(crate) fn measure(folder: &Path, size: Size, length: Duration) -> Result<(f64, Latency)> {
    let folder = tempfile::tempdir_in(folder).context("cannot create a folder for the bare history")?;
    let mut database = Connection::open(folder.path().join("history.db"))?;
    fill(&mut database, size)?;

    let mut statement = database.prepare(
        "SELECT time, id, sender, body FROM message WHERE conversation = ?1 ORDER BY time DESC, id DESC LIMIT ?2",
    )?;
    let mut page = |conversation: usize| -> rusqlite::Result<usize> {
        let mut rows = statement.query(params![conversation_id(conversation), size.page as i64])?;
        let mut bytes = 0;
        while let Some(row) = rows.next()? {
            let (_, id, sender, body): (i64, String, String, Vec<u8>) =
                (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
            bytes += id.len() + sender.len() + body.len();
        }
        Ok(bytes)
    };
    let mut latency = Latency::new();
    let mut random = rand::rng();
    (0..size.conversations).try_for_each(|conversation| page(conversation).map(|_| ()))?;
    let start = Instant::now();
    while start.elapsed() < length {
        let begin = Instant::now();
        let bytes = page(random.random_range(0..size.conversations))?;
        latency.record(begin.elapsed());
        anyhow::ensure!(bytes >= size.page.min(size.messages) * size.text, "the bare history lost messages");
    }
    Ok((latency.count() as f64 / start.elapsed().as_secs_f64(), latency))
}

fn fill(database: &mut Connection, size: Size) -> Result<()> {
    // The same engine settings as any durable store; the cache holds what is asked for.
    database.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536;
         CREATE TABLE message (
             conversation TEXT NOT NULL, time INTEGER NOT NULL, id TEXT NOT NULL,
             sender TEXT NOT NULL, body BLOB NOT NULL,
             PRIMARY KEY (conversation, time, id)
         ) WITHOUT ROWID;",
    )?;
    let transaction = database.transaction()?;
    let body = vec![b'.'; size.text];
    {
        let mut insert = transaction.prepare("INSERT INTO message VALUES (?1, ?2, ?3, ?4, ?5)")?;
        for conversation in 0..size.conversations {
            let name = conversation_id(conversation);
            for message in 0..size.messages {
                let time = 1_700_000_000_000 + (message * size.conversations + conversation) as i64;
                insert.execute(params![name, time, format!("{time:022}"), "client-0001", body])?;
            }
        }
    }
    transaction.commit()?;
    Ok(())
}

fn conversation_id(number: usize) -> String {
    format!("{number:024x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_of_a_small_history_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let size = Size { conversations: 3, messages: 5, text: 7, page: 4 };
        let (_, latency) = measure(folder.path(), size, Duration::from_millis(1)).unwrap();
        assert!(latency.count() > 0);
    }
}
