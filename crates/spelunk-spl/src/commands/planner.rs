//! The planner: turns stages into plan nodes.

use std::collections::HashMap;
use std::sync::Arc;

use crate::commands::args::{Args, IGNORED};
use crate::commands::{self, Category, Command, eventtypes, splice};
use crate::error::{Error, Result};
use crate::plan::build::{call, field};
use crate::plan::check::check_stage;
use crate::plan::context::QueryContext;
use crate::plan::schema::Pattern;
use crate::plan::table::Table;
use crate::plan::texts::{expanded, without_index};
use crate::plan::{AggregateCall, Assignment, Plan, Predicate, Scan, Target};
use crate::syntax;
use crate::syntax::ast::{Arg, ArgKind, Expr, Pipeline, Search, Stage};

/// Plans the stages of one search.
pub struct Planner<'p> {
    /// Catalog, clock, limits.
    pub context: &'p QueryContext,
    depth: usize,
    /// Display formats, applied at the end of the search.
    shown: Vec<Assignment>,
    /// Delimiters for joining the values of multivalue fields, by field: set by the command that created the
    /// field, used by `nomv`.
    delimiters: HashMap<String, String>,
}

/// Maximum number of terms in a search expression. Each is a separate predicate for the engine, which takes
/// minutes for a million. Parsing such a search takes a second.
const MAX_TERMS: usize = 100_000;

/// Commands that begin a search on purpose, although they make no rows of their own.
const SEE_NOTHING: [&str; 4] = ["append", "appendpipe", "localop", "stats"];

/// Maximum nesting depth of subsearches.
const MAX_DEPTH: usize = 50;

