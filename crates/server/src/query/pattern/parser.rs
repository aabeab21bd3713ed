//! From text to [`Tree`]. The parser reads all of the language itself, so that both engines mean the same by it.

use regex_syntax::hir::ClassUnicode;

use super::escapes::Escape;
use super::{Anchor, Flags, MAX_REPETITIONS, Node, PatternError, Tree, class};

pub(super) type Result<T> = std::result::Result<T, PatternError>;

/// How deep groups may nest.
const MAX_GROUP_DEPTH: usize = 50;

pub(super) fn parse(source: &str, flags: Flags) -> Result<Tree> {
    let mut parser = Parser {
        source: source.chars().collect(),
        position: 0,
        flags,
        quoting: false,
        depth: 0,
        names: Vec::new(),
        tree: Tree { root: Node::Empty, sets: Vec::new(), groups: 0, backtracks: false },
    };
    parser.tree.root = parser.choice()?;
    if parser.position < parser.source.len() {
        return parser.fail("a ) without a (");
    }
    Ok(parser.tree)
}

pub(super) struct Parser {
    pub(super) source: Vec<char>,
    pub(super) position: usize,
    pub(super) flags: Flags,
    /// Between `\Q` and `\E`.
    quoting: bool,
    depth: usize,
    /// Named groups with their numbers.
    names: Vec<(String, usize)>,
    tree: Tree,
}

impl Parser {
    pub(super) fn fail<T>(&self, problem: &'static str) -> Result<T> {
        Err(PatternError { problem, position: self.position.max(1) })
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.source.get(self.position).copied()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.position += 1;
        Some(character)
    }

    fn looking_at(&self, text: &str) -> bool {
        let mut here = self.source.iter().skip(self.position);
        text.chars().all(|character| here.next() == Some(&character))
    }

    pub(super) fn eat(&mut self, text: &str) -> bool {
        let found = self.looking_at(text);
        if found {
            self.position += text.chars().count();
        }
        found
    }

    /// What stands before `end`, which is passed over too.
    pub(super) fn until(&mut self, end: &str, problem: &'static str) -> Result<String> {
        let mut text = String::new();
        while !self.eat(end) {
            match self.next() {
                Some(character) => text.push(character),
                None => return self.fail(problem),
            }
        }
        Ok(text)
    }

    fn choice(&mut self) -> Result<Node> {
        let mut branches = vec![self.sequence()?];
        while self.eat("|") {
            branches.push(self.sequence()?);
        }
        Ok(if branches.len() == 1 { branches.remove(0) } else { Node::Choice(branches) })
    }

    fn sequence(&mut self) -> Result<Node> {
        let mut nodes = Vec::new();
        loop {
            self.skip_nothing()?;
            match self.peek() {
                None => break,
                Some('|' | ')') if !self.quoting => break,
                _ => {}
            }
            let Some(node) = self.atom()? else { continue };
            self.skip_nothing()?;
            nodes.push(self.quantified(node)?);
        }
        Ok(match nodes.len() {
            0 => Node::Empty,
            1 => nodes.remove(0),
            _ => Node::Sequence(nodes),
        })
    }

    /// Passes over what stands for nothing: the marks of quoted sections, comments, and with `x` white space.
    fn skip_nothing(&mut self) -> Result<()> {
        loop {
            if self.quoting {
                if !self.eat("\\E") {
                    return Ok(());
                }
                self.quoting = false;
            } else if self.looking_at("\\Q") {
                self.position += 2;
                self.quoting = true;
            } else if self.eat("\\E") {
            } else if self.eat("(?#") {
                self.until(")", "a comment without an end")?;
            } else if self.flags.extended && matches!(self.peek(), Some(' ' | '\t' | '\n' | '\r' | '\x0c')) {
                self.position += 1;
            } else if self.flags.extended && self.eat("#") {
                while self.next().is_some_and(|character| character != '\n') {}
            } else {
                return Ok(());
            }
        }
    }

