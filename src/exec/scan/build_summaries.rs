//! Builds summaries of all data sets of all data models from a batch of events.
//!
//! Work is shared: one pass finds the roots of models that each event belongs to, and children
//! reuse the calculations of their root.

use std::sync::Arc;

use polars::prelude::{
    BooleanChunked, DataFrame, Expr as Lazy, IntoColumn as _, IntoLazy as _, IntoSeries as _, lit,
};

use crate::error::Result;
use crate::exec::blame::Blame;
use crate::exec::context::Executor;
use crate::exec::frame::{Frame, column, polars_error};
use crate::exec::scan::summaries::summary_columns;
use crate::knowledge::models::{DataModel, Dataset};
use crate::plan::schema::Schema;
use crate::plan::texts::parse_search;
use crate::plan::{Plan, Predicate, Scan};
use crate::store::Rows;
use crate::value::Type;

/// A root of a data model.
struct Root<'m> {
    model: &'m DataModel,
    dataset: &'m Dataset,
    /// The plan of its base search.
    search: Option<Arc<Plan>>,
    /// Which events it includes.
    holds: Lazy,
}

impl Executor<'_> {
    /// Builds the rows that a summary of each data set (`Endpoint.Processes`) keeps of the events
    /// of this executor, in order. Omits data sets without rows, and those whose base search is not
    /// row-wise.
    ///
    /// # Errors
    /// If a field rule or a data model can't be applied.
    pub fn build_summaries(&self) -> Result<Vec<Rows>> {
        let executor = Executor {
            materialize_all: true,
            ..self.with_sources(self.data, self.precomputed_events.clone())
        };
        executor.summary_rows()
    }

    fn summary_rows(&self) -> Result<Vec<Rows>> {
        let mut found = Vec::new();
        let (events, schema) = self.rows_and_schema(self.events(false)?)?;
        if schema.is_empty() || events.height() == 0 {
            return Ok(found);
        }
        let roots = self.roots(&Frame::typed(events.clone(), schema.clone()))?;
        let holds = roots.iter().map(|root| root.holds.clone()).collect();
        for (root, mask) in roots.iter().zip(self.masks(&events, holds)?) {
            if mask.any() {
                let own = of_mask(&events, &schema, mask)?;
                self.rows_of_root(root, own, &mut found)?;
            }
        }
        Ok(found)
    }

    /// The roots of models whose rows can be built event by event.
    fn roots(&self, events: &Frame) -> Result<Vec<Root<'_>>> {
        let mut roots = Vec::new();
        for model in self.context.catalog.models.iter() {
            for dataset in model.roots().filter(|root| !root.transaction) {
                let (search, holds) = match &dataset.base_search {
                    Some(base) => {
                        // Searches of its rows report the error.
                        let Some(plan) = self.base_plan(base).ok().filter(|p| is_row_wise(p))
                        else {
                            continue;
                        };
                        let effect = "the data set has no summary";
                        let blame = Blame::dataset(dataset, "the base search", base, effect);
                        let holds = self.blaming(blame, || match first_filter(&plan) {
                            Some(Predicate::Search(search, _)) => {
                                self.search(search, &self.without_eventtypes_and_tags(events))
                            }
                            Some(Predicate::Expr(expr)) => self.condition(expr, events),
                            None => Ok(lit(true)),
                        })?;
                        match holds {
                            Some(holds) => (Some(plan), holds),
                            None => continue,
                        }
                    }
                    None => match self.all_hold(dataset, &dataset.constraints, events)? {
                        Some(holds) => (None, holds),
                        None => continue,
                    },
                };
                roots.push(Root {
                    model,
                    dataset,
                    search,
                    holds,
                });
            }
        }
        Ok(roots)
    }

    /// Builds the rows of a root's data sets from its events.
    fn rows_of_root(&self, root: &Root<'_>, events: Frame, found: &mut Vec<Rows>) -> Result<()> {
        let mut own = match &root.search {
            Some(plan) => {
                let mut plan = plan.as_ref().clone();
                without_first_filter(&mut plan);
                let executor = self.with_sources(self.data, Some(events));
                let made = executor.lower(executor.marked(plan).plan())?;
                self.apply_constraints(root.dataset, made)?
            }
            None => events,
        };
        let descends = |d: &&Dataset| d.root() == root.dataset.name && !d.transaction;
        let datasets: Vec<&Dataset> = root.model.datasets().filter(descends).collect();
        let (constraints, calculations) = (
            root.dataset.constraints.len(),
            root.dataset.calculations.len(),
        );
        // Constraints see rows before any calculation.
        let mut conditions = Vec::new();
        for dataset in &datasets {
            let further = beyond(&dataset.constraints, constraints);
            if !further.is_empty() {
                let holds = self.all_hold(dataset, further, &own)?;
                let holds = holds.unwrap_or(lit(false)).fill_null(lit(false));
                conditions.push((belongs(dataset), Type::Bool, holds));
            }
        }
        if !conditions.is_empty() {
            own = own.with(conditions);
        }
        let mut rows = self.calculated_all(own, root.dataset, &root.dataset.calculations)?;
        if datasets
            .iter()
            .all(|d| beyond(&d.calculations, calculations).is_empty())
        {
            let mut names: Vec<String> = datasets.iter().map(|d| belongs(d)).collect();
            names.retain(|name| rows.has(name));
            for name in datasets
                .iter()
                .flat_map(|d| summary_columns(d, &rows.schema))
            {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            rows = rows.select(names);
        }
        let (all, schema) = self.rows_and_schema(rows)?;
        if all.height() == 0 {
            return Ok(());
        }
        for dataset in &datasets {
            let mask = all.column(&belongs(dataset)).ok();
            let mask = mask.map(|c| c.bool().map_err(polars_error)).transpose()?;
            let some = |rows: DataFrame| match mask {
                Some(mask) => some_of(rows, mask),
                None => Ok(rows),
            };
            let (rows, schema) = match beyond(&dataset.calculations, calculations) {
                [] => {
                    let slim = all
                        .select(summary_columns(dataset, &schema))
                        .map_err(polars_error)?;
                    (some(slim)?, schema.clone())
                }
                further => {
                    let rows = Frame::typed(some(all.clone())?, schema.clone());
                    self.rows_and_schema(self.calculated_all(rows, dataset, further)?)?
                }
            };
            found.extend(kept_rows(root.model, dataset, &rows, &schema)?);
        }
        Ok(())
    }

    /// Whether the rows of a data set can be built event by event. Errors in its base search are
    /// reported to searches of it.
    pub(in crate::exec) fn is_row_wise(&self, dataset: &Dataset) -> bool {
        let plan = dataset.base_search.as_ref().map(|b| self.base_plan(b));
        let alone = plan.is_none_or(|plan| plan.is_ok_and(|plan| is_row_wise(&plan)));
        // A data set with a faulty constraint has no summary; searches of it report the error.
        let nothing = Frame::without_rows([]);
        let is_sound = || self.all_hold(dataset, &dataset.constraints, &nothing);
        alone && !dataset.transaction && is_sound().is_ok_and(|holds| holds.is_some())
    }

    /// The plan of a data set's base search.
    fn base_plan(&self, base: &str) -> Result<Arc<Plan>> {
        let read = || crate::commands::plan_text(self.context, base);
        let range = (self.context.earliest, self.context.latest);
        let key = format!("{base} {range:?}");
        self.context.read_texts.plan(&key, read)
    }

    /// Whether rows satisfy all of these constraints of a data set. Returns `None` if a fault
    /// leaves the data set without rows.
    pub(in crate::exec) fn all_hold(
        &self,
        dataset: &Dataset,
        constraints: &[String],
        rows: &Frame,
    ) -> Result<Option<Lazy>> {
        let mut all = lit(true);
        for constraint in constraints {
            let effect = "the data set has no summary";
            let blame = Blame::dataset(dataset, "the constraint", constraint, effect);
            let holds = self.blaming(blame, || {
                let search = parse_search(self.context, constraint)?;
                self.search(&search, &self.without_eventtypes_and_tags(rows))
            })?;
            match holds {
                Some(holds) => all = all.and(holds),
                None => return Ok(None),
            }
        }
        Ok(Some(all))
    }

    /// Evaluates conditions to masks.
    fn masks(&self, rows: &DataFrame, conditions: Vec<Lazy>) -> Result<Vec<BooleanChunked>> {
        if conditions.is_empty() {
            return Ok(Vec::new());
        }
        let name = |at: usize| format!("\0mask{at}");
        let count = conditions.len();
        let named = conditions.into_iter().enumerate();
        let named = named.map(|(at, holds)| holds.fill_null(lit(false)).alias(name(at)));
        // Not a `select`, which would return one row if all conditions are constants.
        let lazy = rows.clone().lazy().with_columns(named.collect::<Vec<_>>());
        let masks: Vec<Lazy> = (0..count).map(|at| column(&name(at))).collect();
        let masks = self.collect_lazy(lazy.select(masks))?;
        let mask = |c: &polars::prelude::Column| Ok(c.bool().map_err(polars_error)?.clone());
        masks.columns().iter().map(mask).collect()
    }

    fn rows_and_schema(&self, frame: Frame) -> Result<(DataFrame, Schema)> {
        let schema = frame.schema.clone();
        Ok((self.collect(frame)?.frame().clone(), schema))
    }
}

