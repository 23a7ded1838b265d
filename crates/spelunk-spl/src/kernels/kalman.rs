//! The models behind `predict`: a drifting level, with a trend or a season, estimated by a Kalman filter. The
//! drift of each part is chosen by maximum likelihood.

/// The expected value at a step, and its variance.
pub(crate) type Expected = Option<(f64, f64)>;

/// One-step forecasts with their variances, and their errors.
struct Filtered {
    /// In units of the noise variance.
    forecasts: Vec<Expected>,
    /// For each step with a forecast and a value: the squared error over its variance, and the logarithm of
    /// that variance.
    errors: Vec<(f64, f64)>,
}

impl Filtered {
    fn noise(&self) -> f64 {
        let count = self.errors.len().max(1) as f64;
        self.errors.iter().map(|e| e.0).sum::<f64>() / count
    }

    /// The log-likelihood, with the noise variance at its optimum.
    fn likelihood(&self) -> f64 {
        let count = self.errors.len() as f64;
        let spread: f64 = self.errors.iter().map(|e| e.1).sum();
        -(count * self.noise().max(1e-300).ln() + spread) / 2.0
    }

    fn scaled(self) -> Vec<Expected> {
        let noise = self.noise();
        let scale = |e: Expected| e.map(|(mean, variance)| (mean, variance * noise));
        self.forecasts.into_iter().map(scale).collect()
    }
}

/// LL, the local level: the value is a level plus noise, and the level is a random walk.
pub(crate) fn local_level(series: &[Option<f64>]) -> Vec<Expected> {
    best(&[series], level).remove(0).scaled()
}

/// LLP, the seasonal local level: each position in the period has its own level, which changes from one
/// period to the next; all share the same drift.
pub(crate) fn seasonal_level(series: &[Option<f64>], period: usize) -> Vec<Expected> {
    let phases: Vec<Vec<Option<f64>>> = (0..period)
        .map(|phase| series.iter().skip(phase).step_by(period).copied().collect())
        .collect();
    let slices: Vec<&[Option<f64>]> = phases.iter().map(Vec::as_slice).collect();
    let filtered = best(&slices, level);
    let noise = mean(filtered.iter().flat_map(|f| f.errors.iter().map(|e| e.0)));
    let at = |row: usize| filtered[row % period].forecasts[row / period];
    let scale = |e: Expected| e.map(|(mean, variance)| (mean, variance * noise));
    (0..series.len()).map(|row| scale(at(row))).collect()
}

/// LLT, the local level with a trend: the level changes by a slope, which is a random walk too.
pub(crate) fn level_and_trend(series: &[Option<f64>]) -> Vec<Expected> {
    let run = |drifts: [f64; 2]| trend(series, drifts);
    let mut at = [-4.0f64, -4.0];
    let score = |at: [f64; 2]| run(at.map(f64::exp)).likelihood();
    let mut best = score(at);
    // A coordinate search with decreasing steps.
    for step in [4.0, 2.0, 1.0, 0.5, 0.25] {
        let mut moved = true;
        while moved {
            moved = false;
            for axis in 0..2 {
                for sign in [-1.0, 1.0] {
                    let mut next = at;
                    next[axis] += sign * step;
                    let found = score(next);
                    if next[axis].abs() <= 24.0 && found > best + 1e-9 {
                        (at, best, moved) = (next, found, true);
                    }
                }
            }
        }
    }
    run(at.map(f64::exp)).scaled()
}

/// LLB, two local levels with correlated noise: the deviation of `other` from its own forecast informs
/// `series`. With `present`, also for steps at which `series` has a value.
pub(crate) fn two_levels(
    series: &[Option<f64>],
    other: &[Option<f64>],
    present: bool,
) -> Vec<Expected> {
    let (own, theirs) = (local_level(series), local_level(other));
    let surprise = |values: &[Option<f64>], expected: &[Expected], at: usize| {
        Some(values.get(at).copied().flatten()? - expected[at]?.0)
    };
    let pairs: Vec<(f64, f64)> = (0..series.len())
        .filter_map(|at| Some((surprise(series, &own, at)?, surprise(other, &theirs, at)?)))
        .collect();
    let product = mean(pairs.iter().map(|(a, b)| a * b));
    let (square, own_square) = (
        mean(pairs.iter().map(|(_, b)| b * b)),
        mean(pairs.iter().map(|(a, _)| a * a)),
    );
    let slope = if square > 0.0 { product / square } else { 0.0 };
    let shared = if square * own_square > 0.0 {
        product * product / (square * own_square)
    } else {
        0.0
    };
    // Missing values are estimated from the other series, and the level follows.
    let told = |at: usize, base: f64| Some(base + slope * surprise(other, &theirs, at)?);
    let mut filled: Vec<Option<f64>> = series.to_vec();
    for at in 0..filled.len() {
        if filled[at].is_none() {
            let (before, _) = filled.split_at(at);
            let level = before.iter().rev().flatten().next().copied();
            let base = own[at].map(|e| e.0).or(level);
            filled[at] = base.and_then(|base| told(at, base));
        }
    }
    let forecasts = local_level(&filled);
    (0..series.len())
        .map(|at| {
            let (mean, variance) = forecasts[at]?;
            match told(at, mean) {
                Some(told) if present || series[at].is_none() => {
                    Some((told, variance * (1.0 - shared)))
                }
                _ => Some((mean, variance)),
            }
        })
        .collect()
}

