//! Regular patterns, in time linear in the text.

use regex_automata::meta;
use regex_syntax::hir::{Class, Hir, Look, Repetition};

use super::{Anchor, Node, Tree};
use crate::query::{Budget, FilterError};

/// What a compiled pattern may take, in bytes. Reached by large sets repeated often.
const MAX_COMPILED_BYTES: usize = 512 << 10;

#[derive(Debug)]
pub(super) struct Program {
    regex: meta::Regex,
    /// Steps for four bytes of text. The engine follows all states of a large pattern at once when it must.
    weight: u64,
}

impl Program {
    /// Whether the program matches somewhere.
    pub(super) fn is_match(&self, text: &str, budget: &mut Budget) -> Result<bool, FilterError> {
        budget.spend(1 + (text.len() as u64 / 4).saturating_mul(self.weight))?;
        Ok(self.regex.is_match(text))
    }
}

/// Compiles a tree without parts that need backtracking; `None` if it is too large.
pub(super) fn compile(tree: &Tree) -> Option<Program> {
    let config = meta::Config::new()
        .nfa_size_limit(Some(MAX_COMPILED_BYTES))
        .onepass_size_limit(Some(MAX_COMPILED_BYTES))
        .hybrid_cache_capacity(MAX_COMPILED_BYTES);
    let regex = meta::Builder::new().configure(config).build_from_hir(&hir(&tree.root, tree)?).ok()?;
    Some(Program { regex, weight: 1 + unrolled(&tree.root) / 8 })
}

/// How many parts the pattern has once its repetitions are written out.
fn unrolled(node: &Node) -> u64 {
    match node {
        Node::Sequence(nodes) | Node::Choice(nodes) => {
            nodes.iter().map(unrolled).fold(0, u64::saturating_add)
        }
        Node::Repeat { node, min, max, .. } => {
            unrolled(node).saturating_mul(u64::from(max.unwrap_or(*min).max(1)))
        }
        Node::Group(_, node) | Node::Atomic(node) | Node::Look { node, .. } => unrolled(node),
        Node::Empty | Node::Character(_) | Node::Set(_) | Node::Anchor(_) | Node::Reference { .. } => 1,
    }
}

/// Recursion is bounded by the parser's depth.
fn hir(node: &Node, tree: &Tree) -> Option<Hir> {
    Some(match node {
        Node::Empty => Hir::empty(),
        Node::Character(character) => {
            let mut bytes = [0; 4];
            Hir::literal(character.encode_utf8(&mut bytes).as_bytes())
        }
        Node::Set(set) => Hir::class(Class::Unicode(tree.sets.get(*set)?.clone())),
        Node::Anchor(anchor) => Hir::look(match anchor {
            Anchor::TextStart => Look::Start,
            Anchor::TextEnd => Look::End,
            Anchor::LineStart => Look::StartLF,
            Anchor::LineEnd => Look::EndLF,
            Anchor::WordBoundary => Look::WordAscii,
            Anchor::NoWordBoundary | Anchor::LastLineEnd => return None,
        }),
        // Nobody asks what a group matched.
        Node::Group(_, node) => hir(node, tree)?,
        Node::Sequence(nodes) => {
            Hir::concat(nodes.iter().map(|node| hir(node, tree)).collect::<Option<_>>()?)
        }
        Node::Choice(nodes) => {
            Hir::alternation(nodes.iter().map(|node| hir(node, tree)).collect::<Option<_>>()?)
        }
        Node::Repeat { node, min, max, greedy } => Hir::repetition(Repetition {
            min: *min,
            max: *max,
            greedy: *greedy,
            sub: Box::new(hir(node, tree)?),
        }),
        Node::Look { .. } | Node::Atomic(_) | Node::Reference { .. } => return None,
    })
}
