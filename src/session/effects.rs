//! Writes the tables and events of searches: only inside the home folder, each completely or not at all.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::error::{Error, Result};
use crate::exec::frame::Frame;
use crate::knowledge::lookups::{LookupDefinition, LookupTable, is_compressed};
use crate::plan::effects::{Effect, EventsEffect, TableEffect, TablePlace};
use crate::plan::table::Table;
use crate::read::Batch;
use crate::session::Session;
use crate::store::{AtomicFile, Store, Writer};
use crate::value::{Type, Value};

impl Session {
    /// Performs the pending writes of a search in order, all of them under one lock of the store.
    pub(super) fn perform(&self, effects: Vec<Effect>) -> Result<()> {
        if effects.is_empty() {
            return Ok(());
        }
        let store = Store::open(&self.options.home);
        let writer = store.writer()?;
        let mut files = Files::default();
        let mut events = Vec::new();
        for effect in effects {
            match effect {
                Effect::Table(table) => self.write_table(&table, &mut files)?,
                Effect::Events(more) => events.push(more),
                Effect::Model { name, text } => {
                    self.write_model(&name, text.as_deref(), &mut files)?;
                }
            }
        }
        let mut origins = Vec::new();
        for (at, more) in events.into_iter().enumerate() {
            origins.extend(add_events(&store, &writer, more, at)?);
        }
        files.keep()?;
        writer.commit(&origins).map(|_| ())
    }

    fn write_table(&self, effect: &TableEffect, files: &mut Files) -> Result<()> {
        let home = &self.options.home;
        let path = match effect.place {
            TablePlace::Lookups => home.join("lookups").join(&effect.name),
            TablePlace::Collections => home
                .join("collections")
                .join(format!("{}.csv", effect.name)),
            TablePlace::Csv => home.join("csv").join(&effect.name),
        };
        files.settle(&path)?;
        let new = texts(&effect.rows, effect);
        if new.rows.is_empty() && !effect.append && effect.key.is_none() {
            let there = path.is_file();
            if there && !effect.override_if_empty || !there && !effect.create_empty {
                return Ok(());
            }
            if there && !effect.create_empty {
                files.remove(path);
                return Ok(());
            }
        }
        let before = match effect.append || effect.key.is_some() {
            true => self.before(&path, effect)?,
            false => None,
        };
        let table = match before {
            Some(before) => merged(before, new, effect.key.as_deref()),
            None => new,
        };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|why| Error::file(folder, why))?;
        }
        let mut text = csv_of(&table).map_err(|why| Error::file(&path, why))?;
        if is_compressed(&path) {
            let mut packed = GzEncoder::new(Vec::new(), Compression::default());
            let written = packed.write_all(&text).and_then(|()| packed.finish());
            text = written.map_err(|why| Error::file(&path, why))?;
        }
        files.write(path, &text)
    }

    /// Writes or removes a model of the Machine Learning Toolkit.
    fn write_model(&self, name: &str, text: Option<&str>, files: &mut Files) -> Result<()> {
        let folder = self.options.home.join("learned");
        let path = folder.join(format!("{name}.json"));
        match text {
            Some(text) => {
                std::fs::create_dir_all(&folder).map_err(|why| Error::file(&folder, why))?;
                files.write(path, text.as_bytes())
            }
            None => {
                files.settle(&path)?;
                std::fs::metadata(&path).map_err(|why| Error::file(&path, why))?;
                files.remove(path);
                Ok(())
            }
        }
    }

    /// The rows to append to: those of the home folder, else of the table that an app provides.
    fn before(&self, path: &Path, effect: &TableEffect) -> Result<Option<LookupTable>> {
        if path.is_file() {
            return LookupDefinition::file(&effect.name, path).load().map(Some);
        }
        match effect.place {
            TablePlace::Lookups => {
                let found = self.catalog.lookup(&effect.name);
                found.map(|lookup| lookup.load()).transpose()
            }
            TablePlace::Collections | TablePlace::Csv => Ok(None),
        }
    }
}

/// Files to replace together: none changes if one can't be written.
#[derive(Default)]
struct Files(Vec<(PathBuf, Option<AtomicFile>)>);

impl Files {
    fn write(&mut self, path: PathBuf, bytes: &[u8]) -> Result<()> {
        self.settle(&path)?;
        let mut file = AtomicFile::create(&path)?;
        file.write_all(bytes)
            .map_err(|why| Error::file(&path, why))?;
        self.0.push((path, Some(file)));
        Ok(())
    }

    fn remove(&mut self, path: PathBuf) {
        self.0.push((path, None));
    }

    /// Replaces all files now if one of them is `path`, because the next write depends on its contents.
    fn settle(&mut self, path: &Path) -> Result<()> {
        match self.0.iter().any(|(of, _)| of == path) {
            true => std::mem::take(self).keep(),
            false => Ok(()),
        }
    }

    fn keep(self) -> Result<()> {
        self.0.into_iter().try_for_each(|(path, file)| match file {
            Some(file) => file.keep(),
            None => std::fs::remove_file(&path).map_err(|why| Error::file(&path, why)),
        })
    }
}