    /// Reads one atom; `None` where it only changed flags.
    fn atom(&mut self) -> Result<Option<Node>> {
        let Some(character) = self.next() else { return Ok(None) };
        if self.quoting {
            return Ok(Some(self.character(character)));
        }
        Ok(Some(match character {
            '.' => {
                let set = class::dot(self.flags.dot_all);
                self.set(set)
            }
            '^' if self.flags.multi_line => Node::Anchor(Anchor::LineStart),
            '^' => Node::Anchor(Anchor::TextStart),
            '$' if self.flags.multi_line => Node::Anchor(Anchor::LineEnd),
            '$' => Node::Anchor(Anchor::TextEnd),
            '[' => {
                let set = self.class()?;
                self.set(set)
            }
            '\\' => self.escaped()?,
            '(' => return self.group(),
            '*' | '+' | '?' => return self.fail("nothing to repeat"),
            '{' => {
                self.position -= 1;
                let start = self.position;
                if self.braces()?.is_some() {
                    self.position = start + 1;
                    return self.fail("nothing to repeat");
                }
                self.position += 1;
                Node::Character('{')
            }
            literal => self.character(literal),
        }))
    }

    fn character(&mut self, character: char) -> Node {
        if !self.flags.ignore_case {
            return Node::Character(character);
        }
        let mut set = class::of_ranges(&[(character, character)]);
        // Fails only without Unicode tables, which are compiled in.
        let _ = set.try_case_fold_simple();
        if set.ranges().len() == 1 { Node::Character(character) } else { self.set(set) }
    }

    fn set(&mut self, set: ClassUnicode) -> Node {
        self.tree.sets.push(set);
        Node::Set(self.tree.sets.len() - 1)
    }

    fn quantified(&mut self, node: Node) -> Result<Node> {
        if self.quoting {
            return Ok(node);
        }
        let (min, max) = match self.peek() {
            Some('{') => match self.braces()? {
                Some(bounds) => bounds,
                None => return Ok(node),
            },
            Some(mark @ ('*' | '+' | '?')) => {
                self.position += 1;
                (u32::from(mark == '+'), (mark == '?').then_some(1))
            }
            _ => return Ok(node),
        };
        let greedy = !self.eat("?");
        let possessive = greedy && self.eat("+");
        if matches!(self.peek(), Some('*' | '+' | '?')) {
            return self.fail("nothing to repeat");
        }
        let repeat = Node::Repeat { node: Box::new(node), min, max, greedy };
        if possessive {
            self.tree.backtracks = true;
            return Ok(Node::Atomic(Box::new(repeat)));
        }
        Ok(repeat)
    }

    /// Passes over `{n}`, `{n,}` or `{n,m}`. Any other brace is a literal one and stays.
    fn braces(&mut self) -> Result<Option<(u32, Option<u32>)>> {
        let inside = self.source.iter().skip(self.position + 1);
        let inside: String = inside.take_while(|character| **character != '}').take(12).collect();
        let closed = self.source.get(self.position + 1 + inside.chars().count()) == Some(&'}');
        let (min, max) = match inside.split_once(',') {
            Some((min, "")) => (min, None),
            Some((min, max)) => (min, Some(max)),
            None => (&*inside, Some(&*inside)),
        };
        let digits = |text: &str| !text.is_empty() && text.chars().all(|digit| digit.is_ascii_digit());
        if !closed || !digits(min) || !max.is_none_or(digits) {
            return Ok(None);
        }
        let bounds = (count(min), max.map(count));
        let (Some(min), Some(max)) = (bounds.0, bounds.1.map_or(Some(None), |max| max.map(Some))) else {
            return self.fail("a repetition of more than 1000");
        };
        if max.is_some_and(|max| max < min) {
            return self.fail("a repetition from more to less");
        }
        self.position += inside.chars().count() + 2;
        Ok(Some((min, max)))
    }

