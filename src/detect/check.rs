//! `check`: parses, resolves, plans and lints searches without running them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::detect::is_refusal;
use crate::detect::report::sarif::Annotation;
use crate::error::Failure;
use crate::error::{Error, ErrorKind};
use crate::knowledge::detection::Detection;
use crate::knowledge::fault::Fault;
use crate::lint::position::{self, Place};
use crate::lint::{self, Found, Lint, Severity, allow};
use crate::report;
use crate::source::{SourceId, SourceMap, Span};

/// A checked search or file.
#[derive(Debug)]
pub struct Item<'i> {
    /// The file's path, or the search.
    pub name: &'i str,
    /// The file's text, if it is a file.
    pub text: Option<&'i str>,
    /// The detection, if the file parses as one.
    pub detection: Option<&'i Detection>,
}

/// The lint findings of a search that can be planned, with its source texts.
pub type Looked = (Vec<(&'static Lint, Found)>, SourceMap);

/// The results of `check`.
#[derive(Debug, Default)]
pub struct CheckReport {
    items: Vec<Checked>,
}

/// One search.
#[derive(Debug)]
struct Checked {
    name: String,
    /// Whether it is a file.
    file: bool,
    problems: Vec<Problem>,
    refused: Vec<String>,
    sources: SourceMap,
}

/// One problem.
struct Problem {
    lint: &'static Lint,
    /// Whether it fails the check.
    fails: bool,
    message: String,
    span: Option<Span>,
    /// The position in the file, or in the search if there is no file.
    place: Option<Place>,
    hints: Vec<String>,
}

impl Problem {
    fn of_fault(lint: &'static Lint, fault: &Fault, rules: &allow::Rules) -> Problem {
        Problem {
            lint,
            fails: rules.denies(lint),
            message: fault.message(),
            span: None,
            place: (fault.origin.line > 0).then_some(Place {
                line: fault.origin.line,
                column: 1,
            }),
            hints: Vec::new(),
        }
    }
}

impl std::fmt::Debug for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.lint.code, self.message)
    }
}

impl CheckReport {
    /// Adds a checked search, with its lint findings or the error that prevents it from running.
    pub fn add(&mut self, item: &Item<'_>, outcome: Result<Looked, Failure>, rules: &allow::Rules) {
        let search = item.detection.map(|d| d.search.as_str()).or(item.text);
        let mut comments = allow::in_search(search.unwrap_or(item.name));
        if let (Some(text), Some(detection)) = (item.text, item.detection)
            && detection.search_line > 0
        {
            comments.extend(allow::in_yaml(text));
        }
        let mut checked = Checked {
            name: item.name.to_owned(),
            file: item.text.is_some() || item.detection.is_some(),
            problems: Vec::new(),
            refused: Vec::new(),
            sources: SourceMap::new(),
        };
        let found: Vec<(&'static Lint, Found)> = match outcome {
            Ok((found, sources)) => {
                checked.sources = sources;
                found
            }
            Err(failure) => {
                let errors = || std::iter::once(&failure.error).chain(&failure.error.others);
                checked.refused = errors().filter_map(refused_name).collect();
                // Unsupported features are reported only if there is no other error.
                let refusal = is_refusal(&failure.error);
                let told = errors().filter(|e| refusal || refused_name(e).is_none());
                let found = told.filter_map(of_error).collect();
                checked.sources = failure.sources;
                found
            }
        };
        for fault in item.detection.map_or(&[][..], |d| &d.faults) {
            if let Some(lint) = lint::of_fault(fault).filter(|l| !rules.allows(l, &comments)) {
                let problem = Problem::of_fault(lint, fault, rules);
                checked.problems.push(problem);
            }
        }
        for (lint, found) in found {
            if lint.severity != Severity::Error && rules.allows(lint, &comments) {
                continue;
            }
            let place = place_of(item, &found, &checked.sources);
            checked.problems.push(Problem {
                lint,
                fails: rules.denies(lint),
                message: found.message,
                span: found.span,
                place,
                hints: found.hints,
            });
        }
        self.items.push(checked);
    }

