//! `kmeans`: rows in clusters around means.

use crate::commands::args::{Args, patterns};
use crate::commands::figures::{Random, all_numbers, choice, chosen, decimal, rows_at, set, table_of};
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::context::PlanContext;
use crate::plan::schema::Pattern;
use crate::plan::table::Table;
use crate::plan::{Kernel, Plan};
use crate::syntax::Rule;
use crate::syntax::ast::Stage;
use crate::value::Value;

pub(super) const COMMAND: Command = Command {
    name: "kmeans",
    category: Category::Reporting,
    synopsis: "kmeans [k=<N>[-<M>]] [reps=<N>] [maxiters=<N>] [t=<number>] [dt=<distance>] [cfield=<field>] \
               [showcentroid=<bool>] [<field>...]",
    options: &[
        ("k", "2", "how many clusters; of a range such as 2-5 each, and then only a summary comes out"),
        ("reps", "10", "how often to begin anew from other random means; the best result counts"),
        ("maxiters", "10000", "rounds at most before it counts as failed"),
        ("t", "0", "how little the means may move to be done"),
        ("dt", "l2", "distance: l1 (l1norm, cityblock, cb), l2 (l2norm, sq, sqeuclidean) or cos (cosine)"),
        ("cfield", "CLUSTERNUM", "the field of the cluster's number"),
        ("showcentroid", "true", "whether the means are shown, in centroid_<field>"),
    ],
    doc: "Puts rows into k clusters so that each belongs to that with the nearest mean of the fields named, or of all \
          numeric ones. Rows that lack a number are left out; rows of a cluster come together. The same rows give the \
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

/// Clusters at most: `maxkvalue` of limits.conf.
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

#[derive(Debug)]
struct KMeans {
    fields: Vec<Pattern>,
    counts: (usize, usize),
    summary: bool,
    search: Search,
    label: String,
    centroids: bool,
}

/// How clusters are sought.
#[derive(Debug)]
pub(super) struct Search {
    pub(super) repeats: usize,
    pub(super) rounds: usize,
    pub(super) tolerance: f64,
    pub(super) distance: &'static str,
}

/// Clusters that were found.
pub(super) struct Clusters {
    /// The means, smallest first.
    pub(super) means: Vec<Vec<f64>>,
    /// The cluster of each point.
    pub(super) of: Vec<usize>,
    /// The sum of the distances to the means.
    pub(super) distortion: f64,
}

impl Kernel for KMeans {
    fn describe(&self) -> String {
        format!("kmeans k={}-{}", self.counts.0, self.counts.1)
    }

    fn run(&self, input: Table, context: &PlanContext) -> Result<Table> {
        let named = !self.fields.is_empty();
        let columns: Vec<(String, Vec<Option<f64>>)> = chosen(&input, &self.fields)
            .into_iter()
            .filter_map(|name| {
                let numbers = if named {
                    crate::commands::figures::numbers(&input, &name)
                } else {
                    all_numbers(&input, &name)?
                };
                Some((name, numbers))
            })
            .collect();
        let point = |row: usize| columns.iter().map(|c| c.1[row]).collect::<Option<Vec<f64>>>();
        let mut rows = Vec::new();
        let mut points = Vec::new();
        for row in 0..input.height() {
            if let Some(point) = point(row).filter(|p| !p.is_empty()) {
                rows.push(row);
                points.push(point);
            }
        }
        if self.summary {
            let mut found = Vec::new();
            for k in self.counts.0..=self.counts.1 {
                let clusters = self.search.clusters(&points, k, context)?;
                let mut sizes = vec![0usize; clusters.means.len()];
                clusters.of.iter().for_each(|&c| sizes[c] += 1);
                found.push((k, clusters.distortion, sizes));
            }
            let sizes = |sizes: &[usize]| {
                Value::multi(sizes.iter().map(|n| n.to_string().into()).collect())
            };
            return Ok(table_of(
                found.len(),
                vec![
                    ("k", found.iter().map(|f| Value::Num(f.0 as f64)).collect()),
                    ("distortion", found.iter().map(|f| Value::number(f.1)).collect()),
                    ("size", found.iter().map(|f| sizes(&f.2)).collect()),
                ],
            ));
        }
        let clusters = self.search.clusters(&points, self.counts.0, context)?;
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by_key(|&at| clusters.of[at]);
        let places: Vec<usize> = order.iter().map(|&at| rows[at]).collect();
        let mut out = rows_at(&input, &places);
        let labels = order.iter().map(|&at| Value::Num((clusters.of[at] + 1) as f64));
        set(&mut out, self.label.clone(), labels.collect());
        if self.centroids {
            for (at, (name, _)) in columns.iter().enumerate() {
                let mean = |&row: &usize| Value::number(clusters.means[clusters.of[row]][at]);
                set(&mut out, format!("centroid_{name}"), order.iter().map(mean).collect());
            }
        }
        Ok(out)
    }
}

impl Search {
    /// The best of several runs of Lloyd's algorithm, each from points chosen by chance, the
    /// farther from those before the more likely (k-means++).
    ///
    /// # Errors
    /// When no run ended within the rounds allowed, or the user asked to stop.
    pub(super) fn clusters(
        &self,
        points: &[Vec<f64>],
        k: usize,
        context: &PlanContext,
    ) -> Result<Clusters> {
        let mut best: Option<Clusters> = None;
        if points.is_empty() {
            return Ok(Clusters { means: Vec::new(), of: Vec::new(), distortion: 0.0 });
        }
        for repeat in 0..self.repeats {
            let mut random = Random::new(repeat as u64);
            let found = self.run(points, k.min(points.len()), &mut random, context)?;
            if let Some(found) = found
                && best.as_ref().is_none_or(|b| found.distortion < b.distortion)
            {
                best = Some(found);
            }
        }
        best.map(Clusters::ordered).ok_or_else(|| {
            Error::data(format!("the clusters still changed after {} rounds", self.rounds))
                .hint("a tolerance ends it earlier: t=0.01")
        })
    }

    fn run(
        &self,
        points: &[Vec<f64>],
        k: usize,
        random: &mut Random,
        context: &PlanContext,
    ) -> Result<Option<Clusters>> {
        let mut means = vec![points[random.below(points.len())].clone()];
        let mut nearest: Vec<f64> = vec![f64::INFINITY; points.len()];
        while means.len() < k {
            let last = &means[means.len() - 1];
            for (near, point) in nearest.iter_mut().zip(points) {
                *near = near.min(self.distance(point, last));
            }
            let mut left = random.unit() * nearest.iter().sum::<f64>();
            let picked = nearest.iter().position(|d| {
                left -= d;
                left < 0.0
            });
            means.push(points[picked.unwrap_or(points.len() - 1)].clone());
        }
        for _ in 0..self.rounds {
            context.check_cancelled()?;
            let of: Vec<usize> = points.iter().map(|p| self.nearest(p, &means).0).collect();
            let mut sums = vec![vec![0.0; points[0].len()]; k];
            let mut sizes = vec![0.0; k];
            for (point, &cluster) in points.iter().zip(&of) {
                sizes[cluster] += 1.0;
                for (sum, x) in sums[cluster].iter_mut().zip(point) {
                    *sum += x;
                }
            }
            let mut moved = 0.0f64;
            for (at, mean) in means.iter_mut().enumerate() {
                if sizes[at] > 0.0 {
                    let new: Vec<f64> = sums[at].iter().map(|s| s / sizes[at]).collect();
                    moved = moved.max(self.distance(mean, &new));
                    *mean = new;
                }
            }
            if moved <= self.tolerance {
                let distortion = points.iter().map(|p| self.nearest(p, &means).1).sum();
                return Ok(Some(Clusters { means, of, distortion }));
            }
        }
        Ok(None)
    }

    /// The nearest mean and how far it is.
    pub(super) fn nearest(&self, point: &[f64], means: &[Vec<f64>]) -> (usize, f64) {
        let distances = means.iter().map(|m| self.distance(point, m)).enumerate();
        distances
            .reduce(|a, b| if b.1 < a.1 { b } else { a })
            .unwrap_or((0, f64::INFINITY))
    }

    /// The sum of the differences (l1), of their squares (l2), or one less the cosine of the angle.
    fn distance(&self, a: &[f64], b: &[f64]) -> f64 {
        let pairs = || a.iter().zip(b);
        match self.distance {
            "l1" => pairs().map(|(x, y)| (x - y).abs()).sum(),
            "cos" => {
                let length = |v: &[f64]| v.iter().map(|x| x * x).sum::<f64>().sqrt();
                let lengths = length(a) * length(b);
                let product: f64 = pairs().map(|(x, y)| x * y).sum();
                // Rounding must not make it negative.
                if lengths > 0.0 { (1.0 - product / lengths).max(0.0) } else { 1.0 }
            }
            _ => pairs().map(|(x, y)| (x - y).powi(2)).sum(),
        }
    }
}

impl Clusters {
    /// The same, numbered by their means, so that the numbers do not depend on chance.
    fn ordered(self) -> Clusters {
        let mut order: Vec<usize> = (0..self.means.len()).collect();
        order.sort_by(|&a, &b| {
            let pairs = self.means[a].iter().zip(&self.means[b]);
            pairs
                .map(|(x, y)| x.total_cmp(y))
                .find(|o| o.is_ne())
                .unwrap_or(a.cmp(&b))
        });
        let mut place = vec![0; order.len()];
        for (new, &old) in order.iter().enumerate() {
            place[old] = new;
        }
        Clusters {
            means: order.iter().map(|&old| self.means[old].clone()).collect(),
            of: self.of.iter().map(|&old| place[old]).collect(),
            distortion: self.distortion,
        }
    }
}
