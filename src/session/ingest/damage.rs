//! Recovery from damaged files: if a search can't read some rows, the damaged parts are left out and the
//! search runs again. Searches without damage pay nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, LazyLock, PoisonError};

use polars::prelude::{IdxSize, LazyFrame, PolarsResult, UnionArgs, concat};

use crate::error::Result;
use crate::exec::scan::sources::{DataSources, EventPartition, StoreSnapshot};
use crate::plan::context::QueryContext;
use crate::read::{BadLines, ParquetDamage, Skipped, parquet_damage};
use crate::session::ingest::parquet_source;
use crate::session::ingest::replay::stored_part;
use crate::session::ingest::sources::unread;
use crate::session::{Session, lock};
use crate::store::{Damage, StoredSource};

/// Damaged files, with the ranges of their sound rows.
pub(in crate::session) type LeftOut = BTreeMap<PathBuf, Vec<Range<usize>>>;

/// Scans the sound rows of Parquet files.
///
/// # Errors
/// Those of `scan`.
pub(in crate::session) fn sound_rows(
    files: &[PathBuf],
    left_out: &LeftOut,
    scan: impl Fn(&[PathBuf]) -> PolarsResult<LazyFrame>,
) -> PolarsResult<LazyFrame> {
    if left_out.is_empty() {
        return scan(files);
    }
    let mut parts = Vec::new();
    let is_whole = |file: &PathBuf| !left_out.contains_key(file);
    for run in files.chunk_by(|a, b| is_whole(a) && is_whole(b)) {
        let lazy = scan(run)?;
        match left_out.get(&run[0]) {
            None => parts.push(lazy),
            Some(sound) => parts.extend(sound.iter().map(|rows| {
                let lazy = lazy.clone();
                lazy.slice(rows.start as i64, rows.len() as IdxSize)
            })),
        }
    }
    concat(parts, UnionArgs::default())
}

impl Session {
    /// Runs the work of a search on the data. If rows can't be read, leaves out the damaged parts for the
    /// rest of the session and repeats the work.
    ///
    /// # Errors
    /// Those of the work, or if the damage leaves no data.
    pub(in crate::session) fn on_data<T>(
        &self,
        context: &QueryContext,
        work: impl Fn(&DataSources) -> Result<T>,
    ) -> Result<T> {
        let notices = lock(&context.notices).len();
        loop {
            let data = self.data()?;
            let done = work(&data);
            let unreadable = context.unreadable.swap(false, Ordering::Relaxed);
            if done.is_ok() || !unreadable || !self.leave_out_damaged(&data)? {
                return done;
            }
            lock(&context.notices).truncate(notices);
            lock(&context.pending_writes).clear();
        }
    }

    /// Leaves out the parts of data files that can't be decoded. Returns false if there is no damage.
    fn leave_out_damaged(&self, data: &Arc<DataSources>) -> Result<bool> {
        let mut current = self.data.write().unwrap_or_else(PoisonError::into_inner);
        let is_current = |known: &Arc<DataSources>| Arc::ptr_eq(known, data);
        if !current.as_ref().is_some_and(is_current) {
            // Another search has already handled it.
            return Ok(true);
        }
        if data.is_sound.load(Ordering::Relaxed) {
            return Ok(false);
        }
        let stored = self.damage_of_store(data)?;
        let files = self.damage_of_files(data)?;
        if stored.is_empty() && files.is_empty() {
            data.is_sound.store(true, Ordering::Relaxed);
            return Ok(false);
        }
        let (bad, skipped) = described(&files);
        let first = stored.first().map(|first| first.error(stored.len() - 1));
        let first = first.or_else(|| Skipped::error(&skipped));
        let gone: BTreeSet<PathBuf> = stored.iter().map(|damage| damage.path.clone()).collect();
        let mut left_out = lock(&self.left_out);
        left_out.extend(gone.iter().map(|path| (path.clone(), Vec::new())));
        left_out.extend(files.into_iter().map(|(path, damage)| (path, damage.sound)));
        let all = left_out.clone();
        drop(left_out);
        let left = self.without(data, &gone, &all)?;
        let is_some = |left: &DataSources| left.event_count() > 0 || !left.models.is_empty();
        match (left.filter(is_some), first) {
            (Some(left), _) => *current = Some(Arc::new(left)),
            (None, Some(first)) => return Err(first),
            (None, None) => return Ok(false),
        }
        let mut notices = lock(&self.data_notices);
        notices.extend(stored.iter().map(Damage::notice));
        notices.extend(unread(&bad, &skipped, true));
        Ok(true)
    }

