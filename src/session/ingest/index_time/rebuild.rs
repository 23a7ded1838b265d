//! Rebuilds batches from the events that index-time rules changed.

use indexmap::IndexMap;
use polars::prelude::{
    BooleanChunked, Column, DataFrame, DataType, IdxCa, IdxSize, IntoColumn as _, NamedFrom as _,
    NewChunkedArray as _, PolarsError, Series, TimeUnit,
};

use crate::error::{Error, Result};
use crate::exec::frame::builder::Builder;
use crate::exec::frame::reader::ValueReader;
use crate::exec::frame::types::type_of;
use crate::read::{BASE, Batch, Field, FieldColumns, event_fields};
use crate::session::ingest::index_time::Event;
use crate::value::Value;

/// Builds the batches of changed events, which may have more or fewer rows than `batch`.
pub(super) fn rebuilt(batch: &Batch, events: &[Event]) -> Result<Vec<Batch>> {
    let rows: Vec<IdxSize> = events
        .iter()
        .filter_map(|e| IdxSize::try_from(e.row).ok())
        .collect();
    let old = batch
        .frame
        .take(&IdxCa::from_vec("".into(), rows))
        .map_err(internal)?;
    let mut frame = old.clone();
    let texts = |name: &str, of: &dyn Fn(&Event) -> Option<String>| -> Column {
        Series::new(name.into(), events.iter().map(of).collect::<Vec<_>>()).into_column()
    };
    let times: Vec<Option<i64>> = events.iter().map(|e| e.time).collect();
    let times = Series::new("_time".into(), times)
        .cast(&DataType::Datetime(TimeUnit::Microseconds, None))
        .map_err(internal)?;
    for column in [
        times.into_column(),
        texts("_raw", &|e| Some(e.raw.clone())),
        texts("host", &|e| e.host.clone()),
        texts("source", &|e| Some(e.source.clone())),
        texts("sourcetype", &|e| Some(e.sourcetype.clone())),
        texts("index", &|e| Some(e.index.clone())),
    ] {
        frame.with_column(column).map_err(internal)?;
    }
    for column in read_again(&old, events)? {
        frame.with_column(column).map_err(internal)?;
    }
    let mut groups: IndexMap<(&str, &str, &str), Vec<bool>> = IndexMap::new();
    for (row, event) in events.iter().enumerate() {
        let key = (&*event.source, &*event.sourcetype, &*event.index);
        let rows = groups
            .entry(key)
            .or_insert_with(|| vec![false; events.len()]);
        rows[row] = true;
    }
    groups
        .into_iter()
        .map(|((source, sourcetype, index), rows)| {
            let mut hosts = events.iter().zip(&rows).filter(|(_, r)| **r);
            let first = hosts.next().and_then(|(e, _)| e.host.clone());
            let same = hosts.all(|(e, _)| e.host == first);
            let mask = BooleanChunked::from_slice("".into(), &rows);
            Ok(Batch {
                source: source.to_owned(),
                sourcetype: sourcetype.to_owned(),
                host: first.filter(|_| same),
                index: index.to_owned(),
                origin: batch.origin.clone(),
                frame: frame.filter(&mask).map_err(internal)?,
            })
        })
        .collect()
}

/// The extracted fields of a frame. Changed rows get the fields of the new text instead of the old one, so
/// that no field keeps a masked value.
fn read_again(frame: &DataFrame, events: &[Event]) -> Result<Vec<Column>> {
    let mut new = FieldColumns::default();
    let mut stale: Vec<Vec<String>> = vec![Vec::new(); events.len()];
    let raws = ValueReader::new(frame.column("_raw").map_err(internal)?);
    for (row, event) in events.iter().enumerate() {
        let mut fields = Vec::new();
        let old = raws.get(row).into_text().unwrap_or_default();
        if *old != *event.raw {
            let gone = event_fields(&old).into_iter();
            stale[row] = gone.map(|f| f.name.into_owned()).collect();
            let names = &stale[row];
            let has = |name: &str| frame.column(name).is_ok();
            // Only if the reader had extracted the old ones.
            if names.iter().all(|name| has(name)) {
                fields = event_fields(&event.raw);
            }
        }
        stale[row].extend_from_slice(&event.replaced);
        fields.extend(event.meta.iter().map(|meta| Field {
            name: meta.name.as_str().into(),
            value: meta.value.as_str().into(),
            number: meta.number,
            null: false,
        }));
        fields.retain(|f| !f.name.is_empty() && !BASE.contains(&f.name.as_ref()));
        new.push(&fields);
    }
    let mut new: IndexMap<String, Column> = new
        .finish()?
        .into_iter()
        .map(|c| (c.name().to_string(), c))
        .collect();
    let mut columns = Vec::new();
    for old in frame.columns() {
        let name = old.name().as_str();
        if BASE.contains(&name) {
            continue;
        }
        let fresh = new.shift_remove(name);
        let kind = fresh.as_ref().map_or(type_of(old.dtype()), |c| {
            type_of(c.dtype()).join(type_of(old.dtype()))
        });
        let (before, after) = (ValueReader::new(old), fresh.as_ref().map(ValueReader::new));
        let is_stale = |row: usize| stale[row].iter().any(|n| n == name);
        if fresh.is_none() && !(0..events.len()).any(is_stale) {
            continue;
        }
        let mut builder = Builder::new(name, kind, events.len());
        for row in 0..events.len() {
            let after = after.as_ref().map_or(Value::Null, |cells| cells.get(row));
            builder.push(if after.is_null() && !is_stale(row) {
                before.get(row)
            } else {
                after
            });
        }
        columns.push(builder.finish());
    }
    columns.extend(new.into_values());
    Ok(columns)
}

fn internal(error: PolarsError) -> Error {
    Error::internal(error.to_string())
}
