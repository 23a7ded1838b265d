//! `x11`: removes seasonality from a series.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::functions::pattern;
use crate::kernels::x11::X11;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::{ArgKind, Stage};

pub(super) const COMMAND: Command = Command {
    name: "x11",
    category: Category::Fields,
    synopsis: "x11 [add|mult][<period>](<field>) [AS <field>]",
    doc: "Takes the seasonal pattern out of a series by the X11 method, so that its trend is seen. Seasons add to the \
          trend (`add`) or multiply it (`mult`, the default). The period is 5 to 1000 rows; without one it is found by \
          autocorrelation.",
    examples: &[(
        "| makeresults | eval v=split(\"1,2,3,4,5,1,2,3,4,5,1,2,3,4,5\", \",\") | mvexpand v | x11 add5(v) AS flat | eval flat=round(flat, 6) | stats dc(flat) AS values max(flat) AS level",
        r#"{"values":1,"level":3}"#,
    )],
    page: "SearchReference/X11",
    args: Rule::x11_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let mut typed = String::new();
    for arg in &args.rest {
        if let ArgKind::Literal(literal) = &arg.kind {
            typed.push(' ');
            typed.push_str(&literal.text);
        }
    }
    let shape = r#"(?i)^\s*(add|mult)?\s*(?:\(\s*\))?\s*(\d+)?\s*\(\s*"?([^"]+?)"?\s*\)(?:\s+as\s+"?([^"]+?)"?)?\s*$"#;
    let wrong = || {
        Error::syntax(stage.span, "`x11` takes one series, such as mult15(count)")
            .hint(format!("usage: {}", COMMAND.synopsis))
    };
    let shape = pattern::regex(shape).map_err(Error::internal)?;
    let found = shape.captures(&typed).ok().flatten().ok_or_else(wrong)?;
    let part = |at: usize| found.get(at).map(|m| m.as_str().to_owned());
    let multiply = !part(1).is_some_and(|kind| kind.eq_ignore_ascii_case("add"));
    let period = part(2).map(|p| p.parse::<usize>());
    let period = match period {
        None => None,
        Some(Ok(period)) if (5..=1000).contains(&period) => Some(period),
        Some(_) => {
            return Err(Error::argument(stage.span, "the period is from 5 to 1000"));
        }
    };
    let field = part(3).ok_or_else(wrong)?;
    let kind = if multiply { "mult" } else { "add" };
    let digits = period.map_or(String::new(), |p| p.to_string());
    let target = part(4).unwrap_or_else(|| format!("{kind}{digits}({field})"));
    Ok(Planner::rows_or_events(input).apply(X11 { field, target, multiply, period }))
}
