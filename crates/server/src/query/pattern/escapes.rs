//! Escapes, and the sets in brackets that hold them.

use regex_syntax::hir::ClassUnicode;

use super::class;
use super::parser::{Parser, Result};

/// What one escape stands for.
pub(super) enum Escape {
    Character(char),
    Set(ClassUnicode),
}

impl Parser {
    /// Reads the rest of an escape that means the same inside and outside of a set.
    pub(super) fn escape(&mut self, letter: char) -> Result<Escape> {
        Ok(Escape::Character(match letter {
            't' => '\t',
            'n' => '\n',
            'r' => '\r',
            'v' => '\x0b',
            'f' => '\x0c',
            'a' => '\x07',
            'e' => '\x1b',
            '0' if !self.peek().is_some_and(|next| next.is_ascii_digit()) => '\0',
            'c' => match self.next() {
                // Control characters are the letters' last five bits.
                Some(letter) if letter.is_ascii_alphabetic() => char::from(letter as u8 & 0x1f),
                _ => return self.fail("\\c without a letter"),
            },
            'x' => self.code_point(2)?,
            'u' => self.code_point(4)?,
            'p' | 'P' => return self.property(letter == 'P').map(Escape::Set),
            letter if letter.is_ascii_alphanumeric() => match class::shorthand(letter) {
                Some(set) => return Ok(Escape::Set(set)),
                None => return self.fail("an unknown escape"),
            },
            literal => literal,
        }))
    }

    /// Reads `{hex digits}`, or exactly `digits` of them; of `\\u`, two halves of a surrogate pair are one.
    fn code_point(&mut self, digits: usize) -> Result<char> {
        const PROBLEM: &str = "an escape that is no character";
        if self.eat("{") {
            let hex = self.until("}", PROBLEM)?;
            let code =
                hex.chars().all(|digit| digit.is_ascii_hexdigit()).then(|| u32::from_str_radix(&hex, 16));
            return match code.and_then(std::result::Result::ok).and_then(char::from_u32) {
                Some(character) => Ok(character),
                None => self.fail(PROBLEM),
            };
        }
        let first = self.hex(digits)?;
        if let 0xd800..=0xdbff = first
            && self.eat("\\u")
        {
            let second = self.hex(4)?;
            let pair = char::decode_utf16([first, second].map(|half| half as u16)).next();
            return pair.and_then(std::result::Result::ok).map_or_else(|| self.fail(PROBLEM), Ok);
        }
        char::from_u32(first).map_or_else(|| self.fail(PROBLEM), Ok)
    }

    fn hex(&mut self, digits: usize) -> Result<u32> {
        let mut code = 0;
        for _ in 0..digits {
            match self.next().and_then(|digit| digit.to_digit(16)) {
                Some(digit) => code = code * 16 + digit,
                None => return self.fail("too few hex digits"),
            }
        }
        Ok(code)
    }

    fn property(&mut self, negated: bool) -> Result<ClassUnicode> {
        const PROBLEM: &str = "an unknown property";
        let name = if self.eat("{") {
            self.until("}", PROBLEM)?
        } else {
            self.next().map(String::from).unwrap_or_default()
        };
        let (name, negated) = match name.strip_prefix('^') {
            Some(name) => (name, !negated),
            None => (&*name, negated),
        };
        class::property(name, negated).map_or_else(|| self.fail(PROBLEM), Ok)
    }

    /// Reads a set from behind its `[`. As in JavaScript, `[]` is nothing and `[^]` anything.
    pub(super) fn class(&mut self) -> Result<ClassUnicode> {
        let negated = self.eat("^");
        let (mut ranges, mut sets) = (Vec::new(), Vec::new());
        let mut quoting = false;
        loop {
            if quoting && self.eat("\\E") {
                quoting = false;
                continue;
            }
            if !quoting {
                if self.eat("]") {
                    break;
                }
                if self.eat("\\Q") {
                    quoting = true;
                    continue;
                }
                if self.eat("\\E") {
                    continue;
                }
            }
            let first = match self.class_item(quoting)? {
                Escape::Character(first) => first,
                Escape::Set(set) => {
                    sets.push(set);
                    continue;
                }
            };
            let follower = self.source.get(self.position + 1);
            if quoting || self.peek() != Some('-') || follower.is_none_or(|follower| *follower == ']') {
                ranges.push((first, first));
                continue;
            }
            self.position += 1;
            match self.class_item(false)? {
                Escape::Character(last) if first <= last => ranges.push((first, last)),
                Escape::Character(_) => return self.fail("a range from more to less"),
                Escape::Set(set) => {
                    ranges.extend([(first, first), ('-', '-')]);
                    sets.push(set);
                }
            }
        }
        let mut all = class::of_ranges(&ranges);
        for set in &sets {
            all.union(set);
        }
        if self.flags.ignore_case {
            // Fails only without Unicode tables, which are compiled in.
            let _ = all.try_case_fold_simple();
        }
        if negated {
            all.negate();
        }
        Ok(all)
    }

    fn class_item(&mut self, quoting: bool) -> Result<Escape> {
        const PROBLEM: &str = "a [ without a ]";
        let Some(character) = self.next() else { return self.fail(PROBLEM) };
        if quoting {
            return Ok(Escape::Character(character));
        }
        match character {
            '[' if self.eat(":") => {
                let name = self.until(":]", PROBLEM)?;
                class::posix(&name)
                    .map_or_else(|| self.fail("an unknown POSIX name"), |set| Ok(Escape::Set(set)))
            }
            '\\' => match self.next() {
                None => self.fail(PROBLEM),
                Some('b') => Ok(Escape::Character('\x08')),
                Some(letter) => self.escape(letter),
            },
            literal => Ok(Escape::Character(literal)),
        }
    }
}
