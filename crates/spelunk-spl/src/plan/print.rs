//! Plans as text: one node per line, SPL-like, the source first. Contains no ids, so that the text
//! of a plan is the same on every run.

use std::fmt::Write as _;

use crate::plan::chart::{Chart, Keep};
use crate::plan::schema::Pattern;
use crate::plan::stream::Stream;
use crate::plan::{
    AggregateCall, AggregateInput, ByField, Plan, Predicate, Projection, Scan, SortKey, SortOrder,
    Target,
};
use crate::syntax::print;

/// Formats a plan, one node per line.
pub fn plan(plan: &Plan) -> String {
    let mut out = String::new();
    write_node(plan, 0, &mut out);
    out
}

fn write_node(plan: &Plan, depth: usize, out: &mut String) {
    let bare = plan.without_marks();
    let inputs = bare.inputs();
    match inputs.as_slice() {
        [] => {}
        [input] => write_node(input, depth, out),
        several => {
            for (at, input) in several.iter().enumerate() {
                let _ = writeln!(out, "{}input {}:", "  ".repeat(depth), at + 1);
                write_node(input, depth + 1, out);
            }
        }
    }
    let _ = writeln!(out, "{}{}", "  ".repeat(depth), node(plan));
    if let Plan::Filter {
        predicate: Predicate::Search(_, plans),
        ..
    } = bare
    {
        for subsearch in plans {
            let _ = writeln!(out, "{}  subsearch:", "  ".repeat(depth));
            write_node(subsearch, depth + 2, out);
        }
    }
}

