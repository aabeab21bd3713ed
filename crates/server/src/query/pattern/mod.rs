//! Patterns in conditions (B-356 to B-361): one language, two engines.
//!
//! Clients write patterns for JavaScript, Java or PCRE; [`parser`] reads what these share, plus `\Q..\E` and
//! `\uXXXX`, into a tree with one meaning. A tree of regular parts runs on the linear-time engine ([`linear`]).
//! Look-around, back-references, atomic groups, `\B` and `\Z` need the backtracking one ([`backtrack`]), which
//! takes every instruction from the query's budget. `docs/queries.md` has the language.

mod backtrack;
mod class;
mod escapes;
mod linear;
mod parser;
#[cfg(test)]
mod tests;

use regex_syntax::hir::ClassUnicode;

use super::{Budget, FilterError};

/// How long a pattern may be, in bytes of UTF-8.
pub const MAX_PATTERN_BYTES: usize = 2_048;

/// The largest number in `{n,m}`.
pub const MAX_REPETITIONS: u32 = 1_000;

/// Why a text is not a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{problem} near character {position}")]
pub struct PatternError {
    problem: &'static str,
    /// The last character read, counted from 1.
    position: usize,
}

/// A pattern, compiled once for a query.
#[derive(Debug)]
pub(super) struct Pattern {
    engine: Engine,
}

#[derive(Debug)]
enum Engine {
    Linear(linear::Program),
    Backtracking(backtrack::Program),
}

/// The letters of `$options` (B-357), also written `(?imsx)` inside a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Flags {
    /// `i`: letters match whatever their case.
    ignore_case: bool,
    /// `m`: `^` and `$` also match at line ends.
    multi_line: bool,
    /// `s`: `.` also matches a line feed.
    dot_all: bool,
    /// `x`: white space and `#` comments are left out.
    extended: bool,
}

impl Flags {
    pub(super) fn parse(letters: &str) -> Option<Self> {
        let mut flags = Self::default();
        letters.chars().try_for_each(|letter| flags.set(letter, true))?;
        Some(flags)
    }

    fn set(&mut self, letter: char, on: bool) -> Option<()> {
        match letter {
            'i' => self.ignore_case = on,
            'm' => self.multi_line = on,
            's' => self.dot_all = on,
            'x' => self.extended = on,
            _ => return None,
        }
        Some(())
    }
}

/// A pattern as a tree. Flags are resolved: each part means the same wherever it stands.
struct Tree {
    root: Node,
    /// The character sets that [`Node::Set`] counts through.
    sets: Vec<ClassUnicode>,
    /// How many capturing groups there are.
    groups: usize,
    /// Whether a part needs the backtracking engine.
    backtracks: bool,
}

enum Node {
    Empty,
    Character(char),
    Set(usize),
    Anchor(Anchor),
    Group(usize, Box<Self>),
    Sequence(Vec<Self>),
    Choice(Vec<Self>),
    Repeat {
        node: Box<Self>,
        min: u32,
        max: Option<u32>,
        greedy: bool,
    },
    Look {
        behind: bool,
        negative: bool,
        node: Box<Self>,
    },
    /// Once matched, not tried in another way.
    Atomic(Box<Self>),
    /// What the group of this number matched; fails if it has not.
    Reference {
        group: usize,
        ignore_case: bool,
    },
}

/// A place between two characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Anchor {
    TextStart,
    TextEnd,
    /// The end, or before a line feed that is the last character.
    LastLineEnd,
    LineStart,
    LineEnd,
    /// Between a word character and another one; word characters are ASCII letters, digits and `_`.
    WordBoundary,
    NoWordBoundary,
}

impl Pattern {
    pub(super) fn compile(source: &str, flags: Flags) -> Result<Self, PatternError> {
        let tree = parser::parse(source, flags)?;
        let engine = if tree.backtracks {
            backtrack::Program::compile(&tree).map(Engine::Backtracking)
        } else {
            linear::compile(&tree).map(Engine::Linear)
        };
        match engine {
            Some(engine) => Ok(Self { engine }),
            None => Err(PatternError { problem: "too large once repeated", position: 1 }),
        }
    }

    /// Whether the pattern matches somewhere in the text.
    pub(super) fn is_match(&self, text: &str, budget: &mut Budget) -> Result<bool, FilterError> {
        match &self.engine {
            Engine::Linear(program) => program.is_match(text, budget),
            Engine::Backtracking(program) => program.is_match(text, budget),
        }
    }
}
