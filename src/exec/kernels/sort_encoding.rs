//! Sort keys. Numbers sort before text; missing values sort last in either direction. A text field
//! has few distinct values for its many rows, so each distinct value is ranked once.

use std::borrow::Cow;
use std::cmp::Ordering;

use polars::prelude::{Column, IntoColumn as _, PolarsResult, UInt64Chunked};

use crate::exec::frame::broadcast::broadcast;
use crate::exec::frame::reader::ValueReader;
use crate::exec::kernels::dictionary::Dictionary;
use crate::exec::kernels::string_sort::argsort_strings;
use crate::plan::SortOrder;
use crate::value::Value;

/// Number of rows from which the keys of several fields are ranked in parallel.
const LARGE: usize = 100_000;

/// Sentinel for the rank of a missing value.
const MISSING: u64 = u64::MAX;

/// The sort key of a value.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::exec) struct EncodedKey<'v> {
    is_text: bool,
    number: f64,
    text: Cow<'v, str>,
}

impl<'v> EncodedKey<'v> {
    /// The sort key of a value. Returns `None` if the value is missing in this order.
    pub(in crate::exec) fn of(value: Value<'v>, order: SortOrder) -> Option<EncodedKey<'v>> {
        let number = match order {
            SortOrder::Auto | SortOrder::Value | SortOrder::Number => value.as_number(),
            SortOrder::Text | SortOrder::Address => None,
        };
        let text = match order {
            SortOrder::Number => {
                number?;
                Cow::Borrowed("")
            }
            SortOrder::Auto | SortOrder::Value | SortOrder::Text => value.into_text()?,
            SortOrder::Address => Cow::Owned(address(&value.into_text()?)),
        };
        Some(EncodedKey {
            is_text: number.is_none(),
            number: number.unwrap_or(0.0),
            text,
        })
    }

    /// Compares two keys.
    pub(in crate::exec) fn compare(&self, other: &EncodedKey<'_>) -> Ordering {
        let number = |a: f64, b: f64| a.partial_cmp(&b).unwrap_or(Ordering::Equal);
        (self.is_text.cmp(&other.is_text))
            .then_with(|| number(self.number, other.number))
            .then_with(|| self.text.cmp(&other.text))
    }

    /// A copy that borrows nothing.
    pub(in crate::exec) fn into_owned(self) -> EncodedKey<'static> {
        EncodedKey {
            text: Cow::Owned(self.text.into_owned()),
            ..self
        }
    }
}

/// Whether a value is an IP address.
pub(in crate::exec) fn is_address(value: &Value<'_>) -> bool {
    let Value::Text(text) = value else {
        return false;
    };
    // Most texts are told by their first character and their length.
    let starts_like_one = text.starts_with(|c: char| c.is_ascii_hexdigit() || c == ':');
    starts_like_one && text.len() <= 45 && text.parse::<std::net::IpAddr>().is_ok()
}

/// Encodes an address at full width, so that it sorts by its bytes as text. Other text sorts after
/// addresses.
fn address(text: &str) -> String {
    match text.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(a)) => format!("4{:08x}", u32::from(a)),
        Ok(std::net::IpAddr::V6(a)) => format!("6{:032x}", u128::from(a)),
        Err(_) => format!("z{text}"),
    }
}

/// Computes one integer per row that sorts rows by all columns.
pub(in crate::exec) fn encode_keys(
    columns: &[Column],
    keys: &[(SortOrder, bool)],
) -> PolarsResult<Column> {
    let columns = broadcast(columns);
    let height = columns.first().map_or(0, Column::len);
    let each = || columns.iter().zip(keys);
    let found: Vec<PolarsResult<EncodedKeys>> = if height < LARGE {
        each()
            .map(|(c, (order, descending))| EncodedKeys::of(c, *order, *descending))
            .collect()
    } else {
        std::thread::scope(|scope| {
            let started: Vec<_> = each()
                .map(|(c, (order, descending))| {
                    scope.spawn(move || EncodedKeys::of(c, *order, *descending))
                })
                .collect();
            let joined = started.into_iter().map(|thread| match thread.join() {
                Ok(found) => found,
                Err(panic) => std::panic::resume_unwind(panic),
            });
            joined.collect()
        })
    };
    let mut all: Vec<u64> = vec![0; height];
    let mut most: u64 = 1;
    for found in found {
        let found = found?;
        most = match most.checked_mul(found.count) {
            Some(most) => most,
            None => densify_ranks(&mut all) * found.count,
        };
        for (row, place) in all.iter_mut().enumerate() {
            *place = *place * found.count + found.get(row);
        }
    }
    let name = columns[0].name().clone();
    Ok(UInt64Chunked::from_vec(name, all).into_column())
}

/// Renumbers without gaps, keeping the order. Returns the number of distinct values, at most the
/// number of rows.
fn densify_ranks(numbers: &mut [u64]) -> u64 {
    let mut distinct = numbers.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    for number in numbers {
        *number = distinct.partition_point(|n| n < number) as u64;
    }
    distinct.len() as u64
}

/// The ranks of a column's values.
struct EncodedKeys {
    distinct: Dictionary,
    /// The rank of each distinct value.
    of: Vec<u64>,
    /// One more than the last rank.
    count: u64,
}

