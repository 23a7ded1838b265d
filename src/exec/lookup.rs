//! Lookup tables: scanned as rows, or matched to add columns.

use std::borrow::Cow;
use std::collections::HashMap;
use std::net::IpAddr;

use ipnet::IpNet;
use polars::prelude::Column;

use crate::error::{Error, ErrorKind, Result};
use crate::exec::Executor;
use crate::exec::column::{Builder, Cells};
use crate::exec::distinct::Distinct;
use crate::exec::frame::{Frame, polars_error};
use crate::functions::pattern::Wildcard;
use crate::knowledge::lookups::{LookupDefinition, LookupTable, MatchType};
use crate::plan::table::{Table, type_of_values};
use crate::syntax::ast::Name;
use crate::value::{Type, Value};

impl Executor<'_> {
    /// The rows of a lookup table.
    ///
    /// # Errors
    /// A lookup that nobody defined, or whose file can't be read.
    pub(super) fn lookup_table(&self, name: &Name) -> Result<Frame> {
        let (_, table) = self.load(name)?;
        let mut out = Table::new(table.rows.len());
        for (at, column) in table.columns.iter().enumerate() {
            let values = table
                .rows
                .iter()
                .map(|row| match row.get(at).and_then(Option::as_ref) {
                    Some(text) => Value::text(text.clone()),
                    None => Value::Null,
                })
                .collect();
            out.set(column.clone(), Type::Text, values);
        }
        Frame::from_table(out)
    }

    fn load(&self, name: &Name) -> Result<(LookupDefinition, LookupTable)> {
        let definition = self
            .context
            .catalog
            .find_lookup(&name.text)
            .map_err(|e| e.at(name.span))?;
        let table = definition.load().map_err(|e| e.at(name.span))?;
        Ok((definition, table))
    }

    /// Columns added from the lookup rows that match.
    /// <https://docs.splunk.com/Documentation/Splunk/latest/SearchReference/Lookup>
    ///
    /// # Errors
    /// As for scanning it, or a column that the table lacks.
    pub(super) fn lookup(
        &self,
        frame: Frame,
        lookup: &Name,
        keys: &[(Name, Name)],
        outputs: &[(Name, Name)],
        overwrite: bool,
    ) -> Result<Frame> {
        let (definition, table) = self.load(lookup)?;
        let index = |name: &Name| {
            table
                .columns
                .iter()
                .position(|c| *c == name.text)
                .ok_or_else(|| {
                    Error::new(ErrorKind::BadArgument(format!(
                        "the lookup `{}` has no column `{}`",
                        lookup.text, name.text
                    )))
                    .at(name.span)
                    .hint(format!("its columns: {}", table.columns.join(", ")))
                    .did_you_mean(&name.text, table.columns.iter().map(String::as_str))
                })
        };
        let mut tests = Vec::new();
        for (column, _) in keys {
            tests.push(KeyTest::new(&definition, index(column)?, &column.text));
        }
        let outputs: Vec<(usize, String)> = if outputs.is_empty() {
            let is_key = |c: &String| keys.iter().any(|(k, _)| k.text == *c);
            let all = table.columns.iter().enumerate();
            all.filter(|(_, c)| !is_key(c))
                .map(|(at, c)| (at, c.clone()))
                .collect()
        } else {
            outputs
                .iter()
                .map(|(column, target)| Ok((index(column)?, target.text.clone())))
                .collect::<Result<_>>()?
        };
        let mut schema = frame.schema.clone();
        let rows = self.collect(frame)?;
        let matcher = Matcher::new(&definition, &table, tests);
        let cells: Vec<Option<Cells<'_>>> = keys
            .iter()
            .map(|(_, field)| rows.frame().column(&field.text).ok().map(Cells::new))
            .collect();
        let there: Vec<Cells<'_>> = cells.iter().flatten().copied().collect();
        let distinct = Distinct::of(&there, rows.len());
        let mut made: Vec<Vec<Value<'static>>> = vec![Vec::new(); outputs.len()];
        for (count, &row) in distinct.firsts.iter().enumerate() {
            if count % 4096 == 0 {
                self.context.check_cancelled()?;
            }
            let values: Vec<Value<'_>> = cells
                .iter()
                .map(|c| c.map_or(Value::Null, |c| c.get(row)))
                .collect();
            let found = matcher.find(&values);
            for ((at, _), out) in outputs.iter().zip(&mut made) {
                let mut cells: Vec<Cow<'static, str>> = found
                    .iter()
                    .filter_map(|&r| table.rows[r].get(*at)?.clone().map(Cow::Owned))
                    .collect();
                if let Some(default) = &definition.default_match {
                    let wanted = cells.len().max(definition.min_matches);
                    cells.resize(wanted, Cow::Owned(default.clone()));
                }
                out.push(Value::multi(cells));
            }
        }
        let mut columns = Vec::new();
        for ((_, target), values) in outputs.into_iter().zip(made) {
            let (kind, column) = column_of(&target, &values);
            let column = distinct.spread(&column).map_err(polars_error)?;
            let (kind, column) = match rows.frame().column(&target) {
                Ok(old) => merged(old, &column, overwrite),
                Err(_) => (kind, column),
            };
            schema.insert(target, kind);
            columns.push(column);
        }
        let mut frame = rows.frame().clone();
        for column in columns {
            frame.with_column(column).map_err(polars_error)?;
        }
        Ok(Frame::typed(frame, schema))
    }
}