/// The rows as written: multivalues as lines of one cell, null as an empty cell.
fn texts(rows: &Table, effect: &TableEffect) -> LookupTable {
    let mut columns = effect.columns.clone();
    for column in rows.columns() {
        if !columns.contains(&column.name) && !column.name.starts_with("__") {
            columns.push(column.name.clone());
        }
    }
    let marked: Vec<String> = columns
        .iter()
        .filter(|name| {
            effect.multivalues && rows.column(name).is_some_and(|c| c.kind == Type::Multi)
        })
        .cloned()
        .collect();
    let mut out = LookupTable {
        columns: columns.clone(),
        rows: Vec::with_capacity(rows.height()),
    };
    out.columns
        .extend(marked.iter().map(|name| format!("__mv_{name}")));
    for row in 0..rows.height() {
        let mut cells: Vec<Option<String>> = columns
            .iter()
            .map(|name| {
                let values = rows.value(name, row).into_values();
                (!values.is_empty()).then(|| values.join("\n"))
            })
            .collect();
        for name in &marked {
            let values = rows.value(name, row).into_values();
            let each = values.iter().map(|v| format!("${}$", v.replace('$', "$$")));
            cells.push((values.len() > 1).then(|| each.collect::<Vec<_>>().join(";")));
        }
        out.rows.push(cells);
    }
    out
}

/// Appends the new rows in the old columns; with a key, they replace the rows that have the same one.
fn merged(mut before: LookupTable, new: LookupTable, key: Option<&str>) -> LookupTable {
    if before.columns.is_empty() {
        return new;
    }
    if let Some(key) = key
        && !before.columns.iter().any(|c| c == key)
    {
        before.columns.push(key.to_owned());
        before.rows.iter_mut().for_each(|row| row.push(None));
    }
    let at = |table: &LookupTable, name: &str| table.columns.iter().position(|c| c == name);
    let from: Vec<Option<usize>> = before.columns.iter().map(|c| at(&new, c)).collect();
    let key_at = key.and_then(|key| at(&before, key));
    let mut known: HashMap<String, usize> = HashMap::new();
    if let Some(key_at) = key_at {
        for (row, cells) in before.rows.iter().enumerate() {
            if let Some(key) = &cells[key_at] {
                known.insert(key.clone(), row);
            }
        }
    }
    for cells in new.rows {
        let row: Vec<Option<String>> = from
            .iter()
            .map(|at| at.and_then(|at| cells.get(at).cloned().flatten()))
            .collect();
        let key = key_at.and_then(|at| row[at].clone());
        match key.as_ref().and_then(|key| known.get(key)) {
            Some(&there) => before.rows[there] = row,
            None => {
                if let Some(key) = key {
                    known.insert(key, before.rows.len());
                }
                before.rows.push(row);
            }
        }
    }
    before
}

fn csv_of(table: &LookupTable) -> Result<Vec<u8>, String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let write = |writer: &mut csv::Writer<Vec<u8>>| -> csv::Result<()> {
        if table.columns.is_empty() {
            return Ok(());
        }
        writer.write_record(&table.columns)?;
        for row in &table.rows {
            writer.write_record(row.iter().map(|cell| cell.as_deref().unwrap_or("")))?;
        }
        Ok(())
    };
    write(&mut writer).map_err(|why| why.to_string())?;
    writer.into_inner().map_err(|why| why.to_string())
}

/// Adds events as a new source, so that events collected before stay. Returns its origin, or `None` if there
/// are no events.
fn add_events(
    store: &Store,
    writer: &Writer<'_>,
    effect: EventsEffect,
    number: usize,
) -> Result<Option<PathBuf>> {
    const PREFIX: &str = "collected-";
    let last = store
        .sources()?
        .iter()
        .filter_map(|s| s.origin.strip_prefix(PREFIX)?.parse::<usize>().ok())
        .max();
    let mut rows = Table::new(effect.rows.height());
    if rows.height() == 0 {
        return Ok(None);
    }
    let fixed = [
        ("host", &effect.host),
        ("source", &effect.source),
        ("sourcetype", &effect.sourcetype),
        ("index", &effect.index),
    ];
    for name in ["_time", "_raw"] {
        if let Some(column) = effect.rows.column(name) {
            rows.set(name, column.kind, column.values.clone());
        }
    }
    for (name, value) in fixed {
        let values = vec![Value::text(value.clone()); rows.height()];
        rows.set(name, Type::Text, values);
    }
    for column in effect.rows.columns() {
        if rows.column(&column.name).is_none() {
            rows.set(column.name.clone(), column.kind, column.values.clone());
        }
    }
    let frame = Frame::from_table(rows)?.lazy.collect().map_err(internal)?;
    let origin = PathBuf::from(format!("{PREFIX}{}", last.map_or(1, |n| n + 1) + number));
    let batch = Batch {
        source: effect.source,
        sourcetype: effect.sourcetype,
        host: Some(effect.host),
        index: effect.index,
        origin: origin.clone(),
        frame,
    };
    writer.add((0, 0), batch)?;
    Ok(Some(origin))
}

fn internal(error: polars::prelude::PolarsError) -> Error {
    Error::internal(error.to_string())
}
