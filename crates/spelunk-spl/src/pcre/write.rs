//! Writes the tree of a pattern as a pattern of the engine.

use std::collections::{HashMap, HashSet};

use super::ast::{Branches, Condition, Flags, GroupKind, Node, Pattern, Reference, Span, What};
use super::measure::Groups;
use super::mentions::{measured, recurses, referenced};
use super::problem::Problem;

/// The engine's maximum nesting is 64; some groups are added here.
const DEEPEST: usize = 60;
/// Maximum bytes that copies of called groups may add.
const LONGEST: usize = 20_000;
/// Maximum nesting of groups that the engine measures repeatedly.
const MEASURED: usize = 8;
/// Levels of recursion, of which the first that fits is used.
const LEVELS: [usize; 7] = [20, 14, 10, 7, 5, 3, 2];

/// Maximum times that a pattern is written until the numbers of its groups are stable.
const PASSES: usize = 8;

/// The end of the last written text, which may need separating from the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Last {
    /// A number: no digit may follow.
    Number,
    /// `\b`: no brace may follow.
    Word,
    Other,
}

/// The group number of a copy that nothing calls.
pub(super) const COPY: u32 = u32::MAX;

/// A call of a group that is being written.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) group: u32,
    /// The engine's groups for groups of the pattern that are referred to within the call.
    pub(super) hidden: HashMap<u32, u32>,
}

/// Writes the engine's pattern.
pub(super) struct Writer<'p> {
    pub(super) text: &'p str,
    pub(super) pattern: &'p Pattern,
    pub(super) groups: &'p Groups<'p>,
    pub(super) out: String,
    /// For text that ends with a line feed, before which `$` matches.
    pub(super) exact: bool,
    /// Whether something was written that such text needs in another form.
    pub(super) differs: bool,
    /// Whether the engine's optimizer preserves the pattern's meaning.
    pub(super) optimize: bool,
    /// The engine's options here.
    pub(super) flags: Flags,
    /// The calls being written, outermost first.
    pub(super) calls: Vec<Call>,
    pub(super) last: Last,
    /// Whether nothing of the pattern follows.
    pub(super) tail: bool,
    /// The engine's groups for each group of the pattern, so far.
    pub(super) written: Vec<Vec<u32>>,
    /// The same at the end, if known.
    known: Option<&'p [Vec<u32>]>,
    engine_groups: u32,
    /// Groups that back references and conditions name.
    referenced: HashSet<u32>,
    pub(super) levels: usize,
    depth: usize,
    /// Groups that the engine measures at every reference, and how many are open.
    measured: HashSet<u32>,
    measured_depth: usize,
}

/// The written pattern.
pub(super) struct Written {
    pub(super) text: String,
    pub(super) differs: bool,
    pub(super) optimize: bool,
    /// The engine's groups for each group of the pattern, unless they are the same.
    pub(super) groups: Option<Vec<Vec<u32>>>,
}

/// Writes the whole pattern.
pub(super) fn write(
    text: &str,
    pattern: &Pattern,
    groups: &Groups<'_>,
    exact: bool,
) -> Result<Written, Problem> {
    let mut tried = Err(Problem::pcre(0, 120));
    for levels in LEVELS {
        tried = write_with(text, pattern, groups, exact, levels);
        if tried.is_ok() || !recurses(pattern) {
            break;
        }
    }
    tried
}

fn write_with(
    text: &str,
    pattern: &Pattern,
    groups: &Groups<'_>,
    exact: bool,
    levels: usize,
) -> Result<Written, Problem> {
    let mut written = Writer::new(text, pattern, groups, exact, levels, None).run()?;
    // The numbers that references need are known only now; parts omitted for a group that is never set may
    // contain groups themselves.
    for _ in 0..PASSES {
        let Some(known) = written.groups.clone() else {
            break;
        };
        written = Writer::new(text, pattern, groups, exact, levels, Some(&known)).run()?;
        if written.groups.as_ref() == Some(&known) {
            break;
        }
    }
    Ok(written)
}

