//! Explains why a search found nothing.

use crate::commands::Planner;
use crate::detect::why::{Condition, StepRows, Why, condition, filter, missing_everywhere};
use crate::error::Failure;
use crate::error::Result;
use crate::exec::Executor;
use crate::exec::scan::sources::DataSources;
use crate::knowledge::detection::Detection;
use crate::plan::dataflow::BARE;
use crate::plan::optimize::order_elimination;
use crate::plan::texts::parse_search;
use crate::plan::{Plan, Predicate, Scan};
use crate::session::large_stack::with_large_stack;
use crate::session::{Compiled, Session, failure};
use crate::syntax::ast::{Pipeline, Search};
use crate::syntax::print;

/// Default number of near misses shown per condition.
pub const MISSES: usize = 3;

impl Session {
    /// Finds how many rows each condition of a search passes, the nearest misses (at most `misses` per
    /// condition), and the command after which no row is left. `only` is a search expression that restricts
    /// the events, or data model rows, to examine.
    ///
    /// # Errors
    /// As [`Session::search`]. Discards the search's writes.
    pub fn why(&self, spl: &str, only: Option<&str>, misses: usize) -> Result<Why, Failure> {
        with_large_stack(|| self.why_here(spl, only, misses))
    }

    /// Replays the shipped data that a detection's tests name if there is no data at all, as [`Session::run`]
    /// does.
    ///
    /// # Errors
    /// If the data can't be read or stored.
    pub fn replay_tests_of(&self, detection: &Detection) -> Result<()> {
        self.replay_tests_into_empty_store(std::slice::from_ref(detection))
    }

    fn why_here(&self, spl: &str, only: Option<&str>, misses: usize) -> Result<Why, Failure> {
        let compiled = self.compile(spl)?;
        let context = &compiled.context;
        let fail = |error| failure(context, error);
        let only = match only {
            Some(text) => Some(parse_search(context, text).map_err(fail)?),
            None => None,
        };
        let whole = self.plan(&compiled, &compiled.pipeline).map_err(fail)?;
        let ask = |data: &DataSources| {
            let mut asked = Asked {
                session: self,
                compiled: &compiled,
                executor: Executor::new(context, data),
                only: only.clone(),
                misses,
                why: Why {
                    searched: data.event_count(),
                    ..Why::default()
                },
            };
            asked.ask()?;
            Ok(asked.why)
        };
        let why = match whole.reads_data() {
            true => self.on_data(context, ask),
            false => ask(&DataSources::default()),
        };
        why.map_err(fail)
    }
}

/// The analysis of a search.
struct Asked<'w> {
    session: &'w Session,
    compiled: &'w Compiled,
    executor: Executor<'w>,
    only: Option<Search>,
    misses: usize,
    why: Why,
}

