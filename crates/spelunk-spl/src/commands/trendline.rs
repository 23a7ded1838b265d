//! `trendline`: moving averages.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::kernels::trendline::{Average, Line, Trend};
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::{ArgKind, Stage};

pub(super) const COMMAND: Command = Command {
    name: "trendline",
    category: Category::Reporting,
    synopsis: "trendline <sma|ema|wma><N>(<field>) [AS <field>]...",
    doc: "Moving averages over the last N values (2 to 10000): simple (sma), exponential (ema, smoothed by 2/(N+1)), or \
          weighted by nearness (wma). The first N-1 rows have none.",
    examples: &[(
        "| makeresults count=4 | streamstats count AS n | trendline sma2(n) AS s wma2(n) AS w | table n s w",
        "{\"n\":1}\n{\"n\":2,\"s\":1.5,\"w\":1.66666666666667}\n{\"n\":3,\"s\":2.5,\"w\":2.66666666666667}\n{\"n\":4,\"s\":3.5,\"w\":3.66666666666667}",
    )],
    page: "SearchReference/Trendline",
    args: Rule::trendline_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let mut lines = Vec::new();
    for arg in &args.rest {
        let ArgKind::Call {
            function,
            args: fields,
            alias,
        } = &arg.kind
        else {
            continue;
        };
        let lower = function.text.to_ascii_lowercase();
        let wrong = || {
            Error::argument(
                function.span,
                format!("`{}` is not a trend", function.text),
            )
            .hint("there are sma<N>, ema<N> and wma<N>, with N from 2 to 10000")
        };
        let split = lower.find(|c: char| c.is_ascii_digit()).ok_or_else(wrong)?;
        let average = match &lower[..split] {
            "sma" => Average::Simple,
            "ema" => Average::Exponential,
            "wma" => Average::Weighted,
            _ => return Err(wrong()),
        };
        let period: usize = lower[split..].parse().map_err(|_| wrong())?;
        let ([field], 2..=10_000) = (fields.as_slice(), period) else {
            return Err(wrong());
        };
        lines.push(Line {
            average,
            period,
            field: field.text.clone(),
            name: match alias {
                Some(alias) => alias.text.clone(),
                None => format!("{}({})", function.text, field.text),
            },
        });
    }
    if lines.is_empty() {
        return Err(Error::syntax(stage.span, "`trendline` needs a trend")
            .hint("for example: trendline sma5(count) AS smooth"));
    }
    Ok(Planner::rows_or_events(input).apply(Trend { lines }))
}
