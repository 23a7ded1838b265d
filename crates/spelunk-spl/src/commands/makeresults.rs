//! `makeresults`: generates rows.

use std::sync::Arc;

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::build::{call, text};
use crate::plan::table::{Table, type_of_values};
use crate::plan::{Assignment, Plan, Target};
use crate::syntax::Rule;
use crate::syntax::ast::{Literal, Stage};
use crate::value::{Type, Value};

pub(super) const COMMAND: Command = Command {
    name: "makeresults",
    category: Category::Generating,
    synopsis: "| makeresults [<N> | count=<N>] [annotate=<bool>] [format=csv|json data=<text>]",
    options: &[
        ("count", "1", "how many rows"),
        ("annotate", "false", "adds _raw, host, source, sourcetype, splunk_server"),
        ("format", "", "how `data` is written: csv or json"),
        ("data", "", "the rows"),
        ("splunk_server", "", "accepted"),
        ("splunk_server_group", "", "accepted"),
    ],
    doc: "Makes rows that have only `_time`, the time of the search; or the rows written in `data`.",
    examples: &[
        ("| makeresults count=2 | stats count", r#"{"count":2}"#),
        (
            "| makeresults format=csv data=\"a,b\n1,x\"",
            r#"{"a":"1","b":"x"}"#,
        ),
    ],
    page: "SearchReference/Makeresults",
    args: Rule::makeresults_args,
    plan,
    ..DEFAULT
};

/// More rows than this would exhaust the memory.
const MOST: usize = 50_000_000;

fn plan(_: &mut Planner<'_>, stage: &Stage, _: Option<Plan>) -> Result<Plan> {
    let mut args = Args::new(&COMMAND, stage)?;
    if let Some(data) = args.get("data") {
        let table = match args.text("format", "").to_ascii_lowercase().as_str() {
            "csv" => csv_rows(data)?,
            "json" => json_rows(data)?,
            _ => {
                return Err(Error::argument(data.span, "`data` needs format=csv or format=json"));
            }
        };
        return Ok(Plan::Values(Arc::new(table)));
    }
    let count = args.count("count", 1)?;
    if count > MOST {
        return Err(Error::argument(
            args.get("count").map_or(stage.span, |l| l.span),
            format!("at most {MOST} rows can be made"),
        ));
    }
    let rows = Plan::Generate { count };
    if !args.flag("annotate", false)? {
        return Ok(rows);
    }
    let missing = ["_raw", "host", "source", "sourcetype"].map(|name| (name, call("null", Vec::new())));
    let server = ("splunk_server", text("localhost"));
    let added = missing.into_iter().chain([server]).map(|(name, value)| Assignment {
        target: Target::Field(name.to_owned()),
        value,
    });
    Ok(rows.extend(added.collect()))
}

fn csv_rows(data: &Literal) -> Result<Table> {
    let wrong = |e: csv::Error| Error::argument(data.span, format!("the CSV can't be read: {e}"));
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .from_reader(data.text.trim_start().as_bytes());
    let names: Vec<String> = reader
        .headers()
        .map_err(wrong)?
        .iter()
        .map(|n| n.trim().to_owned())
        .collect();
    let rows = reader
        .records()
        .collect::<std::result::Result<Vec<_>, _>>()
        .map_err(wrong)?;
    let mut table = Table::new(rows.len());
    for (at, name) in names.into_iter().enumerate() {
        let values = rows
            .iter()
            .map(|row| match row.get(at) {
                Some(cell) if !cell.is_empty() => Value::text(cell.to_owned()),
                _ => Value::Null,
            })
            .collect();
        table.set(name, Type::Text, values);
    }
    Ok(table)
}

fn json_rows(data: &Literal) -> Result<Table> {
    use serde_json::Value as Json;
    let wrong = |m: String| Error::argument(data.span, format!("the JSON can't be read: {m}"));
    let rows: Vec<Json> = match serde_json::from_str(&data.text) {
        Ok(Json::Array(rows)) => rows,
        Ok(one) => vec![one],
        Err(_) => data
            .text
            .lines()
            .filter(|l| !l.trim().is_empty())
            .map(|l| serde_json::from_str(l).map_err(|e| wrong(e.to_string())))
            .collect::<Result<_>>()?,
    };
    let height = rows.len();
    let mut columns: indexmap::IndexMap<String, Vec<Value<'static>>> = indexmap::IndexMap::new();
    for (at, row) in rows.into_iter().enumerate() {
        let Json::Object(fields) = row else {
            return Err(wrong("each row must be an object".to_owned()));
        };
        for (name, value) in fields {
            let value = match value {
                Json::Null => Value::Null,
                Json::String(s) => Value::text(s),
                Json::Number(n) => match crate::value::parse_number(&n.to_string()) {
                    Some(n) => Value::Num(n),
                    None => Value::text(n.to_string()),
                },
                Json::Bool(b) => Value::text(b.to_string()),
                nested @ (Json::Array(_) | Json::Object(_)) => Value::text(nested.to_string()),
            };
            let column = columns
                .entry(name)
                .or_insert_with(|| vec![Value::Null; height]);
            column[at] = value;
        }
    }
    let mut table = Table::new(height);
    for (name, values) in columns {
        let kind = match type_of_values(&values) {
            Type::Null => Type::Text,
            kind => kind,
        };
        table.set(name, kind, values);
    }
    Ok(table)
}
