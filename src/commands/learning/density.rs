//! `DensityFunction`: how values are distributed, in each group of rows, and which of them lie where
//! hardly any do. Follows "Anomaly Detection: DensityFunction" of the AI Toolkit's user guide.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::commands::figures::{Random, choice, set, sorted, table_of};
use crate::commands::learning::choice::{Choice, Threshold};
use crate::commands::learning::distribution::{Distribution, NAMES};
use crate::commands::learning::features::{missing, text};
use crate::commands::learning::{Applying, Asked, Learned, Learner};
use crate::error::{Error, Result};
use crate::plan::context::PlanContext;
use crate::plan::table::Table;
use crate::value::{Value, format_number};

/// Groups smaller than that are told.
const FEW: usize = 50;

/// Fields by which rows may be grouped.
const MOST_BY: usize = 5;

/// Points at which a distribution is compared with the values it was fitted to.
const COMPARED: usize = 1000;

/// Finds the distribution of each group.
#[derive(Debug)]
struct DensityLearner {
    field: String,
    by: Vec<String>,
    /// `auto` or one of [`NAMES`].
    name: &'static str,
    excluded: Vec<String>,
    metric: &'static str,
    choice: Choice,
}

/// What was asked for, understood.
///
/// # Errors
/// Options and fields that it does not take.
pub(super) fn learner(asked: &Asked<'_>) -> Result<Box<dyn Learner>> {
    let [field] = asked.fields.as_slice() else {
        return Err(Error::argument(
            asked.span,
            "`DensityFunction` takes one field",
        ));
    };
    if asked.by.len() > MOST_BY {
        let message = format!("`DensityFunction` takes at most {MOST_BY} fields after `by`");
        return Err(Error::argument(asked.span, message));
    }
    let args = asked.args;
    let names: &[&[&str]] = &[
        &["auto"],
        &["norm", "normal"],
        &["expon", "exponential"],
        &["gaussian_kde"],
        &["beta"],
    ];
    let excluded: Vec<String> = args
        .text("exclude_dist", "")
        .split(',')
        .map(|t| t.trim().to_owned())
        .filter(|t| !t.is_empty())
        .collect();
    let name = choice(args, "dist", names)?;
    if let Some(literal) = args.get("exclude_dist") {
        let unknown = excluded.iter().find(|e| !NAMES.contains(&e.as_str()));
        if let Some(unknown) = unknown {
            let message = format!(
                "a distribution is one of {}, not `{unknown}`",
                NAMES.join(", ")
            );
            return Err(Error::argument(literal.span, message));
        }
        if NAMES.iter().all(|n| excluded.iter().any(|e| e == n)) {
            return Err(Error::argument(literal.span, "no distribution is left"));
        }
    }
    Ok(Box::new(DensityLearner {
        field: field.text.clone(),
        by: asked.by.clone(),
        name,
        excluded,
        metric: choice(args, "metric", &[&["wasserstein"], &["kolmogorov_smirnov"]])?,
        choice: Choice::of(args)?,
    }))
}

/// The distributions that were found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::commands) struct Density {
    field: String,
    by: Vec<String>,
    auto: bool,
    metric: String,
    choice: Choice,
    groups: Vec<Group>,
}

/// One group's.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Group {
    /// The values of the `by` fields.
    key: Vec<String>,
    distribution: Distribution,
    /// How far it is from the values.
    distance: f64,
    smallest: f64,
    largest: f64,
    /// How many values it was fitted to.
    count: usize,
}

impl Learner for DensityLearner {
    fn learn(&self, rows: &Table, context: &PlanContext) -> Result<Learned> {
        for field in std::iter::once(&self.field).chain(&self.by) {
            if rows.column(field).is_none() && rows.height() > 0 {
                return Err(missing(field));
            }
        }
        let mut groups: HashMap<Vec<String>, Vec<f64>> = HashMap::new();
        for row in 0..rows.height() {
            if let (Some(key), Some(number)) = (
                key_of(rows, &self.by, row),
                rows.value(&self.field, row).as_number(),
            ) {
                groups.entry(key).or_default().push(number);
            }
        }
        if groups.is_empty() {
            return Err(Error::data(format!(
                "`DensityFunction` found no numbers in `{}`",
                self.field
            )));
        }
        let few = groups.values().filter(|values| values.len() < FEW).count();
        if few > 0 {
            context.notice(format!(
                "{few} of {} groups have fewer than {FEW} values: their distributions mean little",
                groups.len()
            ));
        }
        let mut keys: Vec<Vec<String>> = groups.keys().cloned().collect();
        keys.sort();
        let mut found = Vec::with_capacity(keys.len());
        for key in keys {
            context.check_cancelled()?;
            let values = sorted(groups.remove(&key).unwrap_or_default());
            let (distribution, distance) = self.fit(&values);
            found.push(Group {
                key,
                distribution,
                distance,
                smallest: values.first().copied().unwrap_or_default(),
                largest: values.last().copied().unwrap_or_default(),
                count: values.len(),
            });
        }
        Ok(Learned::Density(Density {
            field: self.field.clone(),
            by: self.by.clone(),
            auto: self.name == "auto",
            metric: self.metric.to_owned(),
            choice: self.choice.clone(),
            groups: found,
        }))
    }
}

