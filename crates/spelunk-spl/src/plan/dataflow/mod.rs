//! Field dataflow of a plan: the fields that each step reads, sets, keeps and drops. Computed
//! without rows; steps that depend on rows are marked.

mod walk;

pub use walk::{fields, steps};

use indexmap::IndexSet;

use crate::plan::EACH;
use crate::plan::analysis::fields_of;
use crate::plan::schema::Pattern;
use crate::syntax::ast::{Expr, ExprKind, Search};

/// Fields that events and rows of data models have in addition to their own.
pub const BARE: [&str; 6] = ["_time", "_raw", "host", "source", "sourcetype", "index"];

/// The known fields of rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSet {
    /// Fields known by name, in order.
    pub known: IndexSet<String>,
    /// Whether there may be others.
    pub may_have_more: bool,
}

impl FieldSet {
    /// Rows with unknown fields.
    pub fn anything() -> FieldSet {
        FieldSet {
            known: IndexSet::new(),
            may_have_more: true,
        }
    }

    /// Rows with exactly these fields.
    pub fn exactly(names: impl IntoIterator<Item = impl Into<String>>) -> FieldSet {
        FieldSet {
            known: names.into_iter().map(Into::into).collect(),
            may_have_more: false,
        }
    }

    /// Whether a row may have the field.
    pub fn may_have(&self, name: &str) -> bool {
        self.may_have_more || self.known.contains(name)
    }

    fn join(&mut self, other: &FieldSet) {
        self.known.extend(other.known.iter().cloned());
        self.may_have_more |= other.may_have_more;
    }

    fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.known.retain(|name| keep(name));
    }
}

/// Fields that a step reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldReads {
    /// By name, each once.
    pub names: Vec<String>,
    /// By pattern.
    pub patterns: Vec<Pattern>,
    /// All fields.
    pub all: bool,
}

impl FieldReads {
    fn everything() -> FieldReads {
        FieldReads {
            all: true,
            ..FieldReads::default()
        }
    }

    /// Whether the field is read.
    pub fn has(&self, name: &str) -> bool {
        self.all
            || self.names.iter().any(|n| n == name)
            || self.patterns.iter().any(|p| p.matches(name))
    }

    fn add(&mut self, name: &str) {
        if name.contains('*') {
            self.patterns.push(Pattern::new(name));
        } else if name != EACH && !self.names.iter().any(|n| n == name) {
            self.names.push(name.to_owned());
        }
    }

    fn of(names: impl IntoIterator<Item = impl AsRef<str>>) -> FieldReads {
        let mut reads = FieldReads::default();
        names.into_iter().for_each(|name| reads.add(name.as_ref()));
        reads
    }

    fn expr(&mut self, expr: &Expr) {
        fields_of(expr).iter().for_each(|name| self.add(name));
        self.all |= looks_at_rows(expr);
    }

    fn of_expr(expr: &Expr) -> FieldReads {
        let mut reads = FieldReads::default();
        reads.expr(expr);
        reads
    }

    fn search(&mut self, search: &Search) {
        match search {
            Search::And(parts) | Search::Or(parts) => parts.iter().for_each(|p| self.search(p)),
            Search::Not(inner) => self.search(inner),
            Search::Compare { field, .. }
            | Search::In { field, .. }
            | Search::CompareSubsearch { field, .. } => self.add(&field.text),
            // A word is searched for in the raw text of the event.
            Search::Term(_) | Search::ExactTerm(_) | Search::CaseTerm(_) => self.add("_raw"),
            // The fields of its rows are known only after it has run.
            Search::Subsearch(_) => self.all = true,
        }
    }
}

/// A step of the field dataflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StageEffect {
    /// Produces rows with these fields.
    Source(FieldSet),
    /// Reads fields.
    Read(FieldReads),
    /// Sets a field from others.
    Set(String, FieldReads),
    /// Keeps only these fields.
    Keep(Vec<Pattern>),
    /// Keeps exactly these fields.
    Table(Vec<Pattern>),
    /// Drops these fields.
    Drop(Vec<Pattern>),
    /// Renames a field.
    Rename(Pattern, Pattern),
    /// Aggregates rows: reads them and produces new rows with these fields.
    Sum(FieldReads, FieldSet),
    /// Adds rows or fields of another source.
    Join(FieldSet),
    /// Has an effect that depends on the rows.
    Unknown,
}

/// The fields after a step.
pub fn after(step: &StageEffect, mut fields: FieldSet) -> FieldSet {
    match step {
        StageEffect::Source(source) => source.clone(),
        StageEffect::Read(_) => fields,
        StageEffect::Set(name, _) => {
            fields.known.insert(name.clone());
            fields
        }
        StageEffect::Keep(patterns) => {
            let kept = |name: &str| {
                ["_time", "_raw"].contains(&name) || patterns.iter().any(|p| p.matches(name))
            };
            fields.retain(kept);
            if fields.may_have_more {
                let named = patterns.iter().filter(|p| !p.is_wild());
                fields.known.extend(named.map(|p| p.text.clone()));
                fields.known.extend(["_time", "_raw"].map(str::to_owned));
                fields.may_have_more = patterns.iter().any(Pattern::is_wild);
            }
            fields
        }
        StageEffect::Table(patterns) => {
            let before = fields;
            let mut fields = FieldSet::default();
            for pattern in patterns {
                if pattern.is_wild() {
                    fields.may_have_more |= before.may_have_more;
                    let fits = before.known.iter().filter(|name| pattern.matches(name));
                    fields.known.extend(fits.cloned());
                } else if before.may_have(&pattern.text) {
                    fields.known.insert(pattern.text.clone());
                }
            }
            fields
        }
        StageEffect::Drop(patterns) => {
            fields.retain(|name| !patterns.iter().any(|p| p.matches(name)));
            fields
        }
        StageEffect::Rename(from, to) => {
            let may_have_more = fields.may_have_more;
            if from.is_wild() {
                let names = fields.known.iter().map(|name| match from.captures(name) {
                    Some(captures) => to.fill(&captures),
                    None => name.clone(),
                });
                fields.known = names.collect();
            } else if fields.known.shift_remove(&from.text) || may_have_more {
                fields.known.insert(to.text.clone());
            }
            fields
        }
        StageEffect::Sum(_, fields) => fields.clone(),
        StageEffect::Join(other) => {
            fields.join(other);
            fields
        }
        StageEffect::Unknown => {
            fields.may_have_more = true;
            fields
        }
    }
}

/// Whether an expression reads fields that it does not name.
fn looks_at_rows(expr: &Expr) -> bool {
    expr.any(&|found| match &found.kind {
        ExprKind::Call(name, _) => {
            let by_row = ["searchmatch", "getfields"];
            by_row.iter().any(|f| name.text.eq_ignore_ascii_case(f))
        }
        ExprKind::Subsearch(_) => true,
        _ => false,
    })
}
