//! Plans to Polars: lowering node by node, search-time fields, data models, and the rows that
//! come out.
//!
//! A node is lowered onto the lazy frame of its input, so that Polars sees one plan from the
//! scan to the end. Where the columns to come depend on the data (a kernel, a lookup table's
//! columns are known), the frame is collected and lowering goes on from there.

mod aggregate;
pub mod column;
pub mod data;
mod expression;
mod fields;
mod filter;
pub mod frame;
mod join;
mod lookup;
mod models;
mod order;
pub mod rows;
mod subsearch;

use std::sync::{Arc, Mutex};

use polars::prelude::{Column, DataFrame, Expr as Lazy, IntoColumn as _, lit, when};

use crate::error::{Error, Result};
use crate::exec::data::Data;
use crate::exec::frame::{Frame, cast, column, missing, polars_error, to_table};
use crate::exec::rows::Rows;
use crate::plan::context::PlanContext;
use crate::plan::schema::{Pattern, Schema};
use crate::plan::{Assignment, EACH, Plan, Predicate, Projection, Scan, Target};
use crate::syntax::ast::{Expr, ExprKind, Search};
use crate::value::Type;

/// Lowers and runs the plans of one search.
pub struct Executor<'e> {
    /// Catalog, clock, limits, notices.
    pub context: &'e PlanContext,
    /// Where rows come from.
    pub data: &'e Data,
    failure: Arc<Mutex<Option<Error>>>,
}

