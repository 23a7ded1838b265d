//! `pivot`: a table over a data set of a data model.

use crate::commands::dataset::NamedDataset;
use crate::commands::planner::plan_text;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::kernels::format::quoted;
use crate::plan::Plan;
use crate::source::Span;
use crate::syntax::Rule;
use crate::syntax::ast::{Arg, ArgKind, Stage};

pub(super) const COMMAND: Command = Command {
    name: "pivot",
    category: Category::Generating,
    synopsis: "| pivot <Model> <Dataset> <function>(<field>) [AS <name>]... [SPLITROW <field> [AS <name>] [PERIOD <unit>] [RANGE size=<N>]]... [SPLITCOL <field> [PERIOD <unit>]] [FILTER <field> <comparison> <value>]... [LIMIT <field> BY TOP|BOTTOM <N> <function>(<field>)] [ROWSUMMARY 0|1] [COLSUMMARY 0|1] [NUMCOLS <N>] [SHOWOTHER 0|1]",
    doc: "Aggregates over the rows of a data set: a row for each value of the SPLITROW fields, a column for each value of the SPLITCOL field. \
          `count(<Dataset>)` counts its rows. FILTER takes is, isNot, =, !=, <, <=, >, >=, in, contains, startsWith, endsWith, their doesNot... forms, isNull and isNotNull.",
    examples: &[("| pivot Endpoint Processes count(Processes) AS n FILTER user is \"ann\"", "{\"n\":0}")],
    page: "SearchReference/Pivot",
    args: Rule::pivot_args,
    plan,
    ..DEFAULT
};

/// The parts of a pivot, as pieces of a search.
#[derive(Default)]
struct Parts {
    cells: Vec<String>,
    before: Vec<String>,
    rows: Vec<String>,
    renames: Vec<String>,
    column: Option<String>,
    after: Vec<String>,
    chart: Vec<String>,
}

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    if input.is_some() {
        return Err(Error::syntax(stage.name.span, "`pivot` begins a search"));
    }
    let words: Vec<(&str, Span)> = stage.args.iter().filter_map(word).collect();
    let [(model, _), (dataset, span), rest @ ..] = words.as_slice() else {
        return Err(Error::syntax(stage.span, "`pivot` needs a data model and a data set")
            .hint(format!("usage: {}", COMMAND.synopsis)));
    };
    NamedDataset::find(planner.context, model, Some(dataset), *span)?;
    let parts = parts(rest, dataset)?;
    if parts.cells.is_empty() {
        return Err(Error::syntax(stage.span, "`pivot` needs a cell value such as count(<Dataset>)"));
    }
    let mut text = format!("| from datamodel:{}", quoted(&format!("{model}.{dataset}")));
    for step in &parts.before {
        text.push_str(&format!(" | {step}"));
    }
    let cells = parts.cells.join(" ");
    let rows = parts.rows.iter().map(|r| quoted(r)).collect::<Vec<_>>().join(" ");
    text.push_str(&match (&parts.column, parts.rows.as_slice()) {
        (None, []) => format!(" | stats {cells}"),
        (None, _) => format!(" | stats {cells} BY {rows}"),
        (Some(column), [row]) => format!(
            " | chart {} {cells} OVER {} BY {}",
            parts.chart.join(" "),
            quoted(row),
            quoted(column)
        ),
        (Some(_), _) => {
            return Err(Error::argument(
                stage.span,
                "`pivot` with SPLITCOL takes exactly one SPLITROW",
            ));
        }
    });
    for step in &parts.after {
        text.push_str(&format!(" | {step}"));
    }
    if !parts.renames.is_empty() {
        text.push_str(&format!(" | rename {}", parts.renames.join(", ")));
    }
    plan_text(planner.context, &text).map_err(|error| error.at(stage.span))
}

fn word(arg: &Arg) -> Option<(&str, Span)> {
    match &arg.kind {
        ArgKind::Field(name) => Some((&name.text, arg.span)),
        ArgKind::Keyword(sign) => Some((sign, arg.span)),
        ArgKind::Literal(list) => Some((&list.text, arg.span)),
        _ => None,
    }
}

