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
pub struct Fields {
    /// Fields known by name, in order.
    pub known: IndexSet<String>,
    /// Whether there may be others.
    pub open: bool,
}

impl Fields {
    /// Rows with unknown fields.
    pub fn anything() -> Fields {
        Fields {
            known: IndexSet::new(),
            open: true,
        }
    }

    /// Rows with exactly these fields.
    pub fn exactly(names: impl IntoIterator<Item = impl Into<String>>) -> Fields {
        Fields {
            known: names.into_iter().map(Into::into).collect(),
            open: false,
        }
    }

    /// Whether a row may have the field.
    pub fn may_have(&self, name: &str) -> bool {
        self.open || self.known.contains(name)
    }

    fn join(&mut self, other: &Fields) {
        self.known.extend(other.known.iter().cloned());
        self.open |= other.open;
    }

    fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.known.retain(|name| keep(name));
    }
}

/// Fields that a step reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    /// By name, each once.
    pub names: Vec<String>,
    /// By pattern.
    pub patterns: Vec<Pattern>,
    /// All fields.
    pub all: bool,
}

impl Reads {
    fn everything() -> Reads {
        Reads {
            all: true,
            ..Reads::default()
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

    fn of(names: impl IntoIterator<Item = impl AsRef<str>>) -> Reads {
        let mut reads = Reads::default();
        names.into_iter().for_each(|name| reads.add(name.as_ref()));
        reads
    }

    fn expr(&mut self, expr: &Expr) {
        fields_of(expr).iter().for_each(|name| self.add(name));
        self.all |= looks_at_rows(expr);
    }

    fn of_expr(expr: &Expr) -> Reads {
        let mut reads = Reads::default();
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
pub enum Step {
    /// Produces rows with these fields.
    Source(Fields),
    /// Reads fields.
    Read(Reads),
    /// Sets a field from others.
    Set(String, Reads),
    /// Keeps only these fields.
    Keep(Vec<Pattern>),
    /// Keeps exactly these fields.
    Table(Vec<Pattern>),
    /// Drops these fields.
    Drop(Vec<Pattern>),
    /// Renames a field.
    Rename(Pattern, Pattern),
    /// Aggregates rows: reads them and produces new rows with these fields.
    Sum(Reads, Fields),
    /// Adds rows or fields of another source.
    Join(Fields),
    /// Has an effect that depends on the rows.
    Unknown,
}

/// The fields after a step.
pub fn after(step: &Step, mut fields: Fields) -> Fields {
    match step {
        Step::Source(source) => source.clone(),
        Step::Read(_) => fields,
        Step::Set(name, _) => {
            fields.known.insert(name.clone());
            fields
        }
        Step::Keep(patterns) => {
            let kept = |name: &str| {
                ["_time", "_raw"].contains(&name) || patterns.iter().any(|p| p.matches(name))
            };
            fields.retain(kept);
            if fields.open {
                let named = patterns.iter().filter(|p| !p.is_wild());
                fields.known.extend(named.map(|p| p.text.clone()));
                fields.known.extend(["_time", "_raw"].map(str::to_owned));
                fields.open = patterns.iter().any(Pattern::is_wild);
            }
            fields
        }
        Step::Table(patterns) => {
            let before = fields;
            let mut fields = Fields::default();
            for pattern in patterns {
                if pattern.is_wild() {
                    fields.open |= before.open;
                    let fits = before.known.iter().filter(|name| pattern.matches(name));
                    fields.known.extend(fits.cloned());
                } else if before.may_have(&pattern.text) {
                    fields.known.insert(pattern.text.clone());
                }
            }
            fields
        }
        Step::Drop(patterns) => {
            fields.retain(|name| !patterns.iter().any(|p| p.matches(name)));
            fields
        }
        Step::Rename(from, to) => {
            let open = fields.open;
            if from.is_wild() {
                let names = fields.known.iter().map(|name| match from.captures(name) {
                    Some(captures) => to.fill(&captures),
                    None => name.clone(),
                });
                fields.known = names.collect();
            } else if fields.known.shift_remove(&from.text) || open {
                fields.known.insert(to.text.clone());
            }
            fields
        }
        Step::Sum(_, fields) => fields.clone(),
        Step::Join(other) => {
            fields.join(other);
            fields
        }
        Step::Unknown => {
            fields.open = true;
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
