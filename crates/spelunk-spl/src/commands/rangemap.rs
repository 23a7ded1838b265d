//! `rangemap`: names for ranges of numbers.

use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::plan::build::{binary, call, field, number, text};
use crate::syntax::Rule;
use crate::syntax::ast::{ArgKind, BinaryOp, Literal, Stage};
use crate::value::parse_number;

pub(super) const COMMAND: Command = Command {
    name: "rangemap",
    category: Category::Fields,
    synopsis: "rangemap field=<field> [<name>=<low>-<high>]... [default=<text>]",
    options: &[
        ("field", "", "the field"),
        ("default", "None", "the name for everything else"),
    ],
    doc: "Sets `range` to the name of the range, ends included, that contains the value of a field; to several if ranges overlap.",
    examples: &[(
        "| makeresults | eval n=7 | rangemap field=n low=0-5 high=6-10 default=other | table n range",
        r#"{"n":7,"range":"high"}"#,
    )],
    page: "SearchReference/Rangemap",
    args: Rule::rangemap_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let mut of = None;
    let mut default = "None".to_owned();
    let mut ranges = Vec::new();
    for arg in &stage.args {
        let ArgKind::Option { name, value } = &arg.kind else {
            return Err(Error::argument(arg.span, "`rangemap` takes <name>=<low>-<high>"));
        };
        match name.text.as_str() {
            "field" => of = Some(value),
            "default" => default.clone_from(&value.text),
            range => ranges.push((range, bounds(value)?)),
        }
    }
    let Some(of) = of else {
        return Err(Error::syntax(stage.span, "`rangemap` needs field=<field>"));
    };
    let mut names: Vec<_> = ranges
        .into_iter()
        .map(|(name, (low, high))| {
            let value = || call("tonumber", vec![field(&of.text)]);
            let inside = binary(
                binary(value(), BinaryOp::Ge, number(low)),
                BinaryOp::And,
                binary(value(), BinaryOp::Le, number(high)),
            );
            call("if", vec![inside, text(name), call("null", Vec::new())])
        })
        .collect();
    let named = match names.len() {
        0 => call("null", Vec::new()),
        1 => names.remove(0),
        _ => call("mvappend", names),
    };
    let range = call("coalesce", vec![named, text(&default)]);
    Ok(Planner::rows_or_events(input).set("range", range))
}

/// Parses `0-5`, `-10--5`, `1.5-2`.
fn bounds(value: &Literal) -> Result<(f64, f64)> {
    value
        .text
        .char_indices()
        .skip(1)
        .filter(|(_, c)| *c == '-')
        .find_map(|(at, _)| {
            let low = parse_number(value.text[..at].trim())?;
            let high = parse_number(value.text[at + 1..].trim())?;
            Some((low, high))
        })
        .ok_or_else(|| {
            Error::argument(
                value.span,
                format!("`{}` is not a range such as 0-5", value.text),
            )
        })
}
