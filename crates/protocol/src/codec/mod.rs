//! Bytes to commands and events to bytes, once for each of the three codecs.

// Generated from `proto/yanshu.proto` by `cargo run -p xtask -- codegen`.
#[rustfmt::skip]
#[path = "../gen/yanshu.rs"]
#[allow(clippy::all, clippy::pedantic, dead_code, missing_docs, unreachable_pub)]
mod wire;
