//! Frames of RFC 6455, without a socket.
