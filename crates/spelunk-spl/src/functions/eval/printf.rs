//! `printf`: formats as in C. (Search Reference, "printf".)

use std::iter::Peekable;
use std::slice::Iter;
use std::str::Chars;

use crate::functions::Outcome;
use crate::functions::eval::duration::group;
use crate::value::Value;

/// Larger widths and precisions are an error, to bound memory use.
const WIDEST: usize = 10_000;

/// One conversion: `%-8.3f`.
#[derive(Default)]
struct Conversion {
    left: bool,
    plus: bool,
    blank: bool,
    alternate: bool,
    zero: bool,
    thousands: bool,
    width: usize,
    precision: Option<usize>,
}

/// Formats the arguments. A missing argument, or a non-numeric one for a numeric conversion, makes the result
/// missing. A format that is invalid in C is an error.
pub fn printf<'a>(format: &str, args: &[Value<'_>]) -> Outcome<'a> {
    let mut out = String::with_capacity(format.len() + 16);
    let mut chars = format.chars().peekable();
    let mut args = args.iter();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        if chars.next_if_eq(&'%').is_some() {
            out.push('%');
            continue;
        }
        let Some(conversion) = Conversion::parse(&mut chars, &mut args)? else {
            return Ok(Value::Null);
        };
        let Some(letter) = chars.next() else {
            return Err(format!("the format \"{format}\" ends within a conversion"));
        };
        if !"aAcdieEfFgGopPsuxX".contains(letter) {
            return Err(format!("printf has no conversion %{letter}"));
        }
        let Some(arg) = args.next() else {
            return Err(format!("printf has too few arguments for \"{format}\""));
        };
        match conversion.write(letter, arg) {
            Some(text) => out.push_str(&text),
            None => return Ok(Value::Null),
        }
    }
    Ok(Value::text(out))
}

impl Conversion {
    /// Parses flags, width and precision. Returns `None` if the argument of `*` is not a number.
    fn parse(
        chars: &mut Peekable<Chars<'_>>,
        args: &mut Iter<'_, Value<'_>>,
    ) -> Result<Option<Conversion>, String> {
        let mut conversion = Conversion::default();
        while let Some(flag) = chars.next_if(|c| "-+ #0'".contains(*c)) {
            match flag {
                '-' => conversion.left = true,
                '+' => conversion.plus = true,
                ' ' => conversion.blank = true,
                '#' => conversion.alternate = true,
                '0' => conversion.zero = true,
                _ => conversion.thousands = true,
            }
        }
        match size(chars, args)? {
            Size::Given(width) => {
                conversion.left |= width < 0;
                conversion.width = bounded(width)?;
            }
            Size::Missing => return Ok(None),
            Size::None => {}
        }
        if chars.next_if_eq(&'.').is_some() {
            conversion.precision = match size(chars, args)? {
                Size::Given(precision) if precision < 0 => None,
                Size::Given(precision) => Some(bounded(precision)?),
                Size::Missing => return Ok(None),
                Size::None => Some(0),
            };
        }
        while chars.next_if(|c| "hlLqjzt".contains(*c)).is_some() {}
        Ok(Some(conversion))
    }

    /// Formats the argument. Returns `None` if it does not fit the conversion letter.
    fn write(&self, letter: char, arg: &Value<'_>) -> Option<String> {
        match letter {
            's' => {
                let text = arg.as_text()?;
                let kept: String = match self.precision {
                    Some(most) => text.chars().take(most).collect(),
                    None => text.into_owned(),
                };
                Some(self.pad(String::new(), kept, false))
            }
            'c' => {
                let c = match arg {
                    Value::Num(n) => char::from_u32(*n as u32)?,
                    other => other.as_text()?.chars().next()?,
                };
                Some(self.pad(String::new(), c.to_string(), false))
            }
            'd' | 'i' => {
                let n = finite(arg)?.trunc();
                let digits = self.whole(format!("{:.0}", n.abs()));
                Some(self.pad(self.sign(n), digits, self.precision.is_none()))
            }
            'u' | 'o' | 'x' | 'X' | 'p' | 'P' => {
                let n = finite(arg)?.trunc();
                // Negative numbers wrap to 64 bits, as in C.
                let bits = if n < 0.0 { n as i64 as u64 } else { n as u64 };
                let (prefix, digits) = match letter {
                    'o' => ("0", format!("{bits:o}")),
                    'x' => ("0x", format!("{bits:x}")),
                    'X' | 'p' | 'P' => ("0X", format!("{bits:X}")),
                    _ => ("", bits.to_string()),
                };
                let prefix = if self.alternate && bits != 0 {
                    prefix
                } else {
                    ""
                };
                let digits = self.whole(digits);
                Some(self.pad(prefix.to_owned(), digits, self.precision.is_none()))
            }
            _ => {
                let n = arg.as_number()?;
                let mut digits = self.real(letter, n.abs());
                if letter.is_ascii_uppercase() {
                    digits.make_ascii_uppercase();
                }
                if self.thousands && matches!(letter, 'f' | 'F') {
                    digits = group(&digits);
                }
                Some(self.pad(self.sign(n), digits, n.is_finite()))
            }
        }
    }