/// The own items of a child, after the inherited ones.
fn beyond<T>(all: &[T], inherited: usize) -> &[T] {
    all.get(inherited..).unwrap_or_default()
}

/// The column that marks the rows of a root that belong to a data set. No search can name it.
fn belongs(dataset: &Dataset) -> String {
    format!("\0in:{}", dataset.name)
}

/// Filters events by a mask without nulls, lazily: only the columns in use are filtered.
fn of_mask(events: &DataFrame, schema: &Schema, mask: BooleanChunked) -> Result<Frame> {
    const MASK: &str = "\0mask";
    if mask.all() {
        return Ok(Frame::typed(events.clone(), schema.clone()));
    }
    let mut events = events.clone();
    let mask = mask.with_name(MASK.into()).into_series().into_column();
    events.with_column(mask).map_err(polars_error)?;
    let rows = Frame {
        lazy: events.lazy().filter(column(MASK)),
        schema: schema.clone(),
    };
    Ok(rows.select(schema.keys().cloned().collect()))
}

/// Filters rows by a mask without nulls.
fn some_of(rows: DataFrame, mask: &BooleanChunked) -> Result<DataFrame> {
    if mask.all() {
        return Ok(rows);
    }
    rows.filter(mask).map_err(polars_error)
}

/// The rows of a data set that a summary keeps. Returns `None` if there are none.
fn kept_rows(
    model: &DataModel,
    dataset: &Dataset,
    rows: &DataFrame,
    schema: &Schema,
) -> Result<Option<Rows>> {
    let mut rows = rows
        .select(summary_columns(dataset, schema))
        .map_err(polars_error)?;
    for required in dataset.fields.iter().filter(|f| f.required) {
        let Ok(there) = rows.column(&required.name) else {
            return Ok(None);
        };
        let there = there.is_not_null();
        rows = some_of(rows, &there)?;
    }
    if rows.height() == 0 {
        return Ok(None);
    }
    let columns = rows.columns().iter();
    let filled = columns.filter(|c| c.null_count() < c.len());
    let names: Vec<_> = filled.map(|c| c.name().clone()).collect();
    let mixed = |name: &&str| schema.get(*name) == Some(&Type::Any);
    Ok(Some(Rows {
        dataset: format!("{}.{}", model.name, dataset.name),
        mixed: names
            .iter()
            .map(|name| name.as_str())
            .filter(mixed)
            .map(str::to_owned)
            .collect(),
        frame: rows.select(names).map_err(polars_error)?,
    }))
}

