//! Index-time rules (`SEDCMD-*`, `TRANSFORMS-*`) on events as they are read.
//! <https://docs.splunk.com/Documentation/Splunk/latest/Admin/Transformsconf>

use std::collections::HashMap;
use std::rc::Rc;

use indexmap::IndexMap;
use polars::prelude::{
    BooleanChunked, Column, DataFrame, IntoColumn as _, NamedFrom as _, NewChunkedArray as _,
    PolarsError, Series,
};

use crate::error::{Error, Result};
use crate::exec::column::{Builder, Cells, type_of};
use crate::functions::pattern::{fill, regex, too_hard};
use crate::functions::sed::edit;
use crate::knowledge::Catalog;
use crate::knowledge::index_rules::{IndexKey, IndexRules, IndexTransform};
use crate::knowledge::props::RuleOrigin;
use crate::read::{BASE, Batch, Field, FieldColumns, event_fields};
use crate::value::Value;

/// What index-time rules may change of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Event {
    raw: String,
    host: Option<String>,
    source: String,
    sourcetype: String,
    index: String,
    dropped: bool,
    /// Indexed fields that transforms wrote.
    meta: Vec<(String, String)>,
}

/// The batch as index-time rules leave it: split where sources, sourcetypes or indexes now differ.
/// How many events a rule sent to `nullQueue` is added to `dropped`.
///
/// # Errors
/// A rule that can't be applied.
pub(super) fn apply(catalog: &Catalog, batch: Batch, dropped: &mut u64) -> Result<Vec<Batch>> {
    if !catalog.props.changes_events() {
        return Ok(vec![batch]);
    }
    let raws = batch.frame.column("_raw").map_err(internal)?;
    let hosts = batch.frame.column("host").map_err(internal)?;
    let (raws, hosts) = (Cells::new(raws), Cells::new(hosts));
    let mut by_host: HashMap<Option<String>, Rc<IndexRules>> = HashMap::new();
    let mut events = Vec::with_capacity(batch.frame.height());
    let mut changed = Vec::new();
    for row in 0..batch.frame.height() {
        let before = Event {
            raw: raws.get(row).into_text().unwrap_or_default().into_owned(),
            host: hosts.get(row).into_text().map(|h| h.into_owned()),
            source: batch.source.clone(),
            sourcetype: batch.sourcetype.clone(),
            index: batch.index.clone(),
            dropped: false,
            meta: Vec::new(),
        };
        let rules = match by_host.get(&before.host) {
            Some(rules) => Rc::clone(rules),
            None => {
                let host = before.host.as_deref().unwrap_or_default();
                let props = &catalog.props;
                let rules = Rc::new(props.index_rules(&batch.sourcetype, &batch.source, host)?);
                by_host.insert(before.host.clone(), Rc::clone(&rules));
                rules
            }
        };
        if rules.is_empty() {
            events.push(before);
            continue;
        }
        let after = transformed(&before, &rules)?;
        if after != before {
            changed.push((row, before.raw));
        }
        *dropped += u64::from(after.dropped);
        events.push(after);
    }
    if changed.is_empty() {
        return Ok(vec![batch]);
    }
    rebuilt(&batch, &events, &changed)
}

/// All rules on one event. `SEDCMD` goes first; every transform that matches counts.
fn transformed(event: &Event, rules: &IndexRules) -> Result<Event> {
    let mut event = event.clone();
    for rule in &rules.sed {
        event.raw = edit(&event.raw, &rule.rule).map_err(|why| wrong(&rule.origin, &why))?;
    }
    for rule in &rules.transforms {
        event
            .transform(&rule.rule)
            .map_err(|why| wrong(&rule.origin, &why))?;
    }
    Ok(event)
}