fn node(plan: &Plan) -> String {
    match plan {
        Plan::Physical { node, rules } => {
            let rules: String = rules.iter().map(|rule| format!(" [{rule}]")).collect();
            self::node(node) + &rules
        }
        Plan::Scan(Scan::Events) => "scan events, newest first".to_owned(),
        Plan::Scan(Scan::EventsUnordered) => "scan events".to_owned(),
        Plan::Scan(Scan::Model {
            model,
            dataset,
            summaries_only,
        }) => {
            let dataset = dataset
                .as_ref()
                .map_or(String::new(), |d| format!(".{}", d.text));
            let only = if *summaries_only {
                " (summaries only)"
            } else {
                ""
            };
            format!("scan model {}{dataset}{only}", model.text)
        }
        Plan::Scan(Scan::Binding) => "rows so far".to_owned(),
        Plan::With { .. } => "preceding rows as input 1".to_owned(),
        Plan::Deferred { expansion, .. } => expansion.describe(),
        Plan::HConcat { overwrite, .. } => {
            format!("hconcat{}", if *overwrite { ", overwriting" } else { "" })
        }
        Plan::Scan(Scan::Lookup(name)) => format!("scan lookup {}", name.text),
        Plan::Generate { count } => format!("generate {count}"),
        Plan::Values(table) => format!("values {} rows", table.height()),
        Plan::Filter { predicate, .. } => match predicate {
            Predicate::Search(search, _) => format!("filter search {}", print::search(search)),
            Predicate::Expr(expr) => format!("filter {}", print::expr(expr)),
        },
        Plan::Project { mode, fields, .. } => {
            let mode = match mode {
                Projection::Keep => "keep",
                Projection::Drop => "drop",
                Projection::Table => "table",
            };
            format!("project {mode} {}", patterns(fields))
        }
        Plan::Extend { columns, .. } => {
            let columns: Vec<String> = columns
                .iter()
                .map(|c| {
                    let target = match &c.target {
                        Target::Field(name) | Target::Template(name) => name.clone(),
                        Target::Each(each) | Target::EachPresent(each) => {
                            format!("each({})", patterns(each))
                        }
                    };
                    format!("{target} = {}", print::expr(&c.value))
                })
                .collect();
            format!("extend {}", columns.join(", "))
        }
        Plan::Rename { pairs, .. } => {
            let pairs: Vec<String> = pairs
                .iter()
                .map(|(from, to)| format!("{} AS {}", from.text, to.text))
                .collect();
            format!("rename {}", pairs.join(", "))
        }
        Plan::Aggregate {
            aggregates,
            by: groups,
            fill,
            all_numbers,
            ..
        } => {
            let fill = fill
                .as_ref()
                .map_or(String::new(), |f| format!(" fill=\"{f}\""));
            format!(
                "aggregate {}{}{fill}{}",
                calls(aggregates),
                by(groups),
                numbers(*all_numbers)
            )
        }
        Plan::Window {
            aggregates,
            by: groups,
            all_numbers,
            ..
        } => format!(
            "window {}{}{}",
            calls(aggregates),
            by(groups),
            numbers(*all_numbers)
        ),
        Plan::Stream { stream, .. } => stream_text(stream),
        Plan::Chart { chart, .. } => chart_text(chart),
        Plan::Lag { columns, .. } => {
            let columns: Vec<String> = columns
                .iter()
                .map(|(from, to, rows)| format!("{to} = {from} {rows} before"))
                .collect();
            format!("lag {}", columns.join(", "))
        }
        Plan::ForwardFill { fields, .. } => format!("fill down {}", patterns(fields)),
        Plan::Sort { keys, limit, .. } => {
            let keys: Vec<String> = keys.iter().map(sort_key).collect();
            let limit = if *limit > 0 {
                format!(" limit={limit}")
            } else {
                String::new()
            };
            format!("sort {}{limit}", keys.join(", "))
        }
        Plan::Reverse { .. } => "reverse".to_owned(),
        Plan::PartialDistinct { fields, .. } => format!("partial distinct {}", fields.join(", ")),
        Plan::Limit { count, tail, .. } => {
            format!("limit {}{count}", if *tail { "last " } else { "" })
        }
        Plan::Subquery { most, .. } => format!("subsearch of at most {most}"),
        Plan::Skip { count, .. } => format!("skip {count}"),
        Plan::TakeWhile { condition, .. } => format!("while {}", print::expr(condition)),
        Plan::Bucket { field, alias, .. } => {
            if field == alias {
                format!("bucket {field}")
            } else {
                format!("bucket {field} AS {alias}")
            }
        }
        Plan::Distinct {
            fields,
            count,
            keep_empty,
            keep_events,
            consecutive,
            ..
        } => {
            let mut text = format!("distinct {count} {}", fields.join(" "));
            for (flag, name) in [
                (keep_empty, " keepempty"),
                (keep_events, " keepevents"),
                (consecutive, " consecutive"),
            ] {
                if *flag {
                    text.push_str(name);
                }
            }
            text
        }
        Plan::Join {
            fields, outer, max, ..
        } => format!(
            "join {} {} max={max}",
            if *outer { "outer" } else { "inner" },
            fields.join(" ")
        ),
        Plan::Lookup {
            lookup,
            keys,
            outputs,
            overwrite,
            ..
        } => {
            let pairs = |pairs: &[(crate::syntax::ast::Name, crate::syntax::ast::Name)]| {
                let pairs: Vec<String> = pairs
                    .iter()
                    .map(|(a, b)| format!("{} AS {}", a.text, b.text))
                    .collect();
                pairs.join(", ")
            };
            let output = if *overwrite { "OUTPUT" } else { "OUTPUTNEW" };
            format!(
                "lookup {} {} {output} {}",
                lookup.text,
                pairs(keys),
                pairs(outputs)
            )
        }
        Plan::Union { inputs } => format!("union of {}", inputs.len()),
        Plan::Explode { field, limit, .. } => {
            if *limit > 0 {
                format!("explode {field} limit={limit}")
            } else {
                format!("explode {field}")
            }
        }
        Plan::MapColumns { kernel, .. } => format!("beside {}", kernel.describe()),
        Plan::Kernel { kernel, .. } => format!("apply {}", kernel.describe()),
    }
}