/// The filter directly above the scan.
fn first_filter(plan: &Plan) -> Option<&Predicate> {
    match plan {
        Plan::Filter { input, predicate } if matches!(**input, Plan::Scan(_)) => Some(predicate),
        other => first_filter(other.inputs().pop()?),
    }
}

/// Removes the filter directly above the scan.
fn without_first_filter(plan: &mut Plan) {
    if let Plan::Filter { input, .. } = plan
        && matches!(**input, Plan::Scan(_))
    {
        *plan = Plan::Scan(Scan::EventsUnordered);
    } else if let Some(input) = plan.inputs_mut().pop() {
        without_first_filter(input);
    }
}

/// Whether each row of a plan depends on a single event.
fn is_row_wise(plan: &Plan) -> bool {
    match plan {
        Plan::Scan(Scan::Events | Scan::EventsUnordered) => true,
        Plan::Filter { input, predicate } => {
            let alone = match predicate {
                Predicate::Search(_, subsearches) => subsearches.is_empty(),
                Predicate::Expr(_) => true,
            };
            alone && is_row_wise(input)
        }
        Plan::Project { input, .. }
        | Plan::Extend { input, .. }
        | Plan::Rename { input, .. }
        | Plan::Lookup { input, .. }
        | Plan::Explode { input, .. } => is_row_wise(input),
        Plan::Scan(Scan::Model { .. } | Scan::Lookup(_) | Scan::Binding)
        | Plan::Physical { .. }
        | Plan::Generate { .. }
        | Plan::Values(_)
        | Plan::Aggregate { .. }
        | Plan::Window { .. }
        | Plan::With { .. }
        | Plan::Deferred { .. }
        | Plan::HConcat { .. }
        | Plan::Stream { .. }
        | Plan::Chart { .. }
        | Plan::Lag { .. }
        | Plan::ForwardFill { .. }
        | Plan::Sort { .. }
        | Plan::Reverse { .. }
        | Plan::PartialDistinct { .. }
        | Plan::Limit { .. }
        | Plan::Skip { .. }
        | Plan::TakeWhile { .. }
        | Plan::Bucket { .. }
        | Plan::Subquery { .. }
        | Plan::Distinct { .. }
        | Plan::Join { .. }
        | Plan::Union { .. }
        | Plan::MapColumns { .. }
        | Plan::Kernel { .. } => false,
    }
}
