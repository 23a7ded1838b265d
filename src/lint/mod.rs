//! Lints: what is not wrong in a search but most likely not meant, or dear.
//!
//! A new lint is a file here and its name in `lints!`. Only what is written in the search itself is
//! told of; what a macro brings is the macro's.

pub mod allow;
mod ast_queries;
mod context;
mod globs;
pub mod position;

pub use context::{StageView, Subject};

use crate::error::{Error, ErrorKind};
use crate::knowledge::fault::{Fault, FaultKind};
use crate::source::Span;

/// How bad what a lint finds is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Most likely not what was meant.
    Warning,
    /// The search does not run, or what it makes is of no use.
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
    /// How bad it is.
    pub severity: Severity,
    /// What it finds, in one sentence.
    pub finds: &'static str,
    /// Why that matters, and what to do.
    pub why: &'static str,
    /// A search, or a detection as YAML, that it finds something in.
    pub bad: &'static str,
    /// The same without.
    pub good: &'static str,
    /// How it looks.
    pub by: LintInput,
}

/// How a lint finds something.
#[derive(Clone, Copy)]
pub enum LintInput {
    /// It looks at a search that can be planned, and at the detection around it.
    Look(fn(&Subject<'_>, &mut Findings)),
    /// The same, for those who ask for it by denying it.
    OnRequest(fn(&Subject<'_>, &mut Findings)),
    /// It is the code of errors of that kind.
    Error(fn(&ErrorKind) -> bool),
    /// It is the code of faults of that kind.
    Fault(FaultKind),
}

/// What a lint found.
#[derive(Clone, Debug)]
pub struct Found {
    /// What is the matter.
    pub message: String,
    /// Where, in the expanded search.
    pub span: Option<Span>,
    /// A text of the detection's file by which the line is found, for what is not in its search.
    pub beside: Option<String>,
    /// What to do.
    pub hints: Vec<String>,
}

/// What a lint found in one search.
#[derive(Debug, Default)]
pub struct Findings(pub Vec<Found>);

impl Findings {
    /// Something in the search.
    pub fn at(&mut self, span: Span, message: impl Into<String>) -> &mut Found {
        self.push(Some(span), None, message.into())
    }

    /// Something in the detection's file, at the line that holds a text.
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
    /// Adds what to do.
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

/// The lint of that code or name, whatever its case.
pub fn lint(name: &str) -> Option<&'static Lint> {
    all()
        .into_iter()
        .find(|l| l.code.eq_ignore_ascii_case(name) || l.name.eq_ignore_ascii_case(name))
}

/// What stands for an error.
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

/// What all lints find in a search that can be planned, by place.
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
