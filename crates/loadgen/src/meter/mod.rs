//! What a process costs, read from `/proc`, and what machine this is.

mod files;
mod machine;
mod others;
mod process;

pub(crate) use files::ensure_open_files;
pub(crate) use machine::Machine;
pub(crate) use others::Others;
pub(crate) use process::{Cpu, Process};