fn parts(words: &[(&str, Span)], dataset: &str) -> Result<Parts> {
    let mut parts = Parts::default();
    let mut at = 0;
    let next = |at: &mut usize| -> Result<(&str, Span)> {
        let found = words.get(*at).copied();
        *at += 1;
        let last = words.last().map_or(Span::default(), |w| w.1);
        found.ok_or_else(|| Error::syntax(last, "`pivot` ends too early"))
    };
    let is = |at: usize, keyword: &str| {
        words.get(at).is_some_and(|w| w.0.eq_ignore_ascii_case(keyword))
    };
    while at < words.len() {
        let (word, span) = next(&mut at)?;
        match word.to_ascii_uppercase().as_str() {
            "SPLITROW" | "SPLITCOL" => {
                let (field, _) = next(&mut at)?;
                loop {
                    if is(at, "AS") {
                        at += 1;
                        let (name, _) = next(&mut at)?;
                        parts.renames.push(format!("{} AS {}", quoted(field), quoted(name)));
                    } else if is(at, "PERIOD") {
                        at += 1;
                        let (unit, span) = next(&mut at)?;
                        parts.before.push(format!("bin {} span={}", quoted(field), period(unit, span)?));
                    } else if is(at, "RANGE") {
                        at += 1;
                        // start, end, max and size, each as name, sign and number.
                        while matches!(words.get(at + 1), Some(("=", _))) {
                            let (name, _) = next(&mut at)?;
                            at += 1;
                            let (number, _) = next(&mut at)?;
                            let option = match name.to_ascii_lowercase().as_str() {
                                "size" => "span",
                                "max" => "bins",
                                _ => name,
                            };
                            parts.before.push(format!("bin {} {option}={number}", quoted(field)));
                        }
                    } else {
                        break;
                    }
                }
                if word.eq_ignore_ascii_case("SPLITROW") {
                    parts.rows.push(field.to_owned());
                } else {
                    parts.column = Some(field.to_owned());
                }
            }
            "FILTER" => {
                let (field, _) = next(&mut at)?;
                let (comparison, span) = next(&mut at)?;
                let filter = filter(field, comparison, span, &mut || next(&mut at).map(|w| w.0))?;
                parts.before.push(filter);
            }
            "LIMIT" => {
                let (field, _) = next(&mut at)?;
                next(&mut at)?;
                let (end, _) = next(&mut at)?;
                let (count, _) = next(&mut at)?;
                let (function, span) = next(&mut at)?;
                let order = if end.eq_ignore_ascii_case("TOP") { "-" } else { "" };
                let cell = cell(function, dataset, span)?;
                parts.before.push(format!(
                    "eventstats {cell} AS __limit BY {f} | sort 0 {order}__limit | streamstats dc({f}) AS __place | where __place<={count} | fields - __limit __place",
                    f = quoted(field)
                ));
            }
            "ROWSUMMARY" | "COLSUMMARY" => {
                let (on, _) = next(&mut at)?;
                if on == "1" || on.eq_ignore_ascii_case("true") {
                    let command = if word.eq_ignore_ascii_case("ROWSUMMARY") {
                        "addtotals fieldname=ALL"
                    } else {
                        "addcoltotals"
                    };
                    parts.after.push(command.to_owned());
                }
            }
            "NUMCOLS" => parts.chart.push(format!("limit={}", next(&mut at)?.0)),
            "SHOWOTHER" => parts.chart.push(format!("useother={}", next(&mut at)?.0)),
            "SORT" => {
                let (count, _) = next(&mut at)?;
                let mut keys = Vec::new();
                while at < words.len() && !KEYWORDS.iter().any(|k| is(at, k)) {
                    keys.push(quoted(next(&mut at)?.0));
                }
                parts.after.push(format!("sort {count} {}", keys.join(" ")));
            }
            _ => {
                let mut text = cell(word, dataset, span)?;
                let mut name = label(word);
                if is(at, "AS") {
                    at += 1;
                    name = next(&mut at)?.0.to_owned();
                }
                text.push_str(&format!(" AS {}", quoted(&name)));
                parts.cells.push(text);
            }
        }
    }
    Ok(parts)
}