impl DensityLearner {
    /// The distribution asked for, or the one nearest to the values. Where they are all the same,
    /// that is a normal one without deviation.
    fn fit(&self, values: &[f64]) -> (Distribution, f64) {
        let names: Vec<&str> = match self.name {
            "auto" => NAMES
                .into_iter()
                .filter(|n| !self.excluded.iter().any(|e| e == n))
                .collect(),
            name => vec![name],
        };
        let found = names
            .into_iter()
            .filter_map(|name| Distribution::fit(name, values))
            .map(|d| {
                let distance = distance(&d, values, self.metric);
                (d, distance)
            })
            .filter(|(_, distance)| distance.is_finite())
            .reduce(|a, b| if b.1 < a.1 { b } else { a });
        found.unwrap_or_else(|| {
            let mean = values.first().copied().unwrap_or_default();
            (
                Distribution::Normal {
                    mean,
                    deviation: 0.0,
                },
                0.0,
            )
        })
    }
}

/// How far a distribution is from sorted values: the greatest difference of the shares below a
/// point, or the mean difference of the points with the same share below them.
fn distance(of: &Distribution, values: &[f64], metric: &str) -> f64 {
    let n = values.len();
    if metric == "kolmogorov_smirnov" {
        let step = n.div_ceil(COMPARED);
        return (0..n)
            .step_by(step)
            .map(|i| {
                let below = of.below(values[i]);
                let (from, to) = (i as f64 / n as f64, (i + 1) as f64 / n as f64);
                (below - from).abs().max((to - below).abs())
            })
            .fold(0.0, f64::max);
    }
    let count = n.min(COMPARED);
    let point = |i: usize| (i as f64 + 0.5) / count as f64;
    let at = |share: f64| values[((share * n as f64) as usize).min(n - 1)];
    let sum: f64 = (0..count)
        .map(|i| (of.quantile(point(i)) - at(point(i))).abs())
        .sum();
    sum / count as f64
}

/// The values of the `by` fields; none when one is missing.
fn key_of(rows: &Table, by: &[String], row: usize) -> Option<Vec<String>> {
    by.iter().map(|field| text(rows, field, row)).collect()
}

/// Where a group's outliers lie, for one threshold.
struct Outliers {
    ranges: Vec<(f64, f64, f64)>,
    shown: Value<'static>,
}

impl Outliers {
    fn new(group: &Group, threshold: &Threshold) -> Outliers {
        let ranges = match threshold {
            Threshold::Sparse(share) => group.distribution.sparse(*share),
            Threshold::Ends(lower, upper) => group.distribution.tail(*lower, *upper),
        };
        let point = |x: f64| match x {
            f64::INFINITY => "Infinity".to_owned(),
            f64::NEG_INFINITY => "-Infinity".to_owned(),
            x => format_number(rounded(x, 4)),
        };
        let shown = ranges.iter().map(|(from, to, share)| {
            format!(
                "{}:{}:{}",
                point(*from),
                point(*to),
                format_number(rounded(*share, 6))
            )
            .into()
        });
        Outliers {
            shown: Value::multi(shown.collect()),
            ranges,
        }
    }

    /// Beyond the end of an outer range, or inside of one between.
    fn hold(&self, x: f64) -> bool {
        self.ranges.iter().any(|(from, to, _)| *from < x && x < *to)
    }
}

fn rounded(x: f64, places: i32) -> f64 {
    let scale = 10f64.powi(places);
    (x * scale).round() / scale
}

impl Density {
    /// Adds its columns.
    ///
    /// # Errors
    /// When the rows lack its fields.
    pub(super) fn apply(
        &self,
        rows: &mut Table,
        how: &Applying,
        context: &PlanContext,
    ) -> Result<()> {
        for field in std::iter::once(&self.field).chain(&self.by) {
            if rows.column(field).is_none() && rows.height() > 0 {
                return Err(missing(field));
            }
        }
        let choice = how.choice.or(&self.choice);
        let known: HashMap<&[String], usize> = self
            .groups
            .iter()
            .enumerate()
            .map(|(at, group)| (group.key.as_slice(), at))
            .collect();
        let mut strangers = 0;
        let places: Vec<Option<(usize, f64)>> = (0..rows.height())
            .map(|row| {
                let key = key_of(rows, &self.by, row)?;
                let number = rows.value(&self.field, row).as_number()?;
                let found = known.get(key.as_slice());
                strangers += usize::from(found.is_none());
                Some((*found?, number))
            })
            .collect();
        if strangers > 0 {
            context.notice(format!(
                "{strangers} rows belong to groups that the model does not know: they are not judged"
            ));
        }
        for (threshold, suffix) in choice.thresholds() {
            self.judge(rows, &places, &threshold, &suffix, how.output.as_deref());
        }
        if choice.show_density == Some(true) {
            let density = |(group, x): (usize, f64)| {
                Value::number(self.groups[group].distribution.density(x))
            };
            let values = places
                .iter()
                .map(|p| p.map_or(Value::Null, density))
                .collect();
            set(rows, format!("ProbabilityDensity({})", self.field), values);
        }
        self.draw(rows, &places, &choice);
        self.tell(rows, &choice);
        Ok(())
    }

