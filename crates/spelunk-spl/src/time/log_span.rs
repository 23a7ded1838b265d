//! Logarithmic spans: the ranges of numbers of `bin span=log2`. (Search Reference, "bin".)

use crate::value::parse_number;

/// Ranges that grow by a factor: `log10`, `2log5`, `1.5log3`. (Search Reference, "bin".)
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogSpan {
    /// The start of a range within a power of the base: at least 1, below the base.
    pub coefficient: f64,
    /// The factor from one range to the next: above 1.
    pub base: f64,
}

impl LogSpan {
    /// Parses `[<coefficient>]log[<base>]`; `None` for anything else.
    pub fn parse(text: &str) -> Option<LogSpan> {
        let lower = text.trim().to_ascii_lowercase();
        let (coefficient, base) = lower.split_once("log")?;
        let number = |text: &str, default: f64| {
            if text.is_empty() {
                Some(default)
            } else {
                parse_number(text)
            }
        };
        let span = LogSpan {
            coefficient: number(coefficient, 1.0)?,
            base: number(base, 10.0)?,
        };
        let fits = span.base > 1.0 && span.coefficient >= 1.0 && span.coefficient < span.base;
        fits.then_some(span)
    }

    /// The range that contains `value`, lower end included; `None` for zero and below, which have no
    /// logarithm.
    pub fn range(&self, value: f64) -> Option<(f64, f64)> {
        if !value.is_finite() || value <= 0.0 {
            return None;
        }
        let mut power = ((value / self.coefficient).ln() / self.base.ln()).floor();
        let start = |power: f64| self.coefficient * self.base.powf(power);
        // The logarithm of an exact power may be slightly too small.
        if start(power + 1.0) <= value {
            power += 1.0;
        } else if start(power) > value {
            power -= 1.0;
        }
        Some((start(power), start(power + 1.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::LogSpan;

    #[test]
    fn logarithmic_ranges() {
        let ten = LogSpan::parse("log10").unwrap();
        assert_eq!(ten.range(5.0), Some((1.0, 10.0)));
        assert_eq!(ten.range(1000.0), Some((1000.0, 10000.0)));
        assert_eq!(
            LogSpan::parse("2log5").unwrap().range(3.0),
            Some((2.0, 10.0))
        );
        assert_eq!(LogSpan::parse("log1"), None);
        assert_eq!(LogSpan::parse("10"), None);
        assert_eq!(ten.range(0.0), None);
    }
}
