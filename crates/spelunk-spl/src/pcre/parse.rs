//! Parses the text of a pattern into its tree: sequences, alternatives and quantifiers.

use super::ast::{
    Assertion, Branches, Flags, Greed, Newline, Node, Pattern, Reference, Repeat, Span, Verb, What,
};
use super::problem::Problem;

/// Maximum nesting of groups, PCRE2's own default (`PARENS_NEST_LIMIT`).
const DEEPEST: usize = 250;
/// The highest count of a quantifier.
const HIGHEST_COUNT: u32 = 65_535;

/// Parses a pattern.
pub(super) struct Parser<'p> {
    pub(super) text: &'p str,
    /// The next byte to read.
    pub(super) at: usize,
    pub(super) flags: Flags,
    /// Groups opened so far; in an alternative of a branch reset, those that count there.
    pub(super) opened: u32,
    /// The number of lookarounds around the position.
    pub(super) looks: usize,
    /// References and their positions, checked when all groups are known.
    pub(super) references: Vec<(Reference, usize)>,
    pub(super) out: Pattern,
    pub(super) depth: usize,
    /// Groups with names so far.
    pub(super) named: usize,
}

/// Parses a pattern.
///
/// # Errors
/// Rejects what PCRE2 rejects, except for constructs that PCRE 8 accepted with one obvious meaning: unknown
/// letters after a backslash, hyphens next to class escapes, and quantifiers after `^`, `$` or `\b`.
pub(super) fn parse(text: &str) -> Result<Pattern, Problem> {
    let mut parser = Parser {
        text,
        at: 0,
        flags: Flags::default(),
        opened: 0,
        looks: 0,
        references: Vec::new(),
        out: Pattern {
            body: Vec::new(),
            names: vec![None],
            newline: Newline::Lf,
            plain_breaks: false,
            unicode_classes: false,
            properties: Vec::new(),
        },
        depth: 0,
        named: 0,
    };
    parser.start_options()?;
    parser.out.body = parser.branches()?;
    if parser.at < text.len() {
        return Err(parser.pcre(122));
    }
    let highest = parser.out.names.len() as u32;
    for (reference, at) in &parser.references {
        let known = match reference {
            Reference::Number(number) => *number < highest,
            Reference::Name(_) => !parser.out.groups(reference).is_empty(),
        };
        if !known {
            return Err(Problem::pcre(*at, 115));
        }
    }
    Ok(parser.out)
}

impl<'p> Parser<'p> {
    /// One of PCRE2's errors, at the current position.
    pub(super) fn pcre(&self, code: u16) -> Problem {
        Problem::pcre(self.at, code)
    }

    pub(super) fn rest(&self) -> &'p str {
        &self.text[self.at..]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    pub(super) fn eat(&mut self, wanted: &str) -> bool {
        let found = self.rest().starts_with(wanted);
        if found {
            self.at += wanted.len();
        }
        found
    }

    pub(super) fn node(&self, from: usize, what: What) -> Node {
        let span = Span { from, to: self.at };
        Node { what, span }
    }

    /// Parses alternatives up to the closing parenthesis or the end.
    pub(super) fn branches(&mut self) -> Result<Branches, Problem> {
        let mut branches = vec![self.sequence()?];
        while self.eat("|") {
            branches.push(self.sequence()?);
        }
        Ok(branches)
    }

    /// Parses the alternatives of `(?|`: each numbers its groups from the same start.
    pub(super) fn reset_branches(&mut self) -> Result<Branches, Problem> {
        let start = self.opened;
        let mut most = start;
        let mut branches = Vec::new();
        loop {
            self.opened = start;
            branches.push(self.sequence()?);
            most = most.max(self.opened);
            if !self.eat("|") {
                self.opened = most;
                return Ok(branches);
            }
        }
    }

    /// Enters a nested level.
    pub(super) fn deeper(&mut self) -> Result<(), Problem> {
        self.depth += 1;
        match self.depth > DEEPEST {
            true => Err(self.pcre(119)),
            false => Ok(()),
        }
    }

    /// Parses the inside of a group, with its closing parenthesis.
    pub(super) fn inside(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<Branches, Problem>,
    ) -> Result<Branches, Problem> {
        self.deeper()?;
        let flags = self.flags;
        let body = read(self)?;
        self.flags = flags;
        self.depth -= 1;
        if !self.eat(")") {
            return Err(self.pcre(114));
        }
        Ok(body)
    }

    fn sequence(&mut self) -> Result<Vec<Node>, Problem> {
        let mut out = Vec::new();
        loop {
            self.skip_ignored()?;
            match self.peek() {
                None | Some('|' | ')') => return Ok(out),
                Some(_) => {}
            }
            let before = out.len();
            if let Some((_, _, end)) = self.quantifier()? {
                return Err(Problem::pcre(end - 1, 109));
            }
            self.atom(&mut out)?;
            self.quantify(&mut out, before)?;
        }
    }

    fn atom(&mut self, out: &mut Vec<Node>) -> Result<(), Problem> {
        let from = self.at;
        let Some(c) = self.next() else {
            return Ok(());
        };
        let what = match c {
            '\\' if self.eat("Q") => {
                self.quote(out);
                return Ok(());
            }
            '\\' => self.escape()?,
            '[' => What::Set(self.set()?),
            '(' => match self.group(from)? {
                Some(what) => what,
                None => return Ok(()),
            },
            '.' => What::Dot {
                all: self.flags.dot_all,
            },
            '^' => What::Assertion(Assertion::Start {
                multiline: self.flags.multiline,
            }),
            '$' => What::Assertion(Assertion::End {
                multiline: self.flags.multiline,
            }),
            is => What::Literal { is, quoted: false },
        };
        out.push(self.node(from, what));
        Ok(())
    }

