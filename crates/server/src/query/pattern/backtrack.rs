//! Patterns with look-around, references and atomic groups: a small backtracking machine.
//!
//! Every instruction is a step of the query's budget, and nothing else takes time: repetitions are unrolled
//! when compiled, within a bound, and the stack of ways still to try is bounded too.

use super::{Anchor, Node, Tree};
use crate::query::{Budget, FilterError};

/// How many instructions a pattern may have once its repetitions are unrolled.
const MAX_INSTRUCTIONS: usize = 20_000;

/// How many ways back may be kept: about 10 MB.
const MAX_STACK: usize = 400_000;

/// A register that holds no position.
const UNSET: usize = usize::MAX;

#[derive(Debug)]
pub(super) struct Program {
    instructions: Vec<Instruction>,
    sets: Vec<Vec<(char, char)>>,
    registers: usize,
}

#[derive(Debug, Clone, Copy)]
enum Instruction {
    /// One character, forwards or, within look-behind, backwards.
    Character {
        character: char,
        back: bool,
    },
    Set {
        set: usize,
        back: bool,
    },
    Anchor(Anchor),
    /// What a group matched, whose start and end are in this register and the next.
    Reference {
        register: usize,
        ignore_case: bool,
        back: bool,
    },
    /// Goes on at the first, and at the second if that leads nowhere.
    Split(usize, usize),
    Jump(usize),
    /// Keeps the position.
    Save(usize),
    /// Goes on only if the position is not the kept one: an empty round of a loop ends it.
    Moved(usize),
    /// Begins a part that is tried for itself; its place on the stack is kept in the register.
    Enter {
        register: usize,
        otherwise: Option<usize>,
    },
    /// The part has matched: forgets its other ways.
    Commit {
        register: usize,
        stay: bool,
    },
    /// The part has matched, and should not have.
    Refuse {
        register: usize,
    },
    Match,
}

/// A way back.
enum Entry {
    /// Try from here.
    Way { instruction: usize, position: usize },
    /// Undo a register.
    Undo { register: usize, value: usize },
    /// The begin of a part of its own, and where to go on if it cannot match.
    Part { otherwise: Option<usize>, position: usize },
}

impl Program {
    /// Compiles a tree; `None` if it is too large.
    pub(super) fn compile(tree: &Tree) -> Option<Self> {
        let mut compiler =
            Compiler { instructions: Vec::new(), registers: 2 * (tree.groups + 1), visited: 0 };
        compiler.node(&tree.root, false)?;
        compiler.emit(Instruction::Match)?;
        let ranges = |set: &regex_syntax::hir::ClassUnicode| {
            set.ranges().iter().map(|range| (range.start(), range.end())).collect()
        };
        Some(Self {
            instructions: compiler.instructions,
            sets: tree.sets.iter().map(ranges).collect(),
            registers: compiler.registers,
        })
    }

