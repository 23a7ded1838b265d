//! A prepared lookup: a loaded table with its index, which returns column values for keys.

use std::borrow::Cow;
use std::sync::OnceLock;

use polars::prelude::{Column, IdxSize, PolarsResult};

use crate::exec::frame::Frame;
use crate::exec::frame::builder::Builder;
use crate::exec::frame::reader::ValueReader;
use crate::exec::kernels::dictionary::Dictionary;
use crate::exec::operators::lookup::index::LookupIndex;
use crate::knowledge::lookups::LookupDefinition;
use crate::syntax::ast::Name;
use crate::value::{Type, Value};

/// The field that a temporal lookup compares.
const TIME: &str = "_time";

/// A lookup with its table loaded.
pub(in crate::exec) struct PreparedLookup {
    definition: LookupDefinition,
    /// Output columns of the table, and the fields they are written to.
    pub(in crate::exec) outputs: Vec<(usize, String)>,
    pub(in crate::exec) matcher: LookupIndex,
    /// Per column of the table, its value for each row.
    every: Vec<OnceLock<Column>>,
}

impl PreparedLookup {
    /// Prepares a table whose rows `matcher` finds, for these outputs.
    pub(in crate::exec) fn new(
        definition: LookupDefinition,
        outputs: Vec<(usize, String)>,
        matcher: LookupIndex,
    ) -> PreparedLookup {
        let every = vec![OnceLock::new(); matcher.table().columns.len()];
        PreparedLookup {
            definition,
            outputs,
            matcher,
            every,
        }
    }

    /// Whether the lookup alone defines these fields: it writes all of them, and none exists
    /// before.
    pub(in crate::exec) fn defines_all(
        &self,
        fields: &[String],
        is_there: impl Fn(&str) -> bool,
    ) -> bool {
        let is_made = |field: &String| {
            let mut targets = self.outputs.iter().map(|(_, target)| target);
            targets.any(|target| target == field) && !is_there(field)
        };
        !fields.is_empty() && fields.iter().all(is_made)
    }

    /// The type of the output columns for rows of a frame.
    pub(in crate::exec) fn kind(&self, frame: &Frame, keys: &[(Name, Name)]) -> Type {
        let several = |(_, field): &(Name, Name)| frame.kind(&field.text) == Type::Multi;
        match self.gives_several() || keys.iter().any(several) {
            true => Type::Multi,
            false => Type::Text,
        }
    }

    /// The compared fields: the keys, followed by the time if the lookup is temporal.
    pub(in crate::exec) fn inputs<'k>(
        &self,
        keys: &'k [(Name, Name)],
    ) -> impl Iterator<Item = &'k str> {
        let time = self.matcher.is_temporal().then_some(TIME);
        keys.iter()
            .map(|(_, field)| field.text.as_str())
            .chain(time)
    }

    /// The values of a column in these rows of the table.
    pub(in crate::exec) fn value(&self, found: &[usize], column: usize) -> Value<'static> {
        let mut cells: Vec<Cow<'static, str>> = found
            .iter()
            .filter_map(|&r| {
                self.matcher.table().rows[r]
                    .get(column)?
                    .clone()
                    .map(Cow::Owned)
            })
            .collect();
        if let Some(default) = &self.definition.default_match {
            let wanted = cells.len().max(self.definition.min_matches);
            cells.resize(wanted, Cow::Owned(default.clone()));
        }
        Value::multi(cells)
    }

    /// An output column for rows with these keys.
    pub(in crate::exec) fn column(
        &self,
        keys: &[Column],
        at: usize,
        kind: Type,
    ) -> PolarsResult<Column> {
        if let ([key], true, Type::Text) = (keys, self.matcher.is_single(), kind)
            && let Ok(texts) = key.str()
        {
            let nothing = self.matcher.table().rows.len();
            let row = |text: Option<&str>| self.matcher.row(text?);
            let rows = texts.iter().map(|t| row(t).unwrap_or(nothing) as IdxSize);
            let rows: Vec<IdxSize> = rows.collect();
            let found = self.all_columns(at).take_slice(&rows)?;
            return Ok(found.with_name(key.name().clone()));
        }
        let cells: Vec<ValueReader<'_>> = keys.iter().map(ValueReader::new).collect();
        let distinct = Dictionary::of(&cells, keys[0].len());
        let mut builder = Builder::new(keys[0].name(), kind, distinct.firsts.len());
        for &row in &distinct.firsts {
            let values: Vec<Value<'_>> = cells.iter().map(|c| c.get(row)).collect();
            builder.push(self.value(&self.matcher.find(&values), at));
        }
        distinct.gather(&builder.finish())
    }

    /// The value of a column for each row of the table, followed by the value for no match.
    fn all_columns(&self, at: usize) -> &Column {
        self.every[at].get_or_init(|| {
            let rows = self.matcher.table().rows.len();
            let mut builder = Builder::new("", Type::Text, rows + 1);
            for row in 0..rows {
                builder.push(self.value(&[row], at));
            }
            builder.push(self.value(&[], at));
            builder.finish()
        })
    }

    /// Whether one value of each key may find several rows.
    fn gives_several(&self) -> bool {
        self.definition.min_matches > 1 || self.matcher.finds_several()
    }
}
