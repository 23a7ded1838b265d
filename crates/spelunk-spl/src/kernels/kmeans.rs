//! `kmeans`: clusters rows around means.

use crate::error::{Error, Result};
use crate::kernels::stats_util::{Random, all_numbers, chosen, rows_at, set, table_of};
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::schema::Pattern;
use crate::plan::table::Table;
use crate::value::Value;

#[derive(Debug)]
pub(crate) struct KMeans {
    pub(crate) fields: Vec<Pattern>,
    pub(crate) counts: (usize, usize),
    pub(crate) summary: bool,
    pub(crate) search: Search,
    pub(crate) label: String,
    pub(crate) centroids: bool,
}

/// Parameters of the clustering.
#[derive(Debug)]
pub(crate) struct Search {
    pub(crate) repeats: usize,
    pub(crate) rounds: usize,
    pub(crate) tolerance: f64,
    pub(crate) distance: &'static str,
}

/// The clusters found.
pub(crate) struct Clusters {
    /// The means, smallest first.
    pub(crate) means: Vec<Vec<f64>>,
    /// The cluster of each point.
    pub(crate) of: Vec<usize>,
    /// The sum of the distances to the means.
    pub(crate) distortion: f64,
}

impl Kernel for KMeans {
    fn describe(&self) -> String {
        format!("kmeans k={}-{}", self.counts.0, self.counts.1)
    }

    fn run(&self, input: Table, context: &QueryContext) -> Result<Table> {
        let named = !self.fields.is_empty();
        let columns: Vec<(String, Vec<Option<f64>>)> = chosen(&input, &self.fields)
            .into_iter()
            .filter_map(|name| {
                let numbers = if named {
                    crate::kernels::stats_util::numbers(&input, &name)
                } else {
                    all_numbers(&input, &name)?
                };
                Some((name, numbers))
            })
            .collect();
        let point = |row: usize| {
            columns
                .iter()
                .map(|c| c.1[row])
                .collect::<Option<Vec<f64>>>()
        };
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
                    (
                        "distortion",
                        found.iter().map(|f| Value::number(f.1)).collect(),
                    ),
                    ("size", found.iter().map(|f| sizes(&f.2)).collect()),
                ],
            ));
        }
        let clusters = self.search.clusters(&points, self.counts.0, context)?;
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by_key(|&at| clusters.of[at]);
        let places: Vec<usize> = order.iter().map(|&at| rows[at]).collect();
        let mut out = rows_at(&input, &places);
        let labels = order
            .iter()
            .map(|&at| Value::Num((clusters.of[at] + 1) as f64));
        set(&mut out, self.label.clone(), labels.collect());
        if self.centroids {
            for (at, (name, _)) in columns.iter().enumerate() {
                let mean = |&row: &usize| Value::number(clusters.means[clusters.of[row]][at]);
                set(
                    &mut out,
                    format!("centroid_{name}"),
                    order.iter().map(mean).collect(),
                );
            }
        }
        Ok(out)
    }
}

impl Search {
    /// The best of several runs of Lloyd's algorithm, each from random initial points, in which points
    /// farther from those already chosen are more likely (k-means++).
    ///
    /// # Errors
    /// If no run converged within the allowed rounds, or the user cancelled.
    pub(crate) fn clusters(
        &self,
        points: &[Vec<f64>],
        k: usize,
        context: &QueryContext,
    ) -> Result<Clusters> {
        let mut best: Option<Clusters> = None;
        if points.is_empty() {
            return Ok(Clusters {
                means: Vec::new(),
                of: Vec::new(),
                distortion: 0.0,
            });
        }
        for repeat in 0..self.repeats {
            let mut random = Random::new(repeat as u64);
            let found = self.run(points, k.min(points.len()), &mut random, context)?;
            if let Some(found) = found
                && best
                    .as_ref()
                    .is_none_or(|b| found.distortion < b.distortion)
            {
                best = Some(found);
            }
        }
        best.map(Clusters::ordered).ok_or_else(|| {
            Error::data(format!(
                "the clusters still changed after {} rounds",
                self.rounds
            ))
            .hint("a tolerance ends it earlier: t=0.01")
        })
    }

    pub(crate) fn run(
        &self,
        points: &[Vec<f64>],
        k: usize,
        random: &mut Random,
        context: &QueryContext,
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
                return Ok(Some(Clusters {
                    means,
                    of,
                    distortion,
                }));
            }
        }
        Ok(None)
    }

    /// The nearest mean and its distance.
    pub(crate) fn nearest(&self, point: &[f64], means: &[Vec<f64>]) -> (usize, f64) {
        let distances = means.iter().map(|m| self.distance(point, m)).enumerate();
        distances
            .reduce(|a, b| if b.1 < a.1 { b } else { a })
            .unwrap_or((0, f64::INFINITY))
    }

    /// The sum of the absolute differences (l1), of their squares (l2), or one minus the cosine of the angle.
    pub(crate) fn distance(&self, a: &[f64], b: &[f64]) -> f64 {
        let pairs = || a.iter().zip(b);
        match self.distance {
            "l1" => pairs().map(|(x, y)| (x - y).abs()).sum(),
            "cos" => {
                let length = |v: &[f64]| v.iter().map(|x| x * x).sum::<f64>().sqrt();
                let lengths = length(a) * length(b);
                let product: f64 = pairs().map(|(x, y)| x * y).sum();
                // Rounding must not make it negative.
                if lengths > 0.0 {
                    (1.0 - product / lengths).max(0.0)
                } else {
                    1.0
                }
            }
            _ => pairs().map(|(x, y)| (x - y).powi(2)).sum(),
        }
    }
}

impl Clusters {
    /// The same clusters, numbered by their means, so that the numbers do not depend on randomness.
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
