//! `transaction`: groups related events into one.
//!
//! A kernel assigns each event to a transaction, from the few fields that decide it. Combining the events of
//! each transaction is then an aggregation of all fields.


use crate::commands::args::{Args, texts, unknown_option};
use crate::commands::planner::parse_fragment;
use crate::commands::{Category, Command, Planner};
use crate::error::{Error, Result};
use crate::kernels::transaction::assemble::{Rendering, assemble};
use crate::kernels::transaction::group::{END, Grouping, START};
use crate::plan::Plan;
use crate::plan::build::{call, number, text};
use crate::plan::texts::parse_search;
use crate::syntax::ast::{Arg, ArgKind, Expr, Literal, Search, Stage};
use crate::syntax::{Rule, print};
use crate::time::Span as TimeSpan;

pub(super) const COMMAND: Command = Command {
    name: "transaction",
    aliases: &["transam"],
    category: Category::Combining,
    synopsis: "transaction [<field>...] [maxspan=<span>] [maxpause=<span>] [maxevents=<N>] [startswith=<filter>] [endswith=<filter>] [keepevicted=<bool>] [mvlist=<bool or fields>] ...",
    options: &[
        ("maxspan", "-1", "the longest time from first to last event: 30s, 5m, 1h; -1 for any"),
        ("maxpause", "-1", "the longest time between neighbours; -1 for any"),
        ("maxevents", "1000", "the most events; 0 or less for any"),
        ("startswith", "", "what the first event satisfies: \"text\", (search) or eval(condition)"),
        ("endswith", "", "what the last event satisfies"),
        ("connected", "true", "an event that shares no field with a transaction, and contradicts none, begins another"),
        ("unifyends", "false", "events of startswith and endswith must share a field too"),
        ("keeporphans", "false", "keeps events that are in no transaction, with _txn_orphan=1"),
        ("keepevicted", "false", "keeps transactions that lack their first event"),
        ("maxopentxn", "0", "transactions open at a time, beyond which the oldest is given up; 0 for any number"),
        ("maxopenevents", "0", "events in open transactions, beyond which the oldest is given up; 0 for any number"),
        ("mvlist", "false", "values as a list in the order of the events; or for which fields"),
        ("mvraw", "false", "_raw as a multivalue"),
        ("delim", " ", "accepted: values stay apart, so nothing joins them"),
        ("nullstr", "NULL", "the value that replaces a missing value in a list"),
        ("fields", "", "the fields to share, separated by commas, as older searches write them"),
        ("name", "", "a stanza of transactiontypes.conf; options in the search take precedence"),
    ],
    doc: "Combines events that share fields, are close in time, or occur between a first and a last event into one event with all their values. Adds duration, eventcount, closed_txn and linecount.",
    examples: &[(
        "| makeresults format=csv data=\"_time,user,page\n30,ann,b\n20,ann,a\n10,bob,a\" | transaction user | table user page eventcount duration",
        "{\"user\":\"ann\",\"page\":[\"a\",\"b\"],\"eventcount\":2,\"duration\":10}\n{\"user\":\"bob\",\"page\":\"a\",\"eventcount\":1,\"duration\":0}",
    )],
    page: "SearchReference/Transaction",
    args: Rule::transaction_args,
    plan,
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    if let Some(name) = args.get("name") {
        let whole = of_type(planner, stage, name)?;
        return plan(planner, &whole, input);
    }
    let fields = field_list(&args);
    let starts = condition(planner, stage, &args, "startswith")?;
    let ends = condition(planner, stage, &args, "endswith")?;
    let grouping = Grouping {
        has_start: starts.is_some(),
        has_end: ends.is_some(),
        fields,
        max_span: span(&args, "maxspan")?,
        max_pause: span(&args, "maxpause")?,
        max_events: count(&args, "maxevents", 1000)?,
        max_open: count(&args, "maxopentxn", 0)?,
        max_open_events: count(&args, "maxopenevents", 0)?,
        connected: args.flag("connected", true)?,
        unify_ends: args.flag("unifyends", false)?,
        keep_evicted: args.flag("keepevicted", false)?,
        keep_orphans: args.flag("keeporphans", false)?,
    };
    let rendering = Rendering {
        orphans: grouping.keep_orphans,
        lists: match args.get("mvlist") {
            None => Vec::new(),
            Some(literal) => match args.flag("mvlist", false) {
                Ok(true) => vec!["*".to_owned()],
                Ok(false) => Vec::new(),
                Err(_) => literal
                    .text
                    .split([',', ' '])
                    .filter(|name| !name.is_empty())
                    .map(str::to_owned)
                    .collect(),
            },
        },
        raw_list: args.flag("mvraw", false)?,
        null: args.text("nullstr", "NULL"),
    };
    // The kernel finds transactions from the newest event to the oldest.
    let mut rows = Planner::rows_or_events(input).newest_first();
    for (name, condition) in [(START, starts), (END, ends)] {
        if let Some(condition) = condition {
            let found = call("if", vec![condition, number(1.0), number(0.0)]);
            rows = rows.set(name, found);
        }
    }
    assemble(rows.beside(grouping), &rendering, stage.span)
}