    /// Notes the tokens without a value of the search added last.
    pub fn add_unset(&mut self, tokens: &[String]) {
        if let Some(checked) = self.items.last_mut() {
            let note = |token: &String| format!("the token ${token}$ without a value (--token)");
            checked.refused.extend(tokens.iter().map(note));
        }
    }

    /// Adds the faults of knowledge objects, one item per file.
    pub fn add_faults(&mut self, faults: &[Fault], rules: &allow::Rules) {
        for fault in faults {
            let Some(lint) = lint::of_fault(fault).filter(|lint| !rules.allows(lint, &[])) else {
                continue;
            };
            let name = fault.origin.path.display().to_string();
            let problem = Problem::of_fault(lint, fault, rules);
            match self
                .items
                .iter_mut()
                .find(|item| item.file && item.name == name)
            {
                Some(item) => item.problems.push(problem),
                None => self.items.push(Checked {
                    name,
                    file: true,
                    problems: vec![problem],
                    refused: Vec::new(),
                    sources: SourceMap::new(),
                }),
            }
        }
    }

    /// Whether there are no errors and no denied findings; unsupported features are not errors.
    pub fn is_ok(&self) -> bool {
        self.problems().all(|(_, problem)| !problem.fails)
    }

    fn problems(&self) -> impl Iterator<Item = (&Checked, &Problem)> {
        let each = self.items.iter();
        each.flat_map(|item| item.problems.iter().map(move |problem| (item, problem)))
    }

