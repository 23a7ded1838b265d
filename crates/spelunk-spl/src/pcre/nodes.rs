//! Writes the nodes of a pattern for the engine.

use std::fmt::Write as _;

use super::ast::{Assertion, Flags, Greed, Group, GroupKind, Item, Node, Repeat, Verb, What};
use super::classes;
use super::lines;
use super::measure::visit_node;
use super::problem::Problem;
use super::set::plain_escape;
use super::write::{Last, Writer};

/// `\X`: an extended grapheme cluster (UAX #29).
const GRAPHEME: &str = r"(?>\r\n|[\p{gcb=Control}\r\n]|\p{gcb=Prepend}*(?:(?:\p{gcb=L}*(?:\p{gcb=V}+|\p{gcb=LV}\p{gcb=V}*|\p{gcb=LVT})\p{gcb=T}*|\p{gcb=L}+|\p{gcb=T}+)|\p{gcb=RI}\p{gcb=RI}|\p{ExtPict}(?:\p{gcb=Extend}*\x{200D}\p{ExtPict})*|[^\p{gcb=Control}\r\n])[\p{gcb=Extend}\x{200D}\p{gcb=SpacingMark}]*|\p{gcb=Prepend}+)";

/// The message for the verb where the match does not end with it.
pub(super) const ACCEPT: &str = "(*ACCEPT) within a pattern that goes on";

impl<'p> Writer<'p> {
    /// Writes one alternative; `choice` if there are others.
    pub(super) fn sequence(&mut self, nodes: &'p [Node], choice: bool) -> Result<(), Problem> {
        let tail = self.tail;
        let then = nodes
            .iter()
            .rposition(|n| matches!(n.what, What::Verb(Verb::Then)));
        if let Some(then) = then {
            if !choice {
                return Err(unsupported(&nodes[then], "(*THEN) outside of alternatives"));
            }
            // Nothing backtracks to before the verb: the next alternative is tried.
            self.open("(?>", nodes[then].span.from)?;
        }
        let outer = self.flags;
        for (index, node) in nodes.iter().enumerate() {
            self.tail = tail
                && nodes[index + 1..]
                    .iter()
                    .all(|n| matches!(n.what, What::Flags(_)));
            let then_here = matches!(node.what, What::Verb(Verb::Then));
            if then_here && Some(index) == then {
                self.close();
                let inner = std::mem::replace(&mut self.flags, outer);
                self.switch(inner);
            }
            if then_here {
                continue;
            }
            if matches!(node.what, What::Verb(Verb::Accept)) {
                if !tail {
                    return Err(unsupported(node, ACCEPT));
                }
                if then.is_some_and(|then| then > index) {
                    self.close();
                    self.flags = outer;
                }
                break;
            }
            let may_split = || self.may_split(&nodes[index + 1..], tail);
            if matches!(node.what, What::LineBreak) && may_split() {
                self.push(lines::break_set(self.pattern, "(?:"));
            } else {
                self.node(node)?;
            }
        }
        self.tail = tail;
        Ok(())
    }

    /// Whether the part after `\R` cannot match the second half of a CR LF, so that backtracking into it
    /// finds nothing.
    fn may_split(&self, after: &[Node], tail: bool) -> bool {
        fn fails_on_line_feed(node: &Node) -> bool {
            if let What::Repeat(repeat) = &node.what {
                return repeat.min > 0 && fails_on_line_feed(&repeat.item);
            }
            if let What::Set(set) = &node.what {
                return !classes::may_be_line_feed(set);
            }
            matches!(
                node.what,
                What::Literal { is, .. } if is != '\n'
            ) || matches!(node.what, What::Dot { all: false })
        }
        match after.first() {
            None => tail,
            Some(node) => fails_on_line_feed(node),
        }
    }

    pub(super) fn node(&mut self, node: &'p Node) -> Result<(), Problem> {
        match &node.what {
            What::Flags(flags) => self.options(node, *flags),
            What::Literal { is, quoted } => self.literal(node, *is, *quoted),
            What::Dot { all: true } => self.push("."),
            What::Dot { all: false } => self.push(lines::dot(self.pattern.newline, ".")),
            What::NotNewline => self.push(lines::dot(self.pattern.newline, r"\N")),
            What::Unit => self.push("(?s:.)"),
            What::LineBreak => self.push(lines::break_set(self.pattern, "(?>")),
            What::Grapheme => self.push(GRAPHEME),
            What::Set(set) => {
                let is_own = |item: &Item| matches!(item, Item::Property { name, .. } if classes::is_own(name));
                let verbatim = set.verbatim && !set.items.iter().any(is_own);
                let written = match verbatim {
                    true => self.slice(node.span).to_owned(),
                    false => classes::written(set, self.pattern.unicode_classes),
                };
                // Upper case stays upper case, even caselessly (`pcre2pattern`, "Unicode character
                // properties").
                match self.flags.caseless && classes::is_of_properties(set) {
                    true => self.push(&format!("(?-i:{written})")),
                    false => self.push(&written),
                }
            }
            What::Assertion(assertion) => self.assertion(*assertion),
            What::Keep => self.push(r"\K"),
            What::Group(group) => self.group(group)?,
            What::Repeat(repeat) => self.repeat(repeat)?,
            What::Backreference(reference) => self.back(node, reference),
            What::Call(reference) => self.call(node, reference)?,
            What::Conditional(conditional) => self.conditional(node, conditional)?,
            What::Verb(Verb::Fail) => self.push("(?!)"),
            What::Verb(Verb::Accept) => {
                return Err(unsupported(node, ACCEPT));
            }
            What::Verb(Verb::Then) => return Err(unsupported(node, "(*THEN) here")),
            What::Verb(Verb::Commit) => return Err(within(node, "(*COMMIT)")),
            What::Verb(Verb::Prune) => return Err(within(node, "(*PRUNE)")),
            What::Verb(Verb::Skip) => return Err(within(node, "(*SKIP)")),
        }
        Ok(())
    }

