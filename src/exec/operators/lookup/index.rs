//! Lookup index: finds the rows of a lookup table that match.

use std::borrow::Cow;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::OnceLock;

use foldhash::fast::FixedState;
use ipnet::IpNet;

use crate::exec::kernels::dictionary::short;
use crate::exec::kernels::multi_substring::MultiSubstring;
use crate::functions::pattern::Wildcard;
use crate::knowledge::lookups::{LookupDefinition, LookupTable, MatchType};
use crate::plan::expr::matching::needle;
use crate::value::Value;

/// How a key column is compared.
pub(in crate::exec) struct KeyMatcher {
    column: usize,
    kind: MatchType,
    case_sensitive: bool,
}

impl KeyMatcher {
    /// The matcher of the table's column at this index and of this name.
    pub(in crate::exec) fn new(
        definition: &LookupDefinition,
        column: usize,
        name: &str,
    ) -> KeyMatcher {
        KeyMatcher {
            column,
            kind: definition.match_type(name),
            case_sensitive: definition.case_sensitive,
        }
    }

    fn fold<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.case_sensitive {
            Cow::Borrowed(text)
        } else {
            Cow::Owned(text.to_lowercase())
        }
    }
}

/// When the rows of a temporal lookup become valid, and how far from that an event may be.
///
/// Knowledge Manager Manual, "Configure a time-based lookup".
pub(in crate::exec) struct Times {
    rows: Vec<Option<f64>>,
    min_offset: f64,
    max_offset: f64,
}

impl Times {
    /// The times of a table's rows in epoch seconds, parsed by `read`. Returns `None` if the lookup
    /// is not temporal or its table lacks the column.
    pub(in crate::exec) fn of(
        definition: &LookupDefinition,
        table: &LookupTable,
        read: impl Fn(&str, &str) -> Option<f64>,
    ) -> Option<Times> {
        /// As documented: the default of `time_format`, and the greatest offset.
        const FORMAT: &str = "%s.%Q";
        const MAX_OFFSET: f64 = 2_000_000_000.0;
        let name = definition.time_field.as_ref()?;
        let column = table.columns.iter().position(|c| c == name)?;
        let format = definition.time_format.as_deref().unwrap_or(FORMAT);
        let time = |text: &str| match text.parse::<f64>() {
            Ok(seconds) if format == FORMAT => Some(seconds),
            _ => read(text, format),
        };
        let cell = |row: &Vec<Option<String>>| time(row.get(column)?.as_deref()?);
        Some(Times {
            rows: table.rows.iter().map(cell).collect(),
            min_offset: definition.min_offset,
            max_offset: definition.max_offset.unwrap_or(MAX_OFFSET),
        })
    }

    /// Keeps the rows valid at a time, latest first.
    fn filter_by_time(&self, found: &mut Vec<usize>, at: Option<f64>) {
        let Some(at) = at else {
            found.clear();
            return;
        };
        let time = |row: usize| self.rows[row].unwrap_or(f64::NAN);
        found.retain(|&row| {
            let ahead = at - time(row);
            ahead >= self.min_offset && ahead <= self.max_offset
        });
        found.sort_by(|&a, &b| time(b).total_cmp(&time(a)));
    }
}

/// A compiled cell of a key column.
enum Cell {
    Missing,
    Text(String),
    Wildcard(Wildcard),
    /// Case-sensitive `*` patterns.
    Glob(String),
    Network(IpNet),
}

/// Finds the matching rows of a table: by an index of the exact columns, then cell by cell.
pub(in crate::exec) struct LookupIndex {
    table: LookupTable,
    tests: Vec<KeyMatcher>,
    times: Option<Times>,
    most: usize,
    /// Built on first use: many searches have no row to look up.
    index: OnceLock<Index>,
}

/// The compiled cells of a table, and indexes of its rows.
struct Index {
    cells: Vec<Vec<Cell>>,
    exact: HashMap<Vec<String>, Vec<usize>>,
    /// Whether values of the exact columns find one row each.
    unique: bool,
    /// Rows by string, for a table with one exact key of which at most one row matches.
    single: Option<UniqueIndex>,
    /// Which rows to test, for a table with one wildcard key.
    sought: Option<Sought>,
}

/// Rows of patterns, by a literal that each of them requires.
struct Sought {
    needles: MultiSubstring,
    /// Rows without such a literal.
    others: Vec<usize>,
}

/// Number of patterns from which they are searched together.
const MANY: usize = 8;