/// LLP5: both forecasts, each weighted by the other's variance.
pub(crate) fn weighted(a: Vec<Expected>, b: Vec<Expected>) -> Vec<Expected> {
    let both = |(a, b): (Expected, Expected)| match (a, b) {
        (Some((x, v)), Some((y, w))) => {
            let share = if v + w > 0.0 { w / (v + w) } else { 0.5 };
            Some((share * x + (1.0 - share) * y, share * v + (1.0 - share) * w))
        }
        (a, b) => a.or(b),
    };
    a.into_iter().zip(b).map(both).collect()
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0usize), |(sum, n), v| (sum + v, n + 1));
    if count == 0 { 0.0 } else { sum / count as f64 }
}

/// Filters the series with the drift that maximizes their joint likelihood.
fn best(series: &[&[Option<f64>]], run: impl Fn(&[Option<f64>], f64) -> Filtered) -> Vec<Filtered> {
    let filter = |logarithm: f64| -> Vec<Filtered> {
        series.iter().map(|s| run(s, logarithm.exp())).collect()
    };
    let score = |logarithm: f64| {
        let errors = filter(logarithm)
            .into_iter()
            .flat_map(|f| f.errors)
            .collect();
        Filtered {
            forecasts: Vec::new(),
            errors,
        }
        .likelihood()
    };
    let mut at = 0.0;
    let mut top = score(at);
    for step in [4.0, 2.0, 1.0, 0.5, 0.25, 0.125] {
        for sign in [-1.0, 1.0] {
            loop {
                let next: f64 = at + sign * step;
                let found = if next.abs() > 24.0 {
                    f64::NEG_INFINITY
                } else {
                    score(next)
                };
                if found <= top + 1e-9 {
                    break;
                }
                (at, top) = (next, found);
            }
        }
    }
    filter(at)
}

/// The filter of the local level; `drift` is the variance of its changes over that of the noise.
fn level(series: &[Option<f64>], drift: f64) -> Filtered {
    let mut out = Filtered {
        forecasts: Vec::with_capacity(series.len()),
        errors: Vec::new(),
    };
    let mut state: Option<(f64, f64)> = None;
    for value in series {
        let Some((mean, variance)) = state else {
            out.forecasts.push(None);
            state = value.map(|v| (v, 1.0));
            continue;
        };
        let variance = variance + drift;
        let total = variance + 1.0;
        out.forecasts.push(Some((mean, total)));
        state = Some(match value {
            Some(value) => {
                let error = value - mean;
                out.errors.push((error * error / total, total.ln()));
                let gain = variance / total;
                (mean + gain * error, variance * (1.0 - gain))
            }
            None => (mean, variance),
        });
    }
    out
}

/// The filter of the local level with a trend; `drifts` are those of level and slope.
fn trend(series: &[Option<f64>], drifts: [f64; 2]) -> Filtered {
    let mut out = Filtered {
        forecasts: Vec::with_capacity(series.len()),
        errors: Vec::new(),
    };
    let mut first: Option<(usize, f64)> = None;
    // Level, slope, and their covariances: level, both, slope.
    let mut state: Option<[f64; 5]> = None;
    for (at, value) in series.iter().enumerate() {
        let Some([level, slope, a, b, c]) = state else {
            out.forecasts.push(None);
            match (first, value) {
                (None, Some(value)) => first = Some((at, *value)),
                (Some((start, begin)), Some(value)) => {
                    // Two noisy values give a level and a slope.
                    let steps = (at - start) as f64;
                    let slope = (value - begin) / steps;
                    state = Some([*value, slope, 1.0, 1.0 / steps, 2.0 / (steps * steps)]);
                }
                (_, None) => {}
            }
            continue;
        };
        let level = level + slope;
        let (a, b, c) = (a + 2.0 * b + c + drifts[0], b + c, c + drifts[1]);
        let total = a + 1.0;
        out.forecasts.push(Some((level, total)));
        state = Some(match value {
            Some(value) => {
                let error = value - level;
                out.errors.push((error * error / total, total.ln()));
                let (gain, turn) = (a / total, b / total);
                [
                    level + gain * error,
                    slope + turn * error,
                    a - gain * a,
                    b - gain * b,
                    c - turn * b,
                ]
            }
            None => [level, slope, a, b, c],
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{level_and_trend, local_level, seasonal_level};

    #[test]
    fn a_line_goes_on_as_a_line() {
        let mut line: Vec<Option<f64>> = (0..20).map(|i| Some(f64::from(i) * 3.0)).collect();
        line.extend([None; 3]);
        let found = level_and_trend(&line);
        assert!(
            (found[22].unwrap().0 - 66.0).abs() < 1e-6,
            "{:?}",
            found[22]
        );
    }

    #[test]
    fn a_level_stays_and_its_variance_grows() {
        let mut noise: Vec<Option<f64>> = (0..40).map(|i| Some(f64::from(i * 7 % 5))).collect();
        noise.extend([None; 5]);
        let found = local_level(&noise);
        let (near, far) = (found[40].unwrap(), found[44].unwrap());
        assert!((near.0 - far.0).abs() < 1e-12 && far.1 >= near.1);
        assert!(near.0 > 1.0 && near.0 < 3.0, "{near:?}");
    }

    #[test]
    fn a_season_comes_again() {
        let mut weeks: Vec<Option<f64>> = (0..35).map(|i| Some(f64::from(i % 7))).collect();
        weeks.extend([None; 7]);
        let found = seasonal_level(&weeks, 7);
        for (at, expected) in found.iter().enumerate().skip(35) {
            assert!((expected.unwrap().0 - (at % 7) as f64).abs() < 1e-9);
        }
    }
}