impl Asked<'_> {
    fn ask(&mut self) -> Result<()> {
        let stages = &self.compiled.pipeline.stages;
        // The plan of the commands so far, the input of the next one; without rewrites, so that the nodes of
        // the next command are on top of it.
        let mut so_far: Option<Plan> = None;
        let mut before: Option<usize> = None;
        for (at, stage) in stages.iter().enumerate() {
            let prefix = Pipeline {
                stages: stages[..=at].to_vec(),
                span: self.compiled.pipeline.span,
            };
            let plan = self.session.plan(self.compiled, &prefix)?;
            let plan = order_elimination::optimize(self.narrowed(plan));
            let rows = self.executor.count(&plan)?;
            self.why.steps.push(StepRows {
                command: print::stage(stage),
                rows,
            });
            let one = Pipeline {
                stages: vec![stage.clone()],
                span: stage.span,
            };
            let mut planner = Planner::new(&self.compiled.context);
            let under = so_far.as_ref().map_or(0, height);
            let here = match so_far.take() {
                None => self.narrowed(planner.pipeline(&one)?),
                Some(input) => planner.over(&one, input)?,
            };
            let input = self.conditions(&here, at, under, before)?;
            let came = before.or(input);
            if rows == 0 && self.why.lost.is_none() && came.is_some_and(|rows| rows > 0) {
                self.why.lost = Some(at);
                self.explain(&here, under)?;
            }
            if at == 0 && input == Some(0) {
                let what = if self.only.is_some() {
                    "--where matches no events"
                } else {
                    "no data to search"
                };
                self.why.notes.push(what.to_owned());
            }
            before = Some(rows);
            so_far = Some(here);
        }
        Ok(())
    }

    /// Evaluates the conditions of a command. Returns the number of input rows of the first one, or else of
    /// the command.
    fn conditions(
        &mut self,
        here: &Plan,
        at: usize,
        under: usize,
        before: Option<usize>,
    ) -> Result<Option<usize>> {
        let mut came = before;
        let nodes = spine(here, under);
        // From the scan upwards.
        for node in nodes.iter().rev() {
            let Plan::Filter { input, predicate } = node else {
                continue;
            };
            if self.is_own(predicate) {
                continue;
            }
            let resolved = self.executor.resolved(predicate)?;
            let condition = condition(&resolved);
            // `*` passes everything.
            if condition.leaves.iter().all(|leaf| leaf.text == "*") {
                continue;
            }
            let found = self.filter(&condition, input, at)?;
            came = came.or(Some(found));
        }
        if came.is_none()
            && let Some(scan) = nodes.iter().rev().find(|node| node.inputs().is_empty())
        {
            came = Some(self.executor.count(&self.narrowed((*scan).clone()))?);
        }
        Ok(came)
    }

    fn filter(&mut self, condition: &Condition, input: &Plan, at: usize) -> Result<usize> {
        let mut keep: Vec<String> = condition
            .leaves
            .iter()
            .flat_map(|l| l.fields.clone())
            .collect();
        keep.push("_time".to_owned());
        keep.sort();
        keep.dedup();
        let terms: Vec<Predicate> = condition
            .leaves
            .iter()
            .map(|l| l.predicate.clone())
            .collect();
        let tried = self.executor.eval_terms(input, &terms, &keep)?;
        let rows = tried.rows.len();
        if rows > 0 {
            let known: Vec<String> = self.executor.lower(input)?.schema.keys().cloned().collect();
            let place = (at, over(input));
            let found = filter(condition, &tried, &known, place, self.misses);
            self.why.filters.push(found);
        }
        Ok(rows)
    }

    /// Explains why a command without a condition loses all rows, if the reason is known.
    fn explain(&mut self, here: &Plan, under: usize) -> Result<()> {
        for node in spine(here, under) {
            match node {
                Plan::Aggregate {
                    input,
                    by,
                    fill: None,
                    ..
                } if !by.is_empty() => {
                    let names: Vec<String> = by.iter().map(|b| b.name.clone()).collect();
                    let rows = self.executor.eval_terms(input, &[], &names)?.rows;
                    if rows.is_empty() {
                        continue;
                    }
                    for name in missing_everywhere(&rows, &names) {
                        let count = rows.len();
                        self.why.notes.push(format!(
                            "rows without a field of `by` are left out, and none of {count} has `{name}`"
                        ));
                    }
                }
                Plan::Join {
                    right,
                    fields,
                    outer: false,
                    ..
                } => {
                    let count = self.executor.count(right)?;
                    let by = fields.join(", ");
                    self.why.notes.push(format!(
                        "no row has a partner by `{by}` among those of the subsearch, which gives {count}"
                    ));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Restricts the plan to the rows to examine.
    fn narrowed(&self, mut plan: Plan) -> Plan {
        let Some(only) = &self.only else {
            return plan;
        };
        let mut node = &mut plan;
        // Restricted already.
        loop {
            if let Plan::Filter { predicate, .. } = node
                && self.is_own(predicate)
            {
                return plan;
            }
            if matches!(node, Plan::Scan(_)) {
                break;
            }
            match node.inputs_mut().into_iter().next() {
                Some(next) => node = next,
                None => return plan,
            }
        }
        let scan = std::mem::replace(node, Plan::Generate { count: 0 });
        *node = match &scan {
            Plan::Scan(Scan::Model { model, dataset, .. }) => {
                let dataset = dataset.as_ref().map_or(&model.text, |d| &d.text);
                let root = dataset.split('.').next().unwrap_or(dataset);
                let prefixed = prefixed(only, root);
                scan.search(prefixed)
            }
            _ => scan.search(only.clone()),
        };
        plan
    }

    /// Whether a condition is the one added by [`Asked::narrowed`].
    fn is_own(&self, predicate: &Predicate) -> bool {
        let Some(only) = &self.only else { return false };
        let Predicate::Search(search, _) = predicate else {
            return false;
        };
        // Its spans are in a source text of its own.
        match (first_span(only), first_span(search)) {
            (Some(own), Some(found)) => own == found,
            _ => false,
        }
    }
}

fn first_span(search: &Search) -> Option<crate::source::Span> {
    match search {
        Search::And(parts) | Search::Or(parts) => parts.iter().find_map(first_span),
        Search::Not(inner) => first_span(inner),
        Search::Compare { field, .. }
        | Search::In { field, .. }
        | Search::CompareSubsearch { field, .. } => Some(field.span),
        Search::Term(word) | Search::ExactTerm(word) | Search::CaseTerm(word) => Some(word.span),
        Search::Subsearch(pipeline) => Some(pipeline.span),
    }
}

/// The search expression with its fields qualified by the data set.
fn prefixed(search: &Search, dataset: &str) -> Search {
    let full = |name: &crate::syntax::ast::Name| {
        let mut name = name.clone();
        if !name.text.contains('.') && !BARE.contains(&name.text.as_str()) {
            name.text = format!("{dataset}.{}", name.text);
        }
        name
    };
    match search {
        Search::And(parts) => Search::And(parts.iter().map(|p| prefixed(p, dataset)).collect()),
        Search::Or(parts) => Search::Or(parts.iter().map(|p| prefixed(p, dataset)).collect()),
        Search::Not(inner) => Search::Not(Box::new(prefixed(inner, dataset))),
        Search::Compare { field, op, value } => Search::Compare {
            field: full(field),
            op: *op,
            value: value.clone(),
        },
        Search::In { field, values } => Search::In {
            field: full(field),
            values: values.clone(),
        },
        Search::Term(_)
        | Search::ExactTerm(_)
        | Search::CaseTerm(_)
        | Search::Subsearch(_)
        | Search::CompareSubsearch { .. } => search.clone(),
    }
}

/// The nodes from the top along the input chain, without the lowest `under` ones.
fn spine(plan: &Plan, under: usize) -> Vec<&Plan> {
    let mut nodes = vec![plan];
    while let Some(next) = nodes.last().and_then(|node| node.inputs().first().copied()) {
        nodes.push(next);
    }
    nodes.truncate(nodes.len().saturating_sub(under));
    nodes
}

/// The number of nodes along the input chain.
fn height(plan: &Plan) -> usize {
    spine(plan, 0).len()
}

/// A name for the input of a condition.
fn over(input: &Plan) -> String {
    match input {
        Plan::Scan(Scan::Model { model, dataset, .. }) => match dataset {
            Some(dataset) => format!("rows of {}.{}", model.text, dataset.text),
            None => format!("rows of {}", model.text),
        },
        Plan::Scan(Scan::Events | Scan::EventsUnordered) => "events".to_owned(),
        Plan::Filter { input, .. } => over(input),
        _ => "rows".to_owned(),
    }
}
