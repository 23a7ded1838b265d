//! Plan nodes: what a search does, in few words, whatever command said it.
//!
//! A plan holds no Polars type: another engine could run it. What no node can say is a
//! [`Kernel`].

pub mod analysis;
pub mod build;
pub mod chart;
pub mod check;
pub mod context;
pub mod dataflow;
pub mod effects;
pub mod event_types;
pub mod expr;
pub mod extracted;
pub mod names;
pub mod optimize;
pub mod pivot;
pub mod print;
pub mod schema;
pub mod stream;
pub mod table;
pub mod texts;
pub mod tuning;

use std::fmt::Debug;
use std::sync::Arc;

use crate::error::Result;
use crate::functions::stats::StatsFunction;
use crate::plan::chart::Chart;
use crate::plan::context::QueryContext;
use crate::plan::schema::{Pattern, Schema};
use crate::plan::stream::Stream;
use crate::plan::table::Table;
use crate::plan::tuning::RuleId;
use crate::source::Span;
use crate::syntax::ast::{Expr, Literal, Name, Search};
use crate::time::Span as TimeSpan;

/// A node; `input` is what its rows come from.
#[derive(Clone, Debug)]
pub enum Plan {
    /// Rows from outside.
    Scan(Scan),
    /// Rows out of nothing: `count` rows whose `_time` is the search's time.
    Generate {
        /// How many rows.
        count: usize,
    },
    /// A table written in the search itself.
    Values(Arc<Table>),
    /// A node with the physical rules that decide how it runs; only physical plans have it.
    Physical {
        /// The node, never itself `Physical`.
        node: Box<Plan>,
        /// The rules, each once, in their order.
        rules: Vec<RuleId>,
    },
    /// Keeps the rows for which the predicate is true.
    Filter {
        /// The rows.
        input: Box<Plan>,
        /// What must hold.
        predicate: Predicate,
    },
    /// Keeps, orders or drops columns.
    Project {
        /// The rows.
        input: Box<Plan>,
        /// How `fields` act.
        mode: Projection,
        /// Names or patterns.
        fields: Vec<Pattern>,
    },
    /// Computes columns, each assignment seeing those before it.
    Extend {
        /// The rows.
        input: Box<Plan>,
        /// The assignments in order.
        columns: Vec<Assignment>,
    },
    /// Gives columns other names; a later pair sees the earlier ones' result.
    Rename {
        /// The rows.
        input: Box<Plan>,
        /// Old and new names or patterns.
        pairs: Vec<(Pattern, Pattern)>,
    },
    /// One row for each combination of the `by` fields, sorted by them.
    Aggregate {
        /// The rows.
        input: Box<Plan>,
        /// The result columns.
        aggregates: Vec<AggregateCall>,
        /// What to group by.
        by: Vec<ByField>,
        /// The value for a missing `by` field; without it such rows are dropped.
        fill: Option<String>,
        /// No result for a field with a value in the group that is not a number.
        all_numbers: bool,
        /// Whether the rows come sorted by the `by` fields, or in the order their groups were seen.
        sorted: bool,
    },
    /// Adds aggregates to every row of its group.
    Window {
        /// The rows.
        input: Box<Plan>,
        /// The added columns.
        aggregates: Vec<AggregateCall>,
        /// What to group by.
        by: Vec<ByField>,
        /// No result for a field with a value in the group that is not a number.
        all_numbers: bool,
    },
    /// Adds aggregates of the rows up to each row.
    Stream {
        /// The rows.
        input: Box<Plan>,
        /// What is added.
        stream: Box<Stream>,
    },
    /// Aggregates as a table for a chart: a column for each series.
    Chart {
        /// The rows.
        input: Box<Plan>,
        /// What is made of them.
        chart: Box<Chart>,
    },
    /// Sets fields to the values that others had some rows before.
    Lag {
        /// The rows.
        input: Box<Plan>,
        /// The field, the field that is set, and how many rows before.
        columns: Vec<(String, String, usize)>,
    },
    /// Puts the last value that was there in place of missing ones.
    ForwardFill {
        /// The rows.
        input: Box<Plan>,
        /// The fields.
        fields: Vec<Pattern>,
    },
    /// Orders the rows, stably.
    Sort {
        /// The rows.
        input: Box<Plan>,
        /// The keys; none with `reverse` turns the order round.
        keys: Vec<SortKey>,
        /// Rows kept at most; 0 for all.
        limit: usize,
    },
    /// Leaves out rows that repeat the values of others in some fields, as far as that is cheap to
    /// see.
    PartialDistinct {
        /// The rows.
        input: Box<Plan>,
        /// The fields, which hold texts.
        fields: Vec<String>,
    },
    /// Turns the order of the rows round.
    Reverse {
        /// The rows.
        input: Box<Plan>,
    },
    /// The first or last rows.
    Limit {
        /// The rows.
        input: Box<Plan>,
        /// How many.
        count: usize,
        /// From the end, in reverse order as `tail` gives them.
        tail: bool,
    },
    /// The rows after the first ones.
    Skip {
        /// The rows.
        input: Box<Plan>,
        /// How many are skipped.
        count: usize,
    },
    /// The rows up to the first for which a condition does not hold.
    TakeWhile {
        /// The rows.
        input: Box<Plan>,
        /// What must hold.
        condition: Expr,
        /// Rows at most.
        limit: usize,
        /// Whether a row goes on for which it is neither true nor false.
        null: bool,
        /// Keeps the row that ends the rows.
        keep_last: bool,
    },
    /// The rows of a subsearch: run first, cut with a notice when there are more than the limit.
    Subquery {
        /// The rows.
        input: Box<Plan>,
        /// Rows at most.
        most: usize,
    },
    /// Puts a time into buckets.
    Bucket {
        /// The rows.
        input: Box<Plan>,
        /// The field.
        field: String,
        /// The field that gets the bucket's start.
        alias: String,
        /// The buckets' length.
        span: TimeSpan,
        /// Epoch seconds at which a bucket starts.
        align: Option<f64>,
    },
    /// The first rows of each combination of values.
    Distinct {
        /// The rows.
        input: Box<Plan>,
        /// The fields that make a combination.
        fields: Vec<String>,
        /// Rows kept of each.
        count: usize,
        /// Keeps rows that lack a field.
        keep_empty: bool,
        /// Keeps all rows, but removes the fields from the repeated ones.
        keep_events: bool,
        /// Only neighbours count as repeated.
        consecutive: bool,
    },
    /// Joins by equal fields.
    Join {
        /// The rows that lead.
        left: Box<Plan>,
        /// The rows looked up.
        right: Box<Plan>,
        /// The fields; none means all that both have.
        fields: Vec<String>,
        /// Keeps left rows without a partner.
        outer: bool,
        /// Whether right columns replace left ones of the same name.
        overwrite: bool,
        /// Partners taken for a left row; 0 for all.
        max: usize,
        /// The command.
        span: Span,
    },
    /// Adds columns from a lookup table.
    Lookup {
        /// The rows.
        input: Box<Plan>,
        /// The lookup's name.
        lookup: Name,
        /// Lookup field and row field, by which rows match.
        keys: Vec<(Name, Name)>,
        /// Lookup field and the field it fills; empty means all that are no key.
        outputs: Vec<(Name, Name)>,
        /// Whether present values are replaced (`OUTPUT`) or kept (`OUTPUTNEW`).
        overwrite: bool,
    },
    /// The rows of one input after those of the other.
    Union {
        /// The inputs in order.
        inputs: Vec<Plan>,
    },
    /// One row for each value of a multivalue field.
    Explode {
        /// The rows.
        input: Box<Plan>,
        /// The field.
        field: String,
        /// Values taken of each row; 0 for all.
        limit: usize,
    },
    /// Appends columns computed over all rows from some of their fields.
    MapColumns {
        /// The rows.
        input: Box<Plan>,
        /// What computes them.
        kernel: Arc<dyn ColumnKernel>,
    },
    /// Computes rows once for a plan that takes them from [`Scan::Binding`], as often as it likes.
    With {
        /// The rows.
        input: Box<Plan>,
        /// What is made of them.
        body: Box<Plan>,
    },
    /// A plan that can be made only when the rows are there, over them as [`Scan::Binding`].
    Deferred {
        /// The rows.
        input: Box<Plan>,
        /// Makes the plan.
        expansion: Arc<dyn Expansion>,
    },
    /// Puts the first row of one input next to the first of the other, and so on.
    HConcat {
        /// The rows that lead.
        left: Box<Plan>,
        /// The rows put next to them.
        right: Box<Plan>,
        /// Whether right values replace left ones of the same name.
        overwrite: bool,
    },
    /// What no other node can say.
    Kernel {
        /// The rows.
        input: Box<Plan>,
        /// What is done to them.
        kernel: Arc<dyn Kernel>,
    },
}

