//! Precision of the numbers in an expression, from their digits as typed.
//!
//! Splunk gives a product the fewest significant figures of its operands, and `sigfig` does the same for sums
//! by decimal places. (Search Reference, "eval" under "Basic arithmetic", and "sigfig".)

/// The known precision of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// A field or a function's result: imposes no limit, and its precision is unknown.
    Unknown,
    /// A whole number as typed, or `exact(...)`: unlimited precision.
    Exact,
    /// A decimal number as typed, or a value computed from such numbers.
    Digits {
        /// Significant figures.
        significant: i32,
        /// Decimal places.
        decimals: i32,
    },
}

impl Precision {
    /// The precision of a number as typed: `8.250` has four significant figures and three decimal places.
    pub fn of_literal(text: &str) -> Precision {
        let mantissa = text.split(['e', 'E']).next().unwrap_or(text);
        let Some((whole, fraction)) = mantissa.split_once('.') else {
            return Precision::Exact;
        };
        let digits = format!("{whole}{fraction}");
        let significant = digits.trim_start_matches(['-', '+', '0']).len().max(1);
        Precision::Digits {
            significant: i32::try_from(significant).unwrap_or(i32::MAX),
            decimals: i32::try_from(fraction.len()).unwrap_or(i32::MAX),
        }
    }

    /// The precision of a product or quotient whose value is `result`.
    pub fn product(self, other: Precision, result: f64) -> Precision {
        let limit = match (self, other) {
            (Precision::Unknown, _) | (_, Precision::Unknown) => return Precision::Unknown,
            (Precision::Exact, Precision::Exact) => return Precision::Exact,
            (Precision::Exact, Precision::Digits { significant, .. })
            | (Precision::Digits { significant, .. }, Precision::Exact) => significant,
            (
                Precision::Digits { significant: a, .. },
                Precision::Digits { significant: b, .. },
            ) => a.min(b),
        };
        Precision::Digits {
            significant: limit,
            decimals: limit.saturating_sub(1 + magnitude(result)).max(0),
        }
    }

    /// The precision of a sum or difference whose value is `result`.
    pub fn sum(self, other: Precision, result: f64) -> Precision {
        let limit = match (self, other) {
            (Precision::Unknown, _) | (_, Precision::Unknown) => return Precision::Unknown,
            (Precision::Exact, Precision::Exact) => return Precision::Exact,
            (Precision::Exact, Precision::Digits { decimals, .. })
            | (Precision::Digits { decimals, .. }, Precision::Exact) => decimals,
            (Precision::Digits { decimals: a, .. }, Precision::Digits { decimals: b, .. }) => {
                a.min(b)
            }
        };
        Precision::Digits {
            significant: limit.saturating_add(1 + magnitude(result)).max(1),
            decimals: limit,
        }
    }

    /// Rounds a number to this precision.
    pub fn round(self, number: f64) -> f64 {
        match self {
            Precision::Unknown | Precision::Exact => number,
            Precision::Digits { significant, .. } => round_significant(number, significant),
        }
    }
}

/// The power of ten of the first digit.
fn magnitude(number: f64) -> i32 {
    if number == 0.0 || !number.is_finite() {
        return 0;
    }
    number.abs().log10().floor() as i32
}

/// Rounds to that many significant figures, halves away from zero.
pub fn round_significant(number: f64, figures: i32) -> f64 {
    round_decimals(number, figures.saturating_sub(1 + magnitude(number)))
}

/// Rounds to that many decimal places, halves away from zero. Negative places round before the point. Rounds
/// the decimal number that is printed, not the binary one behind it: 2.555 to two places is 2.56.
pub fn round_decimals(number: f64, places: i32) -> f64 {
    if !number.is_finite() || places > 17 {
        return number;
    }
    let places = places.max(-320);
    let shift = |number: f64, by: i32| -> Option<f64> {
        // Through 15 digits, to ignore the rounding errors of computations beyond them.
        let text = format!("{number:.14e}");
        let (digits, exponent) = text.split_once('e')?;
        let exponent: i32 = exponent.parse().ok()?;
        format!("{digits}e{}", exponent + by).parse().ok()
    };
    shift(number, places)
        .map(f64::round)
        .and_then(|whole| format!("{whole}e{}", -places).parse().ok())
        .unwrap_or(number)
}

#[cfg(test)]
mod tests {
    use super::{Precision, round_decimals, round_significant};

    #[test]
    fn halves_are_decimal() {
        for (number, places, expected) in [
            (2.555, 2, 2.56),
            (-2.5, 0, -3.0),
            (1234.5678, 1, 1234.6),
            (1250.0, -2, 1300.0),
            (8.25 * 0.2, 1, 1.7),
            (1e300, 2, 1e300),
            (0.1 + 0.2, 20, 0.1 + 0.2),
        ] {
            assert_eq!(
                round_decimals(number, places),
                expected,
                "{number} {places}"
            );
        }
        assert_eq!(round_significant(1111.0, 3), 1110.0);
        assert_eq!(round_significant(0.0, 3), 0.0);
    }

    #[test]
    fn the_least_precise_operand_decides() {
        let of = Precision::of_literal;
        let product = of("8.250").product(of("0.20"), 1.65);
        assert_eq!(product.round(1.65), 1.7);
        assert_eq!(of("1.00").product(of("1111"), 1111.0).round(1111.0), 1110.0);
        assert_eq!(of("123.0").sum(of("4.567"), 127.567).round(127.567), 127.6);
        assert_eq!(
            of("0.20").product(Precision::Unknown, 1.0),
            Precision::Unknown
        );
        assert_eq!(of("2").product(of("3"), 6.0), Precision::Exact);
    }
}