impl Event {
    fn transform(&mut self, rule: &IndexTransform) -> Result<(), String> {
        let pattern = regex(&rule.regex)?;
        let Some(text) = self.get(rule.source) else {
            return Ok(());
        };
        let captures = pattern
            .captures(&*text)
            .map_err(|_| too_hard(&rule.regex))?;
        let Some(captures) = captures else {
            return Ok(());
        };
        // `$0` is what the key held before.
        let held = self.get(rule.target).unwrap_or_default();
        let parts: Vec<String> = rule
            .format
            .split("$0")
            .map(|part| fill(part, &captures))
            .collect();
        let written = parts.join(&held);
        let bare = written
            .strip_prefix(rule.target.prefix())
            .unwrap_or(&written)
            .trim_matches('"')
            .to_owned();
        match rule.target {
            IndexKey::Raw => self.raw = written,
            IndexKey::Host => self.host = Some(bare),
            IndexKey::Source => self.source = bare,
            IndexKey::Sourcetype => self.sourcetype = bare,
            IndexKey::Index => self.index = bare,
            // The last transform that matches decides.
            IndexKey::Queue => self.dropped = written == "nullQueue",
            IndexKey::Meta => self.meta.extend(
                written
                    .split_whitespace()
                    .filter_map(|pair| pair.split_once("::"))
                    .map(|(name, value)| (name.to_owned(), value.trim_matches('"').to_owned())),
            ),
            IndexKey::Other => {}
        }
        Ok(())
    }

    fn get(&self, key: IndexKey) -> Option<String> {
        let prefixed = |value: &str| Some(format!("{}{value}", key.prefix()));
        match key {
            IndexKey::Raw => Some(self.raw.clone()),
            IndexKey::Host => prefixed(self.host.as_deref().unwrap_or_default()),
            IndexKey::Source => prefixed(&self.source),
            IndexKey::Sourcetype => prefixed(&self.sourcetype),
            IndexKey::Index => Some(self.index.clone()),
            IndexKey::Queue | IndexKey::Meta | IndexKey::Other => None,
        }
    }
}

/// The batches that changed events make. `changed` are rows with their text as it was.
fn rebuilt(batch: &Batch, events: &[Event], changed: &[(usize, String)]) -> Result<Vec<Batch>> {
    let mut frame = batch.frame.clone();
    let texts = |name: &str, of: &dyn Fn(&Event) -> Option<String>| -> Column {
        Series::new(name.into(), events.iter().map(of).collect::<Vec<_>>()).into_column()
    };
    for column in [
        texts("_raw", &|e| Some(e.raw.clone())),
        texts("host", &|e| e.host.clone()),
        texts("source", &|e| Some(e.source.clone())),
        texts("sourcetype", &|e| Some(e.sourcetype.clone())),
        texts("index", &|e| Some(e.index.clone())),
    ] {
        frame.with_column(column).map_err(internal)?;
    }
    for column in read_again(&batch.frame, events, changed)? {
        frame.with_column(column).map_err(internal)?;
    }
    let mut groups: IndexMap<(&str, &str, &str), Vec<bool>> = IndexMap::new();
    for (row, event) in events.iter().enumerate() {
        if event.dropped {
            continue;
        }
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

/// The extracted fields of a frame, in changed rows those of the new text in place of those that
/// came from the old one: what was masked must not live on in a field.
fn read_again(
    frame: &DataFrame,
    events: &[Event],
    changed: &[(usize, String)],
) -> Result<Vec<Column>> {
    let mut new = FieldColumns::default();
    let mut stale: Vec<Vec<String>> = vec![Vec::new(); events.len()];
    let mut rows = changed.iter().peekable();
    for (row, event) in events.iter().enumerate() {
        let mut fields = Vec::new();
        if let Some((_, old)) = rows.next_if(|(at, _)| *at == row) {
            if *old != event.raw {
                let gone = event_fields(old).into_iter();
                stale[row] = gone.map(|f| f.name.into_owned()).collect();
                let names = &stale[row];
                let has = |name: &str| frame.column(name).is_ok();
                // Only where the reader had found the old ones.
                if names.iter().all(|name| has(name)) {
                    fields = event_fields(&event.raw);
                }
            }
            fields.extend(event.meta.iter().map(|(n, v)| Field::text(&**n, &**v)));
            fields.retain(|f| !f.name.is_empty() && !BASE.contains(&f.name.as_ref()));
        }
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
        let (before, after) = (Cells::new(old), fresh.as_ref().map(Cells::new));
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

fn wrong(origin: &RuleOrigin, why: &str) -> Error {
    Error::format(&origin.at.path, origin.at.line, 1, why).hint(format!("in the rule {origin}"))
}

fn internal(error: PolarsError) -> Error {
    Error::internal(error.to_string())
}
