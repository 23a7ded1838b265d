//! `OR` and `AND` mixed without parentheses.
//!
//! Search Reference, "search": OR is evaluated before AND; "eval" and "where": AND before OR.

use crate::lint::ast_queries::{each_search, expressions, extent, joined, searches};
use crate::lint::{LintInput, Findings, Lint, Severity, Subject};
use crate::source::Span;
use crate::syntax::ast::{BinaryOp, ExprKind, Search};
use crate::word;

pub(super) const LINTS: &[Lint] = &[
    Lint {
        code: "SPL101",
        name: "or-binds-tighter",
        severity: Severity::Warning,
        finds: "`AND` and `OR` of different fields side by side in a search expression, without parentheses",
        why: "In `search` and `tstats ... where` OR binds tighter than AND, against the habit from `where`, `eval` and \
              other languages: `a=1 AND b=2 OR c=3` means `a=1 AND (b=2 OR c=3)`. Write the parentheses. Alternatives \
              for one and the same field (`a=1 b=2 OR b=3`), and groups after a blank (`a=1 (b=2 c=3) OR (d=4)`), are not \
              reported.",
        bad: "index=main a=1 AND b=2 OR c=3",
        good: "index=main a=1 AND (b=2 OR c=3)",
        by: LintInput::Look(in_search),
    },
    Lint {
        code: "SPL102",
        name: "and-binds-tighter",
        severity: Severity::Note,
        finds: "`AND` and `OR` side by side in an expression of `where` or `eval`, without parentheses",
        why: "In `where` and `eval` AND binds tighter than OR, unlike in `search`, so a condition moved from one to the other changes its meaning. Parentheses make it explicit.",
        bad: "index=main | where a=1 OR b=2 AND c=3",
        good: "index=main | where a=1 OR (b=2 AND c=3)",
        by: LintInput::Look(in_expressions),
    },
];

fn in_search(subject: &Subject<'_>, findings: &mut Findings) {
    for stage in subject.every_stage() {
        let depths = Depths::of(subject, stage.span);
        for search in searches(stage) {
            each_search(search, &mut |found| {
                let Search::And(parts) = found else { return };
                for (at, part) in parts.iter().enumerate() {
                    let Search::Or(choices) = part else { continue };
                    if one_field(choices) {
                        continue;
                    }
                    let spans: Vec<Option<Span>> = parts.iter().map(extent).collect();
                    let around = [at.checked_sub(1).map(|before| (before, at)), Some((at, at + 1))];
                    let around = around.into_iter().flatten().filter_map(|(left, right)| {
                        depths.between((*spans.get(left)?)?, (*spans.get(right)?)?)
                    });
                    let and = around.min();
                    let spans = choices.iter().filter_map(extent).collect::<Vec<_>>();
                    let inside = spans.windows(2);
                    let or = inside
                        .filter_map(|pair| depths.between(pair[0], pair[1]))
                        .min();
                    // `x (a b) OR (c d)` is grouped deliberately.
                    let grouped = or.is_some_and(|or| spans.iter().all(|s| depths.at(*s) > Some(or)));
                    let spelled = parts.iter().filter_map(extent).collect::<Vec<_>>();
                    let spelled = spelled.windows(2).any(|pair| {
                        let between = Span {
                            start: pair[0].end,
                            end: pair[1].start.max(pair[0].end),
                            ..pair[0]
                        };
                        let mut words = subject.text(between).split(|c: char| !word::is_part(c));
                        words.any(|word| word.eq_ignore_ascii_case("and"))
                    });
                    if let (Some(and), Some(or), Some(span)) = (and, or, extent(part))
                        && or <= and
                        && (spelled || !grouped)
                    {
                        findings
                            .at(span, "here OR binds tighter than AND")
                            .hint("put the alternatives in parentheses if they are meant to belong together");
                    }
                }
            });
        }
    }
}

/// Whether all alternatives are about one field.
fn one_field(choices: &[Search]) -> bool {
    let field = |choice: &Search| match choice {
        Search::Compare { field, .. } | Search::In { field, .. } => Some(field.text.clone()),
        _ => None,
    };
    let first = choices.first().and_then(field);
    first.is_some() && choices.iter().all(|choice| field(choice) == first)
}

fn in_expressions(subject: &Subject<'_>, findings: &mut Findings) {
    for stage in subject.every_stage() {
        let depths = Depths::of(subject, stage.span);
        for expr in expressions(stage) {
            expr.each(&mut |found| {
                if !matches!(found.kind, ExprKind::Binary(BinaryOp::Or, ..)) {
                    return;
                }
                let choices = joined(found, BinaryOp::Or);
                let pairs = choices.windows(2);
                let or = pairs
                    .filter_map(|pair| depths.between(pair[0].span, pair[1].span))
                    .min();
                for choice in &choices {
                    let parts = joined(choice, BinaryOp::And);
                    let pairs = parts.windows(2);
                    let and = pairs
                        .filter_map(|pair| depths.between(pair[0].span, pair[1].span))
                        .min();
                    if let (Some(or), Some(and)) = (or, and)
                        && and <= or
                    {
                        let span = parts[0].span.to(parts[parts.len() - 1].span);
                        findings
                            .at(span, "here AND binds tighter than OR")
                            .hint("put it in parentheses, so that it reads as it runs");
                    }
                }
            });
        }
    }
}

/// The number of open parentheses at each byte of a stage's text.
struct Depths {
    start: u32,
    open: Vec<u16>,
}

impl Depths {
    fn of(subject: &Subject<'_>, span: Span) -> Depths {
        let (mut quoted, mut escaped, mut depth) = (false, false, 0u16);
        let mut open = Vec::new();
        for byte in subject.text(span).bytes() {
            if escaped {
                escaped = false;
            } else {
                match byte {
                    b'\\' => escaped = true,
                    b'"' => quoted = !quoted,
                    b'(' if !quoted => depth = depth.saturating_add(1),
                    b')' if !quoted => depth = depth.saturating_sub(1),
                    _ => {}
                }
            }
            open.push(depth);
        }
        Depths {
            start: span.start,
            open,
        }
    }

    /// The depth at the start of a span.
    fn at(&self, span: Span) -> Option<u16> {
        let at = span.start.checked_sub(self.start)? as usize;
        self.open.get(at).copied()
    }

    /// The smallest depth between two spans.
    fn between(&self, left: Span, right: Span) -> Option<u16> {
        let at = |byte: u32| byte.checked_sub(self.start).map(|byte| byte as usize);
        let (from, to) = (at(left.end)?, at(right.start)?);
        self.open.get(from..to)?.iter().copied().min()
    }
}
