//! Lints: likely mistakes in valid searches, and expensive commands.
//!
//! To add a lint, create a file here and list it in `lints!`. Lints report only on the search itself, not on
//! the macros that it calls.

pub mod allow;
mod ast_queries;
mod context;
mod globs;
pub mod position;

pub use context::{StageView, Subject};

use crate::error::{Error, ErrorKind};
use crate::knowledge::fault::{Fault, FaultKind};
use crate::source::Span;

/// The severity of a lint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Good to know.
    Note,
    /// Most likely a mistake.
    Warning,
    /// The search does not run, or its result is useless.
    Error,
}

impl Severity {
    /// `note`, `warning`, `error`
    pub fn name(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// One lint.
pub struct Lint {
    /// `SPL101`
    pub code: &'static str,
    /// `missing-summariesonly`
    pub name: &'static str,
    /// The severity.
    pub severity: Severity,
    /// One sentence on what the lint reports.
    pub finds: &'static str,
    /// Why it matters, and how to fix it.
    pub why: &'static str,
    /// A search, or a detection as YAML, that the lint reports.
    pub bad: &'static str,
    /// The same one fixed.
    pub good: &'static str,
    /// The source of its findings.
    pub by: LintInput,
}

/// The source of a lint's findings.
#[derive(Clone, Copy)]
pub enum LintInput {
    /// It examines a search that can be planned, and the detection that it belongs to.
    Look(fn(&Subject<'_>, &mut Findings)),
    /// The same, but only if the lint is denied.
    OnRequest(fn(&Subject<'_>, &mut Findings)),
    /// It gives a code to errors of this kind.
    Error(fn(&ErrorKind) -> bool),
    /// It gives a code to faults of this kind.
    Fault(FaultKind),
}

/// One finding.
#[derive(Clone, Debug)]
pub struct Found {
    /// The message.
    pub message: String,
    /// The span in the expanded search.
    pub span: Option<Span>,
    /// A text that locates the line in the detection's file, for findings outside the search.
    pub beside: Option<String>,
    /// How to fix it.
    pub hints: Vec<String>,
}

/// A lint's findings in one search.
#[derive(Debug, Default)]
pub struct Findings(pub Vec<Found>);

impl Findings {
    /// Adds a finding in the search.
    pub fn at(&mut self, span: Span, message: impl Into<String>) -> &mut Found {
        self.push(Some(span), None, message.into())
    }

    /// Adds a finding in the detection's file, at the line with this text.
    pub fn beside(&mut self, text: impl Into<String>, message: impl Into<String>) -> &mut Found {
        self.push(None, Some(text.into()), message.into())
    }

    fn push(&mut self, span: Option<Span>, beside: Option<String>, message: String) -> &mut Found {
        self.0.push(Found {
            message,
            span,
            beside,
            hints: Vec::new(),
        });
        let last = self.0.len() - 1;
        &mut self.0[last]
    }
}

impl Found {
    /// Adds a hint.
    pub fn hint(&mut self, hint: impl Into<String>) -> &mut Found {
        self.hints.push(hint.into());
        self
    }
}

macro_rules! lints {
    ($($module:ident),* $(,)?) => {
        $(mod $module;)*
        const TABLE: &[&[Lint]] = &[$($module::LINTS),*];
    };
}

lints! {
    errors, faults,
    or_and, never_true, literal_star, compared_with_null, constant_condition,
    unknown_model_field, never_in_model, missing_field, redundant_term,
    shadowed_field, unused_field, cut_before_stats, sort_limit, lost_sort, table_before_stats,
    risk_fields, required_fields,
    summariesonly, slow_commands, leading_wildcard, all_events,
}

/// All lints, by code.
pub fn all() -> Vec<&'static Lint> {
    let mut lints: Vec<&'static Lint> = TABLE.iter().copied().flatten().collect();
    lints.sort_by_key(|lint| lint.code);
    lints
}

/// The lint with that code or name, ignoring case.
pub fn lint(name: &str) -> Option<&'static Lint> {
    all()
        .into_iter()
        .find(|l| l.code.eq_ignore_ascii_case(name) || l.name.eq_ignore_ascii_case(name))
}

/// The lint of an error.
pub fn of_error(error: &Error) -> Option<&'static Lint> {
    let by_kind = |lint: &&Lint| match lint.by {
        LintInput::Error(is) => is(&error.kind),
        LintInput::Look(_) | LintInput::OnRequest(_) | LintInput::Fault(_) => false,
    };
    all().into_iter().find(by_kind)
}

/// The lint of a fault.
pub fn of_fault(fault: &Fault) -> Option<&'static Lint> {
    let by_kind = |lint: &&Lint| matches!(lint.by, LintInput::Fault(kind) if kind == fault.kind);
    all().into_iter().find(by_kind)
}

/// The findings of all lints in a search that can be planned, by position.
pub fn run(subject: &Subject<'_>, rules: &allow::Rules) -> Vec<(&'static Lint, Found)> {
    let mut out: Vec<(&'static Lint, Found)> = Vec::new();
    for lint in all() {
        let find = match lint.by {
            LintInput::Look(find) => find,
            LintInput::OnRequest(find) if rules.denies(lint) => find,
            LintInput::OnRequest(_) | LintInput::Error(_) | LintInput::Fault(_) => continue,
        };
        let mut findings = Findings::default();
        find(subject, &mut findings);
        let written = |found: &Found| found.span.is_none_or(|span| subject.is_written(span));
        let mine = findings.0.into_iter().filter(written);
        out.extend(mine.map(|found| (lint, found)));
    }
    out.sort_by_key(|(lint, found)| (found.span.map(|s| s.start), lint.code));
    out.dedup_by(|(a, x), (b, y)| a.code == b.code && x.span == y.span && x.message == y.message);
    out
}
