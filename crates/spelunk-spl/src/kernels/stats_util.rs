//! Shared by the statistical commands: column selection, columns as numbers, quartiles, the tail of the
//! normal distribution, reproducible random numbers.

use statrs::function::erf::erfc;

use crate::plan::schema::Pattern;
use crate::plan::table::{Table, type_of_values};
use crate::value::Value;

/// Fields for the origin of an event.
const ORIGIN: [&str; 4] = ["index", "source", "sourcetype", "host"];

/// The columns that a command works on: those that match the patterns, or otherwise all that do not begin
/// with an underscore, except, for events, the fields for their origin.
pub(crate) fn chosen(table: &Table, patterns: &[Pattern]) -> Vec<String> {
    let schema = table.schema();
    if patterns.is_empty() {
        let events = ORIGIN[..3].iter().all(|name| schema.contains_key(*name));
        let mut names = Pattern::new("*").expand(&schema);
        names.retain(|name| !(events && ORIGIN.contains(&name.as_str())));
        return names;
    }
    let mut names: Vec<String> = Vec::new();
    for name in patterns.iter().flat_map(|p| p.expand(&schema)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// The values of a column as numbers, where numeric.
pub(crate) fn numbers(table: &Table, name: &str) -> Vec<Option<f64>> {
    (0..table.height())
        .map(|row| table.value(name, row).as_number())
        .collect()
}

/// The values of a column as texts, with multivalues joined.
pub(crate) fn texts(table: &Table, name: &str) -> Vec<Option<String>> {
    (0..table.height())
        .map(|row| table.value(name, row).into_text().map(|t| t.into_owned()))
        .collect()
}

/// The numbers of a column. Returns `None` if it has none, or other values.
pub(crate) fn all_numbers(table: &Table, name: &str) -> Option<Vec<Option<f64>>> {
    let numbers = numbers(table, name);
    let fits =
        (0..table.height()).all(|row| numbers[row].is_some() != table.value(name, row).is_null());
    (fits && numbers.iter().any(Option::is_some)).then_some(numbers)
}

/// The rows of a table at these indexes, in that order.
pub(crate) fn rows_at(table: &Table, rows: &[usize]) -> Table {
    let mut out = Table::new(rows.len());
    for column in table.columns() {
        let values = rows.iter().map(|&r| column.values[r].clone()).collect();
        out.set(column.name.clone(), column.kind, values);
    }
    out
}

/// Sets a column, inferring its type from the values.
pub(crate) fn set(table: &mut Table, name: impl Into<String>, values: Vec<Value<'static>>) {
    table.set(name, type_of_values(&values), values);
}

/// Creates a table from columns.
pub(crate) fn table_of(rows: usize, columns: Vec<(&str, Vec<Value<'static>>)>) -> Table {
    let mut table = Table::new(rows);
    for (name, values) in columns {
        set(&mut table, name, values);
    }
    table
}

/// A quantile of sorted numbers, interpolated between neighbours like `perc`.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let at = (sorted.len().saturating_sub(1)) as f64 * share;
    let (low, high) = (at.floor() as usize, at.ceil() as usize);
    match (sorted.get(low), sorted.get(high)) {
        (Some(a), Some(b)) => a + (b - a) * at.fract(),
        _ => f64::NAN,
    }
}

/// Sorts numbers.
pub(crate) fn sorted(mut numbers: Vec<f64>) -> Vec<f64> {
    numbers.sort_by(f64::total_cmp);
    numbers
}

/// The mean.
pub(crate) fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / numbers.len() as f64
}

/// The sample standard deviation; 0 for a single number, like `stdev`.
pub(crate) fn deviation(numbers: &[f64]) -> f64 {
    if numbers.len() < 2 {
        return 0.0;
    }
    let mean = mean(numbers);
    let squares: f64 = numbers.iter().map(|n| (n - mean).powi(2)).sum();
    (squares / (numbers.len() - 1) as f64).sqrt()
}

/// The probability that a normally distributed number is more than `z` standard deviations from the mean, on
/// either side.
pub(crate) fn two_tails(z: f64) -> f64 {
    erfc(z.abs() / std::f64::consts::SQRT_2)
}

/// SplitMix64: reproducible, so that the same search gives the same rows.
pub(crate) struct Random(u64);

impl Random {
    /// Creates a generator with a seed.
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// A number in [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// An integer below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        ((self.unit() * bound as f64) as usize).min(bound.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::{deviation, quantile, two_tails};

    #[test]
    fn tails_agree_with_tables() {
        for (z, expected) in [
            (0.0, 1.0),
            (1.0, 0.317_310_507_862_914_1),
            (-1.959_963_984_540_054, 0.05),
            (5.0, 5.733_031_437_583_867e-7),
        ] {
            let got = two_tails(z);
            assert!((got - expected).abs() <= 1e-9 * expected, "{z}: {got}");
        }
    }

    #[test]
    fn quantiles_interpolate() {
        assert!((quantile(&[1.0, 2.0, 3.0, 4.0], 0.25) - 1.75).abs() < 1e-12);
        assert!(quantile(&[], 0.5).is_nan());
        assert!((deviation(&[2.0, 4.0]) - std::f64::consts::SQRT_2).abs() < 1e-12);
    }
}
