//! Sets of characters: `[..]`, `\d`, `\p{..}` and their like.

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, HirKind};

pub(super) fn of_ranges(ranges: &[(char, char)]) -> ClassUnicode {
    ClassUnicode::new(ranges.iter().map(|&(first, last)| ClassUnicodeRange::new(first, last)))
}

/// `.`
pub(super) fn dot(all: bool) -> ClassUnicode {
    let mut set = if all { ClassUnicode::empty() } else { of_ranges(&[('\n', '\n')]) };
    set.negate();
    set
}

/// The sets that a letter stands for: `\d`, `\w` and `\s` as in JavaScript, so digits and words are ASCII and
/// white space is Unicode's; capitals are their complements.
pub(super) fn shorthand(letter: char) -> Option<ClassUnicode> {
    let mut set = match letter.to_ascii_lowercase() {
        'd' => of_ranges(&[('0', '9')]),
        'w' => of_ranges(&[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')]),
        's' => of_ranges(&[
            ('\t', '\r'),
            (' ', ' '),
            ('\u{a0}', '\u{a0}'),
            ('\u{1680}', '\u{1680}'),
            ('\u{2000}', '\u{200a}'),
            ('\u{2028}', '\u{2029}'),
            ('\u{202f}', '\u{202f}'),
            ('\u{205f}', '\u{205f}'),
            ('\u{3000}', '\u{3000}'),
            ('\u{feff}', '\u{feff}'),
        ]),
        _ => return None,
    };
    if letter.is_ascii_uppercase() {
        set.negate();
    }
    Some(set)
}

/// The characters with a Unicode property, such as `Han`, `L` or `Script=Greek`.
pub(super) fn property(name: &str, negated: bool) -> Option<ClassUnicode> {
    let plain = |character: char| character.is_ascii_alphanumeric() || " _-=:".contains(character);
    let letter = if negated { 'P' } else { 'p' };
    if name.is_empty() || !name.chars().all(plain) { None } else { read(&format!("\\{letter}{{{name}}}")) }
}

/// The characters of a POSIX name, such as `alpha` or `^digit`.
pub(super) fn posix(name: &str) -> Option<ClassUnicode> {
    let plain = |character: char| character.is_ascii_lowercase() || character == '^';
    if name.chars().all(plain) { read(&format!("[[:{name}:]]")) } else { None }
}

fn read(source: &str) -> Option<ClassUnicode> {
    match regex_syntax::parse(source).ok()?.into_kind() {
        HirKind::Class(Class::Unicode(set)) => Some(set),
        _ => None,
    }
}
