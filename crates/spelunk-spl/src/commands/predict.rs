//! `predict`: forecasts a series.

use crate::commands::args::{Args, choice};
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::kernels::predict::{Bound, Predict};
use crate::plan::{Plan, whole_number};
use crate::syntax::Rule;
use crate::syntax::ast::{Arg, ArgKind, Literal, Name, Stage};

pub(super) const COMMAND: Command = Command {
    name: "predict",
    category: Category::Fields,
    synopsis: "predict <field> [AS <field>]... [algorithm=LL|LLT|LLP|LLP5|LLB|BiLL] [future_timespan=<N>] \
               [holdback=<N>] [period=<N>] [correlate=<field>] [upper<P>=<name>] [lower<P>=<name>] [suppress=<field>]",
    options: &[
        ("algorithm", "LLP5", "level (LL), with trend (LLT), with season (LLP), LLT and LLP weighted (LLP5), predicted from another series (LLB), two series (BiLL)"),
        ("future_timespan", "5", "rows added after the last"),
        ("holdback", "0", "rows at the end that the model does not see, to compare it with them"),
        ("period", "", "rows of a season; found by autocorrelation when not given"),
        ("correlate", "", "the series that tells of this one, for LLB"),
        ("suppress", "", "a field whose prediction is not shown"),
        ("upper", "upper95", "upper90=high: the bound above which 5 of 100 values are expected, in high(<prediction>)"),
        ("lower", "lower95", "the same below"),
    ],
    doc: "Adds the value expected from the rows before, in `prediction(<field>)` or the field after AS, and the bounds \
          between which 95 of 100 values are expected. Rows without a value are bridged, and rows are added for the time \
          to come. The models are followed by a Kalman filter; their variances are the most likely ones.",
    examples: &[(
        "| makeresults | eval v=split(\"2,4,6,8,10\", \",\") | mvexpand v | predict v AS next algorithm=LLT future_timespan=1 | tail 1 | eval next=round(next, 3) | table next",
        r#"{"next":12}"#,
    )],
    page: "SearchReference/Predict",
    args: Rule::predict_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let (bounds, stage) = &taken_out(stage)?;
    let args = Args::new(&COMMAND, stage)?;
    let names: &[&[&str]] = &[&["LLP5"], &["LL"], &["LLT"], &["LLP"], &["LLB"], &["BiLL"]];
    let algorithm = choice(&args, "algorithm", names)?;
    let series = series(&args.rest, stage)?;
    let correlate = args.get("correlate").map(|l| l.text.clone());
    if algorithm == "LLB" && correlate.is_none() {
        return Err(Error::syntax(stage.span, "algorithm=LLB needs another series: correlate=<field>"));
    }
    if algorithm == "BiLL" && series.len() != 2 {
        return Err(Error::syntax(stage.span, "algorithm=BiLL takes two fields"));
    }
    let kernel = Predict {
        series,
        algorithm,
        future: match algorithm {
            // The correlated series is not known ahead.
            "LLB" => 0,
            _ => args.number("future_timespan", 5)?,
        },
        holdback: args.number("holdback", 0)?,
        period: match args.get("period") {
            Some(literal) => Some(whole_number("period", literal)?.max(2)),
            None => None,
        },
        correlate,
        suppress: args.get("suppress").map(|l| l.text.clone()),
        bounds: bounds.clone(),
    };
    if kernel.future > MAX_FUTURE {
        return Err(Error::argument(stage.span, format!("`future_timespan` is at most {MAX_FUTURE}")));
    }
    Ok(Planner::rows_or_events(input).apply(kernel))
}

/// Maximum number of forecast rows.
const MAX_FUTURE: usize = 100_000;

/// `upper90=high`: extracted before options are checked, because the number is part of the name.
fn taken_out(stage: &Stage) -> Result<(Vec<Bound>, Stage)> {
    let mut rest = stage.clone();
    let mut given = Vec::new();
    for arg in &stage.args {
        if let ArgKind::Option { name, value } = &arg.kind
            && let Some(bound) = bound(name, value)
        {
            given.push(bound?);
            rest.args.retain(|other| other.span != arg.span);
        }
    }
    let sides = [true, false].map(|upper| {
        let found = given.iter().rev().find(|b| b.upper == upper).cloned();
        let name = if upper { "upper95" } else { "lower95" };
        found.unwrap_or_else(|| Bound { upper, percent: 95.0, name: name.to_owned() })
    });
    Ok((sides.to_vec(), rest))
}

fn bound(name: &Name, value: &Literal) -> Option<Result<Bound>> {
    let lower = name.text.to_ascii_lowercase();
    let upper = lower.starts_with("upper");
    let digits = lower
        .strip_prefix("upper")
        .or_else(|| lower.strip_prefix("lower"))?;
    Some(match digits.parse::<u8>() {
        Ok(percent) if percent < 100 => Ok(Bound {
            upper,
            percent: f64::from(percent),
            name: value.text.clone(),
        }),
        _ => Err(Error::argument(
            name.span,
            "a bound has a whole percentage below 100, such as upper90=high",
        )),
    })
}

/// The series with the names of their predictions.
fn series(args: &[&Arg], stage: &Stage) -> Result<Vec<(String, String)>> {
    let mut series: Vec<(String, String)> = Vec::new();
    for arg in args {
        match &arg.kind {
            ArgKind::Field(name) => {
                series.push((name.text.clone(), format!("prediction({})", name.text)));
            }
            ArgKind::Pair { from, to } => series.push((from.text.clone(), to.text.clone())),
            _ => {}
        }
    }
    if series.is_empty() {
        return Err(Error::syntax(stage.span, "`predict` needs a field").hint(COMMAND.synopsis));
    }
    Ok(series)
}