    fn options(&mut self, node: &Node, flags: Flags) {
        let written = self.slice(node.span);
        let letters = written.trim_start_matches("(?").trim_end_matches(')');
        let plain = letters.bytes().all(|b| b"ims-".contains(&b));
        if self.original() && plain && letters.bytes().any(|b| b != b'-') {
            self.push(written);
            self.flags = flags;
        } else {
            self.switch(flags);
        }
    }

    fn literal(&mut self, node: &Node, is: char, quoted: bool) {
        let written = self.slice(node.span);
        let escape = written
            .strip_prefix('\\')
            .filter(|_| !quoted && written.len() > 1);
        let digit = is.is_ascii_digit() && self.last == Last::Number;
        let brace = is == '{' && (self.last == Last::Word || self.before_count(node));
        if digit || (is.is_control() && !escape.is_some_and(plain_escape) && escape.is_some()) {
            let _ = write!(self.out, "\\x{{{:X}}}", u32::from(is));
        } else if escape.is_some_and(plain_escape) {
            self.out.push_str(written);
        } else if brace
            || ((quoted || escape.is_some()) && is.is_ascii_punctuation() && !"<>".contains(is))
        {
            self.out.push('\\');
            self.out.push(is);
        } else {
            self.out.push(is);
        }
        self.last = Last::Other;
    }

    /// Whether the engine might read the brace at `node` as the start of a quantifier.
    fn before_count(&self, node: &Node) -> bool {
        self.text[node.span.to..]
            .starts_with(|c: char| c == ',' || c.is_ascii_digit() || c.is_whitespace())
    }

    fn assertion(&mut self, assertion: Assertion) {
        match assertion {
            Assertion::TextStart => self.push(r"\A"),
            Assertion::TextEnd => self.push(r"\z"),
            Assertion::Continue => self.push(r"\G"),
            Assertion::Word => {
                self.push(r"\b");
                self.last = Last::Word;
            }
            Assertion::NotWord => {
                self.push(r"\B");
                self.last = Last::Word;
            }
            Assertion::Start { multiline: false } => self.push("^"),
            Assertion::Start { multiline: true } => {
                self.differs = true;
                self.push(lines::line_start(self.pattern.newline, self.exact));
            }
            Assertion::End { multiline: true } => self.push(lines::line_end(self.pattern.newline)),
            Assertion::End { multiline: false } => {
                self.differs = true;
                self.push(lines::text_end(self.pattern.newline, self.exact, "$"));
            }
            Assertion::LastLine => {
                self.differs = true;
                self.push(lines::text_end(self.pattern.newline, self.exact, r"\z"));
            }
        }
    }

    pub(super) fn group(&mut self, group: &'p Group) -> Result<(), Problem> {
        let outer = self.flags;
        let tail = self.tail;
        let at = group.open.to;
        match group.kind {
            GroupKind::Capture(number) => {
                self.enter(number, at)?;
                self.open_capture(number, group.open)?;
            }
            GroupKind::Plain | GroupKind::BranchReset => {
                let written = self.slice(group.open);
                let letters = written
                    .strip_prefix("(?")
                    .and_then(|rest| rest.strip_suffix(':'));
                let plain = letters.is_some_and(|l| {
                    l.is_empty() || l.bytes().all(|b| b"ims-".contains(&b)) && l != "-"
                });
                if self.original() && plain {
                    self.open(written, at)?;
                } else {
                    let letters = self.switches(group.flags);
                    self.open(&format!("(?{letters}:"), at)?;
                }
                self.flags = group.flags;
            }
            GroupKind::Atomic => self.open("(?>", at)?,
            GroupKind::Look { behind, negated } => {
                self.open(
                    match (behind, negated) {
                        (false, false) => "(?=",
                        (false, true) => "(?!",
                        (true, false) => "(?<=",
                        (true, true) => "(?<!",
                    },
                    at,
                )?;
                // (*ACCEPT) ends the lookaround.
                self.tail = true;
            }
        }
        self.branches(&group.body)?;
        self.close();
        if let GroupKind::Capture(number) = group.kind {
            self.leave(number);
        }
        self.flags = outer;
        self.tail = tail;
        Ok(())
    }

