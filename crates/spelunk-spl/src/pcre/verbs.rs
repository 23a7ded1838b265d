//! Verbs that control where the next attempt begins: `(*SKIP)`, `(*COMMIT)`, `(*PRUNE)`.
//!
//! The engine has none of them. At the level of the pattern's own alternatives they can be expressed
//! differently. In `X(*PRUNE)Y|Z` nothing backtracks into `X`, and `Z` is tried only where `X` does not
//! match: `(?>X)Y|(?!X)Z`. For the other two the attempts themselves are written out: from the start of the
//! search (`\G`), the pattern is tried, and where it fails a step is taken, over all that `X` matched for
//! `(*SKIP)`, by one character elsewhere, and none at all past an `X` with `(*COMMIT)`:
//! `\G(?:(?>X)|(?!X)(?s:.))*?\K(?:(?>X)Y|(?!X)Z)`.

use std::collections::HashMap;

use super::ast::{Flags, Node, Verb, What};
use super::nodes::unsupported;
use super::problem::Problem;
use super::write::{COPY, Call, Writer};

/// An alternative with such a verb.
#[derive(Clone, Copy)]
struct Steered<'p> {
    /// The part before the verb.
    before: &'p [Node],
    verb: Verb,
    /// Options at the start of the alternative.
    flags: Flags,
}

impl<'p> Writer<'p> {
    /// Writes the pattern.
    pub(super) fn whole(&mut self) -> Result<(), Problem> {
        let body = &self.pattern.body;
        let mut steered: Vec<Option<(usize, Steered<'p>)>> = Vec::new();
        let mut flags = Flags::default();
        for branch in body {
            let at = branch.iter().position(|node| steers(node).is_some());
            steered.push(at.and_then(|at| {
                let verb = steers(&branch[at])?;
                let before = &branch[..at];
                Some((
                    at,
                    Steered {
                        before,
                        verb,
                        flags,
                    },
                ))
            }));
            for node in branch {
                if let What::Flags(set) = &node.what {
                    flags = *set;
                }
            }
        }
        let found: Vec<Steered<'p>> = steered
            .iter()
            .flatten()
            .map(|(_, steered)| *steered)
            .collect();
        let loops = found.iter().any(|steered| steered.verb != Verb::Prune);
        if loops {
            self.steps(&found)?;
        }
        if found.is_empty() {
            for (index, branch) in body.iter().enumerate() {
                if index > 0 {
                    self.push("|");
                }
                self.tail = true;
                self.sequence(branch, true)?;
            }
            return Ok(());
        }
        self.open("(?:", 0)?;
        let mut passed: Vec<Steered<'p>> = Vec::new();
        for (branch, steered) in body.iter().zip(steered) {
            if branch.as_ptr() != body[0].as_ptr() {
                self.push("|");
            }
            for steered in &passed {
                self.copy("(?!", *steered)?;
            }
            self.tail = true;
            let Some((at, steered)) = steered else {
                self.sequence(branch, true)?;
                continue;
            };
            passed.push(steered);
            self.open("(?>", 0)?;
            self.tail = false;
            let outer = self.flags;
            self.sequence(steered.before, false)?;
            self.close();
            let inner = std::mem::replace(&mut self.flags, outer);
            self.switch(inner);
            self.tail = true;
            self.sequence(&branch[at + 1..], true)?;
        }
        self.close();
        Ok(())
    }

    /// Writes the steps from the start of the search to the start of the match.
    fn steps(&mut self, all: &[Steered<'p>]) -> Result<(), Problem> {
        self.push(r"\G");
        self.open("(?:", 0)?;
        for (index, steered) in all.iter().enumerate() {
            if steered.verb == Verb::Commit {
                continue;
            }
            for before in &all[..index] {
                self.copy("(?!", *before)?;
            }
            if steered.verb == Verb::Prune {
                self.copy("(?=", *steered)?;
                self.push("(?s:.)|");
                continue;
            }
            let length = self.groups.sequence(steered.before, &mut Vec::new());
            if length.is_none_or(|(min, _)| min == 0)
                && let Some(last) = steered.before.last().or(self.pattern.body[0].first())
            {
                return Err(unsupported(last, "(*SKIP) after what may be empty"));
            }
            self.copy("(?>", *steered)?;
            self.push("|");
        }
        for steered in all {
            self.copy("(?!", *steered)?;
        }
        self.push("(?s:.)");
        self.close();
        self.push(r"*?\K");
        Ok(())
    }

    /// Writes the part before a verb, in a group with this opening that captures nothing.
    fn copy(&mut self, open: &str, steered: Steered<'p>) -> Result<(), Problem> {
        let outer = self.flags;
        self.open(open, 0)?;
        self.calls.push(Call {
            group: COPY,
            hidden: HashMap::new(),
        });
        self.switch(steered.flags);
        self.tail = false;
        self.sequence(steered.before, false)?;
        self.calls.pop();
        self.close();
        self.flags = outer;
        Ok(())
    }
}

fn steers(node: &Node) -> Option<Verb> {
    let What::Verb(verb) = node.what else {
        return None;
    };
    match verb {
        Verb::Commit | Verb::Prune | Verb::Skip => Some(verb),
        Verb::Fail | Verb::Accept | Verb::Then => None,
    }
}