impl EncodedKeys {
    fn of(column: &Column, order: SortOrder, descending: bool) -> PolarsResult<EncodedKeys> {
        let cells = ValueReader::new(column);
        let distinct = Dictionary::encode_if_low_cardinality(cells, column.len());
        let mut values = distinct.firsts.iter().map(|row| cells.get(*row));
        let order = match order {
            SortOrder::Auto if values.all(|value| value.is_null() || is_address(&value)) => {
                SortOrder::Address
            }
            order => order,
        };
        // Numbers sort before text. There may be as many texts as rows.
        let (mut numbers, mut texts, mut kinds) = (Vec::new(), Vec::new(), Vec::new());
        for (kind, row) in distinct.firsts.iter().enumerate() {
            match EncodedKey::of(cells.get(*row), order) {
                Some(place) if place.is_text => {
                    texts.push(place.text);
                    kinds.push(kind as u32);
                }
                Some(place) => numbers.push((kind as u32, place)),
                None => {}
            }
        }
        numbers.sort_unstable_by(|(_, a), (_, b)| a.compare(b));
        let mut of = vec![MISSING; distinct.firsts.len()];
        let mut count = 0;
        let mut follows = |kind: u32, is_same: bool| {
            count += u64::from(!is_same);
            of[kind as usize] = count - 1;
        };
        for (at, (kind, place)) in numbers.iter().enumerate() {
            follows(*kind, at > 0 && numbers[at - 1].1 == *place);
        }
        let mut last = None;
        for at in argsort_strings(&texts) {
            let at = at as usize;
            follows(kinds[at], last == Some(&texts[at]));
            last = Some(&texts[at]);
        }
        for place in &mut of {
            *place = match (*place, descending) {
                (MISSING, _) => count,
                (place, true) => count - 1 - place,
                (place, false) => place,
            };
        }
        Ok(EncodedKeys {
            distinct,
            of,
            count: count + 1,
        })
    }

    fn get(&self, row: usize) -> u64 {
        self.of[self.distinct.kind(row)]
    }
}

#[cfg(test)]
mod tests {
    use polars::prelude::Column;

    use super::encode_keys;
    use crate::plan::SortOrder;

    fn order(columns: &[Column], keys: &[(SortOrder, bool)]) -> Vec<usize> {
        let places = encode_keys(columns, keys).expect("places");
        let places: Vec<u64> = places.u64().expect("numbers").into_no_null_iter().collect();
        let mut rows: Vec<usize> = (0..places.len()).collect();
        rows.sort_by_key(|row| places[*row]);
        rows
    }

    #[test]
    fn numbers_come_before_text_and_missing_values_last() {
        let texts = [
            Some("b"),
            Some("10"),
            None,
            Some("9"),
            Some("a"),
            Some("9.0"),
        ];
        let texts = Column::new("t".into(), texts);
        let up = order(std::slice::from_ref(&texts), &[(SortOrder::Auto, false)]);
        assert_eq!(up, [3, 5, 1, 4, 0, 2]);
        let down = order(std::slice::from_ref(&texts), &[(SortOrder::Auto, true)]);
        assert_eq!(down, [0, 4, 1, 5, 3, 2]);
        let numbers = order(&[texts], &[(SortOrder::Number, false)]);
        assert_eq!(numbers, [3, 5, 1, 0, 2, 4]);
    }

    #[test]
    fn a_field_of_addresses_is_sorted_by_address() {
        let texts = [Some("10.0.0.10"), Some("9.1.1.1"), None, Some("10.0.0.9")];
        let addresses = Column::new("ip".into(), texts);
        let of =
            |order_of: SortOrder| order(std::slice::from_ref(&addresses), &[(order_of, false)]);
        assert_eq!(of(SortOrder::Auto), [1, 3, 0, 2]);
        assert_eq!(of(SortOrder::Value), [0, 3, 1, 2]);
        let mixed = Column::new("m".into(), ["10.0.0.10", "host", "10.0.0.9"]);
        assert_eq!(order(&[mixed], &[(SortOrder::Auto, false)]), [0, 2, 1]);
    }

    #[test]
    fn values_that_seldom_repeat_are_in_order_too() {
        let text = |n: usize| match n % 70_001 {
            0 => None,
            n if n % 3 == 0 => Some((n % 9_000).to_string()),
            n => Some(format!("text {}", n * 7919 % 70_001)),
        };
        let texts: Vec<Option<String>> = (0..70_100).map(text).collect();
        let column = Column::new("t".into(), &texts);
        let columns = std::slice::from_ref(&column);
        let place = |row: usize| {
            let text = texts[row].as_ref()?;
            let number = text.parse::<u32>().ok();
            Some((number.is_none(), number, text))
        };
        for descending in [false, true] {
            let found = order(columns, &[(SortOrder::Auto, descending)]);
            let mut expected: Vec<usize> = (0..texts.len()).collect();
            expected.sort_by(|a, b| match (place(*a), place(*b)) {
                (Some(a), Some(b)) if descending => b.cmp(&a),
                (Some(a), Some(b)) => a.cmp(&b),
                (a, b) => a.is_none().cmp(&b.is_none()),
            });
            assert!(found == expected);
        }
    }

    #[test]
    fn a_later_column_decides_between_equal_values() {
        let first = Column::new("a".into(), ["x", "y", "x", "y"]);
        let second = Column::new("b".into(), [Some("1"), Some("2"), Some("3"), None]);
        let keys = [(SortOrder::Auto, false), (SortOrder::Auto, true)];
        assert_eq!(order(&[first, second], &keys), [2, 0, 1, 3]);
    }
}
