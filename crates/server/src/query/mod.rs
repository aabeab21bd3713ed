//! The meaning of conversation queries and of attribute changes: conditions, sort orders, updates.
//!
//! Pure: no I/O, no clock, no task. A store reads [`Filter::required`] to narrow what it looks at, shows each
//! candidate as a [`Document`] and asks [`Filter::matches`], which alone decides; [`Sort`] orders the matches.
//! [`Update`] turns a change request into new attributes. What a client sends is never trusted: sizes and
//! depths are bounded when parsed, work by a [`Budget`].

mod attributes;
mod budget;
mod document;
mod error;
mod filter;
mod geo;
mod path;
mod pattern;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod samples;
mod sort;
mod update;
mod value;

pub use attributes::{MAX_DEPTH as MAX_ATTRIBUTE_DEPTH, initial_attributes, is_server_owned};
pub use budget::Budget;
pub use document::{Document, FieldRef};
pub use error::FilterError;
pub use filter::{Filter, MAX_DEPTH, MAX_PATTERNS, MAX_VALUES, Requirement, TimeField};
pub use path::{MAX_SEGMENTS, Path};
pub use pattern::{MAX_PATTERN_BYTES, MAX_REPETITIONS, PatternError};
pub use sort::{MAX_SORT_KEYS, Sort};
pub use update::{Update, Updated};
