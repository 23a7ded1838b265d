//! `tstats`: aggregates over the rows of a data model.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner, prestats, series_terms};
use crate::error::{Error, Result};
use crate::pcre::escape;
use crate::plan::build::{call, field, text};
use crate::plan::{Plan, Scan};
use crate::source::Span;
use crate::syntax::Rule;
use crate::syntax::ast::{ArgKind, CompareOp, Expr, Name, Search, Stage};
use crate::time::Span as TimeSpan;

pub(super) const COMMAND: Command = Command {
    name: "tstats",
    category: Category::Generating,
    synopsis: "| tstats [<options>] <aggregation>... [FROM datamodel=<Model>[.<Dataset>]] [WHERE <search expression>] [BY <field>... [span=<span>]]",
    options: &[
        ("summariesonly", "false", "only events that were summarised when they were replayed; data given by --data or --model counts as summarised"),
        ("fillnull_value", "", "the value for a missing BY field; without it, such rows are left out"),
        ("prestats", "false", "gives what stats, chart or timechart of the same shape makes the answer of"),
        ("append", "false", "with prestats, adds to what a tstats before prepared"),
        ("datamodel", "", "the data model and data set, after FROM"),
        ("span", "", "the length of time buckets, after BY _time"),
        ("nodename", "", "a child data set; also a term of WHERE"),
    ],
    doc: "Aggregates over the rows of a data set of a data model, its fields written Dataset.field; without FROM, over events. \
          WHERE takes a search expression, BY splits, `BY _time span=1h` makes buckets.",
    page: "SearchReference/Tstats",
    args: Rule::tstats_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let (prestats, append) = (args.flag("prestats", false)?, args.flag("append", false)?);
    let spot = |name: &str| args.get(name).map_or(stage.span, |l| l.span);
    if append && !prestats {
        return Err(Error::argument(
            spot("append"),
            "`append=true` requires `prestats=true`",
        )
        .hint("to add rows of results: | append [| tstats ...]"));
    }
    if input.is_some() && !append {
        return Err(Error::syntax(stage.name.span, "`tstats` begins a search")
            .hint("with prestats=true append=true it adds to what another tstats prepared"));
    }
    let aggregates = args.aggregates()?;
    if aggregates.is_empty() {
        return Err(Error::syntax(stage.span, "`tstats` needs an aggregation")
            .hint("for example: | tstats count FROM datamodel=Endpoint.Processes"));
    }
    let filter = args.rest.iter().find_map(|a| match &a.kind {
        ArgKind::Search(search) => Some(search),
        _ => None,
    });
    let mut rows = match args.get("datamodel") {
        Some(literal) => {
            let (model, mut dataset) = split(&literal.text, literal.span);
            if let Some(node) = filter.and_then(node_name)
                && let Some(last) = node.text.rsplit('.').next()
            {
                dataset = Some(Name {
                    text: last.to_owned(),
                    ..node
                });
            }
            check(planner, &model, dataset.as_ref())?;
            Plan::Scan(Scan::Model {
                model,
                dataset,
                summaries_only: args.flag("summariesonly", false)?,
            })
        }
        None => Plan::Scan(Scan::Events),
    };
    if let Some(search) = filter {
        rows = planner.search_filter(rows, &without_node_name(search))?;
    }
    let mut by = args.by_fields(stage)?;
    for field in &mut by {
        if field.name == "_time" && field.span.is_none() {
            field.span = Some(automatic(planner, &rows)?);
        }
        if let Some(prefix) = prefix(&field.name) {
            rows = rows.set(&prefix, after_prefix(&prefix));
            field.name = prefix;
        }
    }
    if prestats {
        let fill = args.get("fillnull_value").map(|l| l.text.as_str());
        return Ok(prestats::handed_on(input, rows, &by, fill, &aggregates));
    }
    Ok(Plan::Aggregate {
        input: Box::new(rows),
        aggregates,
        by,
        fill: args.get("fillnull_value").map(|l| l.text.clone()),
        all_numbers: false,
        sorted: true,
    })
}

/// The span of `BY _time` without one: for the range of the search as in `timechart`, a second over all time.
fn automatic(planner: &Planner<'_>, rows: &Plan) -> Result<TimeSpan> {
    let range = match series_terms::range(planner, rows)? {
        (Some(from), Some(to)) => (to - from).max(1.0),
        _ => 1.0,
    };
    Ok(TimeSpan::fitting(range, 100, None))
}

/// The term prefix in `PREFIX(bytes=)`.
fn prefix(name: &str) -> Option<String> {
    let inner = name.strip_suffix(')')?;
    let (function, text) = inner.split_once('(')?;
    let text = text.trim().trim_matches('"');
    (function.eq_ignore_ascii_case("prefix") && !text.is_empty()).then(|| text.to_lowercase())
}

/// The rest of the first term in an event's text that begins with the prefix. Index terms end at major
/// breakers and are in lower case.
fn after_prefix(prefix: &str) -> Expr {
    const BREAKERS: &str = r#"\s\[\]<>(){}|!;,'"*&?+\r\n"#;
    let regex = format!(
        "(?i)(?:^|[{BREAKERS}]){}(?<value>[^{BREAKERS}]+)",
        escape(prefix)
    );
    let found = call("$group1", vec![field("_raw"), text(&regex), text("value")]);
    call("lower", vec![found])
}

/// Splits `Model.Dataset`, with the span of each part.
fn split(text: &str, span: Span) -> (Name, Option<Name>) {
    let name = |text: &str, span: Span| Name {
        text: text.to_owned(),
        span,
        quoted: false,
    };
    match text.split_once('.') {
        Some((model, dataset)) => {
            // A quoted name's text is shorter than its span; both parts then share it.
            let exact = (span.end - span.start) as usize == text.len();
            let part = |from: usize, to: usize| {
                if exact {
                    Span {
                        start: span.start + from as u32,
                        end: span.start + to as u32,
                        ..span
                    }
                } else {
                    span
                }
            };
            (
                name(model, part(0, model.len())),
                Some(name(dataset, part(model.len() + 1, text.len()))),
            )
        }
        None => (name(text, span), None),
    }
}

/// Checks that the model is defined. Rows supplied directly need no definition.
fn check(planner: &Planner<'_>, model: &Name, dataset: Option<&Name>) -> Result<()> {
    let context = planner.context;
    if context
        .given_models
        .iter()
        .any(|m| m.eq_ignore_ascii_case(&model.text))
    {
        return Ok(());
    }
    let found = context
        .catalog
        .models
        .find(&model.text)
        .map_err(|e| e.at(model.span))?;
    if let Some(dataset) = dataset {
        found.find(&dataset.text).map_err(|e| e.at(dataset.span))?;
    }
    Ok(())
}

/// `nodename=X` among the conjuncts.
fn node_name(search: &Search) -> Option<Name> {
    match search {
        Search::And(parts) => parts.iter().find_map(node_name),
        Search::Compare {
            field,
            op: CompareOp::Eq,
            value,
        } if field.text.eq_ignore_ascii_case("nodename") => Some(Name {
            text: value.text.clone(),
            span: value.span,
            quoted: value.quoted,
        }),
        _ => None,
    }
}

fn without_node_name(search: &Search) -> Search {
    match search {
        Search::And(parts) => Search::And(parts.iter().map(without_node_name).collect()),
        other if node_name(other).is_some() => Search::And(Vec::new()),
        other => other.clone(),
    }
}