    fn sign(&self, n: f64) -> String {
        let sign = if n.is_sign_negative() && n != 0.0 {
            "-"
        } else if self.plus {
            "+"
        } else if self.blank {
            " "
        } else {
            ""
        };
        sign.to_owned()
    }

    /// Digits of a whole number, padded to the precision.
    fn whole(&self, digits: String) -> String {
        let least = self.precision.unwrap_or(1);
        let digits = format!("{digits:0>least$}");
        if self.thousands {
            group(&digits)
        } else {
            digits
        }
    }

    fn real(&self, letter: char, n: f64) -> String {
        if n.is_infinite() {
            return "inf".to_owned();
        }
        let precision = self.precision.unwrap_or(6);
        match letter {
            'f' | 'F' => format!("{n:.precision$}"),
            'e' | 'E' => exponent(&format!("{n:.precision$e}")),
            'a' | 'A' => hexadecimal(n, self.precision),
            _ => {
                let figures = precision.max(1);
                let scientific = format!("{n:.*e}", figures - 1);
                let power: i32 = scientific
                    .split_once('e')
                    .and_then(|(_, power)| power.parse().ok())
                    .unwrap_or(0);
                let decimals = usize::try_from(figures as i32 - 1 - power);
                match decimals {
                    Ok(decimals) if power >= -4 => self.shorten(format!("{n:.decimals$}")),
                    _ => {
                        let (digits, power) =
                            scientific.split_once('e').unwrap_or((&scientific, "0"));
                        exponent(&format!("{}e{power}", self.shorten(digits.to_owned())))
                    }
                }
            }
        }
    }

    /// `%g` drops trailing zeros, unless `#` is given.
    fn shorten(&self, digits: String) -> String {
        if self.alternate || !digits.contains('.') {
            return digits;
        }
        digits
            .trim_end_matches('0')
            .trim_end_matches('.')
            .to_owned()
    }

    fn pad(&self, prefix: String, body: String, zeros: bool) -> String {
        let length = prefix.chars().count() + body.chars().count();
        let missing = self.width.saturating_sub(length);
        if self.left {
            format!("{prefix}{body}{}", " ".repeat(missing))
        } else if self.zero && zeros {
            format!("{prefix}{}{body}", "0".repeat(missing))
        } else {
            format!("{}{prefix}{body}", " ".repeat(missing))
        }
    }
}

/// A width or precision.
enum Size {
    Given(i64),
    /// The argument of `*` is not a number.
    Missing,
    None,
}

fn size(chars: &mut Peekable<Chars<'_>>, args: &mut Iter<'_, Value<'_>>) -> Result<Size, String> {
    if chars.next_if_eq(&'*').is_some() {
        let arg = args.next().ok_or("printf has no argument for *")?;
        return Ok(finite(arg).map_or(Size::Missing, |n| Size::Given(n as i64)));
    }
    let mut digits = String::new();
    while let Some(digit) = chars.next_if(char::is_ascii_digit) {
        digits.push(digit);
    }
    if digits.is_empty() {
        return Ok(Size::None);
    }
    Ok(Size::Given(digits.parse().unwrap_or(i64::MAX)))
}

fn bounded(size: i64) -> Result<usize, String> {
    usize::try_from(size.unsigned_abs())
        .ok()
        .filter(|size| *size <= WIDEST)
        .ok_or_else(|| format!("a width of {size} in printf is too much"))
}