    fn judge(
        &self,
        rows: &mut Table,
        places: &[Option<(usize, f64)>],
        threshold: &Threshold,
        suffix: &str,
        output: Option<&str>,
    ) {
        let mut outliers: HashMap<usize, Outliers> = HashMap::new();
        let mut judged = Vec::with_capacity(places.len());
        let mut ranges = Vec::with_capacity(places.len());
        for place in places {
            let Some((group, x)) = place else {
                judged.push(Value::Null);
                ranges.push(Value::Null);
                continue;
            };
            let of = outliers
                .entry(*group)
                .or_insert_with(|| Outliers::new(&self.groups[*group], threshold));
            judged.push(Value::Num(f64::from(u8::from(of.hold(*x)))));
            ranges.push(of.shown.clone());
        }
        let name = match output {
            Some(name) => format!("{name}{suffix}"),
            None => format!("IsOutlier({}){suffix}", self.field),
        };
        set(rows, name, judged);
        set(rows, format!("BoundaryRanges{suffix}"), ranges);
    }

    /// Adds values drawn by chance, the same in every run: of what is no outlier, or of all.
    fn draw(&self, rows: &mut Table, places: &[Option<(usize, f64)>], choice: &Choice) {
        let seed = choice.seed.unwrap_or_default();
        let first = choice.thresholds().into_iter().next();
        let wanted = [
            (choice.sample, "SampledValue", first.map(|(t, _)| t)),
            (choice.full_sample, "FullSampledValue", None),
        ];
        for (asked, name, inside) in wanted {
            if asked != Some(true) {
                continue;
            }
            let mut random = Random::new(seed);
            let mut outliers: HashMap<usize, Outliers> = HashMap::new();
            let mut value = |group: usize| {
                let of = &self.groups[group];
                // What is no outlier is nearly all there is: a few draws find it.
                for _ in 0..1000 {
                    let drawn = of.distribution.quantile(random.unit());
                    let outside = inside.as_ref().is_some_and(|threshold| {
                        outliers
                            .entry(group)
                            .or_insert_with(|| Outliers::new(of, threshold))
                            .hold(drawn)
                    });
                    if !outside && drawn.is_finite() {
                        return Value::number(drawn);
                    }
                }
                Value::Null
            };
            let values = places
                .iter()
                .map(|p| p.map_or(Value::Null, |(group, _)| value(group)))
                .collect();
            set(rows, format!("{name}({})", self.field), values);
        }
    }

    /// Adds what `show_options` asks for.
    fn tell(&self, rows: &mut Table, choice: &Choice) {
        let height = rows.height();
        for name in choice.show_options.iter().flatten() {
            let text = match name.as_str() {
                "feature_variables" => self.field.clone(),
                "split_by" => self.by.join(","),
                _ => match choice.thresholds().first() {
                    Some((Threshold::Sparse(share), _)) => format!("threshold={share}"),
                    Some((Threshold::Ends(lower, upper), _)) => {
                        let part = |name: &str, share: &Option<f64>| {
                            share.map(|s| format!("{name}_threshold={s}"))
                        };
                        let parts = [part("lower", lower), part("upper", upper)];
                        parts.into_iter().flatten().collect::<Vec<_>>().join(",")
                    }
                    None => String::new(),
                },
            };
            set(rows, name.clone(), vec![Value::text(text); height]);
        }
    }

    /// A row for each group.
    pub(super) fn summary(&self) -> Table {
        let column = |value: &dyn Fn(&Group) -> Value<'static>| -> Vec<Value<'static>> {
            self.groups.iter().map(value).collect()
        };
        let mut columns: Vec<(&str, Vec<Value<'static>>)> = Vec::new();
        for (at, name) in self.by.iter().enumerate() {
            columns.push((name, column(&|g| Value::text(g.key[at].clone()))));
        }
        let prefix = if self.auto { "Auto: " } else { "" };
        let title = |g: &Group| Value::text(format!("{prefix}{}", g.distribution.title()));
        let distance =
            |g: &Group| Value::text(format!("metric: {}, distance: {}", self.metric, g.distance));
        columns.push(("type", column(&title)));
        columns.push(("min", column(&|g| Value::number(g.smallest))));
        columns.push(("max", column(&|g| Value::number(g.largest))));
        columns.push(("mean", column(&|g| Value::number(g.distribution.mean()))));
        columns.push((
            "std",
            column(&|g| Value::number(g.distribution.deviation())),
        ));
        columns.push(("cardinality", column(&|g| Value::Num(g.count as f64))));
        columns.push(("distance", column(&distance)));
        columns.push((
            "other",
            column(&|g| Value::text(g.distribution.parameters())),
        ));
        table_of(self.groups.len(), columns)
    }
}
