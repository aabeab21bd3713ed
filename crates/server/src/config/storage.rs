//! The embedded database.

use std::time::Duration;

use super::setting::section;
use super::units::ByteSize;

section! {
    /// The embedded database. It lies in `data_dir`.
    pub struct Storage {
        /// Changes that may wait to be written. When it is full, senders wait.
        queue: usize = 8192, in 1..=1_000_000;
        /// Most changes written with one commit.
        batch_writes: usize = 512, in 1..=100_000;
        /// Most bytes of messages written with one commit.
        batch_bytes: ByteSize = ByteSize::mib(1), in ByteSize::kib(1)..=ByteSize::mib(1024);
        /// Connections that read, each on its own thread.
        readers: usize = 4, in 1..=64;
        /// How long receipts and read marks may wait to be written together. After a crash the last of them
        /// are delivered again.
        cursor_flush: Duration = Duration::from_secs(1), in Duration::from_millis(1)..=Duration::from_secs(60);
        /// How long a message that is sent again is recognised as the same (W-274).
        resend_window: Duration = Duration::from_secs(86_400), in Duration::from_secs(86_400)..=Duration::from_secs(31_536_000);
    }
}