    /// Reads what follows a `(`; `None` where it only changed flags.
    fn group(&mut self) -> Result<Option<Node>> {
        let outer = self.flags;
        if !self.eat("?") {
            return self.capture(outer).map(Some);
        }
        for (mark, behind, negative) in
            [("=", false, false), ("!", false, true), ("<=", true, false), ("<!", true, true)]
        {
            if self.eat(mark) {
                self.tree.backtracks = true;
                let node = Box::new(self.body(outer)?);
                return Ok(Some(Node::Look { behind, negative, node }));
            }
        }
        if self.eat(">") {
            self.tree.backtracks = true;
            return Ok(Some(Node::Atomic(Box::new(self.body(outer)?))));
        }
        if self.eat("P=") {
            let name = self.until(")", "a ( without a )")?;
            return self.named_reference(&name).map(Some);
        }
        if self.eat("<") || self.eat("P<") {
            let name = self.until(">", "a group name without a >")?;
            let word = |character: char| character.is_alphanumeric() || character == '_';
            if name.is_empty() || !name.chars().all(word) || self.group_named(&name).is_some() {
                return self.fail("a group name that is no word or is there twice");
            }
            self.names.push((name, self.tree.groups + 1));
            return self.capture(outer).map(Some);
        }
        let mut on = true;
        loop {
            match self.next() {
                Some(':') => return self.body(outer).map(Some),
                Some(')') => return Ok(None),
                Some('-') if on => on = false,
                Some(letter) if self.flags.set(letter, on).is_some() => {}
                _ => return self.fail("an unknown kind of group"),
            }
        }
    }

    fn capture(&mut self, outer: Flags) -> Result<Node> {
        self.tree.groups += 1;
        let number = self.tree.groups;
        Ok(Node::Group(number, Box::new(self.body(outer)?)))
    }

    /// Reads a group up to its `)`, behind which the flags are again as before it.
    fn body(&mut self, outer: Flags) -> Result<Node> {
        self.depth += 1;
        if self.depth > MAX_GROUP_DEPTH {
            return self.fail("groups nest deeper than 50");
        }
        let node = self.choice()?;
        if !self.eat(")") {
            return self.fail("a ( without a )");
        }
        self.depth -= 1;
        self.flags = outer;
        Ok(node)
    }

    fn group_named(&self, name: &str) -> Option<usize> {
        self.names.iter().find(|(known, _)| known == name).map(|(_, number)| *number)
    }

    fn named_reference(&mut self, name: &str) -> Result<Node> {
        match self.group_named(name) {
            Some(group) => Ok(self.reference(group)),
            None => self.fail("a reference to a group that is not there"),
        }
    }

    fn reference(&mut self, group: usize) -> Node {
        self.tree.backtracks = true;
        Node::Reference { group, ignore_case: self.flags.ignore_case }
    }

    fn backtracking(&mut self, anchor: Anchor) -> Node {
        self.tree.backtracks = true;
        Node::Anchor(anchor)
    }

    /// Reads what follows a `\` outside of a set.
    fn escaped(&mut self) -> Result<Node> {
        let Some(letter) = self.next() else { return self.fail("a \\ at the end") };
        Ok(match letter {
            'A' => Node::Anchor(Anchor::TextStart),
            'z' => Node::Anchor(Anchor::TextEnd),
            'Z' => self.backtracking(Anchor::LastLineEnd),
            'b' => Node::Anchor(Anchor::WordBoundary),
            // On the linear engine, which goes by bytes, this would also hold inside of a character.
            'B' => self.backtracking(Anchor::NoWordBoundary),
            'k' if self.eat("<") => {
                let name = self.until(">", "a group name without a >")?;
                self.named_reference(&name)?
            }
            '1'..='9' => {
                self.position -= 1;
                let digits =
                    self.source.iter().skip(self.position).take_while(|digit| digit.is_ascii_digit());
                let digits: String = digits.take(4).collect();
                match digits.parse::<usize>() {
                    Ok(group) if group <= self.tree.groups => {
                        self.position += digits.len();
                        self.reference(group)
                    }
                    _ => return self.fail("a reference to a group that is not there"),
                }
            }
            letter => match self.escape(letter)? {
                Escape::Character(character) => self.character(character),
                Escape::Set(set) => self.set(set),
            },
        })
    }
}

fn count(digits: &str) -> Option<u32> {
    digits.parse().ok().filter(|count| *count <= MAX_REPETITIONS)
}
