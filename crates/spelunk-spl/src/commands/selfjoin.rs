//! `selfjoin`: joins rows with other rows of the same results.

use crate::commands::args::{Args, texts};
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::kernels::selfjoin::SelfJoin;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "selfjoin",
    category: Category::Combining,
    synopsis: "selfjoin [overwrite=<bool>] [max=<N>] [keepsingle=<bool>] <field>...",
    options: &[
        ("overwrite", "true", "whether the other row's values replace the first one's"),
        ("max", "1", "other rows that a row is joined with; 0 for all"),
        ("keepsingle", "false", "keeps rows without a partner"),
    ],
    doc: "Joins each row with the rows after it that have the same values in the named fields: one row for each such pair.",
    examples: &[(
        "| makeresults | eval n=mvappend(1,2) | mvexpand n | eval k=1, a=if(n=1,\"x\",null()), b=if(n=2,\"y\",null()) | selfjoin k | table k a b",
        r#"{"k":1,"a":"x","b":"y"}"#,
    )],
    page: "SearchReference/Selfjoin",
    args: Rule::selfjoin_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let fields = texts(&args.fields());
    if fields.is_empty() {
        return Err(Error::syntax(stage.span, "`selfjoin` needs a field"));
    }
    Ok(Planner::rows_or_events(input).apply(SelfJoin {
        fields,
        overwrite: args.flag("overwrite", true)?,
        max: args.number("max", 1)?,
        keep_single: args.flag("keepsingle", false)?,
    }))
}