fn finite(arg: &Value<'_>) -> Option<f64> {
    arg.as_number().filter(|n| n.is_finite())
}

/// `1.5e3` as C writes it: `1.5e+03`.
fn exponent(text: &str) -> String {
    let (digits, power) = text.split_once('e').unwrap_or((text, "0"));
    let (sign, power) = match power.strip_prefix('-') {
        Some(power) => ('-', power),
        None => ('+', power),
    };
    format!("{digits}e{sign}{power:0>2}")
}

/// A double in base 16: `0x1.8p+1`.
fn hexadecimal(n: f64, precision: Option<usize>) -> String {
    let bits = n.to_bits();
    let mut mantissa = bits & ((1 << 52) - 1);
    let mut lead = u64::from((bits >> 52) & 0x7ff != 0);
    let mut power = ((bits >> 52) & 0x7ff) as i64 - 1023 + i64::from(lead == 0);
    if n == 0.0 {
        power = 0;
    }
    let digits = match precision {
        Some(places) if places < 13 => {
            let drop = 4 * (13 - places as u32);
            let whole = (lead << 52) | mantissa;
            let rounded = (whole + (1 << (drop - 1))) >> drop << drop;
            lead = rounded >> 52;
            mantissa = rounded & ((1 << 52) - 1);
            format!("{mantissa:013x}")[..places].to_owned()
        }
        Some(places) => format!("{:0<places$}", format!("{mantissa:013x}")),
        None => format!("{mantissa:013x}").trim_end_matches('0').to_owned(),
    };
    let point = if digits.is_empty() { "" } else { "." };
    format!("0x{lead}{point}{digits}p{power:+}")
}

#[cfg(test)]
mod tests {
    use super::printf;
    use crate::value::Value;

    fn write(format: &str, args: &[Value<'_>]) -> Option<String> {
        let written = printf(format, args).unwrap();
        written.as_text().map(|t| t.into_owned())
    }

    #[test]
    fn conversions_as_in_c() {
        let n = Value::Num;
        for (format, args, expected) in [
            ("%d,%i,%d", vec![n(-2.0), n(4.0), n(30.9)], "-2,4,30"),
            (
                "%.2g,%.2g,%g",
                vec![n(3.125), n(123.0), n(0.0001)],
                "3.1,1.2e+02,0.0001",
            ),
            (
                "%g %g %#g",
                vec![n(1e20), n(1e-5), n(1.0)],
                "1e+20 1e-05 1.00000",
            ),
            (
                "%e|%E",
                vec![n(12345.678), n(0.0)],
                "1.234568e+04|0.000000E+00",
            ),
            (
                "%x,%X,%p,%#x,%o",
                vec![n(10.0), n(10.0), n(10.0), n(10.0), n(8.0)],
                "a,A,A,0xa,10",
            ),
            ("%x", vec![n(-1.0)], "ffffffffffffffff"),
            (
                "%5d|%-5d|%05d|%+d|% d",
                vec![n(1.0), n(1.0), n(-1.0), n(1.0), n(1.0)],
                "    1|1    |-0001|+1| 1",
            ),
            (
                "%*d|%-*d|%.*f",
                vec![n(5.0), n(1.0), n(3.0), n(2.0), n(1.0), n(0.25)],
                "    1|2  |0.2",
            ),
            ("%'d %'.2f", vec![n(12345.0), n(1234.5)], "12,345 1,234.50"),
            (
                "%.4d|%.3s|%5s|%-5s|",
                vec![
                    n(12.0),
                    Value::text("abcdef"),
                    Value::text("é"),
                    Value::text("b"),
                ],
                "0012|abc|    é|b    |",
            ),
            ("%c%c", vec![n(65.0), Value::text("Foo")], "AF"),
            ("%a", vec![n(3.0)], "0x1.8p+1"),
            ("%ld%%", vec![Value::text("7")], "7%"),
        ] {
            assert_eq!(write(format, &args).as_deref(), Some(expected), "{format}");
        }
        assert_eq!(write("%d", &[Value::text("x")]), None);
        assert_eq!(write("%s", &[Value::Null]), None);
        for format in ["%d", "%", "%y", "%99999999999d"] {
            let args: &[Value<'_>] = if format == "%d" { &[] } else { &[n(1.0)] };
            assert!(printf(format, args).is_err(), "{format}");
        }
    }
}
