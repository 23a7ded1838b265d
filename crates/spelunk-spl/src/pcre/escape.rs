//! Parses backslash sequences, outside sets and inside.

use super::ast::{Assertion, Item, Reference, Set, Shorthand, What};
use super::parse::Parser;
use super::problem::Problem;

/// The highest number of a group.
const HIGHEST_GROUP: u32 = 65_535;

impl Parser<'_> {
    /// Parses the part after a backslash outside a set.
    pub(super) fn escape(&mut self) -> Result<What, Problem> {
        let Some(c) = self.peek() else {
            return Err(self.pcre(101));
        };
        if let Some(item) = self.class_escape(c)? {
            let verbatim = match &item {
                Item::Shorthand { is, .. } => match is {
                    Shorthand::Digit | Shorthand::Space | Shorthand::Word => true,
                    Shorthand::Horizontal | Shorthand::Vertical => false,
                },
                Item::Property { .. } => true,
                Item::Char(_) | Item::Range(..) | Item::Posix { .. } => false,
            };
            return Ok(What::Set(Set {
                negated: false,
                items: vec![item],
                verbatim,
            }));
        }
        let simple = match c {
            'A' => What::Assertion(Assertion::TextStart),
            'z' => What::Assertion(Assertion::TextEnd),
            'Z' => What::Assertion(Assertion::LastLine),
            'G' => What::Assertion(Assertion::Continue),
            'b' => What::Assertion(Assertion::Word),
            'B' => What::Assertion(Assertion::NotWord),
            'R' => What::LineBreak,
            'X' => What::Grapheme,
            'C' => What::Unit,
            'K' => What::Keep,
            'N' if !self.rest().starts_with("N{") || self.counts(self.at + 1)?.is_some() => {
                What::NotNewline
            }
            'g' | 'k' => return self.reference(),
            '1'..='9' => return self.number_escape(),
            _ => {
                let is = self.char_escape()?;
                return Ok(What::Literal { is, quoted: false });
            }
        };
        self.at += 1;
        if self.looks > 0 && c == 'K' {
            return Err(self.pcre(199));
        }
        Ok(simple)
    }

    /// Parses a class escape such as `\d`, for `c` after the backslash.
    pub(super) fn class_escape(&mut self, c: char) -> Result<Option<Item>, Problem> {
        let is = match c.to_ascii_lowercase() {
            'd' => Shorthand::Digit,
            's' => Shorthand::Space,
            'w' => Shorthand::Word,
            'h' => Shorthand::Horizontal,
            'v' => Shorthand::Vertical,
            'p' => {
                self.at += 1;
                return self.property(c == 'P').map(Some);
            }
            _ => return Ok(None),
        };
        self.at += 1;
        let negated = c.is_ascii_uppercase();
        Ok(Some(Item::Shorthand { is, negated }))
    }

    /// Parses the name of a Unicode property, after `\p`.
    fn property(&mut self, negated: bool) -> Result<Item, Problem> {
        let at = self.at;
        let (name, negated) = match self.next() {
            Some('{') => {
                let Some(end) = self.rest().find('}') else {
                    self.at = self.text.len();
                    return Err(self.pcre(146));
                };
                let inside = &self.rest()[..end];
                self.at += end + 1;
                match inside.strip_prefix('^') {
                    Some(name) => (name, !negated),
                    None => (inside, negated),
                }
            }
            Some(c) if c.is_ascii_alphabetic() => (&self.text[at..self.at], negated),
            _ => {
                self.at = at;
                return Err(self.pcre(146));
            }
        };
        // Names that only the engine knows.
        const FOREIGN: [&str; 6] = ["alnum", "blank", "cntrl", "graph", "print", "word"];
        let plain = name.to_ascii_lowercase().replace([' ', '_', '-'], "");
        if plain.is_empty() || FOREIGN.contains(&plain.as_str()) {
            return Err(self.pcre(147));
        }
        self.out.properties.push((name.to_owned(), self.at));
        Ok(Item::Property {
            name: name.to_owned(),
            negated,
        })
    }

    /// Parses an escaped character, here or in a set. A letter without a meaning is itself, as in PCRE 8.
    pub(super) fn char_escape(&mut self) -> Result<char, Problem> {
        let Some(c) = self.next() else {
            return Err(self.pcre(101));
        };
        Ok(match c {
            'a' => '\u{7}',
            'e' => '\u{1b}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'c' => match self.next() {
                None => return Err(self.pcre(102)),
                Some(c @ ' '..='~') => char::from(c.to_ascii_uppercase() as u8 ^ 0x40),
                Some(_) => return Err(self.pcre(168)),
            },
            'x' if self.eat("{") => self.braced(16, 167)?,
            'x' => self.digits(16, 2)?,
            'o' if self.eat("{") => self.braced(8, 164)?,
            'o' => return Err(self.pcre(155)),
            '0' => self.digits(8, 2)?,
            'N' if self.eat("{U+") => self.braced(16, 167)?,
            'N' if self.rest().starts_with('{') => return Err(self.pcre(137)),
            'l' | 'L' | 'u' | 'U' => return Err(self.pcre(137)),
            c => c,
        })
    }

    /// Parses digits up to a closing brace.
    fn braced(&mut self, radix: u32, wrong: u16) -> Result<char, Problem> {
        let from = self.at;
        let mut value: u32 = 0;
        loop {
            match self.peek() {
                Some('}') if self.at == from => {
                    return Err(self.pcre(178));
                }
                Some('}') => break,
                Some(c) => match c.to_digit(radix) {
                    Some(digit) => value = value.saturating_mul(radix).saturating_add(digit),
                    None => return Err(self.pcre(wrong)),
                },
                None => return Err(self.pcre(wrong)),
            }
            self.at += 1;
        }
        let found = self.character(value);
        self.at += 1;
        found
    }

    /// Parses up to `most` digits; no digits are zero.
    pub(super) fn digits(&mut self, radix: u32, most: usize) -> Result<char, Problem> {
        let mut value = 0;
        for _ in 0..most {
            let Some(digit) = self.peek().and_then(|c| c.to_digit(radix)) else {
                break;
            };
            value = value * radix + digit;
            self.at += 1;
        }
        self.character(value)
    }

    fn character(&self, value: u32) -> Result<char, Problem> {
        match char::from_u32(value) {
            Some(c) => Ok(c),
            None if (0xd800..0xe000).contains(&value) => Err(self.pcre(173)),
            None => Err(self.pcre(134)),
        }
    }

    /// Parses `\1` and similar: a back reference if it is below ten, begins with 8 or 9, or if that many
    /// groups are open; else a character in octal.
    fn number_escape(&mut self) -> Result<What, Problem> {
        let from = self.at;
        let first = self.peek();
        let number = self.number().unwrap_or(u32::MAX);
        if number < 10 || matches!(first, Some('8' | '9')) || number <= self.opened {
            if number > HIGHEST_GROUP {
                return Err(self.pcre(161));
            }
            let at = self.at - 1;
            return Ok(self.back_to(Reference::Number(number), at));
        }
        self.at = from;
        let is = self.digits(8, 3)?;
        Ok(What::Literal { is, quoted: false })
    }

    /// Parses decimal digits; `None` if there are none or the number is out of range.
    pub(super) fn number(&mut self) -> Option<u32> {
        let rest = self.rest();
        let end = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        self.at += end;
        rest[..end].parse().ok()
    }

    /// A back reference; `at` is the position to report if there is no such group.
    pub(super) fn back_to(&mut self, reference: Reference, at: usize) -> What {
        self.references.push((reference.clone(), at));
        What::Backreference(reference)
    }

    /// Likewise a call.
    pub(super) fn call(&mut self, reference: Reference, at: usize) -> What {
        self.references.push((reference.clone(), at));
        What::Call(reference)
    }

    /// Parses `\g...` and `\k...`.
    fn reference(&mut self) -> Result<What, Problem> {
        let numbers = self.next() == Some('g');
        let close = match self.peek() {
            Some('{') => "}",
            Some('<') => ">",
            Some('\'') => "'",
            Some('+' | '-' | '0'..='9') if numbers => {
                let number = self.group_number()?;
                let at = self.at - 1;
                return Ok(self.back_to(Reference::Number(number), at));
            }
            _ => return Err(self.pcre(if numbers { 157 } else { 169 })),
        };
        self.at += 1;
        let at = self.at;
        let reference = match self.peek() {
            Some('+' | '-' | '0'..='9') if numbers => Reference::Number(self.group_number()?),
            _ => Reference::Name(self.name()?),
        };
        if !self.eat(close) {
            let named = matches!(reference, Reference::Name(_));
            return Err(self.pcre(if named { 142 } else { 157 }));
        }
        match (numbers, close) {
            (true, ">" | "'") => Ok(self.call(reference, at)),
            (true, _) if reference == Reference::Number(0) => Err(self.pcre(115)),
            _ => Ok(self.back_to(reference, at)),
        }
    }

    /// Parses a group's number, which may be relative: `-1` is the last group opened.
    pub(super) fn group_number(&mut self) -> Result<u32, Problem> {
        let sign = match self.peek() {
            Some(c @ ('+' | '-')) => {
                self.at += 1;
                Some(c)
            }
            _ => None,
        };
        let number = self.number().ok_or_else(|| self.pcre(161))?;
        let group = match sign {
            Some(_) if number == 0 => return Err(self.pcre(126)),
            Some('-') => (self.opened + 1).checked_sub(number).filter(|n| *n > 0),
            Some(_) => self.opened.checked_add(number),
            None => Some(number),
        };
        match group {
            Some(group) if group <= HIGHEST_GROUP => Ok(group),
            Some(_) => Err(self.pcre(161)),
            None => Err(self.pcre(115)),
        }
    }

    /// Parses a group's name.
    pub(super) fn name(&mut self) -> Result<String, Problem> {
        /// PCRE2's limit since 10.44; it was 32 before.
        const LONGEST: usize = 128;
        let rest = self.rest();
        match rest.chars().next() {
            Some(c) if c.is_numeric() => return Err(self.pcre(144)),
            Some(c) if c.is_alphabetic() || c == '_' => {}
            None => return Err(self.pcre(142)),
            Some(_) => return Err(self.pcre(162)),
        }
        let part = |c: char| c.is_alphanumeric() || c == '_';
        let end = rest.find(|c: char| !part(c)).unwrap_or(rest.len());
        self.at += end;
        if end > LONGEST {
            return Err(self.pcre(148));
        }
        Ok(rest[..end].to_owned())
    }
}