impl<'e> Executor<'e> {
    /// An executor over that data.
    pub fn new(context: &'e PlanContext, data: &'e Data) -> Executor<'e> {
        Executor {
            context,
            data,
            failure: Arc::default(),
        }
    }

    /// The rows of a plan.
    ///
    /// # Errors
    /// What is wrong with the search, the data, or that the user asked to stop.
    pub fn run(&self, plan: &Plan) -> Result<Rows> {
        let frame = self.lower(plan)?;
        self.collect(frame)
    }

    /// The rows of a frame.
    ///
    /// # Errors
    /// As for [`Executor::run`].
    pub fn collect(&self, frame: Frame) -> Result<Rows> {
        self.context.check_cancelled()?;
        let types = frame.schema.values().copied().collect();
        let collected = guarded(|| frame.lazy.collect())?.map_err(|e| self.failed(e))?;
        self.context.check_cancelled()?;
        Ok(Rows::new(collected, types))
    }

    /// Our own error when one of our functions raised it, else what Polars says.
    fn failed(&self, error: polars::prelude::PolarsError) -> Error {
        let ours = self.failure.lock().ok().and_then(|mut f| f.take());
        ours.unwrap_or_else(|| polars_error(error))
    }

    /// What Polars would do, as text.
    ///
    /// # Errors
    /// As for [`Executor::run`].
    pub fn explain(&self, plan: &Plan) -> Result<String> {
        let frame = self.lower(plan)?;
        frame.lazy.explain(true).map_err(|e| self.failed(e))
    }

    /// The plan as a lazy frame.
    ///
    /// # Errors
    /// What is wrong with the search; what is wrong with the data as far as it must be read.
    pub fn lower(&self, plan: &Plan) -> Result<Frame> {
        self.context.check_cancelled()?;
        match plan {
            Plan::Scan(scan) => self.scan(scan),
            Plan::Generate { count } => self.generate(*count),
            Plan::Values(table) => Frame::from_table(table.as_ref().clone()),
            Plan::Filter { input, predicate } => {
                let frame = self.lower(input)?;
                let keep = match predicate {
                    Predicate::Expr(expr) => self.condition(expr, &frame)?,
                    Predicate::Search(search, plans) => {
                        let search = self.resolve(search, plans)?;
                        self.search(&search, &frame)?
                    }
                };
                Ok(Frame {
                    lazy: frame.lazy.filter(keep),
                    schema: frame.schema,
                })
            }
            Plan::Project {
                input,
                mode,
                fields,
            } => Ok(project(self.lower(input)?, *mode, fields)),
            Plan::Extend { input, columns } => {
                let mut frame = self.lower(input)?;
                for assignment in columns {
                    frame = self.assign(frame, assignment)?;
                }
                Ok(frame)
            }
            Plan::Rename { input, pairs } => Ok(rename(self.lower(input)?, pairs)),
            Plan::Aggregate {
                input,
                aggregates,
                by,
                fill,
                all_numbers,
                sorted,
            } => {
                let grouping = aggregate::Grouping {
                    by,
                    fill: fill.as_deref(),
                    all_numbers: *all_numbers,
                    sorted: *sorted,
                };
                self.aggregate(self.lower(input)?, aggregates, &grouping)
            }
            Plan::Window {
                input,
                aggregates,
                by,
                all_numbers,
            } => self.window(self.lower(input)?, aggregates, by, *all_numbers),
            Plan::Sort { input, keys, limit } => Ok(self.sort(self.lower(input)?, keys, *limit)),
            Plan::Reverse { input } => {
                let frame = self.lower(input)?;
                Ok(Frame {
                    lazy: frame.lazy.reverse(),
                    schema: frame.schema,
                })
            }
            Plan::Limit { input, count, tail } => Ok(self.limit(self.lower(input)?, *count, *tail)),
            Plan::Skip { input, count } => {
                let frame = self.lower(input)?;
                Ok(Frame {
                    lazy: frame.lazy.slice(*count as i64, u32::MAX),
                    schema: frame.schema,
                })
            }
            Plan::While {
                input,
                condition,
                limit,
                null,
                keep_last,
            } => {
                let frame = self.lower(input)?;
                let holds = self.truth(condition, &frame)?.fill_null(lit(*null));
                Ok(order::leading(frame, holds, *limit, *keep_last))
            }
            Plan::Bucket {
                input,
                field,
                alias,
                span,
                align,
            } => {
                let frame = self.lower(input)?;
                if !frame.has(field) {
                    return Ok(frame);
                }
                Ok(self.bucket(frame, field, alias, span, *align))
            }
            Plan::Distinct { input, .. } => self.distinct(self.lower(input)?, plan),
            Plan::Join {
                left,
                right,
                fields,
                outer,
                overwrite,
                max,
            } => {
                let (left, right) = (self.lower(left)?, self.lower(right)?);
                self.join(left, right, fields, *outer, *overwrite, *max)
            }
            Plan::Lookup {
                input,
                lookup,
                keys,
                outputs,
                overwrite,
            } => self.lookup(self.lower(input)?, lookup, keys, outputs, *overwrite),
            Plan::Union { inputs } => {
                let frames = inputs
                    .iter()
                    .map(|p| self.lower(p))
                    .collect::<Result<_>>()?;
                self.union(frames)
            }
            Plan::Explode {
                input,
                field,
                limit,
            } => Ok(explode(self.lower(input)?, field, *limit)),
            Plan::Apply { input, kernel } => {
                let rows = self.run(input)?;
                let table = kernel.run(to_table(&rows), self.context)?;
                Frame::from_table(table)
            }
        }
    }

    fn scan(&self, scan: &Scan) -> Result<Frame> {
        match scan {
            Scan::Events => self.events(true),
            Scan::EventsUnordered => self.events(false),
            Scan::Model {
                model,
                dataset,
                summaries_only: _,
            } => self.model(model, dataset.as_ref()),
            Scan::Lookup(name) => self.lookup_table(name),
        }
    }

    fn generate(&self, count: usize) -> Result<Frame> {
        let now = (self.context.clock.now * 1e6).round() as i64;
        let times = Column::new("_time".into(), vec![now; count])
            .cast(&column::data_type(Type::Time))
            .map_err(polars_error)?;
        let frame = DataFrame::new(count, vec![times.into_column()]).map_err(polars_error)?;
        Ok(Frame::of(frame))
    }

    fn assign(&self, frame: Frame, assignment: &Assignment) -> Result<Frame> {
        match &assignment.target {
            Target::Field(name) => {
                let (value, kind) = self.value(&assignment.value, &frame)?;
                let (value, kind) = as_time(name, value, kind);
                Ok(frame.with(vec![(name.clone(), kind, value)]))
            }
            Target::Each(patterns) | Target::EachPresent(patterns) => {
                let mut names: Vec<String> = Vec::new();
                for pattern in patterns {
                    for name in pattern.expand(&frame.schema) {
                        if !names.contains(&name) {
                            names.push(name);
                        }
                    }
                }
                let mut columns = Vec::new();
                for name in names {
                    let expr = substitute(&assignment.value, &name);
                    let (value, kind) = self.value(&expr, &frame)?;
                    let (mut value, kind) = as_time(&name, value, kind);
                    if matches!(assignment.target, Target::EachPresent(_)) {
                        let there = column(&name);
                        value = when(there.clone().is_not_null().any(true))
                            .then(value)
                            .otherwise(cast(there, frame.kind(&name), kind));
                    }
                    columns.push((name, kind, value));
                }
                Ok(frame.with(columns))
            }
            Target::Template(template) => self.assign_template(frame, template, &assignment.value),
        }
    }

    /// `eval {k}_x=...`: the columns depend on the rows, so these are computed first.
    fn assign_template(&self, frame: Frame, template: &str, expr: &Expr) -> Result<Frame> {
        const VALUE: &str = "__value";
        let (value, kind) = self.value(expr, &frame)?;
        let rows = self.collect(frame.with(vec![(VALUE.to_owned(), kind, value)]))?;
        let mut table = to_table(&rows);
        let Some(values) = table.take(VALUE) else {
            return Frame::from_table(table);
        };
        let mut added: indexmap::IndexMap<String, Vec<crate::value::Value<'static>>> =
            indexmap::IndexMap::new();
        for (row, value) in values.values.into_iter().enumerate() {
            if let Some(name) = fill_template(template, |f| {
                table.value(f, row).as_text().map(|t| t.into_owned())
            }) {
                let column = added
                    .entry(name)
                    .or_insert_with(|| vec![crate::value::Value::Null; table.height()]);
                column[row] = value;
            }
        }
        for (name, mut values) in added {
            let mut kind = kind;
            if let Some(old) = table.column(&name) {
                kind = kind.join(old.kind);
                for (new, old) in values.iter_mut().zip(&old.values) {
                    if new.is_null() {
                        *new = old.clone();
                    }
                }
            }
            table.set(name, kind, values);
        }
        Frame::from_table(table)
    }

    /// Reads the text of a search expression (an event type's, a constraint's).
    fn parse_search(&self, text: &str) -> Result<Search> {
        crate::commands::parse_search(self.context, text)
    }
}

