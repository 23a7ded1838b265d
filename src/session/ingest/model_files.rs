//! Data model rows given as files: Parquet is scanned lazily; NDJSON, JSON and CSV are read at once.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use polars::prelude::{LazyFrame, PlRefPath, PolarsResult, ScanArgsParquet, Schema, SchemaRef};

use crate::error::{Error, Result, caught};
use crate::exec::frame::{Frame, polars_error};
use crate::exec::scan::sources::ModelTable;
use crate::read::{self, InputFile, Listing, Skipped, parquet_rows};
use crate::session::ingest::damage::{LeftOut, sound_rows};
use crate::session::ingest::sources::unread;
use crate::session::{ModelFile, Session, lock};

/// Extensions of row files in a folder, other than Parquet.
const TABLES: [&str; 7] = ["ndjson", "jsonl", "json", "csv", "tsv", "tab", "psv"];

impl Session {
    /// Reads the rows of a data set from a file or a folder, with one line per part that could not be read.
    ///
    /// # Errors
    /// If the path is missing, contains no such file, or nothing in it can be read.
    pub(in crate::session) fn model_part(
        &self,
        file: &ModelFile,
    ) -> Result<(ModelTable, Vec<String>)> {
        let left_out = lock(&self.left_out).clone();
        let path = &file.path;
        let Listing { files, mut skipped } = read::list(path)?;
        let (parquet, tables) = sorted(path, files)?;
        if parquet.is_empty() && tables.is_empty() && skipped.is_empty() {
            let why = "this folder contains no Parquet, JSON or CSV file";
            return Err(Error::file(path, why));
        }
        let is_left = |file: &PathBuf| !left_out.get(file).is_some_and(Vec::is_empty);
        let parquet = parquet.into_iter().filter(is_left);
        let (mut frames, files) = scans(parquet, &left_out, &mut skipped)?;
        let mut bad = Vec::new();
        if !tables.is_empty() {
            let (rows, report) = read::read_table(&tables, self.options.zone)?;
            if report.files > 0 {
                frames.push(Frame::of(rows));
            }
            bad = report.bad;
            skipped.extend(report.skipped);
        }
        let Some(frame) = together(frames)? else {
            let all_left_out = || Error::file(path, "all of its files are damaged");
            return Err(Skipped::error(&skipped).unwrap_or_else(all_left_out));
        };
        let part = ModelTable {
            model: file.model.clone(),
            dataset: file.dataset.clone(),
            frame,
            files,
        };
        Ok((part, unread(&bad, &skipped, self.options.verbose)))
    }
}

/// Splits files into Parquet and other tables; ignores other files in a folder.
fn sorted(path: &Path, files: Vec<InputFile>) -> Result<(Vec<PathBuf>, Vec<InputFile>)> {
    let (mut parquet, mut tables) = (Vec::new(), Vec::new());
    for file in files {
        if file.named {
            match begins_as_parquet(&file.path)? {
                true => parquet.push(file.path),
                false => tables.push(file),
            }
            continue;
        }
        // Programs that write many files keep metadata under such names.
        let below = file.path.strip_prefix(path).unwrap_or(&file.path);
        if below
            .iter()
            .any(|part| part.as_encoded_bytes().starts_with(b"_"))
        {
            continue;
        }
        let name = below.to_string_lossy().to_ascii_lowercase();
        let name = name.strip_suffix(".gz").or(name.strip_suffix(".zst"));
        let inner = name.map_or_else(|| below.to_owned(), PathBuf::from);
        let ending = inner.extension().unwrap_or_default().to_string_lossy();
        if below.extension().is_some_and(|e| e == "parquet") {
            parquet.push(file.path);
        } else if TABLES
            .iter()
            .any(|known| ending.eq_ignore_ascii_case(known))
        {
            tables.push(file);
        }
    }
    parquet.sort();
    tables.sort_by(|a, b| a.path.cmp(&b.path));
    Ok((parquet, tables))
}

fn begins_as_parquet(path: &Path) -> Result<bool> {
    use std::io::Read as _;
    let mut start = [0; 4];
    let mut file = std::fs::File::open(path).map_err(|why| Error::file(path, why))?;
    let read = file
        .read(&mut start)
        .map_err(|why| Error::file(path, why))?;
    Ok(read == 4 && &start == b"PAR1")
}

/// Scans Parquet files, one scan per run of adjacent files with equal columns, each with its files. Skips
/// files with a damaged footer.
fn scans(
    files: impl Iterator<Item = PathBuf>,
    left_out: &LeftOut,
    skipped: &mut Vec<Skipped>,
) -> Result<(Vec<Frame>, Vec<PathBuf>)> {
    let mut groups: Vec<(SchemaRef, Vec<PathBuf>)> = Vec::new();
    for file in files {
        let schema = parquet_rows(&file).and_then(|_| columns(&file));
        match (schema, groups.last_mut()) {
            (Ok(schema), Some((known, files))) if *known == schema => files.push(file),
            (Ok(schema), _) => groups.push((schema, vec![file])),
            (Err(why), _) => skipped.push(Skipped::new(file, format!("damaged: {why}"))),
        }
    }
    let mut frames = Vec::with_capacity(groups.len());
    for (schema, files) in &groups {
        let lazy = sound_rows(files, left_out, scan).map_err(|e| Error::file(&files[0], e))?;
        frames.push(Frame::lazy(lazy, schema));
    }
    Ok((
        frames,
        groups.into_iter().flat_map(|(_, files)| files).collect(),
    ))
}

/// The columns of a Parquet file, or why they can't be read.
fn columns(file: &PathBuf) -> Result<SchemaRef, String> {
    let read = caught(|| scan(std::slice::from_ref(file))?.collect_schema())?;
    read.map_err(|e| e.to_string().lines().next().unwrap_or_default().to_owned())
}

fn scan(files: &[PathBuf]) -> PolarsResult<LazyFrame> {
    let paths = files
        .iter()
        .map(|f| PlRefPath::new(f.to_string_lossy().as_ref()));
    LazyFrame::scan_parquet_files(paths.collect(), ScanArgsParquet::default())
}

/// Concatenates frames. Returns `None` without a frame.
fn together(mut frames: Vec<Frame>) -> Result<Option<Frame>> {
    if frames.len() < 2 {
        return Ok(frames.pop());
    }
    let mut parts = Vec::with_capacity(frames.len());
    for mut frame in frames {
        let schema: Arc<Schema> = frame.lazy.collect_schema().map_err(polars_error)?;
        parts.push((frame.lazy, schema));
    }
    let (lazy, schema) = read::union(parts)?;
    Ok(Some(Frame::lazy(lazy, &schema)))
}
