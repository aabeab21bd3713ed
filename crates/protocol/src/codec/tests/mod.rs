//! The codecs against the specification: forms of every SDK, whole exchanges, and laws over random values.

mod round_trip;
mod strategies;