/// Polars panics on some damaged Parquet files; that is an error in the data, not ours.
fn guarded<T>(work: impl FnOnce() -> T) -> Result<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).map_err(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("no reason given");
        Error::data(format!("the data can't be read: {text}"))
            .hint("a file may be damaged: read it alone with --data to find out which")
    })
}

/// `_time` is stored as a time whoever computed it.
fn as_time(name: &str, value: Lazy, kind: Type) -> (Lazy, Type) {
    if name == "_time" && matches!(kind, Type::Number | Type::Any | Type::Text) {
        (cast(value, kind, Type::Time), Type::Time)
    } else {
        (value, kind)
    }
}

/// The name that a template gives for a row; none when a field of it is missing.
fn fill_template(template: &str, value: impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut out = String::new();
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        out.push_str(&rest[..open]);
        let Some(close) = rest[open..].find('}') else {
            break;
        };
        out.push_str(&value(&rest[open + 1..open + close])?);
        rest = &rest[open + close + 1..];
    }
    out.push_str(rest);
    Some(out)
}

/// The expression with the field it is computed for in place of [`EACH`].
fn substitute(expr: &Expr, name: &str) -> Expr {
    let each = |e: &Expr| Box::new(substitute(e, name));
    let all = |items: &[Expr]| items.iter().map(|e| substitute(e, name)).collect();
    let kind = match &expr.kind {
        ExprKind::Field(field) if field == EACH => ExprKind::Field(name.to_owned()),
        ExprKind::Unary(op, inner) => ExprKind::Unary(*op, each(inner)),
        ExprKind::Binary(op, left, right) => ExprKind::Binary(*op, each(left), each(right)),
        ExprKind::In(left, items) => ExprKind::In(each(left), all(items)),
        ExprKind::Call(function, args) => ExprKind::Call(function.clone(), all(args)),
        ExprKind::Number(..)
        | ExprKind::Text(_)
        | ExprKind::Field(_)
        | ExprKind::Dotted(_)
        | ExprKind::Subsearch(_) => expr.kind.clone(),
    };
    Expr {
        kind,
        span: expr.span,
    }
}