impl Sought {
    /// An index of case-insensitive patterns. Returns `None` if there are few.
    fn of(cells: &[Vec<Cell>], patterns: impl Iterator<Item = Option<String>>) -> Option<Sought> {
        let (mut pairs, mut others) = (Vec::new(), Vec::new());
        for ((row, cells), pattern) in cells.iter().enumerate().zip(patterns) {
            if matches!(cells.as_slice(), [Cell::Missing]) {
                continue;
            }
            match pattern.as_deref().and_then(needle) {
                Some(text) => pairs.push((row, text)),
                None => others.push(row),
            }
        }
        let needles = MultiSubstring::of(pairs, None);
        (needles.count() >= MANY).then_some(Sought { needles, others })
    }

    /// The rows that a string may match, in order.
    fn rows(&self, text: &str) -> Vec<usize> {
        let mut rows = self.others.clone();
        self.needles.each(text, |row| rows.push(row));
        rows.sort_unstable();
        rows.dedup();
        rows
    }
}

/// Rows by the single string that finds each.
#[derive(Default)]
struct UniqueIndex {
    short: HashMap<u128, usize, FixedState>,
    long: HashMap<String, usize, FixedState>,
}

impl UniqueIndex {
    fn of(exact: &HashMap<Vec<String>, Vec<usize>>) -> UniqueIndex {
        let first =
            |(key, rows): (&Vec<String>, &Vec<usize>)| Some((key.first()?.clone(), *rows.first()?));
        let mut single = UniqueIndex::default();
        for (key, row) in exact.iter().filter_map(first) {
            match short(&key) {
                Some(key) => single.short.insert(key, row),
                None => single.long.insert(key, row),
            };
        }
        single
    }
}

impl Index {
    fn of(table: &LookupTable, tests: &[KeyMatcher], most: usize, is_temporal: bool) -> Index {
        let mut exact: HashMap<Vec<String>, Vec<usize>> = HashMap::new();
        let mut cells = Vec::with_capacity(table.rows.len());
        for (at, row) in table.rows.iter().enumerate() {
            let mut key = Vec::new();
            let mut whole = true;
            let mut made = Vec::with_capacity(tests.len());
            for test in tests {
                let text = row.get(test.column).and_then(Option::as_deref);
                if test.kind == MatchType::Exact {
                    match text {
                        Some(text) => key.push(test.fold(text).into_owned()),
                        None => whole = false,
                    }
                }
                made.push(cell(test, text));
            }
            cells.push(made);
            if whole {
                exact.entry(key).or_default().push(at);
            }
        }
        let unique = exact.values().all(|rows| rows.len() == 1);
        let (mut single, mut sought) = (None, None);
        match tests {
            [test] if test.kind == MatchType::Wildcard && !test.case_sensitive => {
                let patterns = table.rows.iter();
                let patterns = patterns.map(|row| row.get(test.column)?.clone());
                sought = Sought::of(&cells, patterns);
            }
            [test] if test.kind == MatchType::Exact && !is_temporal && (most == 1 || unique) => {
                single = Some(UniqueIndex::of(&exact));
            }
            _ => {}
        }
        Index {
            cells,
            exact,
            unique,
            single,
            sought,
        }
    }
}

impl LookupIndex {
    /// Creates an index of a table; the index is built on first use.
    pub(in crate::exec) fn new(
        definition: &LookupDefinition,
        table: LookupTable,
        tests: Vec<KeyMatcher>,
        times: Option<Times>,
    ) -> LookupIndex {
        LookupIndex {
            table,
            tests,
            times,
            most: definition.max_matches.max(1),
            index: OnceLock::new(),
        }
    }

    /// The indexed table.
    pub(in crate::exec) fn table(&self) -> &LookupTable {
        &self.table
    }

    fn index(&self) -> &Index {
        let is_temporal = self.is_temporal();
        let index = || Index::of(&self.table, &self.tests, self.most, is_temporal);
        self.index.get_or_init(index)
    }

    /// The patterns of which the value of the single key must match one, as search expressions
    /// compare, for a row to match. Returns `None` if search expressions can't express the lookup.
    pub(in crate::exec) fn texts(&self) -> Option<Vec<String>> {
        let [test] = self.tests.as_slice() else {
            return None;
        };
        if test.kind == MatchType::Cidr || self.is_temporal() {
            return None;
        }
        let cells = self.table.rows.iter();
        let texts = cells.filter_map(|row| row.get(test.column)?.clone());
        let mut texts: Vec<String> = texts.collect();
        texts.sort();
        texts.dedup();
        Some(texts)
    }

    /// Whether a string finds at most one row: see [`LookupIndex::row`].
    pub(in crate::exec) fn is_single(&self) -> bool {
        self.index().single.is_some()
    }

