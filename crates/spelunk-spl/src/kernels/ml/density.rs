//! `DensityFunction`: the distribution of values in each group of rows, and the values in its least dense
//! regions. Follows "Anomaly Detection: DensityFunction" of the AI Toolkit's user guide.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::kernels::ml::Applying;
use crate::kernels::ml::choice::{Choice, Threshold};
use crate::kernels::ml::distribution::Distribution;
use crate::kernels::ml::features::{missing, text};
use crate::kernels::stats_util::{Random, set, table_of};
use crate::plan::context::QueryContext;
use crate::plan::table::Table;
use crate::value::{Value, format_number};

/// The fitted distributions.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Density {
    pub(crate) field: String,
    pub(crate) by: Vec<String>,
    pub(crate) auto: bool,
    pub(crate) metric: String,
    pub(crate) choice: Choice,
    pub(crate) groups: Vec<Group>,
}

/// The distribution of one group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Group {
    /// The values of the `by` fields.
    pub(crate) key: Vec<String>,
    pub(crate) distribution: Distribution,
    /// The distribution's distance from the values.
    pub(crate) distance: f64,
    pub(crate) smallest: f64,
    pub(crate) largest: f64,
    /// The number of values it was fitted to.
    pub(crate) count: usize,
}

/// The values of the `by` fields. Returns `None` if one is missing.
pub(crate) fn key_of(rows: &Table, by: &[String], row: usize) -> Option<Vec<String>> {
    by.iter().map(|field| text(rows, field, row)).collect()
}

/// The outlier ranges of a group, for one threshold.
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

    /// Whether a value is strictly inside one of the ranges.
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
    /// If the rows lack its fields.
    pub(crate) fn apply(
        &self,
        rows: &mut Table,
        how: &Applying,
        context: &QueryContext,
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
                "{strangers} rows belong to groups that are not in the model: they get no prediction"
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

    /// Adds random values, the same in every run: from the distribution without its outliers, or from all of
    /// it.
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
                // Nearly all values are not outliers, so a few draws find one.
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

    /// Adds the columns that `show_options` requests.
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

    /// One row per group.
    pub(crate) fn summary(&self) -> Table {
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