fn project(frame: Frame, mode: Projection, fields: &[Pattern]) -> Frame {
    let mut names: Vec<String> = Vec::new();
    let mut add = |name: String| {
        if !names.contains(&name) {
            names.push(name);
        }
    };
    let mut absent = Vec::new();
    match mode {
        Projection::Drop => {
            for name in frame.schema.keys() {
                if !fields.iter().any(|p| p.matches(name)) {
                    add(name.clone());
                }
            }
        }
        Projection::Keep => {
            for name in ["_time", "_raw"] {
                if frame.has(name) {
                    add(name.to_owned());
                }
            }
            fields
                .iter()
                .flat_map(|p| p.expand(&frame.schema))
                .for_each(add);
        }
        Projection::Table => {
            for pattern in fields {
                if pattern.is_wild() {
                    pattern.expand(&frame.schema).into_iter().for_each(&mut add);
                } else {
                    if !frame.has(&pattern.text) {
                        let value = missing(Type::Null);
                        absent.push((pattern.text.clone(), Type::Null, value));
                    }
                    add(pattern.text.clone());
                }
            }
        }
    }
    frame.with(absent).select(names)
}

/// Each pair in order; a name that is there already is taken over.
fn rename(frame: Frame, pairs: &[(Pattern, Pattern)]) -> Frame {
    // Where each column now comes from.
    let mut columns: indexmap::IndexMap<String, String> = frame
        .schema
        .keys()
        .map(|n| (n.clone(), n.clone()))
        .collect();
    for (from, to) in pairs {
        let matched: Vec<(String, String)> = columns
            .keys()
            .filter_map(|name| {
                let captures = from.captures(name)?;
                Some((name.clone(), to.fill(&captures)))
            })
            .collect();
        if matched.is_empty() && !from.is_wild() {
            // A field that is not there takes the place of the one that had the name.
            columns.shift_remove(&to.text);
        }
        for (old, new) in matched {
            if old == new {
                continue;
            }
            if let Some(origin) = columns.get(&old).cloned() {
                columns.shift_remove(&new);
                let at = columns.get_index_of(&old).unwrap_or(0);
                columns.shift_remove(&old);
                columns.shift_insert(at, new, origin);
            }
        }
    }
    let exprs: Vec<Lazy> = columns
        .iter()
        .map(|(name, origin)| column(origin).alias(name.as_str()))
        .collect();
    let schema: Schema = columns
        .iter()
        .map(|(name, origin)| (name.clone(), frame.kind(origin)))
        .collect();
    Frame {
        lazy: frame.lazy.select(exprs),
        schema,
    }
}

fn explode(frame: Frame, field: &str, limit: usize) -> Frame {
    if frame.kind(field) != Type::Multi {
        return frame;
    }
    let mut frame = frame;
    if limit > 0 {
        let head = column(field).list().head(lit(limit as i64));
        frame = frame.with(vec![(field.to_owned(), Type::Multi, head)]);
    }
    frame.lazy = frame.lazy.explode(
        polars::prelude::by_name([field], true, false),
        polars::prelude::ExplodeOptions {
            empty_as_null: true,
            keep_nulls: true,
        },
    );
    frame.schema.insert(field.to_owned(), Type::Text);
    frame
}
