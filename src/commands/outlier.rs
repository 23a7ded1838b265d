//! `outlier`: takes out or cuts numbers far from the others.

use crate::commands::args::{Args, patterns};
use crate::commands::figures::{self, all_numbers, choice, chosen, decimal, quantile, sorted};
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::Result;
use crate::plan::context::PlanContext;
use crate::plan::schema::Pattern;
use crate::plan::table::Table;
use crate::plan::{Kernel, Plan};
use crate::syntax::Rule;
use crate::syntax::ast::Stage;
use crate::value::{Value, format_number};

pub(super) const COMMAND: Command = Command {
    name: "outlier",
    category: Category::Filtering,
    synopsis: "outlier [action=remove|transform] [param=<number>] [uselower=<bool>] [mark=<bool>] [<field>...]",
    options: &[
        (
            "action",
            "transform",
            "`remove` (`rm`) drops the rows, `transform` (`tf`) puts the bound in the value's place",
        ),
        ("param", "2.5", "how many interquartile ranges off a value is an outlier"),
        ("uselower", "false", "whether values below the median can be outliers too"),
        ("mark", "false", "whether `transform` puts 000 before the bound"),
        ("type", "iqr", "there is only the interquartile range"),
    ],
    doc: "Finds numbers that lie more than `param` interquartile ranges above the third quartile, or below the \
          first with `uselower`, in the fields named or in all numeric ones.",
    examples: &[(
        "| makeresults | eval v=split(\"1,2,3,4,90\", \",\") | mvexpand v | outlier action=remove v | stats max(v) AS top",
        r#"{"top":4}"#,
    )],
    page: "SearchReference/Outlier",
    args: Rule::outlier_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    choice(&args, "type", &[&["iqr"]])?;
    let kernel = Outlier {
        fields: patterns(&args.fields()),
        remove: choice(&args, "action", ACTIONS)? == "remove",
        param: decimal(&args, "param", 2.5, 0.0..=f64::INFINITY)?,
        lower: args.flag("uselower", false)?,
        mark: args.flag("mark", false)?,
    };
    Ok(Planner::rows_or_events(input).apply(kernel))
}

/// What can be done with an outlier.
pub(super) const ACTIONS: &[&[&str]] = &[&["transform", "tf"], &["remove", "rm"]];

/// Bounds by the interquartile range: `param` times the range above the 75th percentile and,
/// with `lower`, below the 25th.
#[derive(Debug)]
pub(super) struct Outlier {
    pub(super) fields: Vec<Pattern>,
    pub(super) remove: bool,
    pub(super) param: f64,
    pub(super) lower: bool,
    pub(super) mark: bool,
}

impl Kernel for Outlier {
    fn describe(&self) -> String {
        let action = if self.remove { "remove" } else { "transform" };
        format!("outlier action={action} param={}", self.param)
    }

    fn run(&self, mut input: Table, _: &PlanContext) -> Result<Table> {
        let mut kept = vec![true; input.height()];
        for name in chosen(&input, &self.fields) {
            let Some(numbers) = all_numbers(&input, &name) else {
                continue;
            };
            let known = sorted(numbers.iter().copied().flatten().collect());
            let (first, third) = (quantile(&known, 0.25), quantile(&known, 0.75));
            let reach = self.param * (third - first);
            let (low, high) = (first - reach, third + reach);
            let bound = |n: f64| match n {
                n if n > high => Some(high),
                n if self.lower && n < low => Some(low),
                _ => None,
            };
            let mut values: Vec<Value<'static>> =
                input.column(&name).map_or(Vec::new(), |c| c.values.clone());
            for (row, number) in numbers.iter().enumerate() {
                if let Some(bound) = number.and_then(bound) {
                    kept[row] = false;
                    values[row] = if self.mark {
                        Value::text(format!("000{}", format_number(bound)))
                    } else {
                        Value::Num(bound)
                    };
                }
            }
            if !self.remove {
                figures::set(&mut input, name, values);
            }
        }
        if !self.remove {
            return Ok(input);
        }
        let rows: Vec<usize> = (0..input.height()).filter(|&r| kept[r]).collect();
        Ok(figures::rows_at(&input, &rows))
    }
}