/// Values as a column, of the type they have.
fn column_of(name: &str, values: &[Value<'_>]) -> (Type, Column) {
    let kind = match type_of_values(values) {
        Type::Null => Type::Text,
        kind => kind,
    };
    let mut builder = Builder::new(name, kind, values.len());
    for value in values {
        builder.push(value.borrowed());
    }
    (kind, builder.finish())
}

/// A column where a lookup wrote over what was there: `OUTPUT` takes over where a row matched;
/// `OUTPUTNEW` only fills.
fn merged(old: &Column, new: &Column, overwrite: bool) -> (Type, Column) {
    let (before, after) = (Cells::new(old), Cells::new(new));
    let values: Vec<Value<'_>> = (0..old.len())
        .map(|row| match (before.get(row), after.get(row)) {
            (old, Value::Null) => old,
            (Value::Null, new) => new,
            (old, _) if !overwrite => old,
            (_, new) => new,
        })
        .collect();
    column_of(old.name(), &values)
}

/// How one key column is compared.
struct KeyTest {
    column: usize,
    kind: MatchType,
    case_sensitive: bool,
}

impl KeyTest {
    fn new(definition: &LookupDefinition, column: usize, name: &str) -> KeyTest {
        KeyTest {
            column,
            kind: definition.match_type(name),
            case_sensitive: definition.case_sensitive,
        }
    }

    fn fold(&self, text: &str) -> String {
        if self.case_sensitive {
            text.to_owned()
        } else {
            text.to_lowercase()
        }
    }
}

/// What a cell of a key column was made into.
enum Cell {
    Missing,
    Text(String),
    Wildcard(Wildcard),
    /// `*` patterns that mind case.
    Glob(String),
    Network(IpNet),
}

/// Finds the rows that match: by an index of the exact columns, then cell by cell.
struct Matcher<'t> {
    tests: Vec<KeyTest>,
    cells: Vec<Vec<Cell>>,
    exact: HashMap<Vec<String>, Vec<usize>>,
    most: usize,
    rows: &'t [Vec<Option<String>>],
}

impl<'t> Matcher<'t> {
    fn new(
        definition: &LookupDefinition,
        table: &'t LookupTable,
        tests: Vec<KeyTest>,
    ) -> Matcher<'t> {
        let mut exact: HashMap<Vec<String>, Vec<usize>> = HashMap::new();
        let mut cells = Vec::with_capacity(table.rows.len());
        for (at, row) in table.rows.iter().enumerate() {
            let mut key = Vec::new();
            let mut whole = true;
            let mut made = Vec::with_capacity(tests.len());
            for test in &tests {
                let text = row.get(test.column).and_then(Option::as_deref);
                if test.kind == MatchType::Exact {
                    match text {
                        Some(text) => key.push(test.fold(text)),
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
        Matcher {
            tests,
            cells,
            exact,
            most: definition.max_matches.max(1),
            rows: &table.rows,
        }
    }

    fn find(&self, values: &[Value<'_>]) -> Vec<usize> {
        // A multivalue key matches where one of its values does.
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
        found.truncate(self.most);
        found
    }

    fn find_one(&self, key: &[&str], found: &mut Vec<usize>) {
        let exact: Vec<String> = self
            .tests
            .iter()
            .zip(key)
            .filter(|(t, _)| t.kind == MatchType::Exact)
            .map(|(t, text)| t.fold(text))
            .collect();
        let only_exact = exact.len() == self.tests.len();
        let Some(rows) = self.exact.get(&exact) else {
            return;
        };
        for &row in rows {
            if only_exact || self.row_matches(row, key) {
                found.push(row);
                if found.len() >= self.most && self.rows.len() > self.most {
                    return;
                }
            }
        }
    }

    fn row_matches(&self, row: usize, key: &[&str]) -> bool {
        self.tests
            .iter()
            .zip(&self.cells[row])
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

fn cell(test: &KeyTest, text: Option<&str>) -> Cell {
    let Some(text) = text else {
        return Cell::Missing;
    };
    match test.kind {
        MatchType::Exact => Cell::Text(test.fold(text)),
        MatchType::Wildcard if test.case_sensitive => Cell::Glob(text.to_owned()),
        MatchType::Wildcard => Cell::Wildcard(Wildcard::new(text)),
        MatchType::Cidr => match text.parse::<IpNet>() {
            Ok(network) => Cell::Network(network),
            Err(_) => Cell::Text(test.fold(text)),
        },
    }
}