/// Where rows come from.
#[derive(Clone, Debug)]
pub enum Scan {
    /// Events, newest first: of the files given, or of the store.
    Events,
    /// The same in any order.
    EventsUnordered,
    /// The rows of a data model's data set, columns named `Dataset.field`.
    Model {
        /// `Endpoint`.
        model: Name,
        /// `Processes`; the model's root data set when not given.
        dataset: Option<Name>,
        /// Only what summaries hold.
        summaries_only: bool,
    },
    /// A lookup table.
    Lookup(Name),
    /// The rows that the innermost [`Plan::Let`] or [`Plan::Expand`] around it computed.
    Binding,
}

/// What a filter asks.
#[derive(Clone, Debug)]
pub enum Predicate {
    /// A search expression, with the plans of its subsearches in their order.
    Search(Search, Vec<Plan>),
    /// An expression that must be true.
    Expr(Expr),
}

/// How a projection acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Projection {
    /// `fields`: keeps those there are in their own order, and `_time` and `_raw`.
    Keep,
    /// `fields -`: drops.
    Drop,
    /// `table`: these columns in this order, also those that no row has.
    Table,
}

/// One assignment of [`Plan::Extend`].
#[derive(Clone, Debug)]
pub struct Assignment {
    /// What is assigned.
    pub target: Target,
    /// Its value.
    pub value: Expr,
}