    fn repeat(&mut self, repeat: &'p Repeat) -> Result<(), Problem> {
        self.tail = false;
        if repeat.max == Some(0) {
            // Groups in something that never matches are never set, and calls are copies.
            return Ok(());
        }
        if self.is_width_less(&repeat.item) {
            return self.repeat_width_less(repeat);
        }
        if repeat.max.is_none() && is_lazy_within(&repeat.item) {
            // The engine's optimizer turns `(a+?)*` into `(a+?)?`.
            self.optimize = false;
        }
        if repeat.greed == Greed::Lazy && repeat.min == 0 && holds_continue(&repeat.item) {
            // The engine treats `\G` in such a repetition as one that every match begins with.
            self.open("(?:|", repeat.item.span.to)?;
            self.node(&repeat.item)?;
            self.counts(1, repeat.max, repeat.greed);
            self.close();
            return Ok(());
        }
        self.node(&repeat.item)?;
        match repeat.written {
            Some(span) => self.push(self.slice(span)),
            None => self.counts(repeat.min, repeat.max, repeat.greed),
        }
        Ok(())
    }

    /// Writes a quantifier.
    fn counts(&mut self, min: u32, max: Option<u32>, greed: Greed) {
        let mut counts = match (min, max) {
            (0, None) => "*".to_owned(),
            (1, None) => "+".to_owned(),
            (0, Some(1)) => "?".to_owned(),
            (min, None) => format!("{{{min},}}"),
            (min, Some(max)) if min == max => format!("{{{min}}}"),
            (min, Some(max)) => format!("{{{min},{max}}}"),
        };
        counts.push_str(match greed {
            Greed::Greedy => "",
            Greed::Lazy => "?",
            Greed::Possessive => "+",
        });
        self.push(&counts);
    }

    /// Whether the node is zero-width, so that the engine accepts no quantifier after it.
    fn is_width_less(&self, node: &Node) -> bool {
        match &node.what {
            What::Assertion(_) | What::Keep | What::Verb(_) | What::Flags(_) => true,
            What::Group(group) => {
                let transparent = match group.kind {
                    GroupKind::Look { .. } => return true,
                    GroupKind::Atomic => false,
                    GroupKind::Plain | GroupKind::BranchReset => true,
                    GroupKind::Capture(number) => !self.original() && !self.is_hidden(number),
                };
                if !transparent || group.body.len() != 1 {
                    return false;
                }
                let mut left = group.body[0].iter().filter(|node| !self.vanishes(node));
                match (left.next(), left.next()) {
                    (None, _) => true,
                    (Some(only), None) => self.is_width_less(only),
                    (Some(_), Some(_)) => false,
                }
            }
            What::Conditional(_) => self.vanishes(node),
            What::Repeat(repeat) => self.is_width_less(&repeat.item) && repeat.min > 0,
            What::Literal { .. }
            | What::Dot { .. }
            | What::NotNewline
            | What::Unit
            | What::LineBreak
            | What::Grapheme
            | What::Set(_)
            | What::Backreference(_)
            | What::Call(_) => false,
        }
    }

    /// Repeats a zero-width node, which matches once or not at all.
    fn repeat_width_less(&mut self, repeat: &'p Repeat) -> Result<(), Problem> {
        let at = repeat.item.span.to;
        if repeat.min > 0 {
            return self.node(&repeat.item);
        }
        self.open(
            if repeat.greed == Greed::Possessive {
                "(?>"
            } else {
                "(?:"
            },
            at,
        )?;
        if repeat.greed == Greed::Lazy {
            self.push("|");
        }
        self.node(&repeat.item)?;
        if repeat.greed != Greed::Lazy {
            self.push("|");
        }
        self.close();
        Ok(())
    }
}

/// Whether the node contains `\G`.
fn holds_continue(node: &Node) -> bool {
    let mut found = false;
    visit_node(node, &mut |node| {
        found |= matches!(node.what, What::Assertion(Assertion::Continue));
    });
    found
}

/// Whether a group contains only an unbounded lazy repetition.
fn is_lazy_within(node: &Node) -> bool {
    let What::Group(group) = &node.what else {
        return false;
    };
    let [branch] = group.body.as_slice() else {
        return false;
    };
    let [only] = branch.as_slice() else {
        return false;
    };
    if let What::Repeat(repeat) = &only.what {
        return repeat.max.is_none() && repeat.greed == Greed::Lazy;
    }
    is_lazy_within(only)
}

pub(super) fn unsupported(node: &Node, what: &str) -> Problem {
    Problem::unsupported(node.span.to, format!("{what} is not supported"))
}

fn within(node: &Node, verb: &str) -> Problem {
    unsupported(
        node,
        &format!("{verb} within a group, or a second one in an alternative,"),
    )
}
