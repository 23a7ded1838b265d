//! `cluster`: groups similar events.

use crate::commands::args::{Args, choice, decimal};
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::Result;
use crate::kernels::cluster::Cluster;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "cluster",
    category: Category::Reporting,
    synopsis: "cluster [t=<number>] [match=termlist|termset|ngramset] [field=<field>] [delims=<characters>] \
               [showcount=<bool>] [countfield=<field>] [labelonly=<bool>] [labelfield=<field>]",
    options: &[
        ("t", "0.8", "how like each other the events of a cluster are: above 0, below 1"),
        ("match", "termlist", "compares words in their order, words in any order (termset), or runs of three characters (ngramset)"),
        ("field", "_raw", "the field to examine"),
        ("delims", "", "what parts words; by default everything but letters, digits and _"),
        ("showcount", "false", "whether to add the size of the cluster"),
        ("countfield", "cluster_count", "the field of the size"),
        ("labelonly", "false", "keeps all events, with the number of their cluster"),
        ("labelfield", "cluster_label", "the field of the cluster's number"),
    ],
    doc: "Puts events together that are like each other, and keeps the first of each cluster. An event joins the \
          first cluster whose first event is like enough. Events without the field are left out.",
    examples: &[(
        "| makeresults | eval t=split(\"job 7 done,job 8 done,fire alarm\", \",\") | mvexpand t | cluster field=t t=0.6 showcount=t | table t cluster_count cluster_label",
        "{\"t\":\"job 7 done\",\"cluster_count\":2,\"cluster_label\":1}\n{\"t\":\"fire alarm\",\"cluster_count\":1,\"cluster_label\":2}",
    )],
    page: "SearchReference/Cluster",
    args: Rule::cluster_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let kernel = Cluster {
        likeness: decimal(&args, "t", 0.8, 1e-9..=1.0 - 1e-9)?,
        mode: choice(&args, "match", &[&["termlist"], &["termset"], &["ngramset"]])?,
        field: args.text("field", "_raw"),
        delims: args.get("delims").map(|l| l.text.clone()),
        count: args
            .flag("showcount", false)?
            .then(|| args.text("countfield", "cluster_count")),
        label_only: args.flag("labelonly", false)?,
        label: args.text("labelfield", "cluster_label"),
    };
    Ok(Planner::rows_or_events(input).apply(kernel))
}