/// What an assignment sets.
#[derive(Clone, Debug)]
pub enum Target {
    /// One field.
    Field(String),
    /// A field whose name holds values of others: `eval {k}_x=1`.
    Template(String),
    /// Every field there is that a pattern matches; in the expression the field
    /// [`EACH`] names it.
    Each(Vec<Pattern>),
    /// The same for fields that at least one row has.
    EachPresent(Vec<Pattern>),
}

/// The placeholder for the field being set in [`Target::Each`].
pub const EACH: &str = "<<FIELD>>";

/// One aggregation.
#[derive(Clone, Debug)]
pub struct AggregateCall {
    /// The function's row.
    pub function: &'static StatsFunction,
    /// The number in its name: 95 for `perc95`.
    pub parameter: Option<f64>,
    /// What it aggregates.
    pub arg: AggregateInput,
    /// The result column's name; with a `*` in the argument, a pattern.
    pub name: String,
    /// Its place.
    pub span: Span,
}

/// What an aggregation sees of a row.
#[derive(Clone, Debug)]
pub enum AggregateInput {
    /// The row itself.
    Row,
    /// A field, or each field that a pattern matches.
    Field(Pattern),
    /// An expression's value.
    Expr(Expr),
}

/// A field to group by.
#[derive(Clone, Debug)]
pub struct ByField {
    /// Its name.
    pub name: String,
    /// Buckets of that span (`_time span=1h`).
    pub span: Option<TimeSpan>,
    /// A row counts once for a value that its multivalue field holds several times.
    pub distinct: bool,
}

/// A key of [`Plan::Sort`].
#[derive(Clone, Debug)]
pub struct SortKey {
    /// The field.
    pub field: String,
    /// Largest first.
    pub descending: bool,
    /// How values compare.
    pub order: SortOrder,
}

/// How `sort` compares the values of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortOrder {
    /// As `Value`, but a field whose values are all addresses by address.
    Auto,
    /// Numbers by value before text by code point.
    Value,
    /// As numbers; what is none comes last.
    Number,
    /// As text.
    Text,
    /// As addresses.
    Address,
}