    /// The number of findings by lint code.
    pub fn counts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for (_, problem) in self.problems() {
            *counts.entry(problem.lint.code).or_default() += 1;
        }
        counts
    }

    /// The report as text: findings with their source excerpts, unsupported features counted by name.
    pub fn render(&self, color: bool) -> String {
        let mut out = String::new();
        for (item, problem) in self.problems() {
            if is_unsupported(problem.lint) {
                continue;
            }
            let name = match problem.place.filter(|_| item.file) {
                Some(Place { line, column }) => format!("{}:{line}:{column}", item.name),
                None => item.name.clone(),
            };
            let drawn = report::render_finding(
                problem.lint.severity.name(),
                problem.lint.code,
                &problem.message,
                problem.span,
                &problem.hints,
                &item.sources,
                color,
            );
            let _ = writeln!(out, "{name}\n{drawn}\n");
        }
        let mut refused: BTreeMap<String, usize> = BTreeMap::new();
        for item in &self.items {
            let mut names = item.refused.clone();
            names.sort();
            names.dedup();
            for name in names {
                *refused.entry(name).or_default() += 1;
            }
        }
        if !refused.is_empty() {
            let _ = writeln!(out, "unsupported:");
            for (name, count) in &refused {
                let searches = if *count == 1 { "search" } else { "searches" };
                let _ = writeln!(out, "  {name}: {count} {searches}");
            }
        }
        self.sum_up(&mut out);
        out
    }

    fn sum_up(&self, out: &mut String) {
        let counts = self.counts();
        let told: Vec<&Lint> = lint::all()
            .into_iter()
            .filter(|l| counts.contains_key(l.code) && !is_unsupported(l))
            .collect();
        if self.items.len() > 1 && !told.is_empty() {
            let _ = writeln!(out, "found:");
            for lint in told {
                let (code, name) = (lint.code, lint.name);
                let severity = lint.severity.name();
                let _ = writeln!(out, "  {:>5} {code} {name} ({severity})", counts[code]);
            }
        }
        let of = |wanted: &dyn Fn(&Checked) -> bool| {
            self.items.iter().filter(|item| wanted(item)).count()
        };
        let has = |item: &Checked, severity: Severity| {
            let mut problems = item.problems.iter();
            problems.any(|p| p.lint.severity == severity && !is_unsupported(p.lint))
        };
        let wrong = of(&|item| has(item, Severity::Error));
        let refused = of(&|item| !item.refused.is_empty() && !has(item, Severity::Error));
        let warned = of(&|item| !has(item, Severity::Error) && has(item, Severity::Warning));
        let noted = of(&|item| {
            !has(item, Severity::Error)
                && !has(item, Severity::Warning)
                && has(item, Severity::Note)
        });
        let fine = self.items.len() - wrong - refused - warned - noted;
        let mut parts = vec![format!("{fine} fine")];
        if warned > 0 {
            parts.push(format!("{warned} with warnings"));
        }
        if noted > 0 {
            parts.push(format!("{noted} with notes"));
        }
        parts.push(format!("{refused} unsupported"));
        parts.push(format!("{wrong} wrong"));
        let _ = writeln!(out, "{} checked: {}", self.items.len(), parts.join(", "));
    }

    /// The findings as JSON objects: `file` or `search`, `line`, `column`, `code`, `lint`, `severity`,
    /// `message`, `text` (the source excerpt), `help`.
    pub fn json(&self) -> Vec<Value> {
        let each = self.problems().map(|(item, problem)| {
            let place = problem.place.unwrap_or_default();
            let text = problem.span.map(|span| {
                let span = item.sources.trace(span).span;
                item.sources.text(span).to_owned()
            });
            let mut object = json!({
                if item.file { "file" } else { "search" }: item.name,
                "code": problem.lint.code,
                "lint": problem.lint.name,
                "severity": problem.lint.severity.name(),
                "message": problem.message,
                "fails": problem.fails,
            });
            if problem.place.is_some() {
                object["line"] = json!(place.line);
                object["column"] = json!(place.column);
            }
            if let Some(text) = text {
                object["text"] = json!(text);
            }
            if !problem.hints.is_empty() {
                object["help"] = json!(problem.hints);
            }
            object
        });
        each.collect()
    }

    /// The findings as annotations for code hosts.
    pub fn annotations(&self) -> Vec<Annotation> {
        let each = self.problems().map(|(item, problem)| Annotation {
            rule: problem.lint.code.to_owned(),
            title: problem.lint.name.to_owned(),
            level: problem.lint.severity.name(),
            message: problem.message.clone(),
            file: item.name.clone(),
            line: problem.place.map_or(1, |place| place.line),
        });
        each.collect()
    }
}

fn is_unsupported(lint: &Lint) -> bool {
    lint.code == "SPL006"
}

/// Converts an error to a finding.
fn of_error(error: &Error) -> Option<(&'static Lint, Found)> {
    let lint = lint::of_error(error)?;
    Some((
        lint,
        Found {
            message: error.to_string(),
            span: error.span,
            beside: None,
            hints: error.hints.clone(),
        },
    ))
}

/// The position of a finding in its file, or in the search if there is no file.
fn place_of(item: &Item<'_>, found: &Found, sources: &SourceMap) -> Option<Place> {
    if let (Some(beside), Some(text)) = (&found.beside, item.text) {
        return Some(position::of_text(text, beside));
    }
    let trace = sources.trace(found.span?);
    // For a position in a macro, the outermost call.
    let at = match trace.calls.last() {
        Some((_, call)) if trace.span.source != SourceId(0) => *call,
        _ => trace.span,
    };
    let offset = at.start as usize;
    match (item.text, item.detection) {
        (Some(text), Some(d)) if d.search_line > 0 => {
            Some(position::in_yaml(text, d.search_line, &d.search, offset))
        }
        _ => {
            let (line, column) = sources.line_column(at.source, at.start);
            Some(Place { line, column })
        }
    }
}

fn refused_name(error: &Error) -> Option<String> {
    match &*error.kind {
        ErrorKind::UnsupportedCommand { name, .. } => Some(format!("command {name}")),
        ErrorKind::UnsupportedFunction { name, .. } => Some(format!("function {name}")),
        _ => None,
    }
}
