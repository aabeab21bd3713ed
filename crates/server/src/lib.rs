//! The Yanshu server. One folder per room; `docs/architecture.md` follows a message through them.

pub mod clock;
mod ids;
