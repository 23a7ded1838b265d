//! Parses groups.

use super::ast::{
    Branches, Condition, Conditional, Flags, Group, GroupKind, Reference, Span, What,
};
use super::parse::Parser;
use super::problem::Problem;

/// Maximum groups with names.
const MOST_NAMES: usize = 10_000;
/// The version that `(?(VERSION>=10.4)` is compared with.
const VERSION: (u32, u32) = (10, 42);

impl Parser<'_> {
    /// Parses after the opening parenthesis at `from`. Returns `None` for something without an effect on the
    /// match.
    pub(super) fn group(&mut self, from: usize) -> Result<Option<What>, Problem> {
        if self.rest().starts_with('*') {
            let letter = self.rest()[1..].chars().next();
            if letter.is_some_and(|c| c == ':' || c.is_ascii_alphabetic()) {
                return self.starred(from);
            }
        }
        if !self.eat("?") {
            let kind = match self.flags.no_capture {
                true => GroupKind::Plain,
                false => self.capture(None)?,
            };
            return self.body(from, kind).map(Some);
        }
        let Some(c) = self.next() else {
            return Err(self.pcre(114));
        };
        let kind = match c {
            ':' => GroupKind::Plain,
            '|' => GroupKind::BranchReset,
            '>' => GroupKind::Atomic,
            '=' | '!' => look(false, c == '!'),
            '<' if self.eat("=") => look(true, false),
            '<' if self.eat("!") => look(true, true),
            '*' => return Err(self.not_atomic()),
            '<' if self.rest().starts_with('*') => return Err(self.not_atomic()),
            '<' => self.named(">")?,
            '\'' => self.named("'")?,
            'P' => match self.next() {
                Some('<') => self.named(">")?,
                Some('=') => {
                    let at = self.at;
                    let name = self.name()?;
                    self.close(142)?;
                    return Ok(Some(self.back_to(Reference::Name(name), at)));
                }
                Some('>') => return self.named_call(),
                Some(c) => return Err(Problem::pcre(self.at - c.len_utf8(), 141)),
                None => return Err(self.pcre(141)),
            },
            '&' => return self.named_call(),
            'R' => {
                self.close(158)?;
                return Ok(Some(self.call(Reference::Number(0), from)));
            }
            '+' | '-' | '0'..='9' if c.is_ascii_digit() || self.digit_follows() => {
                self.at -= 1;
                let number = self.group_number()?;
                self.close(114)?;
                let at = self.at - 1;
                return Ok(Some(self.call(Reference::Number(number), at)));
            }
            'C' => return self.callout().map(|()| None),
            '(' => return self.conditional(from).map(Some),
            _ => {
                self.at -= c.len_utf8();
                return self.options(from).map(Some);
            }
        };
        self.body(from, kind).map(Some)
    }

    fn not_atomic(&self) -> Problem {
        Problem::unsupported(self.at, "lookarounds that are not atomic are not supported")
    }

    fn digit_follows(&self) -> bool {
        self.rest().starts_with(|c: char| c.is_ascii_digit())
    }

    fn close(&mut self, code: u16) -> Result<(), Problem> {
        match self.eat(")") {
            true => Ok(()),
            false => Err(self.pcre(code)),
        }
    }

    fn named_call(&mut self) -> Result<Option<What>, Problem> {
        let at = self.at;
        let name = self.name()?;
        self.close(142)?;
        Ok(Some(self.call(Reference::Name(name), at)))
    }

    fn named(&mut self, close: &str) -> Result<GroupKind, Problem> {
        let name = self.name()?;
        if !self.eat(close) {
            return Err(self.pcre(142));
        }
        self.capture(Some(name))
    }

    /// Numbers a capturing group.
    fn capture(&mut self, name: Option<String>) -> Result<GroupKind, Problem> {
        self.opened += 1;
        let number = self.opened as usize;
        if number == self.out.names.len() {
            self.out.names.push(None);
        }
        if let Some(name) = name {
            self.named += 1;
            if self.named > MOST_NAMES {
                return Err(self.pcre(149));
            }
            let known = self.out.groups(&Reference::Name(name.clone()));
            if !self.flags.duplicate_names && known.iter().any(|other| *other != self.opened) {
                return Err(self.pcre(143));
            }
            match &self.out.names[number] {
                Some(other) if *other != name => return Err(self.pcre(165)),
                _ => self.out.names[number] = Some(name),
            }
        }
        Ok(GroupKind::Capture(self.opened))
    }

    /// Parses the body of a group and its end.
    fn body(&mut self, from: usize, kind: GroupKind) -> Result<What, Problem> {
        let open = Span { from, to: self.at };
        let flags = self.flags;
        let looks = matches!(kind, GroupKind::Look { .. });
        self.looks += usize::from(looks);
        let body = self.inside(|parser| match kind {
            GroupKind::BranchReset => parser.reset_branches(),
            GroupKind::Capture(_)
            | GroupKind::Plain
            | GroupKind::Atomic
            | GroupKind::Look { .. } => parser.branches(),
        })?;
        self.looks -= usize::from(looks);
        Ok(group(kind, body, flags, open))
    }

    /// Parses `(?i)`, `(?i-s:...)`, `(?^x)`.
    fn options(&mut self, from: usize) -> Result<What, Problem> {
        let mut flags = self.flags;
        let reset = self.eat("^");
        if reset {
            flags = Flags {
                ungreedy: flags.ungreedy,
                duplicate_names: flags.duplicate_names,
                ..Flags::default()
            };
        }
        let mut on = true;
        loop {
            let Some(c) = self.next() else {
                return Err(self.pcre(114));
            };
            match c {
                'i' => flags.caseless = on,
                'm' => flags.multiline = on,
                's' => flags.dot_all = on,
                'n' => flags.no_capture = on,
                'U' => flags.ungreedy = on,
                'J' => flags.duplicate_names = on,
                'x' => {
                    let twice = self.eat("x");
                    flags.extended = on;
                    flags.extended_more = on && twice;
                }
                '-' if on && !reset => on = false,
                '-' => return Err(self.pcre(194)),
                ')' => {
                    self.flags = flags;
                    return Ok(What::Flags(flags));
                }
                ':' => {
                    let before = std::mem::replace(&mut self.flags, flags);
                    let found = self.body(from, GroupKind::Plain);
                    self.flags = before;
                    return found;
                }
                _ => {
                    self.at -= c.len_utf8();
                    return Err(self.pcre(111));
                }
            }
        }
    }

    /// Parses `(?C1)`, a callout, which is ignored.
    fn callout(&mut self) -> Result<(), Problem> {
        match self.peek() {
            Some(c) if "`'\"^%#${".contains(c) => {
                self.at += 1;
                let close = if c == '{' { '}' } else { c };
                loop {
                    match self.next() {
                        Some(found) if found == close && !self.rest().starts_with(close) => break,
                        Some(found) if found == close => self.at += 1,
                        Some(_) => {}
                        None => return Err(self.pcre(139)),
                    }
                }
            }
            Some('0'..='9') => {
                if self.number().is_none_or(|number| number > 255) {
                    return Err(self.pcre(138));
                }
            }
            Some(')') => {}
            Some(_) => return Err(self.pcre(139)),
            None => return Err(self.pcre(114)),
        }
        self.close(139)
    }

    /// Parses after `(?(`.
    fn conditional(&mut self, from: usize) -> Result<What, Problem> {
        let at = self.at;
        self.deeper()?;
        let condition = match self.peek() {
            Some('?' | '*') => match self.group(at - 1)? {
                Some(what @ What::Group(_)) if is_look(&what) => {
                    Condition::Look(self.node(at - 1, what))
                }
                _ => return Err(Problem::pcre(at, 128)),
            },
            _ => {
                let condition = self.condition()?;
                self.close(124)?;
                condition
            }
        };
        self.depth -= 1;
        let mut body = self.inside(Self::branches)?;
        let most = if matches!(condition, Condition::Define) {
            1
        } else {
            2
        };
        if body.len() > most {
            return Err(match most {
                1 => Problem::pcre(from + 3, 154),
                _ => Problem::pcre(from, 127),
            });
        }
        let no = if body.len() == 2 { body.pop() } else { None };
        Ok(What::Conditional(Box::new(Conditional {
            condition,
            yes: body.pop().unwrap_or_default(),
            no: no.unwrap_or_default(),
        })))
    }

    fn condition(&mut self) -> Result<Condition, Problem> {
        if self.eat("VERSION") {
            return self.version();
        }
        if self.rest().starts_with("DEFINE)") {
            self.at += "DEFINE".len();
            return Ok(Condition::Define);
        }
        if self.rest().starts_with("R)") {
            self.at += 1;
            return Ok(Condition::Inside(None));
        }
        if self.rest().starts_with("R&") {
            self.at += 2;
            let name = self.name()?;
            return Ok(Condition::Inside(Some(self.mention(Reference::Name(name)))));
        }
        let digits = self
            .rest()
            .strip_prefix('R')
            .and_then(|rest| rest.split(')').next());
        if digits.is_some_and(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit())) {
            self.at += 1;
            let number = self.group_number()?;
            return Ok(Condition::Inside(Some(
                self.mention(Reference::Number(number)),
            )));
        }
        let close = match self.peek() {
            Some('<') => ">",
            Some('\'') => "'",
            Some('+' | '-' | '0'..='9') => {
                let number = self.group_number()?;
                if number == 0 {
                    return Err(self.pcre(115));
                }
                return Ok(Condition::Group(self.mention(Reference::Number(number))));
            }
            _ => "",
        };
        self.at += close.len();
        let at = self.at;
        let name = self.name()?;
        if !self.eat(close) {
            return Err(self.pcre(142));
        }
        let reference = Reference::Name(name);
        self.references.push((reference.clone(), at));
        Ok(Condition::Group(reference))
    }

    fn mention(&mut self, reference: Reference) -> Reference {
        self.references.push((reference.clone(), self.at));
        reference
    }

    /// Parses after `VERSION`.
    fn version(&mut self) -> Result<Condition, Problem> {
        let least = self.eat(">");
        if !self.eat("=") || !self.digit_follows() {
            return Err(self.pcre(179));
        }
        let major = self.number().ok_or_else(|| self.pcre(179))?;
        let minor = if self.eat(".") {
            // "10.4" is 10.40.
            let from = self.at;
            let digits = self.number().ok_or_else(|| self.pcre(179))?;
            if self.at - from == 1 {
                digits * 10
            } else {
                digits
            }
        } else {
            0
        };
        let wanted = (major, minor);
        Ok(Condition::Known(if least {
            VERSION >= wanted
        } else {
            VERSION == wanted
        }))
    }
}

