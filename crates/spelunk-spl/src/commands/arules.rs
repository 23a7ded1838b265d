//! `arules`: which values of fields imply which others.

use crate::commands::args::{Args, decimal, patterns};
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::kernels::arules::Rules;
use crate::plan::schema::Pattern;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "arules",
    category: Category::Reporting,
    synopsis: "arules [sup=<N>] [conf=<number>] <field> <field>...",
    options: &[
        ("sup", "3", "how many rows must hold the given and the implied values together"),
        ("conf", "0.5", "which share of the rows with the given values must hold the implied ones"),
    ],
    doc: "Association rules between the values of fields: the values given, those they imply, how strongly (the share \
          of the rows with the given values that hold the implied ones too), and how many rows hold each.",
    examples: &[(
        "| makeresults count=3 | eval a=\"x\", b=\"y\" | arules a b",
        "{\"Given fields\":\"x\",\"Implied fields\":\"y\",\"Strength\":1,\"Given fields support\":3,\"Implied fields support\":3}\n{\"Given fields\":\"y\",\"Implied fields\":\"x\",\"Strength\":1,\"Given fields support\":3,\"Implied fields support\":3}",
    )],
    page: "SearchReference/Arules",
    args: Rule::arules_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let fields = patterns(&args.fields());
    if fields.len() < 2 && !fields.iter().any(Pattern::is_wild) {
        return Err(Error::syntax(stage.span, "`arules` needs at least two fields"));
    }
    let kernel = Rules {
        fields,
        least_support: args.number("sup", 3)?.max(1),
        least_strength: decimal(&args, "conf", 0.5, 0.0..=1.0)?,
    };
    Ok(Planner::rows_or_events(input).apply(kernel))
}
