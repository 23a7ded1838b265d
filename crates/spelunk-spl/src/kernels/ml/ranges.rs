//! The outlier ranges of a distribution: its ends, or its regions of least density.

use crate::kernels::ml::distribution::Distribution;

/// Number of cells in which to search for the regions of least density.
const CELLS: usize = 2000;

impl Distribution {
    /// The ranges of least density that together contain this share of the values: start, end, share. They
    /// include everything outside the distribution's bounds.
    pub(crate) fn sparse(&self, share: f64) -> Vec<(f64, f64, f64)> {
        match self {
            Distribution::Normal { .. } => {
                let mut tails = self.tail(Some(share / 2.0), None);
                tails.extend(self.tail(None, Some(share / 2.0)));
                tails
            }
            Distribution::Exponential { location, .. } => {
                let mut ranges = vec![(f64::NEG_INFINITY, *location, 0.0)];
                ranges.extend(self.tail(None, Some(share)));
                ranges
            }
            Distribution::Kernels { .. } | Distribution::Beta { .. } => self.thin_cells(share),
        }
    }

    /// The range below the share of smallest values, and the one above the share of largest values.
    pub(crate) fn tail(&self, lower: Option<f64>, upper: Option<f64>) -> Vec<(f64, f64, f64)> {
        let lower = lower.map(|s| (f64::NEG_INFINITY, self.quantile(s), s));
        let upper = upper.map(|s| (self.quantile(1.0 - s), f64::INFINITY, s));
        lower.into_iter().chain(upper).collect()
    }

    fn thin_cells(&self, share: f64) -> Vec<(f64, f64, f64)> {
        let (low, high) = self.bounds();
        let width = (high - low) / CELLS as f64;
        let at = |cell: usize| low + width * cell as f64;
        let sums: Vec<f64> = (0..=CELLS).map(|cell| self.below(at(cell))).collect();
        let area = |cell: usize| (sums[cell + 1] - sums[cell]).max(0.0);
        let mut order: Vec<usize> = (0..CELLS).collect();
        order.sort_by(|&a, &b| area(a).total_cmp(&area(b)).then(a.cmp(&b)));
        let mut thin = vec![false; CELLS];
        let mut left = share;
        for cell in order {
            left -= area(cell);
            if left < 0.0 {
                break;
            }
            thin[cell] = true;
        }
        let mut ranges: Vec<(f64, f64, f64)> = vec![(f64::NEG_INFINITY, low, sums[0])];
        for cell in (0..CELLS).filter(|&cell| thin[cell]) {
            match ranges.last_mut() {
                Some(last) if last.1 == at(cell) => {
                    last.1 = at(cell + 1);
                    last.2 += area(cell);
                }
                _ => ranges.push((at(cell), at(cell + 1), area(cell))),
            }
        }
        let beyond = (1.0 - sums[CELLS]).max(0.0);
        match ranges.last_mut() {
            Some(last) if thin[CELLS - 1] => {
                last.1 = f64::INFINITY;
                last.2 += beyond;
            }
            _ => ranges.push((high, f64::INFINITY, beyond)),
        }
        ranges
    }
}

#[cfg(test)]
mod tests {
    use super::Distribution;

    #[test]
    fn the_tails_of_a_normal_distribution_are_where_tables_have_them() {
        let normal = Distribution::Normal {
            mean: 0.0,
            deviation: 1.0,
        };
        let ranges = normal.sparse(0.05);
        assert_eq!(ranges.len(), 2);
        assert!((ranges[0].1 + 1.959_964).abs() < 1e-5);
        assert!((ranges[1].0 - 1.959_964).abs() < 1e-5);
    }

    #[test]
    fn between_two_heaps_is_a_range_of_least_density() {
        let mut values: Vec<f64> = (0..100).map(|i| f64::from(i % 10) / 10.0).collect();
        values.extend((0..100).map(|i| 100.0 + f64::from(i % 10) / 10.0));
        values.sort_by(f64::total_cmp);
        let found = Distribution::Kernels {
            shares: vec![1.0 / 200.0; 200],
            values,
            bandwidth: 1.0,
        };
        let ranges = found.sparse(0.01);
        assert_eq!(ranges.len(), 3, "{ranges:?}");
        assert!(ranges[1].0 < 50.0 && 50.0 < ranges[1].1);
        let total: f64 = ranges.iter().map(|r| r.2).sum();
        assert!((total - 0.01).abs() < 0.002, "{total}");
        assert_eq!(Distribution::fit("expon", &[4.0, 4.0]), None);
    }
}
