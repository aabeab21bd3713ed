//! The bare store: bytes appended to a file that has its blocks already, then `fdatasync`.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::latency::Latency;

const FILE_BYTES: usize = 32 << 20;

/// A file whose blocks are written once, so that appending changes no metadata. Starts over when it is full.
#[derive(Debug)]
pub(crate) struct Log {
    file: File,
    at: usize,
}

impl Log {
    pub(crate) fn create(folder: &Path) -> Result<Self> {
        // Deleted when closed, whatever happens.
        let mut file = tempfile::tempfile_in(folder).context("cannot create the bare log")?;
        for _ in 0..FILE_BYTES >> 20 {
            file.write_all(&[0; 1 << 20])?;
        }
        file.sync_all()?;
        file.seek(SeekFrom::Start(0))?;
        Ok(Self { file, at: 0 })
    }

    /// Makes the bytes durable.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        if self.at + bytes.len() > FILE_BYTES {
            self.file.seek(SeekFrom::Start(0))?;
            self.at = 0;
        }
        self.at += bytes.len();
        self.file.write_all(bytes)?;
        self.file.sync_data()
    }
}

/// Appends batches of `batch` records for a time; returns records a second and the time of each batch.
pub(crate) fn measure(
    folder: &Path,
    record: usize,
    batch: usize,
    length: Duration,
) -> Result<(f64, Latency)> {
    let mut log = Log::create(folder)?;
    let bytes = vec![b'.'; record * batch];
    let mut latency = Latency::new();
    let start = Instant::now();
    while start.elapsed() < length {
        let begin = Instant::now();
        log.append(&bytes)?;
        latency.record(begin.elapsed());
    }
    let records = latency.count() * batch as u64;
    Ok((records as f64 / start.elapsed().as_secs_f64(), latency))
}