/// The transactions of a type among the rows.
///
/// # Errors
/// If there is no such type, or it is invalid.
pub(super) fn typed(
    planner: &mut Planner<'_>,
    stage: &Stage,
    name: &Literal,
    rows: Plan,
) -> Result<Plan> {
    let bare = Stage {
        args: Vec::new(),
        ..stage.clone()
    };
    let whole = of_type(planner, &bare, name)?;
    plan(planner, &whole, Some(rows))
}

/// The stage with options of a transaction type that it does not set itself.
fn of_type(planner: &Planner<'_>, stage: &Stage, name: &Literal) -> Result<Stage> {
    let context = planner.context;
    let stanza = context.catalog.transaction_type(&name.text).ok_or_else(|| {
        Error::argument(name.span, format!("unknown transaction type `{}`", name.text))
            .hint("they are stanzas of transactiontypes.conf in an app that --app adds")
    })?;
    let option_of = |arg: &Arg| match &arg.kind {
        ArgKind::Option { name, .. }
        | ArgKind::OptionExpr { name, .. }
        | ArgKind::OptionSearch { name, .. } => Some(name.text.to_ascii_lowercase()),
        _ => None,
    };
    let mut args: Vec<Arg> = stage.args.clone();
    args.retain(|arg| option_of(arg).is_none_or(|option| option != "name"));
    let said: Vec<String> = args.iter().filter_map(option_of).collect();
    let has_fields = args.iter().any(|arg| matches!(arg.kind, ArgKind::Field(_)));
    let mut text = "transaction".to_owned();
    if let (false, Some(fields)) = (has_fields, stanza.text("fields")) {
        text.push_str(&format!(" {fields}"));
    }
    for (key, setting) in stanza.iter() {
        let (key, value) = (key.to_ascii_lowercase(), setting.value.trim());
        let known = COMMAND.options.iter().any(|o| o.0 == key) && key != "name";
        if !known || value.is_empty() || said.contains(&key) {
            continue;
        }
        let whole = value.starts_with('"') || value.starts_with('(') || value.starts_with("eval(");
        text.push_str(&match whole {
            true => format!(" {key}={value}"),
            false => format!(" {key}=\"{}\"", value.replace('"', "\\\"")),
        });
    }
    let fragment = parse_fragment(context, "transaction type", &text).map_err(|e| e.at(name.span))?;
    let mut whole = stage.clone();
    whole.args = fragment.stages.into_iter().flat_map(|s| s.args).chain(args).collect();
    Ok(whole)
}

/// The fields, including those of a quoted list: `transaction "host, cookie"`.
fn field_list(args: &Args<'_>) -> Vec<String> {
    let mut fields: Vec<String> = Vec::new();
    let written = args.get("fields").map(|fields| fields.text.clone());
    for name in texts(&args.fields()).into_iter().chain(written) {
        let names = name.split(',').map(str::trim).filter(|n| !n.is_empty());
        for name in names {
            if !fields.iter().any(|f| f == name) {
                fields.push(name.to_owned());
            }
        }
    }
    fields
}

/// Parses `startswith` or `endswith` as an expression.
fn condition(
    planner: &Planner<'_>,
    stage: &Stage,
    args: &Args<'_>,
    option: &str,
) -> Result<Option<Expr>> {
    let matches = |search: &Search| call("searchmatch", vec![text(&print::search(search))]);
    for arg in &stage.args {
        match &arg.kind {
            ArgKind::OptionExpr { name, value } if name.text.eq_ignore_ascii_case(option) => {
                return Ok(Some(value.clone()));
            }
            ArgKind::OptionSearch { name, value } if name.text.eq_ignore_ascii_case(option) => {
                return Ok(Some(matches(value)));
            }
            ArgKind::OptionExpr { name, .. } | ArgKind::OptionSearch { name, .. }
                if !["startswith", "endswith"]
                    .iter()
                    .any(|o| name.text.eq_ignore_ascii_case(o)) =>
            {
                return Err(unknown_option(&COMMAND, name));
            }
            _ => {}
        }
    }
    let Some(literal) = args.get(option) else {
        return Ok(None);
    };
    // `startswith="login ok"` is a search: a text without a field in it is a phrase or words.
    let search = parse_search(planner.context, &literal.text).map_err(|e| e.at(literal.span))?;
    Ok(Some(matches(&search)))
}

/// Parses seconds. Returns `None` if unbounded.
fn span(args: &Args<'_>, option: &str) -> Result<Option<f64>> {
    let Some(literal) = args.get(option) else {
        return Ok(None);
    };
    if let Ok(seconds) = literal.text.parse::<f64>() {
        return Ok((seconds >= 0.0).then_some(seconds));
    }
    // `0s` is no span.
    let number = literal.text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    if number.parse::<f64>().is_ok_and(|number| number == 0.0) {
        return Ok(Some(0.0));
    }
    let span =
        TimeSpan::parse(&literal.text).map_err(|m| Error::argument(literal.span, m))?;
    Ok(Some(span.approximate_micros() as f64 / 1e6))
}

/// Parses a count. Returns `None` if unbounded.
fn count(args: &Args<'_>, option: &str, default: i64) -> Result<Option<usize>> {
    let number = match args.get(option) {
        None => default,
        Some(literal) => literal.text.parse().map_err(|_| {
            Error::argument(
                literal.span,
                format!("`{option}` takes a whole number, not `{}`", literal.text),
            )
        })?,
    };
    Ok(usize::try_from(number).ok().filter(|n| *n > 0))
}