    /// Whether the program matches from some position.
    pub(super) fn is_match(&self, text: &str, budget: &mut Budget) -> Result<bool, FilterError> {
        let mut run = Run { program: self, text, registers: vec![UNSET; self.registers], stack: Vec::new() };
        let ends = std::iter::once(text.len());
        for start in text.char_indices().map(|(start, _)| start).chain(ends) {
            run.stack.clear();
            run.registers.fill(UNSET);
            budget.spend(1 + self.registers as u64 / 8)?;
            if run.from(start, budget)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

struct Compiler {
    instructions: Vec<Instruction>,
    registers: usize,
    /// Nodes compiled so far. Bounded like instructions, because an empty node emits none.
    visited: usize,
}

impl Compiler {
    fn emit(&mut self, instruction: Instruction) -> Option<usize> {
        if self.instructions.len() == MAX_INSTRUCTIONS {
            return None;
        }
        self.instructions.push(instruction);
        Some(self.instructions.len() - 1)
    }

    fn register(&mut self) -> usize {
        self.registers += 1;
        self.registers - 1
    }

    fn node(&mut self, node: &Node, back: bool) -> Option<()> {
        self.visited += 1;
        if self.visited > MAX_INSTRUCTIONS {
            return None;
        }
        match node {
            Node::Empty => {}
            Node::Character(character) => {
                self.emit(Instruction::Character { character: *character, back })?;
            }
            Node::Set(set) => {
                self.emit(Instruction::Set { set: *set, back })?;
            }
            Node::Anchor(anchor) => {
                self.emit(Instruction::Anchor(*anchor))?;
            }
            Node::Reference { group, ignore_case } => {
                let register = 2 * group;
                self.emit(Instruction::Reference { register, ignore_case: *ignore_case, back })?;
            }
            Node::Group(number, node) => {
                let (start, end) = (2 * number, 2 * number + 1);
                self.emit(Instruction::Save(if back { end } else { start }))?;
                self.node(node, back)?;
                self.emit(Instruction::Save(if back { start } else { end }))?;
            }
            Node::Sequence(nodes) if back => nodes.iter().rev().try_for_each(|node| self.node(node, back))?,
            Node::Sequence(nodes) => nodes.iter().try_for_each(|node| self.node(node, back))?,
            Node::Choice(nodes) => self.choice(nodes, back)?,
            Node::Repeat { node, min, max, greedy } => self.repeat(node, (*min, *max), *greedy, back)?,
            Node::Look { behind, negative, node } => {
                let register = self.register();
                let enter = self.emit(Instruction::Enter { register, otherwise: None })?;
                self.node(node, *behind)?;
                if *negative {
                    let end = self.emit(Instruction::Refuse { register })?;
                    self.instructions[enter] = Instruction::Enter { register, otherwise: Some(end + 1) };
                } else {
                    self.emit(Instruction::Commit { register, stay: true })?;
                }
            }
            Node::Atomic(node) => {
                let register = self.register();
                self.emit(Instruction::Enter { register, otherwise: None })?;
                self.node(node, back)?;
                self.emit(Instruction::Commit { register, stay: false })?;
            }
        }
        Some(())
    }

    fn choice(&mut self, nodes: &[Node], back: bool) -> Option<()> {
        let mut exits = Vec::new();
        for (index, node) in nodes.iter().enumerate() {
            if index + 1 == nodes.len() {
                self.node(node, back)?;
                break;
            }
            let split = self.emit(Instruction::Split(0, 0))?;
            self.node(node, back)?;
            exits.push(self.emit(Instruction::Jump(0))?);
            self.instructions[split] = Instruction::Split(split + 1, self.instructions.len());
        }
        for exit in exits {
            self.instructions[exit] = Instruction::Jump(self.instructions.len());
        }
        Some(())
    }

    fn repeat(&mut self, node: &Node, bounds: (u32, Option<u32>), greedy: bool, back: bool) -> Option<()> {
        let (min, max) = bounds;
        for _ in 0..min {
            self.node(node, back)?;
        }
        let Some(max) = max else {
            let register = self.register();
            let split = self.emit(Instruction::Split(0, 0))?;
            self.emit(Instruction::Save(register))?;
            self.node(node, back)?;
            self.emit(Instruction::Moved(register))?;
            self.emit(Instruction::Jump(split))?;
            self.split(split, greedy);
            return Some(());
        };
        let mut splits = Vec::new();
        for _ in min..max {
            splits.push(self.emit(Instruction::Split(0, 0))?);
            self.node(node, back)?;
        }
        for split in splits {
            self.split(split, greedy);
        }
        Some(())
    }

    /// Lets a split choose between what follows it and what comes next.
    fn split(&mut self, split: usize, greedy: bool) {
        let (into, past) = (split + 1, self.instructions.len());
        self.instructions[split] =
            if greedy { Instruction::Split(into, past) } else { Instruction::Split(past, into) };
    }
}

struct Run<'p> {
    program: &'p Program,
    text: &'p str,
    registers: Vec<usize>,
    stack: Vec<Entry>,
}

impl Run<'_> {
    fn from(&mut self, start: usize, budget: &mut Budget) -> Result<bool, FilterError> {
        let (mut instruction, mut position) = (0, start);
        loop {
            budget.spend(1)?;
            let next = match self.program.instructions[instruction] {
                Instruction::Match => return Ok(true),
                Instruction::Character { character, back } => self
                    .step(position, back)
                    .filter(|(found, _)| *found == character)
                    .map(|(_, position)| (instruction + 1, position)),
                Instruction::Set { set, back } => self
                    .step(position, back)
                    .filter(|(found, _)| contains(&self.program.sets[set], *found))
                    .map(|(_, position)| (instruction + 1, position)),
                Instruction::Anchor(anchor) => {
                    holds(anchor, self.text, position).then_some((instruction + 1, position))
                }
                Instruction::Reference { register, ignore_case, back } => {
                    let group = (self.registers[register], self.registers[register + 1]);
                    let passed = self.refer(group, ignore_case, position, back, budget)?;
                    passed.map(|position| (instruction + 1, position))
                }
                Instruction::Split(first, second) => {
                    self.push(Entry::Way { instruction: second, position })?;
                    Some((first, position))
                }
                Instruction::Jump(to) => Some((to, position)),
                Instruction::Save(register) => {
                    self.keep(register, position)?;
                    Some((instruction + 1, position))
                }
                Instruction::Moved(register) => {
                    (self.registers[register] != position).then_some((instruction + 1, position))
                }
                Instruction::Enter { register, otherwise } => {
                    // One more than now: the undo of the register itself comes first.
                    self.keep(register, self.stack.len() + 1)?;
                    self.push(Entry::Part { otherwise, position })?;
                    Some((instruction + 1, position))
                }
                Instruction::Commit { register, stay } => {
                    let begin = self.commit(self.registers[register], budget)?;
                    Some((instruction + 1, if stay { begin } else { position }))
                }
                Instruction::Refuse { register } => {
                    self.undo_to(self.registers[register]);
                    None
                }
            };
            let Some(next) = next.or_else(|| self.way_back()) else { return Ok(false) };
            (instruction, position) = next;
        }
    }

    fn push(&mut self, entry: Entry) -> Result<(), FilterError> {
        if self.stack.len() == MAX_STACK {
            return Err(FilterError::TooCostly);
        }
        self.stack.push(entry);
        Ok(())
    }

    fn keep(&mut self, register: usize, value: usize) -> Result<(), FilterError> {
        self.push(Entry::Undo { register, value: self.registers[register] })?;
        self.registers[register] = value;
        Ok(())
    }

    /// The newest way still to try.
    fn way_back(&mut self) -> Option<(usize, usize)> {
        loop {
            match self.stack.pop()? {
                Entry::Way { instruction, position } => return Some((instruction, position)),
                Entry::Undo { register, value } => self.registers[register] = value,
                Entry::Part { otherwise: Some(instruction), position } => {
                    return Some((instruction, position));
                }
                Entry::Part { otherwise: None, .. } => {}
            }
        }
    }

    /// Takes everything off the stack from `bottom` up, and undoes what it did.
    fn undo_to(&mut self, bottom: usize) {
        while self.stack.len() > bottom {
            if let Some(Entry::Undo { register, value }) = self.stack.pop() {
                self.registers[register] = value;
            }
        }
    }

    /// Forgets the ways of the part that begins at `bottom`, but not how to undo it. Gives where it began.
    fn commit(&mut self, bottom: usize, budget: &mut Budget) -> Result<usize, FilterError> {
        budget.spend((self.stack.len() - bottom) as u64)?;
        let mut begin = 0;
        let mut kept = bottom;
        for index in bottom..self.stack.len() {
            match self.stack[index] {
                Entry::Undo { .. } => {
                    self.stack.swap(kept, index);
                    kept += 1;
                }
                Entry::Part { position, .. } if index == bottom => begin = position,
                Entry::Part { .. } | Entry::Way { .. } => {}
            }
        }
        self.stack.truncate(kept);
        Ok(begin)
    }

    /// The character at the position and the position behind it; before it, if going back.
    fn step(&self, position: usize, back: bool) -> Option<(char, usize)> {
        if back {
            let character = self.text[..position].chars().next_back()?;
            Some((character, position - character.len_utf8()))
        } else {
            let character = self.text[position..].chars().next()?;
            Some((character, position + character.len_utf8()))
        }
    }

    /// The position behind a repetition of what the group matched.
    fn refer(
        &self,
        group: (usize, usize),
        ignore_case: bool,
        position: usize,
        back: bool,
        budget: &mut Budget,
    ) -> Result<Option<usize>, FilterError> {
        let (start, end) = group;
        // A group that is read inside itself may have a start behind its old end.
        if start == UNSET || end == UNSET || start > end {
            return Ok(None);
        }
        budget.spend((end - start) as u64)?;
        let mut position = position;
        let mut expected = self.text[start..end].chars();
        while let Some(expected) = if back { expected.next_back() } else { expected.next() } {
            match self.step(position, back) {
                Some((found, next)) if found == expected || ignore_case && same_letter(found, expected) => {
                    position = next;
                }
                _ => return Ok(None),
            }
        }
        Ok(Some(position))
    }
}

fn contains(ranges: &[(char, char)], character: char) -> bool {
    let after = ranges.partition_point(|(first, _)| *first <= character);
    after > 0 && character <= ranges[after - 1].1
}

fn same_letter(left: char, right: char) -> bool {
    left.to_lowercase().eq(right.to_lowercase()) || left.to_uppercase().eq(right.to_uppercase())
}

fn holds(anchor: Anchor, text: &str, position: usize) -> bool {
    let bytes = text.as_bytes();
    let before = position.checked_sub(1).map(|index| bytes[index]);
    let after = bytes.get(position).copied();
    let word = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    match anchor {
        Anchor::TextStart => before.is_none(),
        Anchor::TextEnd => after.is_none(),
        Anchor::LastLineEnd => after.is_none() || (after == Some(b'\n') && position + 1 == bytes.len()),
        Anchor::LineStart => before.is_none_or(|byte| byte == b'\n'),
        Anchor::LineEnd => after.is_none_or(|byte| byte == b'\n'),
        Anchor::WordBoundary => word(before) != word(after),
        Anchor::NoWordBoundary => word(before) == word(after),
    }
}