/// An operation over whole rows that no node expresses.
pub trait Kernel: Debug + Send + Sync {
    /// How it prints in a plan.
    fn describe(&self) -> String;
    /// Checks, before the input is computed, that everything it needs besides the rows is available.
    ///
    /// # Errors
    /// What is missing.
    fn prepare(&self, _: &QueryContext) -> Result<()> {
        Ok(())
    }
    /// The rows it makes of the input's.
    ///
    /// # Errors
    /// What is wrong with the data or the arguments, with the place of the command.
    fn run(&self, input: Table, context: &QueryContext) -> Result<Table>;
}

/// Computes columns from whole columns: fields whose names come from the data, numbers that depend
/// on rows around. The rows stay as they are, and columns it does not read stay lazy.
pub trait ColumnKernel: Debug + Send + Sync {
    /// How it prints in a plan.
    fn describe(&self) -> String;
    /// The fields it reads; those that are not there are skipped.
    fn reads(&self, schema: &Schema) -> Vec<String>;
    /// What becomes of a value that a row has already in a column that is computed.
    fn merge(&self) -> Merge {
        Merge::Replace
    }
    /// The columns, as many rows as the input's.
    ///
    /// # Errors
    /// What is wrong with the data, or that the user asked to stop.
    fn run(&self, input: Table, context: &QueryContext) -> Result<Table>;
}

/// What becomes of a value that a row has already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merge {
    /// The new one takes its place, where there is one.
    Replace,
    /// It stays.
    Keep,
    /// The new ones come after it.
    Append,
}

/// Makes the plan for rows that are there: for commands whose work depends on the fields or
/// values they meet.
pub trait Expansion: Debug + Send + Sync {
    /// How it prints in a plan.
    fn describe(&self) -> String;
    /// Whether it looks at values, and not only at the names of fields.
    fn needs_rows(&self) -> bool;
    /// Whether its plan may scan events or data models.
    fn reads_data(&self) -> bool;
    /// The plan, over [`Scan::Binding`]. `fields` are the fields that a row has; `rows` is there
    /// when values are needed.
    ///
    /// # Errors
    /// What is wrong with the plan's text or with the values put into it.
    fn plan(&self, fields: &Schema, rows: Option<&Table>, context: &QueryContext) -> Result<Plan>;
}

/// The nodes whose rows a plan takes, in order; borrowed as the plan is, `$iter` being `iter` or `iter_mut`.
macro_rules! inputs {
    ($plan:expr, $iter:ident) => {
        match $plan {
            Plan::Scan(_) | Plan::Generate { .. } | Plan::Values(_) => Vec::new(),
            Plan::Filter { input, .. }
            | Plan::Project { input, .. }
            | Plan::Extend { input, .. }
            | Plan::Rename { input, .. }
            | Plan::Aggregate { input, .. }
            | Plan::Window { input, .. }
            | Plan::Stream { input, .. }
            | Plan::Chart { input, .. }
            | Plan::Lag { input, .. }
            | Plan::ForwardFill { input, .. }
            | Plan::Sort { input, .. }
            | Plan::PartialDistinct { input, .. }
            | Plan::Reverse { input }
            | Plan::Limit { input, .. }
            | Plan::Bucket { input, .. }
            | Plan::Subquery { input, .. }
            | Plan::Skip { input, .. }
            | Plan::TakeWhile { input, .. }
            | Plan::Distinct { input, .. }
            | Plan::Lookup { input, .. }
            | Plan::Explode { input, .. }
            | Plan::MapColumns { input, .. }
            | Plan::Deferred { input, .. }
            | Plan::Kernel { input, .. }
            | Plan::Physical { node: input, .. } => vec![input],
            Plan::With { input, body } => vec![input, body],
            Plan::Join { left, right, .. } | Plan::HConcat { left, right, .. } => {
                vec![left, right]
            }
            Plan::Union { inputs } => inputs.$iter().collect(),
        }
    };
}

impl Plan {
    /// A filter by a search expression without subsearches.
    pub fn search(self, search: Search) -> Plan {
        Plan::Filter {
            input: Box::new(self),
            predicate: Predicate::Search(search, Vec::new()),
        }
    }

    /// A filter by an expression.
    pub fn filter(self, predicate: Expr) -> Plan {
        Plan::Filter {
            input: Box::new(self),
            predicate: Predicate::Expr(predicate),
        }
    }

