//! Parses sets of characters in brackets.

use super::ast::{Item, Set, Shorthand};
use super::parse::Parser;
use super::problem::Problem;

/// POSIX classes.
const POSIX: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
    "space", "upper", "word", "xdigit",
];

/// The state before a hyphen.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// Nothing, a range or a class: the hyphen is literal.
    Nothing,
    /// A character that may begin a range.
    Char(char),
    /// A character and a hyphen after it.
    Open(char),
}

/// A set being parsed.
struct Reading {
    set: Set,
    before: Before,
}

impl Reading {
    fn char(&mut self, c: char) {
        self.set.items.push(Item::Char(c));
        self.before = Before::Char(c);
    }

    fn class(&mut self, item: Item) {
        if let Before::Open(_) = self.before {
            // `[a-\d]`: the hyphen is literal.
            self.set.items.push(Item::Char('-'));
            self.set.verbatim = false;
        }
        self.set.items.push(item);
        self.before = Before::Nothing;
    }
}

impl Parser<'_> {
    /// Parses after the opening bracket.
    pub(super) fn set(&mut self) -> Result<Set, Problem> {
        if let Some(end) = self.posix_end() {
            let marker = self.peek();
            self.at = if marker == Some(':') {
                self.at - 1
            } else {
                end
            };
            return Err(self.pcre(if marker == Some(':') { 112 } else { 113 }));
        }
        let mut reading = Reading {
            set: Set {
                negated: self.eat("^"),
                items: Vec::new(),
                verbatim: true,
            },
            before: Before::Nothing,
        };
        let mut quoted = false;
        let mut first = true;
        loop {
            let from = self.at;
            let Some(c) = self.next() else {
                return Err(self.pcre(106));
            };
            if quoted {
                match c {
                    '\\' if self.eat("E") => quoted = false,
                    c => self.member(&mut reading, c, from)?,
                }
                first = false;
                continue;
            }
            match c {
                '\\' if self.eat("Q") => {
                    reading.set.verbatim = false;
                    quoted = true;
                    continue;
                }
                '\\' if self.eat("E") => {
                    reading.set.verbatim = false;
                    continue;
                }
                ' ' | '\t' if self.flags.extended_more => {
                    reading.set.verbatim = false;
                    continue;
                }
                ']' if !first => {
                    if let Before::Open(_) = reading.before {
                        reading.set.items.push(Item::Char('-'));
                    }
                    return Ok(reading.set);
                }
                '[' if self.posix_end().is_some() => {
                    let item = self.posix(from)?;
                    reading.set.verbatim &= !self.out.unicode_classes;
                    reading.class(item);
                }
                '-' => self.hyphen(&mut reading, first, from)?,
                '\\' => self.escape_in_set(&mut reading, from)?,
                c => {
                    let twice = matches!(c, '&' | '~') && self.rest().starts_with(c);
                    reading.set.verbatim &= !(twice || matches!(c, ']' | '['));
                    self.member(&mut reading, c, from)?;
                }
            }
            first = false;
        }
    }

    fn hyphen(&mut self, reading: &mut Reading, first: bool, from: usize) -> Result<(), Problem> {
        let last = self.rest().starts_with(']');
        match reading.before {
            Before::Char(c) if !last => reading.before = Before::Open(c),
            Before::Open(_) => {
                reading.set.verbatim = false;
                self.member(reading, '-', from)?;
            }
            Before::Char(_) | Before::Nothing => {
                reading.set.verbatim &= (first || last) && !self.rest().starts_with('-');
                self.member(reading, '-', from)?;
            }
        }
        Ok(())
    }

    /// Adds a character, which may end a range.
    fn member(&mut self, reading: &mut Reading, c: char, from: usize) -> Result<(), Problem> {
        let Before::Open(start) = reading.before else {
            reading.char(c);
            return Ok(());
        };
        if c < start {
            // PCRE2's position: before a character, after an escape.
            let escaped = self.text[from..].starts_with('\\');
            return Err(Problem::pcre(if escaped { self.at } else { from }, 108));
        }
        reading.set.items.pop();
        reading.set.items.push(Item::Range(start, c));
        reading.before = Before::Nothing;
        Ok(())
    }

    fn escape_in_set(&mut self, reading: &mut Reading, from: usize) -> Result<(), Problem> {
        let Some(c) = self.peek() else {
            return Err(self.pcre(106));
        };
        if let Some(item) = self.class_escape(c)? {
            reading.set.verbatim &= match &item {
                Item::Shorthand { is, .. } => match is {
                    Shorthand::Digit | Shorthand::Space | Shorthand::Word => true,
                    Shorthand::Horizontal | Shorthand::Vertical => false,
                },
                // The engine combines negated properties in its own way.
                Item::Property { .. } | Item::Char(_) | Item::Range(..) | Item::Posix { .. } => {
                    false
                }
            };
            reading.class(item);
            return Ok(());
        }
        let is = match c {
            'b' => {
                self.at += 1;
                '\u{8}'
            }
            'B' | 'R' | 'X' | 'C' => return Err(self.pcre(107)),
            'N' if !self.rest().starts_with("N{U+") => {
                self.at += 1;
                return Err(self.pcre(171));
            }
            '0'..='7' => self.digits(8, 3)?,
            _ => self.char_escape()?,
        };
        let written = &self.text[from + 1..self.at];
        reading.set.verbatim &= plain_escape(written);
        self.member(reading, is, from)
    }

    /// The end of `[:name:]`, `[.name.]` or `[=name=]` that begins here, after its bracket.
    fn posix_end(&self) -> Option<usize> {
        let rest = self.rest();
        let marker = rest
            .chars()
            .next()
            .filter(|c| matches!(c, ':' | '.' | '='))?;
        let mut chars = rest.char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => {
                    if matches!(rest[at + 1..].chars().next(), Some(']' | '\\')) {
                        chars.next();
                    }
                }
                '[' if rest[at + 1..].starts_with(marker) => return None,
                ']' => return None,
                c if c == marker && rest[at + 1..].starts_with(']') => {
                    return Some(self.at + at + 2);
                }
                _ => {}
            }
        }
        None
    }

    /// Parses a POSIX class, after its opening bracket.
    fn posix(&mut self, from: usize) -> Result<Item, Problem> {
        if self.next() != Some(':') {
            self.at = from;
            return Err(self.pcre(113));
        }
        let negated = self.eat("^");
        let rest = self.rest();
        let found = POSIX.into_iter().find(|name| {
            rest.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with(":]"))
        });
        let Some(name) = found else {
            return Err(self.pcre(130));
        };
        self.at += name.len() + 2;
        Ok(Item::Posix { name, negated })
    }
}

/// Whether the engine reads a character written so, after its backslash, in the same way.
pub(super) fn plain_escape(written: &str) -> bool {
    let mut chars = written.chars();
    match (chars.next(), chars.as_str()) {
        (Some('a' | 'e' | 'f' | 'n' | 'r' | 't'), "") => true,
        (Some('x'), digits) => {
            let braced = digits.strip_prefix('{').and_then(|d| d.strip_suffix('}'));
            let hexadecimal = |d: &str| d.bytes().all(|b| b.is_ascii_hexdigit());
            match braced {
                Some(digits) => digits.len() <= 8 && hexadecimal(digits),
                None => digits.len() == 2 && hexadecimal(digits),
            }
        }
        (Some('<' | '>'), _) => false,
        (Some(c), "") => c.is_ascii_punctuation() || c == ' ',
        _ => false,
    }
}
