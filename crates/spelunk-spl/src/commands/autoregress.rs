//! `autoregress`: adds the values of earlier rows to each row.

use crate::commands::args::{Args, source_and_target};
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "autoregress",
    category: Category::Fields,
    synopsis: "autoregress <field> [AS <field>] [p=<N> | p=<N>-<M>]",
    options: &[("p", "1", "how many rows before; a range gives a field for each")],
    doc: "Adds the value that a field had some rows before, as `<field>_p<N>`; with a single distance also under another name.",
    examples: &[(
        "| makeresults count=3 | streamstats count AS n | autoregress n p=1-2 | table n n_p1 n_p2",
        "{\"n\":1}\n{\"n\":2,\"n_p1\":1}\n{\"n\":3,\"n_p1\":2,\"n_p2\":1}",
    )],
    page: "SearchReference/Autoregress",
    args: Rule::autoregress_args,
    plan,
    ..DEFAULT
};

/// Maximum number of lags.
const MOST: usize = 1000;

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let (from, to) = source_and_target(&args)
        .ok_or_else(|| Error::syntax(stage.span, "`autoregress` needs a field"))?;
    let text = args.text("p", "1");
    let (first, last) = text.split_once('-').unwrap_or((&text, &text));
    let distances = match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), Ok(last)) if first > 0 && first <= last && last - first < MOST => first..=last,
        _ => {
            let span = args.get("p").map_or(stage.span, |l| l.span);
            return Err(Error::argument(
                span,
                format!("`p` takes a number above 0 or a range of at most {MOST}, such as 1-3"),
            ));
        }
    };
    if let Some(to) = to
        && first != last
    {
        return Err(Error::argument(to.span, "a range of rows has no single name"));
    }
    let columns = distances
        .map(|p| {
            let name = match to {
                Some(to) => to.text.clone(),
                None => format!("{}_p{p}", from.text),
            };
            (from.text.clone(), name, p)
        })
        .collect();
    Ok(Plan::Lag {
        input: Box::new(Planner::rows_or_events(input)),
        columns,
    })
}