impl<'p> Planner<'p> {
    /// Creates a planner.
    pub fn new(context: &'p QueryContext) -> Planner<'p> {
        Planner {
            context,
            depth: 0,
            shown: Vec::new(),
            delimiters: HashMap::new(),
        }
    }

    /// Records the delimiter for the values of a field.
    pub fn set_delimiter(&mut self, field: &str, delimiter: String) {
        self.delimiters.insert(field.to_owned(), delimiter);
    }

    /// Records the option `delim` for the fields that `list()` and `values()` set.
    pub(super) fn set_delimiters(&mut self, aggregates: &[AggregateCall], args: &Args<'_>) {
        for aggregate in aggregates {
            if matches!(aggregate.function.name, "list" | "values") {
                self.set_delimiter(&aggregate.name, args.text("delim", " "));
            }
        }
    }

    /// The delimiter for the values of a field, if a command set one.
    pub fn delimiter(&self, field: &str) -> Option<&str> {
        self.delimiters.get(field).map(String::as_str)
    }

    /// Plans a pipeline. Plans all stages, to report all errors.
    ///
    /// # Errors
    /// The errors of all stages, joined.
    pub fn pipeline(&mut self, pipeline: &Pipeline) -> Result<Plan> {
        self.stages(pipeline, None)
    }

    /// Plans a pipeline whose first stage takes the rows of another: the body of `appendpipe` and `foreach`.
    ///
    /// # Errors
    /// As [`Planner::subsearch`].
    pub fn over(&mut self, pipeline: &Pipeline, input: Plan) -> Result<Plan> {
        self.deeper(pipeline, |this| this.stages(pipeline, Some(input)))
    }

    fn stages(&mut self, pipeline: &Pipeline, input: Option<Plan>) -> Result<Plan> {
        let begins = input.is_none();
        let mut plan: Option<Plan> = input;
        let mut errors = Vec::new();
        for (at, stage) in pipeline.stages.iter().enumerate() {
            match self.stage(stage, plan.take(), begins && at == 0) {
                Ok(next) => {
                    plan = Some(next);
                    let finds = stage.name.text.eq_ignore_ascii_case("search");
                    if begins && at == 0 && finds {
                        let later = &pipeline.stages[1..];
                        plan =
                            plan.map(|events| eventtypes::when_named(events, later, self.context));
                    }
                }
                Err(error) => {
                    errors.push(error);
                    // A placeholder, so that later stages are checked too.
                    plan = Some(Plan::Generate { count: 0 });
                }
            }
        }
        if !errors.is_empty() {
            // Without a plan, the function calls must be checked here.
            let calls = pipeline.stages.iter().flat_map(check_stage);
            for error in calls {
                let is_told = |e: &Error| e.span == error.span && e.kind == error.kind;
                if !errors.iter().any(is_told) {
                    errors.push(error);
                }
            }
            errors.sort_by_key(|e| e.span.map(|s| s.start));
        }
        Error::all(errors)?;
        if self.depth == 0 && !self.shown.is_empty() {
            let shown = std::mem::take(&mut self.shown);
            plan = plan.map(|rows| rows.extend(shown));
        }
        plan.ok_or_else(|| Error::syntax(pipeline.span, "the search is empty"))
    }

    /// Displays a field by an expression, if it exists at the end of the search.
    pub fn show_as(&mut self, name: &str, value: &Expr) {
        // A subsearch returns values and displays nothing.
        if self.depth > 0 {
            return;
        }
        let shown = call("coalesce", vec![value.clone(), field(name)]);
        self.shown.push(Assignment {
            target: Target::Each(vec![Pattern::exact(name)]),
            value: shown,
        });
    }

    fn stage(&mut self, stage: &Stage, mut input: Option<Plan>, first: bool) -> Result<Plan> {
        let command = commands::command(&stage.name.text)
            .ok_or_else(|| commands::unknown(stage, &self.context.catalog))?;
        let generates = command.category == Category::Generating || command.name == "search";
        // A command that makes no rows sees none at the beginning: `| stats count` is an old way to generate a row,
        // `| noop | stats count` and `| append [...]` are in published apps.
        if first && !generates && command.name != "union" {
            if !SEE_NOTHING.contains(&command.name) {
                self.context.notice(format!(
                    "`{}` begins the search and sees no rows: begin with a search (without `|`), or with | tstats, \
                     | makeresults, | inputlookup, ...",
                    command.name
                ));
            }
            input = Some(Plan::Values(Arc::new(Table::new(0))));
        }
        if self.context.verbose {
            self.tell_ignored(command, stage);
        }
        let planned = match stage.args.as_slice() {
            [
                Arg {
                    kind: ArgKind::Splice(parts),
                    ..
                },
            ] => splice::plan(self, stage, parts, input),
            _ => (command.plan)(self, stage, input),
        };
        planned.map_err(|e| e.at(stage.span))
    }

    /// Warns about options of a stage that have no effect offline.
    fn tell_ignored(&self, command: &Command, stage: &Stage) {
        for arg in &stage.args {
            let ArgKind::Option { name, .. } = &arg.kind else {
                continue;
            };
            let lower = name.text.to_ascii_lowercase();
            let row = command.options.iter().find(|o| o.0 == lower);
            let ignored = match row {
                Some((_, _, meaning)) => meaning.starts_with("accepted"),
                None => IGNORED.contains(&lower.as_str()),
            };
            if ignored {
                self.context.notice(format!(
                    "{}: the option `{}` means nothing here",
                    command.name, name.text
                ));
            }
        }
    }

    /// Plans a subsearch.
    ///
    /// # Errors
    /// If it is invalid, or nested too deeply.
    pub fn subsearch(&mut self, pipeline: &Pipeline) -> Result<Plan> {
        self.deeper(pipeline, |this| this.pipeline(pipeline))
    }

    fn deeper(
        &mut self,
        pipeline: &Pipeline,
        plan: impl FnOnce(&mut Self) -> Result<Plan>,
    ) -> Result<Plan> {
        if self.depth >= MAX_DEPTH {
            return Err(Error::new(crate::error::ErrorKind::TooLarge(format!(
                "subsearches are nested more than {MAX_DEPTH} deep"
            )))
            .at(pipeline.span));
        }
        self.depth += 1;
        let outer = std::mem::take(&mut self.delimiters);
        let plan = plan(self);
        self.delimiters = outer;
        self.depth -= 1;
        plan
    }

    /// Adds a filter by a search expression, with its subsearches planned.
    ///
    /// # Errors
    /// If a subsearch is invalid.
    pub fn search_filter(&mut self, input: Plan, search: &Search) -> Result<Plan> {
        let terms = count_terms(search);
        if terms > MAX_TERMS {
            return Err(Error::new(crate::error::ErrorKind::TooLarge(format!(
                "the search expression has {terms} terms, at most {MAX_TERMS} are supported"
            ))));
        }
        let search = match self.context.any_index {
            true => without_index(search).unwrap_or(Search::And(Vec::new())),
            false => search.clone(),
        };
        let mut plans = Vec::new();
        self.subsearches(&search, &mut plans)?;
        Ok(Plan::Filter {
            input: Box::new(input),
            predicate: Predicate::Search(search, plans),
        })
    }

    fn subsearches(&mut self, search: &Search, out: &mut Vec<Plan>) -> Result<()> {
        match search {
            Search::And(parts) | Search::Or(parts) => {
                for part in parts {
                    self.subsearches(part, out)?;
                }
            }
            Search::Not(inner) => self.subsearches(inner, out)?,
            Search::Subsearch(pipeline) | Search::CompareSubsearch { pipeline, .. } => {
                out.push(self.subsearch(pipeline)?);
            }
            Search::Compare { .. }
            | Search::In { .. }
            | Search::Term(_)
            | Search::ExactTerm(_)
            | Search::CaseTerm(_) => {}
        }
        Ok(())
    }

    /// The input rows, or all events without input.
    pub fn rows_or_events(input: Option<Plan>) -> Plan {
        input.unwrap_or(Plan::Scan(Scan::Events))
    }
}

fn count_terms(search: &Search) -> usize {
    match search {
        Search::And(parts) | Search::Or(parts) => parts.iter().map(count_terms).sum(),
        Search::Not(inner) => count_terms(inner),
        Search::Compare { .. }
        | Search::In { .. }
        | Search::Term(_)
        | Search::ExactTerm(_)
        | Search::CaseTerm(_)
        | Search::Subsearch(_)
        | Search::CompareSubsearch { .. } => 1,
    }
}

/// Plans the text of a search: a data model's base search.
///
/// # Errors
/// If the text is invalid.
pub fn plan_text(context: &QueryContext, text: &str) -> Result<Plan> {
    Planner::new(context).pipeline(&parse_pipeline(context, text)?)
}

/// Parses the text of a pipeline that is an argument of a command, with its parameters filled in. It may
/// begin with a command, or with a search expression if `search` is omitted.
///
/// # Errors
/// If the text is invalid.
pub fn parse_pipeline(context: &QueryContext, text: &str) -> Result<Pipeline> {
    let (source, text) = expanded(context, text)?;
    syntax::parse(source, &text, &commands::shape_of)
}

/// Parses the text of a pipeline that begins with a command, with its parameters filled in. Its macros were
/// expanded along with the search that contains it.
///
/// # Errors
/// If the text is invalid.
pub(super) fn parse_fragment(context: &QueryContext, what: &str, text: &str) -> Result<Pipeline> {
    let source = {
        let mut sources = context
            .sources
            .lock()
            .map_err(|_| Error::internal("the texts are locked"))?;
        sources.add(what, text)
    };
    syntax::parse_fragment(source, text, 0, &commands::shape_of)
}
