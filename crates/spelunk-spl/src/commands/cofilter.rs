//! `cofilter`: how many users two items share.

use crate::commands::args::{Args, texts};
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::kernels::cofilter::Cofilter;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "cofilter",
    category: Category::Reporting,
    synopsis: "cofilter <user field> <item field>",
    doc: "Finds for each pair of items how many users have both, one step of collaborative filtering. Pairs that no user has are left out.",
    examples: &[(
        "| makeresults | eval pair=split(\"ann:tea,ann:milk,bob:tea\", \",\") | mvexpand pair | rex field=pair \"(?<user>.+):(?<item>.+)\" | cofilter user item",
        r#"{"Item 1":"milk","Item 1 user count":1,"Item 2":"tea","Item 2 user count":2,"Pair count":1}"#,
    )],
    page: "SearchReference/Cofilter",
    args: Rule::cofilter_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let [user, item] = <[String; 2]>::try_from(texts(&args.fields())).map_err(|_| {
        Error::syntax(stage.span, "`cofilter` takes two fields: one of users, one of items")
    })?;
    Ok(Planner::rows_or_events(input).apply(Cofilter { user, item }))
}