fn look(behind: bool, negated: bool) -> GroupKind {
    GroupKind::Look { behind, negated }
}

fn is_look(what: &What) -> bool {
    matches!(what, What::Group(group) if matches!(group.kind, GroupKind::Look { .. }))
}

fn group(kind: GroupKind, body: Branches, flags: Flags, open: Span) -> What {
    What::Group(Box::new(Group {
        kind,
        body,
        flags,
        open,
    }))
}

impl Parser<'_> {
    /// Parses a group of one of the kinds with a name as in `(*name:`.
    pub(super) fn worded(&mut self, from: usize, word: &str) -> Result<Option<What>, Problem> {
        let kind = match word {
            "pla" | "positive_lookahead" => look(false, false),
            "nla" | "negative_lookahead" => look(false, true),
            "plb" | "positive_lookbehind" => look(true, false),
            "nlb" | "negative_lookbehind" => look(true, true),
            "atomic" => GroupKind::Atomic,
            "napla"
            | "non_atomic_positive_lookahead"
            | "naplb"
            | "non_atomic_positive_lookbehind" => return Err(self.not_atomic()),
            "sr" | "script_run" | "asr" | "atomic_script_run" => {
                return Err(Problem::unsupported(
                    self.at,
                    "script runs are not supported",
                ));
            }
            _ => return Err(self.pcre(195)),
        };
        self.body(from, kind).map(Some)
    }
}