    /// The damaged parts of the store; decodes all of it.
    fn damage_of_store(&self, data: &DataSources) -> Result<Vec<Damage>> {
        let mut found = Vec::new();
        for source in data.events.iter().flat_map(|part| &part.stored) {
            self.check_cancelled()?;
            found.extend(source.damage());
        }
        if let Some(stored) = &data.stored {
            self.check_cancelled()?;
            found.extend(stored.summaries.damage());
        }
        Ok(found)
    }

    /// The damaged parts of lazily scanned Parquet files; decodes all of them.
    fn damage_of_files(&self, data: &DataSources) -> Result<Vec<(PathBuf, ParquetDamage)>> {
        let mut found = Vec::new();
        let of_events = data.events.iter().flat_map(|part| &part.files);
        let of_models = data.models.iter().flat_map(|part| &part.files);
        for path in of_events.chain(of_models) {
            self.check_cancelled()?;
            // Files with known damage are not read again.
            if !lock(&self.left_out).contains_key(path) {
                found.extend(parquet_damage(path).map(|damage| (path.clone(), damage)));
            }
        }
        Ok(found)
    }

    /// The data without damaged files of the store and everything else left out. Returns `None` if nothing is
    /// left of a data model's given rows.
    fn without(
        &self,
        data: &DataSources,
        gone: &BTreeSet<PathBuf>,
        left_out: &LeftOut,
    ) -> Result<Option<DataSources>> {
        let mut left = DataSources::default();
        if data.events.iter().any(|part| !part.files.is_empty()) {
            // There may be nothing left of them.
            let scanned = parquet_source::events(&self.options.data, &self.catalog, left_out);
            left.events = scanned.map(|(parts, _)| parts).unwrap_or_default();
        }
        for part in data.events.iter().filter(|part| part.files.is_empty()) {
            left.events.extend(part_without(data, part, gone)?);
        }
        for (part, file) in data.models.iter().zip(&self.options.models) {
            if !part.files.iter().any(|file| left_out.contains_key(file)) {
                left.models.push(part.clone());
                continue;
            }
            let Ok((part, _)) = self.model_part(file) else {
                return Ok(None);
            };
            left.models.push(part);
        }
        if let Some(stored) = &data.stored {
            let reading = stored.reading.as_ref();
            left.stored = Some(StoreSnapshot {
                store: stored.store.clone(),
                summaries: stored.summaries.without(gone),
                knowledge: LazyLock::new(self.knowledge()),
                reading: reading.and_then(|file| file.try_clone().ok()),
            });
        }
        Ok(Some(left))
    }
}

/// A partition without some files of the store. Returns `None` if nothing is left of it.
fn part_without(
    data: &DataSources,
    part: &EventPartition,
    gone: &BTreeSet<PathBuf>,
) -> Result<Option<EventPartition>> {
    let is_whole = |s: &StoredSource| !s.paths.iter().any(|path| gone.contains(path));
    let Some(stored) = &data.stored else {
        return Ok(Some(part.clone()));
    };
    if part.stored.iter().all(is_whole) {
        return Ok(Some(part.clone()));
    }
    let sources = part.stored.iter().filter_map(|source| source.without(gone));
    let sources: Vec<StoredSource> = sources.collect();
    match sources.is_empty() {
        true => Ok(None),
        false => stored_part(&stored.store, sources).map(Some),
    }
}

/// Reports on damaged Parquet files: those with sound rows, and the others.
fn described(files: &[(PathBuf, ParquetDamage)]) -> (Vec<BadLines>, Vec<Skipped>) {
    let (mut bad, mut skipped) = (Vec::new(), Vec::new());
    for (path, damage) in files {
        if damage.sound.is_empty() {
            skipped.push(Skipped::new(path, format!("damaged: {}", damage.why)));
        } else {
            bad.push(BadLines {
                file: path.clone(),
                count: 1,
                unit: "row",
                first: damage.first as u64 + 1,
                why: damage.why.clone(),
            });
        }
    }
    (bad, skipped)
}