/// The words that begin a part of a pivot.
const KEYWORDS: [&str; 9] = [
    "SPLITROW", "SPLITCOL", "FILTER", "LIMIT", "ROWSUMMARY", "COLSUMMARY", "NUMCOLS", "SHOWOTHER",
    "SORT",
];

/// Converts `sum(bytes)` to an aggregation. A function over the data set counts its rows.
fn cell(text: &str, dataset: &str, span: Span) -> Result<String> {
    let wrong = || {
        Error::argument(span, format!("`pivot` does not recognize `{text}`"))
            .hint("a cell value is written <function>(<field>)")
    };
    let (function, field) = text.split_once('(').ok_or_else(wrong)?;
    let field = field.strip_suffix(')').ok_or_else(wrong)?.trim();
    let function = function.trim().to_ascii_lowercase();
    let last = dataset.rsplit('.').next().unwrap_or(dataset);
    Ok(if function == "count" && field == last {
        "count".to_owned()
    } else {
        format!("{function}({})", quoted(field))
    })
}

/// The default name of a column.
fn label(text: &str) -> String {
    let (function, field) = text.split_once('(').unwrap_or((text, ""));
    let title = match function.to_ascii_lowercase().as_str() {
        "count" => "Count",
        "dc" | "distinct_count" => "Distinct Count",
        "sum" => "Sum",
        "avg" | "mean" => "Average",
        "min" => "Minimum",
        "max" => "Maximum",
        "first" => "First",
        "last" => "Last",
        "values" | "list" => "Distinct Values",
        _ => function,
    };
    format!("{title} of {}", field.trim_end_matches(')'))
}

fn period(unit: &str, span: Span) -> Result<&'static str> {
    Ok(match unit.to_ascii_lowercase().as_str() {
        "auto" | "hour" => "1h",
        "second" => "1s",
        "minute" => "1m",
        "day" => "1d",
        "week" => "1w",
        "month" => "1mon",
        "year" => "1y",
        other => return Err(Error::argument(span, format!("`{other}` is not a period"))),
    })
}

fn filter<'w>(
    field: &str,
    comparison: &str,
    span: Span,
    value: &mut dyn FnMut() -> Result<&'w str>,
) -> Result<String> {
    let name = quoted(field);
    let lower = comparison.to_ascii_lowercase();
    let mut like = |before: &str, after: &str| -> Result<String> {
        Ok(format!("{name}={}", quoted(&format!("{before}{}{after}", value()?))))
    };
    let test = match lower.as_str() {
        "is" | "=" | "==" => like("", "")?,
        "isnot" | "!=" => format!("NOT {}", like("", "")?),
        "contains" => like("*", "*")?,
        "startswith" => like("", "*")?,
        "endswith" => like("*", "")?,
        "doesnotcontain" => format!("NOT {}", like("*", "*")?),
        "doesnotstartwith" => format!("NOT {}", like("", "*")?),
        "doesnotendwith" => format!("NOT {}", like("*", "")?),
        "isnull" => format!("NOT {name}=*"),
        "isnotnull" => format!("{name}=*"),
        "<" | "<=" | ">" | ">=" => format!("{name}{lower}{}", quoted(value()?)),
        "in" => {
            let list = value()?;
            let list = list.trim().trim_start_matches('(').trim_end_matches(')');
            let items: Vec<String> = list.split(',').map(|v| quoted(v.trim().trim_matches('"'))).collect();
            format!("{name} IN ({})", items.join(", "))
        }
        other => {
            return Err(Error::argument(span, format!("`pivot` has no comparison `{other}`")));
        }
    };
    Ok(format!("search {test}"))
}
