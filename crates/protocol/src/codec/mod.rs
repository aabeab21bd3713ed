//! Bytes to commands and events to bytes, once for each of the three codecs.