    /// The row that a string matches, if [`LookupIndex::is_single`].
    pub(in crate::exec) fn row(&self, text: &str) -> Option<usize> {
        let (rows, test) = (self.index().single.as_ref()?, self.tests.first()?);
        let text = test.fold(text);
        match short(&text) {
            Some(key) => rows.short.get(&key).copied(),
            None => rows.long.get(text.as_ref()).copied(),
        }
    }

    /// Whether the lookup depends on the time of an event, which then follows the keys.
    pub(in crate::exec) fn is_temporal(&self) -> bool {
        self.times.is_some()
    }

    /// Whether one value of each key may match several rows.
    pub(in crate::exec) fn finds_several(&self) -> bool {
        let only_exact = || self.tests.iter().all(|t| t.kind == MatchType::Exact);
        self.most > 1 && !(only_exact() && self.index().unique)
    }

    /// The matching rows, in order; those of a temporal lookup latest first, for the time that
    /// follows the keys.
    pub(in crate::exec) fn find(&self, values: &[Value<'_>]) -> Vec<usize> {
        let (values, time) = values.split_at(self.tests.len());
        // A multivalue key matches if one of its values does.
        let mut found = Vec::new();
        let alternatives: Vec<Vec<Cow<'_, str>>> =
            values.iter().map(|v| v.clone().into_values()).collect();
        if alternatives.iter().any(Vec::is_empty) {
            return found;
        }
        let mut pick = vec![0; alternatives.len()];
        loop {
            let key: Vec<&str> = pick
                .iter()
                .zip(&alternatives)
                .map(|(&p, a)| a[p].as_ref())
                .collect();
            self.find_one(&key, &mut found);
            let Some(next) = (0..pick.len()).find(|&i| pick[i] + 1 < alternatives[i].len()) else {
                break;
            };
            pick[next] += 1;
            pick[..next].fill(0);
        }
        found.sort_unstable();
        found.dedup();
        if let Some(times) = &self.times {
            times.filter_by_time(&mut found, time.first().and_then(Value::as_number));
        }
        found.truncate(self.most);
        found
    }

    /// Whether a row matches a string; for tables of one key that are not temporal.
    pub(in crate::exec) fn matches(&self, text: &str) -> bool {
        if self.is_single() {
            return self.row(text).is_some();
        }
        match &self.index().sought {
            Some(sought) => {
                let matches = |row| self.row_matches(row, &[text]);
                sought.needles.any(text, matches) || sought.others.iter().copied().any(matches)
            }
            None => !self.find(&[Value::Text(Cow::Borrowed(text))]).is_empty(),
        }
    }

    fn find_one(&self, key: &[&str], found: &mut Vec<usize>) {
        let exact: Vec<String> = self
            .tests
            .iter()
            .zip(key)
            .filter(|(t, _)| t.kind == MatchType::Exact)
            .map(|(t, text)| t.fold(text).into_owned())
            .collect();
        let only_exact = exact.len() == self.tests.len();
        let index = self.index();
        let sought = index.sought.as_ref().zip(key.first());
        let sought = sought.map(|(sought, text)| sought.rows(text));
        let rows = match &sought {
            Some(rows) => rows,
            None => match index.exact.get(&exact) {
                Some(rows) => rows,
                None => return,
            },
        };
        for &row in rows {
            if only_exact || self.row_matches(row, key) {
                found.push(row);
                let enough = found.len() >= self.most && self.times.is_none();
                if enough && self.table.rows.len() > self.most {
                    return;
                }
            }
        }
    }

    fn row_matches(&self, row: usize, key: &[&str]) -> bool {
        self.tests
            .iter()
            .zip(&self.index().cells[row])
            .zip(key)
            .all(|((test, cell), text)| match cell {
                Cell::Missing => false,
                Cell::Text(wanted) => *wanted == test.fold(text),
                Cell::Wildcard(wildcard) => wildcard.is_match(text),
                Cell::Glob(glob) => crate::plan::schema::Pattern::new(glob.as_str()).matches(text),
                Cell::Network(network) => text
                    .parse::<IpAddr>()
                    .is_ok_and(|address| network.contains(&address)),
            })
    }
}

fn cell(test: &KeyMatcher, text: Option<&str>) -> Cell {
    let Some(text) = text else {
        return Cell::Missing;
    };
    match test.kind {
        MatchType::Exact => Cell::Text(test.fold(text).into_owned()),
        MatchType::Wildcard if test.case_sensitive => Cell::Glob(text.to_owned()),
        MatchType::Wildcard => Cell::Wildcard(Wildcard::new(text)),
        MatchType::Cidr => match text.parse::<IpNet>() {
            Ok(network) => Cell::Network(network),
            Err(_) => Cell::Text(test.fold(text).into_owned()),
        },
    }
}