impl<'p> Writer<'p> {
    fn new(
        text: &'p str,
        pattern: &'p Pattern,
        groups: &'p Groups<'p>,
        exact: bool,
        levels: usize,
        known: Option<&'p [Vec<u32>]>,
    ) -> Writer<'p> {
        Writer {
            text,
            pattern,
            groups,
            out: String::with_capacity(text.len() + 16),
            exact,
            differs: false,
            optimize: true,
            flags: Flags::default(),
            calls: Vec::new(),
            last: Last::Other,
            tail: true,
            written: vec![Vec::new(); pattern.names.len()],
            known,
            engine_groups: 0,
            referenced: referenced(pattern),
            levels,
            depth: 0,
            measured: measured(pattern),
            measured_depth: 0,
        }
    }

    fn run(mut self) -> Result<Written, Problem> {
        self.whole()?;
        let same = (1..)
            .zip(&self.written[1..])
            .all(|(number, found)| *found == [number]);
        let same = same && self.engine_groups as usize + 1 == self.written.len();
        Ok(Written {
            text: self.out,
            differs: self.differs,
            optimize: self.optimize,
            groups: (!same).then_some(self.written),
        })
    }

    pub(super) fn slice(&self, span: Span) -> &'p str {
        &self.text[span.from..span.to]
    }

    pub(super) fn push(&mut self, text: &str) {
        self.out.push_str(text);
        self.last = Last::Other;
    }

    /// Whether this writes the pattern itself, not the copy of a called group.
    pub(super) fn original(&self) -> bool {
        self.calls.is_empty()
    }

    /// Opens a parenthesis.
    pub(super) fn open(&mut self, text: &str, at: usize) -> Result<(), Problem> {
        self.depth += 1;
        if self.depth > DEEPEST {
            let what =
                format!("parentheses are too deeply nested: more than {DEEPEST} are not supported");
            return Err(Problem::unsupported(at, what));
        }
        if !self.original() && self.out.len() > self.text.len() + LONGEST {
            return Err(Problem::pcre(at, 120));
        }
        self.push(text);
        Ok(())
    }

    pub(super) fn close(&mut self) {
        self.depth -= 1;
        self.push(")");
    }

    /// Counts a group that the engine measures at every reference: its time doubles with each such group
    /// within another.
    pub(super) fn enter(&mut self, number: u32, at: usize) -> Result<(), Problem> {
        if self.measured.contains(&number) {
            self.measured_depth += 1;
            if self.measured_depth > MEASURED {
                return Err(Problem::pcre(at, 120));
            }
        }
        Ok(())
    }

    /// Ends a group that [`Writer::enter`] counted.
    pub(super) fn leave(&mut self, number: u32) {
        if self.measured.contains(&number) {
            self.measured_depth -= 1;
        }
    }

    /// Opens a capturing group.
    pub(super) fn open_capture(&mut self, number: u32, span: Span) -> Result<(), Problem> {
        if self.original() {
            self.engine_groups += 1;
            self.written[number as usize].push(self.engine_groups);
            return self.open(self.slice(span), span.to);
        }
        if !self.is_hidden(number) {
            return self.open("(?:", span.to);
        }
        self.engine_groups += 1;
        let group = self.engine_groups;
        if let Some(call) = self.calls.last_mut() {
            call.hidden.insert(number, group);
        }
        self.open("(", span.to)
    }

    /// Whether a group of a call needs a group of the engine.
    pub(super) fn is_hidden(&self, number: u32) -> bool {
        self.referenced.contains(&number)
    }

    /// The engine's groups for those that a reference names.
    pub(super) fn engine(&self, reference: &Reference) -> Vec<u32> {
        let mut found = Vec::new();
        for number in self.pattern.groups(reference) {
            let hidden = self
                .calls
                .iter()
                .rev()
                .find_map(|call| call.hidden.get(&number));
            match (hidden, self.known) {
                (Some(hidden), _) => found.push(*hidden),
                (None, Some(known)) => found.extend(&known[number as usize]),
                (None, None) => found.push(number),
            }
        }
        found
    }

    /// Writes alternatives.
    pub(super) fn branches(&mut self, branches: &'p Branches) -> Result<(), Problem> {
        let tail = self.tail;
        for (index, branch) in branches.iter().enumerate() {
            if index > 0 {
                self.push("|");
            }
            self.tail = tail;
            self.sequence(branch, branches.len() > 1)?;
        }
        self.tail = tail;
        Ok(())
    }

    /// The letters that switch the engine's options from the current ones to `to`.
    pub(super) fn switches(&self, to: Flags) -> String {
        let letters = [
            ('i', self.flags.caseless, to.caseless),
            ('m', self.flags.multiline, to.multiline),
            ('s', self.flags.dot_all, to.dot_all),
        ];
        let pick = |wanted: bool| {
            let changed = letters
                .iter()
                .filter(|(_, from, to)| from != to && *to == wanted);
            changed.map(|(letter, ..)| *letter).collect::<String>()
        };
        match (pick(true), pick(false)) {
            (on, off) if off.is_empty() => on,
            (on, off) => format!("{on}-{off}"),
        }
    }

    /// Switches the engine's options.
    pub(super) fn switch(&mut self, to: Flags) {
        let letters = self.switches(to);
        if !letters.is_empty() {
            self.push(&format!("(?{letters})"));
        }
        self.flags = to;
    }

    /// Whether the node leaves nothing in the engine's tree.
    pub(super) fn vanishes(&self, node: &Node) -> bool {
        match &node.what {
            What::Flags(_) => true,
            What::Group(group) => match group.kind {
                GroupKind::Plain | GroupKind::BranchReset => self.all_vanish(&group.body),
                GroupKind::Capture(number) => {
                    !self.original() && !self.is_hidden(number) && self.all_vanish(&group.body)
                }
                GroupKind::Atomic | GroupKind::Look { .. } => false,
            },
            What::Conditional(conditional) => match &conditional.condition {
                Condition::Define => true,
                Condition::Group(_)
                | Condition::Look(_)
                | Condition::Inside(_)
                | Condition::Known(_) => false,
            },
            What::Literal { .. }
            | What::Dot { .. }
            | What::NotNewline
            | What::Unit
            | What::LineBreak
            | What::Grapheme
            | What::Set(_)
            | What::Assertion(_)
            | What::Keep
            | What::Backreference(_)
            | What::Call(_)
            | What::Verb(_) => false,
            What::Repeat(repeat) => repeat.max == Some(0) || self.vanishes(&repeat.item),
        }
    }

    pub(super) fn all_vanish(&self, branches: &Branches) -> bool {
        branches.len() == 1 && branches[0].iter().all(|node| self.vanishes(node))
    }
}
