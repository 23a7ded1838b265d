//! `kmeans`: clusters rows around means.

use crate::commands::args::{Args, choice, decimal, patterns};
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::kernels::kmeans::{KMeans, Search};
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "kmeans",
    category: Category::Reporting,
    synopsis: "kmeans [k=<N>[-<M>]] [reps=<N>] [maxiters=<N>] [t=<number>] [dt=<distance>] [cfield=<field>] \
               [showcentroid=<bool>] [<field>...]",
    options: &[
        ("k", "2", "how many clusters; of a range such as 2-5 each, and then only a summary comes out"),
        ("reps", "10", "the number of restarts from other random means; the best result counts"),
        ("maxiters", "10000", "maximum number of rounds before the command fails"),
        ("t", "0", "how little the means may move to be done"),
        ("dt", "l2", "distance: l1 (l1norm, cityblock, cb), l2 (l2norm, sq, sqeuclidean) or cos (cosine)"),
        ("cfield", "CLUSTERNUM", "the field of the cluster's number"),
        ("showcentroid", "true", "whether the means are shown, in centroid_<field>"),
    ],
    doc: "Assigns each row to the one of k clusters with the nearest mean, by the named fields or all numeric ones. Rows that lack a number are left out; rows of a cluster come together. The same rows give the \
          same clusters in every run.",
    examples: &[(
        "| makeresults | eval v=split(\"1,2,101,103\", \",\") | mvexpand v | eval v=tonumber(v) | kmeans k=2 v | table v CLUSTERNUM centroid_v",
        "{\"v\":1,\"CLUSTERNUM\":1,\"centroid_v\":1.5}\n{\"v\":2,\"CLUSTERNUM\":1,\"centroid_v\":1.5}\n{\"v\":101,\"CLUSTERNUM\":2,\"centroid_v\":102}\n{\"v\":103,\"CLUSTERNUM\":2,\"centroid_v\":102}",
    )],
    page: "SearchReference/Kmeans",
    args: Rule::kmeans_args,
    plan,
    ..DEFAULT
};

/// Maximum number of clusters: `maxkvalue` of limits.conf.
const MAX_CLUSTERS: usize = 1000;

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let k = args.text("k", "2");
    let (first, last) = k.split_once('-').unwrap_or((&k, &k));
    let counts = match (first.trim().parse::<usize>(), last.trim().parse::<usize>()) {
        (Ok(a), Ok(b)) if a >= 1 && b >= a && b <= MAX_CLUSTERS => (a, b),
        _ => {
            let span = args.get("k").map_or(stage.span, |l| l.span);
            let message = format!("`k` is a number or a range up to {MAX_CLUSTERS}, not `{k}`");
            return Err(Error::argument(span, message));
        }
    };
    let distances: &[&[&str]] = &[
        &["l2", "l2norm", "sq", "sqeuclidean"],
        &["l1", "l1norm", "cityblock", "cb"],
        &["cos", "cosine"],
    ];
    let kernel = KMeans {
        fields: patterns(&args.fields()),
        counts,
        summary: k.contains('-'),
        search: Search {
            repeats: args.number("reps", 10)?.max(1),
            rounds: args.number("maxiters", 10_000)?.max(1),
            tolerance: decimal(&args, "t", 0.0, 0.0..=f64::INFINITY)?,
            distance: choice(&args, "dt", distances)?,
        },
        label: args.text("cfield", "CLUSTERNUM"),
        centroids: args.flag("showcentroid", true)?,
    };
    Ok(Planner::rows_or_events(input).apply(kernel))
}