    /// The rows by their time, newest first.
    pub fn newest_first(self) -> Plan {
        Plan::Sort {
            input: Box::new(self),
            keys: vec![SortKey {
                field: "_time".to_owned(),
                descending: true,
                order: SortOrder::Number,
            }],
            limit: 0,
        }
    }

    /// Computed columns.
    pub fn extend(self, columns: Vec<Assignment>) -> Plan {
        Plan::Extend {
            input: Box::new(self),
            columns,
        }
    }

    /// Computes one column.
    pub fn set(self, field: impl Into<String>, value: Expr) -> Plan {
        self.extend(vec![Assignment {
            target: Target::Field(field.into()),
            value,
        }])
    }

    /// Columns dropped by name.
    pub fn drop(self, fields: &[&str]) -> Plan {
        Plan::Project {
            input: Box::new(self),
            mode: Projection::Drop,
            fields: fields.iter().map(|f| Pattern::exact(f)).collect(),
        }
    }

    /// A kernel over these rows.
    pub fn apply(self, kernel: impl Kernel + 'static) -> Plan {
        Plan::Kernel {
            input: Box::new(self),
            kernel: Arc::new(kernel),
        }
    }

    /// Columns computed over these rows.
    pub fn beside(self, kernel: impl ColumnKernel + 'static) -> Plan {
        Plan::MapColumns {
            input: Box::new(self),
            kernel: Arc::new(kernel),
        }
    }

    /// The rows as [`Scan::Binding`] in another plan.
    pub fn expand(self, expansion: impl Expansion + 'static) -> Plan {
        Plan::Deferred {
            input: Box::new(self),
            expansion: Arc::new(expansion),
        }
    }

    /// Whether the plan, or a subsearch in it, scans events or data model rows.
    pub fn reads_data(&self) -> bool {
        let expressions =
            |columns: &[Assignment]| columns.iter().any(|c| analysis::has_subsearch(&c.value));
        let here = match self {
            Plan::Scan(Scan::Events | Scan::EventsUnordered | Scan::Model { .. }) => true,
            Plan::Deferred { expansion, .. } => expansion.reads_data(),
            Plan::Filter { predicate, .. } => match predicate {
                Predicate::Search(_, plans) => plans.iter().any(Plan::reads_data),
                Predicate::Expr(expr) => analysis::has_subsearch(expr),
            },
            Plan::Extend { columns, .. } => expressions(columns),
            _ => false,
        };
        here || self.inputs().into_iter().any(Plan::reads_data)
    }

    /// Whether the search chooses its columns (`table`, `stats`), so that all of them are shown;
    /// otherwise those are shown that a row has.
    pub fn columns_are_chosen(&self) -> bool {
        match self {
            Plan::Aggregate { .. }
            | Plan::Chart { .. }
            | Plan::Values(_)
            | Plan::Generate { .. }
            | Plan::Kernel { .. }
            | Plan::Scan(Scan::Lookup(_) | Scan::Binding)
            | Plan::Project {
                mode: Projection::Table,
                ..
            } => true,
            Plan::Scan(_) => false,
            Plan::Deferred { expansion, .. } if expansion.reads_data() => false,
            _ => self.inputs().into_iter().all(Plan::columns_are_chosen),
        }
    }

    /// The node below its marks, if it has any.
    pub fn without_marks(&self) -> &Plan {
        match self {
            Plan::Physical { node, .. } => node,
            node => node,
        }
    }

    /// The nodes whose rows this one takes, to change them.
    pub fn inputs_mut(&mut self) -> Vec<&mut Plan> {
        inputs!(self, iter_mut)
    }

    /// The nodes whose rows this one takes, in order.
    pub fn inputs(&self) -> Vec<&Plan> {
        inputs!(self, iter)
    }
}

/// The words of a literal as a number, with an error that names the option.
///
/// # Errors
/// When the text is not a whole number that is at least 0.
pub fn whole_number(what: &str, literal: &Literal) -> Result<usize> {
    literal.text.parse().map_err(|_| {
        crate::error::Error::argument(
            literal.span,
            format!(
                "`{what}` takes a whole number that is at least 0, not `{}`",
                literal.text
            ),
        )
    })
}
