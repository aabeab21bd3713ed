//! Regular patterns, in time linear in the text.

use regex_automata::meta;
use regex_syntax::hir::{Class, Hir, Look, Repetition};

use super::{Anchor, Node, Tree};

/// What a compiled pattern may take, in bytes. Reached by large sets repeated often.
const MAX_COMPILED_BYTES: usize = 1 << 20;

/// Compiles a tree without parts that need backtracking; `None` if it is too large.
pub(super) fn compile(tree: &Tree) -> Option<meta::Regex> {
    let config = meta::Config::new()
        .nfa_size_limit(Some(MAX_COMPILED_BYTES))
        .onepass_size_limit(Some(MAX_COMPILED_BYTES))
        .hybrid_cache_capacity(MAX_COMPILED_BYTES);
    meta::Builder::new().configure(config).build_from_hir(&hir(&tree.root, tree)?).ok()
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
            Anchor::NoWordBoundary => Look::WordAsciiNegate,
            Anchor::LastLineEnd => return None,
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