fn chart_text(chart: &Chart) -> String {
    let mut text = format!("chart {}", calls(&chart.aggregates));
    for computed in &chart.computed {
        if let Target::Field(name) = &computed.target {
            let _ = write!(text, ", {name} = {}", print::expr(&computed.value));
        }
    }
    if chart.row.is_some() {
        let _ = write!(text, " OVER {}", chart.row_name);
    }
    if let Some(times) = &chart.times {
        match times.span {
            Some(span) => {
                let _ = write!(text, " in buckets of {span}");
            }
            None => {
                let _ = write!(text, " in at most {} buckets", times.bins);
            }
        }
    }
    if let Some(split) = &chart.split {
        let _ = write!(text, " BY {}", split.field);
        if let Some(keep) = split.keep {
            let kept = match keep {
                Keep::Top(n) => format!("top {n}"),
                Keep::Bottom(n) => format!("bottom {n}"),
                Keep::NotTop(n) => format!("all but top {n}"),
                Keep::NotBottom(n) => format!("all but bottom {n}"),
                Keep::Above(n) => format!("above {n}"),
                Keep::Below(n) => format!("below {n}"),
            };
            let _ = write!(text, " {kept}");
        }
        if let Some(score) = &split.score {
            let _ = write!(text, " of {}", calls(std::slice::from_ref(score)));
        }
    }
    text
}

fn stream_text(stream: &Stream) -> String {
    let mut text = format!("stream {}", calls(&stream.aggregates));
    if !stream.by.is_empty() {
        let _ = write!(text, " BY {}", stream.by.join(", "));
    }
    if stream.window > 0 {
        let each = if stream.global { "" } else { " each" };
        let _ = write!(text, " window={}{each}", stream.window);
    }
    if let Some(seconds) = stream.seconds {
        let _ = write!(text, " within {}s", crate::value::format_number(seconds));
    }
    for (is, name) in [
        (!stream.current, " before the row"),
        (stream.reset_on_change, " reset_on_change"),
        (stream.all_numbers, numbers(true)),
    ] {
        if is {
            text.push_str(name);
        }
    }
    for (name, reset) in [
        ("before", &stream.reset_before),
        ("after", &stream.reset_after),
    ] {
        if let Some(reset) = reset {
            let _ = write!(text, " reset_{name}=({})", print::expr(reset));
        }
    }
    text
}

fn patterns(patterns: &[Pattern]) -> String {
    let texts: Vec<&str> = patterns.iter().map(|p| p.text.as_str()).collect();
    texts.join(", ")
}

fn calls(calls: &[AggregateCall]) -> String {
    let calls: Vec<String> = calls
        .iter()
        .map(|c| {
            let parameter = c
                .parameter
                .map_or(String::new(), crate::value::format_number);
            let arg = match &c.arg {
                AggregateInput::Row => String::new(),
                AggregateInput::Field(pattern) => format!("({})", pattern.text),
                AggregateInput::Expr(expr) => format!("(eval({}))", print::expr(expr)),
            };
            format!("{}{parameter}{arg} AS {}", c.function.name, c.name)
        })
        .collect();
    calls.join(", ")
}

fn by(by: &[ByField]) -> String {
    if by.is_empty() {
        return String::new();
    }
    let names: Vec<String> = by
        .iter()
        .map(|b| {
            let buckets = if b.span.is_some() { " in buckets" } else { "" };
            format!("{}{buckets}", b.name)
        })
        .collect();
    format!(" BY {}", names.join(", "))
}

fn numbers(all: bool) -> &'static str {
    if all { " allnum" } else { "" }
}

fn sort_key(key: &SortKey) -> String {
    let sign = if key.descending { "-" } else { "" };
    match key.order {
        SortOrder::Auto | SortOrder::Value => format!("{sign}{}", key.field),
        SortOrder::Number => format!("{sign}num({})", key.field),
        SortOrder::Text => format!("{sign}str({})", key.field),
        SortOrder::Address => format!("{sign}ip({})", key.field),
    }
}