    /// Parses the characters between `\Q` and `\E`.
    fn quote(&mut self, out: &mut Vec<Node>) {
        while !self.eat("\\E") {
            let from = self.at;
            let Some(is) = self.next() else {
                return;
            };
            out.push(self.node(from, What::Literal { is, quoted: true }));
        }
    }

    /// Skips comments, `\E`, empty quotes, and with `x` white space.
    pub(super) fn skip_ignored(&mut self) -> Result<(), Problem> {
        loop {
            if self.eat("(?#") {
                match self.rest().find(')') {
                    Some(end) => self.at += end + 1,
                    None => return Err(Problem::pcre(self.text.len(), 118)),
                }
            } else if self.eat("\\Q\\E") || self.eat("\\E") {
            } else if self.flags.extended {
                match self.peek() {
                    Some(c) if is_ignored(c) => self.at += c.len_utf8(),
                    Some('#') => self.skip_line(),
                    _ => return Ok(()),
                }
            } else {
                return Ok(());
            }
        }
    }

    fn skip_line(&mut self) {
        let ends: &[char] = match self.out.newline {
            Newline::Lf => &['\n'],
            Newline::Cr => &['\r'],
            Newline::Nul => &['\0'],
            Newline::AnyCrLf => &['\r', '\n'],
            Newline::Any => &[
                '\r', '\n', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}',
            ],
            Newline::CrLf => {
                let end = self.rest().find("\r\n").map(|at| at + 2);
                self.at += end.unwrap_or(self.rest().len());
                return;
            }
        };
        let rest = self.rest();
        let end = rest
            .find(ends)
            .map(|at| rest[at..].chars().next().map_or(at, |c| at + c.len_utf8()));
        self.at += end.unwrap_or(rest.len());
    }

    /// Wraps the node just parsed in a quantifier, if one follows.
    fn quantify(&mut self, out: &mut Vec<Node>, before: usize) -> Result<(), Problem> {
        // Nothing can follow an unclosed quoted text.
        self.skip_ignored()?;
        let from = self.at;
        let Some((min, max, end)) = self.quantifier()? else {
            return Ok(());
        };
        let item = match out.pop() {
            Some(item) if out.len() >= before && repeatable(&item) => item,
            _ => return Err(Problem::pcre(end - 1, 109)),
        };
        self.at = end;
        let greed = if self.eat("+") {
            Greed::Possessive
        } else if self.eat("?") != self.flags.ungreedy {
            Greed::Lazy
        } else {
            Greed::Greedy
        };
        let written = (!self.flags.ungreedy).then_some(Span { from, to: self.at });
        let start = item.span.from;
        let repeat = Repeat {
            item,
            min,
            max,
            greed,
            written,
        };
        out.push(self.node(start, What::Repeat(Box::new(repeat))));
        Ok(())
    }

    /// Parses the quantifier that begins here, without its `?` or `+`; also returns its end.
    fn quantifier(&self) -> Result<Option<Counts>, Problem> {
        Ok(match self.peek() {
            Some('*') => Some((0, None, self.at + 1)),
            Some('+') => Some((1, None, self.at + 1)),
            Some('?') => Some((0, Some(1), self.at + 1)),
            Some('{') => self.counts(self.at)?,
            _ => None,
        })
    }

    /// Parses `{3}`, `{3,}`, `{3,5}`; any other `{` is a brace, including `{,5}` (PCRE2 before 10.43).
    pub(super) fn counts(&self, at: usize) -> Result<Option<Counts>, Problem> {
        let rest = &self.text[at + 1..];
        let Some(close) = rest.find('}') else {
            return Ok(None);
        };
        let inside = &rest[..close];
        let (min, max) = match inside.split_once(',') {
            None => (inside, Some(inside)),
            Some((min, "")) => (min, None),
            Some((min, max)) => (min, Some(max)),
        };
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(min) || !max.is_none_or(digits) {
            return Ok(None);
        }
        let end = at + 1 + close + 1;
        let count = |text: &str| match text.parse() {
            Ok(count) if count <= HIGHEST_COUNT => Ok(count),
            _ => Err(Problem::pcre(end - 1, 105)),
        };
        let (min, max) = (count(min)?, max.map(count).transpose()?);
        match max {
            Some(max) if max < min => Err(Problem::pcre(end - 1, 104)),
            max => Ok(Some((min, max, end))),
        }
    }
}

/// Minimum, maximum and the end of a quantifier.
type Counts = (u32, Option<u32>, usize);

/// White space that `x` ignores: Unicode's `Pattern_White_Space`.
fn is_ignored(c: char) -> bool {
    matches!(
        c,
        '\t'..='\r' | ' ' | '\u{85}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}'
    )
}

/// Whether a quantifier may follow.
fn repeatable(node: &Node) -> bool {
    match &node.what {
        What::Flags(_) | What::Keep => false,
        What::Verb(verb) => match verb {
            Verb::Fail | Verb::Commit | Verb::Prune | Verb::Skip | Verb::Then | Verb::Accept => {
                false
            }
        },
        What::Literal { .. }
        | What::Dot { .. }
        | What::NotNewline
        | What::Unit
        | What::LineBreak
        | What::Grapheme
        | What::Set(_)
        | What::Assertion(_)
        | What::Group(_)
        | What::Repeat(_)
        | What::Backreference(_)
        | What::Call(_)
        | What::Conditional(_) => true,
    }
}
