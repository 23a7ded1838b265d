//! The executor: plans physically, lowers the plan node by node to Polars, and collects the rows.
//!
//! Each node is lowered onto the lazy frame of its input, so that Polars sees one plan from scan to result. If the
//! columns of a node depend on the data (a kernel), its input is collected and lowering continues from the
//! result.

mod blame;
mod context;
pub mod diagnose;
mod engine;
mod expr;
pub mod fields;
pub mod frame;
mod kernels;
mod operators;
mod optimize;
pub mod scan;
mod shared_scan;

use polars::prelude::{Column, DataFrame, IntoColumn as _, lit};

use crate::error::Result;

pub use crate::exec::context::Executor;

use crate::exec::frame::result::Rows;
use crate::exec::frame::{Frame, polars_error, to_table};
use crate::exec::optimize::PhysicalPlan;
use crate::exec::scan::pruning::ScanBounds;
use crate::exec::scan::summaries::ScanRequirements;
use crate::plan::texts::parse_search;
use crate::plan::tuning::RuleId;
use crate::plan::{Plan, Predicate, Scan};
use crate::syntax::ast::Search;
use crate::value::Type;

impl Executor<'_> {
    /// Plans and executes a logical plan.
    ///
    /// # Errors
    /// What is wrong with the search, the data, or that the user asked to stop.
    pub fn run(&self, plan: &Plan) -> Result<Rows> {
        self.execute(&self.physical(plan)?)
    }

    /// The rows of a physical plan.
    ///
    /// # Errors
    /// As for [`Executor::run`].
    pub fn execute(&self, physical: &PhysicalPlan) -> Result<Rows> {
        self.naming(physical.plan(), || self.run_node(physical.plan()))
    }

    /// The rows of a node of a physical plan.
    fn run_node(&self, node: &Plan) -> Result<Rows> {
        let frame = self.lower(node)?;
        self.collect(frame)
    }

    /// What Polars would do, as text.
    ///
    /// # Errors
    /// As for [`Executor::run`].
    pub fn explain(&self, physical: &PhysicalPlan) -> Result<String> {
        let frame = self.naming(physical.plan(), || self.lower(physical.plan()))?;
        frame.lazy.explain(true).map_err(|e| self.failed(e))
    }

    /// The plan as a lazy frame.
    ///
    /// # Errors
    /// What is wrong with the search; what is wrong with the data as far as it must be read.
    pub fn lower(&self, plan: &Plan) -> Result<Frame> {
        self.context.check_cancelled()?;
        self.lower_node(plan, &[])
            .and_then(|frame| self.flush_if_deep(frame))
    }

    /// Lowers a node that is marked with these rules.
    fn lower_node(&self, plan: &Plan, rules: &[RuleId]) -> Result<Frame> {
        let runs = |rule: RuleId| rules.contains(&rule);
        match plan {
            Plan::Physical { node, rules } => self.lower_node(node, rules),
            Plan::Scan(scan) => self.scan(scan),
            Plan::Generate { count } => self.generate(*count),
            Plan::Values(table) => Frame::from_table(table.as_ref().clone()),
            Plan::Filter { input, predicate } => {
                if let Plan::Scan(scan @ (Scan::Events | Scan::EventsUnordered)) = input.as_ref() {
                    return self.found(predicate, matches!(scan, Scan::Events));
                }
                let rows = match input.as_ref() {
                    Plan::Lookup { .. } if runs(RuleId::LookupSemiJoin) => {
                        self.lookup_taken_by(input, Some(predicate))?
                    }
                    input => self.lower(input)?,
                };
                self.filter(rows, predicate, false)
            }
            Plan::Project {
                input,
                mode,
                fields,
            } => Ok(operators::project::project(
                self.lower(input)?,
                *mode,
                fields,
            )),
            Plan::Extend { input, columns } => {
                let mut frame = self.lower(input)?;
                for assignment in columns {
                    frame = self.assign(frame, assignment)?;
                    frame = self.flush_if_deep(frame)?;
                }
                Ok(frame)
            }
            Plan::Rename { input, pairs } => {
                Ok(operators::project::rename(self.lower(input)?, pairs))
            }
            Plan::Aggregate {
                input,
                aggregates,
                by,
                fill,
                all_numbers,
                sorted,
            } => {
                let grouping = operators::aggregate::Grouping {
                    by,
                    fill: fill.as_deref(),
                    all_numbers: *all_numbers,
                    sorted: *sorted,
                };
                let frame = match scan::summaries::scan(plan) {
                    Some(wanted) => {
                        let found = self.found_in_model(input)?;
                        self.scan_model(input, &wanted, found)?
                    }
                    None => self.lower(input)?,
                };
                self.aggregate(frame, aggregates, &grouping)
            }
            Plan::Window {
                input,
                aggregates,
                by,
                all_numbers,
            } => self.window(self.lower(input)?, aggregates, by, *all_numbers),
            Plan::Chart { input, chart } => self.chart(
                self.lower(input)?,
                chart,
                operators::map_columns::is_volatile(input),
            ),
            Plan::Lag { input, columns } => {
                Ok(operators::project::shift(self.lower(input)?, columns))
            }
            Plan::ForwardFill { input, fields } => {
                Ok(operators::project::fill_down(self.lower(input)?, fields))
            }
            Plan::Stream { input, stream } => self.stream(self.lower(input)?, stream),
            Plan::Sort { input, keys, limit } => {
                let (topk, merge) = (runs(RuleId::TopKFilter), runs(RuleId::SortMerge));
                self.sort(input, keys, *limit, topk, merge)
            }
            Plan::PartialDistinct { input, fields } => Ok(
                kernels::partial_distinct::partial_distinct(self.lower(input)?, fields),
            ),
            Plan::Reverse { input } => {
                let frame = self.lower(input)?;
                Ok(Frame {
                    lazy: frame.lazy.reverse(),
                    schema: frame.schema,
                })
            }
            Plan::Limit { input, count, tail } => Ok(self.limit(self.lower(input)?, *count, *tail)),
            Plan::Subquery { input, most } => {
                let rows = self.run_with_limits(input, *most)?;
                let names = rows.names().into_iter().map(str::to_owned);
                let schema = names.zip(rows.types().iter().copied()).collect();
                Ok(Frame::typed(rows.frame().clone(), schema))
            }
            Plan::Skip { input, count } => {
                let frame = self.lower(input)?;
                Ok(Frame {
                    lazy: frame.lazy.slice(*count as i64, u32::MAX),
                    schema: frame.schema,
                })
            }
            Plan::TakeWhile {
                input,
                condition,
                limit,
                null,
                keep_last,
            } => {
                let frame = self.lower(input)?;
                let holds = self.truth(condition, &frame)?.fill_null(lit(*null));
                Ok(operators::take_while::take_while(
                    frame, holds, *limit, *keep_last,
                ))
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
            Plan::Distinct { input, .. } => self.distinct(input, plan, runs(RuleId::SortMerge)),
            Plan::Join {
                left,
                right,
                fields,
                outer,
                overwrite,
                max,
                span,
            } => {
                let by = operators::join::JoinSpec {
                    fields,
                    outer: *outer,
                    overwrite: *overwrite,
                    max: *max,
                    span: *span,
                };
                let join = |left, right| self.join(left, right, &by);
                match right.as_ref() {
                    Plan::Subquery { .. } if runs(RuleId::JoinBuildFilter) => {
                        let inner_by = (!outer).then_some(fields.as_slice());
                        self.push_build_keys(left, right, join, inner_by)
                    }
                    _ => join(self.lower(left)?, self.lower(right)?),
                }
            }
            Plan::Lookup { .. } => self.lookup_taken_by(plan, None),
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
            } => Ok(operators::project::explode(
                self.lower(input)?,
                field,
                *limit,
            )),
            Plan::MapColumns { input, kernel } => self.map_columns(input, kernel.as_ref()),
            Plan::With { input, body } => self.with_binding(input, body),
            Plan::Deferred { input, expansion } => self.expand(input, expansion.as_ref()),
            Plan::HConcat {
                left,
                right,
                overwrite,
            } => self.side_by_side(left, right, *overwrite),
            Plan::Kernel { input, kernel } => {
                kernel.prepare(self.context)?;
                let rows = self.run_node(input)?;
                let table = kernel.run(to_table(&rows), self.context)?;
                Frame::from_table(table)
            }
        }
    }

    /// The rows of a plan for a filter above. A lookup may leave out rows that this takes out.
    fn lookup_taken_by(&self, plan: &Plan, filter: Option<&Predicate>) -> Result<Frame> {
        let Plan::Lookup {
            input,
            lookup,
            keys,
            outputs,
            overwrite,
        } = plan
        else {
            return self.lower(plan);
        };
        let rows = self.lower(input)?;
        self.lookup(rows, lookup, keys, outputs, *overwrite, filter)
    }

    /// The events that a predicate finds. They are brought into their order after it: fewer are
    /// left then.
    fn found(&self, predicate: &Predicate, newest_first: bool) -> Result<Frame> {
        let (bounds, undecided) = match predicate {
            Predicate::Search(search, plans) => {
                let bounds = ScanBounds::of(self.context, Some(search))?;
                let search = self.residual(search, &bounds)?;
                let predicate = search.map(|search| Predicate::Search(search, plans.clone()));
                (bounds, predicate)
            }
            Predicate::Expr(_) => (ScanBounds::of(self.context, None)?, Some(predicate.clone())),
        };
        let mut found = match self.found_in_events(predicate)? {
            Some(found) => found,
            None => self.events_within(false, &bounds)?,
        };
        if let Some(predicate) = undecided {
            found = self.filter(found, &predicate, true)?;
        }
        Ok(match newest_first && self.precomputed_events.is_none() {
            true => frame::time_order::by_time(found),
            false => found,
        })
    }

    fn filter(&self, frame: Frame, predicate: &Predicate, of_events: bool) -> Result<Frame> {
        match predicate {
            Predicate::Expr(expr) => {
                let keep = self.condition(expr, &frame)?;
                Ok(Frame {
                    lazy: frame.lazy.filter(keep),
                    schema: frame.schema,
                })
            }
            Predicate::Search(search, plans) => {
                let search = self.inline_subsearches(search, plans)?;
                let seen = match of_events {
                    true => self.without_eventtypes_and_tags(&frame),
                    false => frame.clone(),
                };
                self.searched(frame, &search, &seen)
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
                summaries_only,
            } => self.model(
                model,
                dataset.as_ref(),
                &ScanRequirements::events(*summaries_only),
            ),
            Scan::Lookup(name) => self.lookup_table(name),
            Scan::Binding => self.binding(),
        }
    }

    fn generate(&self, count: usize) -> Result<Frame> {
        let now = (self.context.clock.now * 1e6).round() as i64;
        let times = Column::new("_time".into(), vec![now; count])
            .cast(&frame::types::data_type(Type::Time))
            .map_err(polars_error)?;
        let frame = DataFrame::new(count, vec![times.into_column()]).map_err(polars_error)?;
        Ok(Frame::of(frame))
    }

    /// Reads the text of a search expression (an event type's, a constraint's).
    fn parse_search(&self, text: &str) -> Result<Search> {
        parse_search(self.context, text)
    }
}
