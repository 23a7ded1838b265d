//! Writes back references, calls of groups and conditions for the engine.
//!
//! A call is written as a copy of the called group: the engine's own calls would keep the groups that matched
//! within the call, while PCRE restores their previous values.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::ast::{Condition, Conditional, Flags, Node, Reference, Verb, What};
use super::nodes::{ACCEPT, unsupported};
use super::problem::Problem;
use super::write::{COPY, Call, Last, Writer};

/// Alternatives that all match the empty string: a failing row of them takes more backtracking steps than a
/// match may. Past the deepest level of recursion the search fails rather than miss a match.
const FORK: &str = "(?:(?=)|(?=))";
/// Forks in a row: 2^18 ways.
const FORKS: usize = 18;

impl<'p> Writer<'p> {
    pub(super) fn back(&mut self, node: &Node, reference: &Reference) {
        let numbers = self.engine(reference);
        let written = self.slice(node.span);
        let named = matches!(reference, Reference::Name(_)) && self.original();
        let same = numbers.len() == 1
            && self.pattern.groups(reference) == numbers
            && self.written[numbers[0] as usize] == numbers;
        if named && same && !written.starts_with(r"\g") && !written.starts_with(r"\k{") {
            self.push(written);
            return;
        }
        match numbers.as_slice() {
            // The group is never set: nothing matches.
            [] => self.push(r"[^\s\S]"),
            [number] => {
                let _ = write!(self.out, "\\{number}");
                self.last = Last::Number;
            }
            [before @ .., last] => {
                for number in before {
                    self.push(&format!("(?({number})\\{number}|"));
                }
                self.push(&format!(
                    "(?({last})\\{last}|(?!)){}",
                    ")".repeat(before.len())
                ));
            }
        }
    }

    pub(super) fn call(&mut self, node: &'p Node, reference: &Reference) -> Result<(), Problem> {
        let at = node.span.to;
        let number = self.pattern.groups(reference).first().copied().unwrap_or(0);
        let Some(body) = self.groups.body(number) else {
            return Err(Problem::pcre(at, 115));
        };
        let level = self
            .calls
            .iter()
            .filter(|call| call.group == number)
            .count();
        if level >= self.levels {
            self.push(&format!("(?:{}(?!))", FORK.repeat(FORKS)));
            return Ok(());
        }
        let outer = self.flags;
        let tail = std::mem::replace(&mut self.tail, true);
        let flags = self
            .groups
            .get(number)
            .map_or(Flags::default(), |group| group.flags);
        let letters = self.switches(flags);
        self.open(&format!("(?{letters}:"), at)?;
        self.flags = flags;
        self.calls.push(Call {
            group: number,
            hidden: HashMap::new(),
        });
        self.branches(body)?;
        self.calls.pop();
        // A quantifier may follow, whatever the body is.
        self.push("|(?!)");
        self.close();
        self.flags = outer;
        self.tail = tail;
        Ok(())
    }

    pub(super) fn conditional(
        &mut self,
        node: &'p Node,
        conditional: &'p Conditional,
    ) -> Result<(), Problem> {
        let (at, outer, tail) = (node.span.from, self.flags, self.tail);
        let numbers = match &conditional.condition {
            Condition::Define => return Ok(()),
            Condition::Known(holds) => return self.chosen(at, conditional, *holds),
            Condition::Inside(group) => {
                let innermost = self.calls.iter().rev().find(|call| call.group != COPY);
                let inside = innermost.is_some_and(|call| {
                    group
                        .as_ref()
                        .is_none_or(|g| self.pattern.groups(g).contains(&call.group))
                });
                return self.chosen(at, conditional, inside);
            }
            Condition::Group(reference) => self.engine(reference),
            Condition::Look(_) => Vec::new(),
        };
        match (&conditional.condition, numbers.as_slice()) {
            (Condition::Look(look), _) => {
                self.open("(?(", at)?;
                self.node(look)?;
                self.push(")");
            }
            (_, []) => return self.chosen(at, conditional, false),
            (_, [number]) => self.open(&format!("(?({number})"), at)?,
            (_, numbers) => {
                self.open("(?((?=", at)?;
                for number in numbers {
                    self.push(&format!("(?({number})|"));
                }
                self.push(&format!("(?!){}))", ")".repeat(numbers.len())));
            }
        }
        let accepts = |node: &&Node| matches!(node.what, What::Verb(Verb::Accept));
        let nothing = |nodes: &[Node]| {
            let mut written = nodes.iter().take_while(|node| !accepts(node));
            written.all(|node| self.vanishes(node))
        };
        let mut both = conditional.yes.iter().chain(&conditional.no);
        if let Some(verb) = both.find(accepts).filter(|_| !tail) {
            return Err(unsupported(verb, ACCEPT));
        }
        let empty = nothing(&conditional.yes) && nothing(&conditional.no);
        self.tail = tail;
        self.sequence(&conditional.yes, false)?;
        if empty {
            // Without branches the engine would require the condition.
            self.push("|(?:|(?!))");
        } else if !conditional.no.is_empty() {
            self.push("|");
            self.tail = tail;
            self.sequence(&conditional.no, false)?;
        }
        self.close();
        self.flags = outer;
        self.tail = tail;
        Ok(())
    }

    /// Writes the branch of a condition whose result is known.
    fn chosen(
        &mut self,
        at: usize,
        conditional: &'p Conditional,
        holds: bool,
    ) -> Result<(), Problem> {
        let outer = self.flags;
        self.open("(?:", at)?;
        self.sequence(
            if holds {
                &conditional.yes
            } else {
                &conditional.no
            },
            false,
        )?;
        // A quantifier may follow, whatever the branch is.
        self.push("|(?!)");
        self.close();
        self.flags = outer;
        Ok(())
    }
}
