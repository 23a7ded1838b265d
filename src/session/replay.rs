//! Writes logs into the store, and reads the store back.

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::error::{Error, ErrorKind, Result};
use crate::exec::data::{Data, EventPart};
use crate::exec::frame::Frame;
use crate::knowledge::dataset::{self, DataSets};
use crate::knowledge::detection::Detection;
use crate::knowledge::shipped;
use crate::read::{self, Batch, ReadReport};
use crate::session::data::{Watch, report_notices};
use crate::session::{ReplaySummary, Session, index_time};
use crate::store::{Store, Writer};

/// A file to replay, with what its description says of it.
struct Source {
    path: PathBuf,
    options: read::Options,
}

impl Session {
    /// Writes logs into the store: files, folders, archives, and the files that descriptions of
    /// data sets (YAML) name. Replaying a file again replaces what the store had of it.
    ///
    /// # Errors
    /// Files that can't be read, a store that can't be written; what was stored before stays.
    pub fn replay(&self, paths: &[PathBuf]) -> Result<ReplaySummary> {
        let mut sources = Vec::new();
        for path in paths {
            let yaml = path.extension().is_some_and(|e| e == "yml" || e == "yaml");
            if yaml {
                sources.extend(self.described(path)?);
            } else {
                sources.push(Source {
                    path: path.clone(),
                    options: self.read_options(),
                });
            }
        }
        self.replay_sources(&sources)
    }

    /// The files that a description of data sets names.
    fn described(&self, path: &Path) -> Result<Vec<Source>> {
        let sets = DataSets::load(path)?;
        let roots = &self.options.content;
        sets.files
            .iter()
            .map(|file| {
                let found = dataset::locate(&file.path, path, roots).ok_or_else(|| {
                    Error::file(
                        Path::new(&file.path),
                        "the data is not there: it is not beside its description, nor in a --content folder",
                    )
                })?;
                Ok(Source {
                    path: found,
                    options: read::Options {
                        sourcetype: file.sourcetype.clone(),
                        source: file.source.clone(),
                        ..self.read_options()
                    },
                })
            })
            .collect()
    }

    fn replay_sources(&self, sources: &[Source]) -> Result<ReplaySummary> {
        let started = Instant::now();
        let store = Store::open(&self.options.home);
        let mut writer = store.writer()?;
        let watch = Watch::new(self, "replaying");
        let mut summary = ReplaySummary {
            events: 0,
            files: 0,
            elapsed: started.elapsed(),
            notices: Vec::new(),
        };
        for source in sources {
            let report = self.replay_one(source, &mut writer, &watch)?;
            summary.files += report.files;
            summary.notices.extend(report_notices(&report));
        }
        watch.finish();
        summary.notices.extend(self.take_data_notices());
        summary.events = writer.commit()?;
        summary.elapsed = started.elapsed();
        Ok(summary)
    }

    fn replay_one(
        &self,
        source: &Source,
        writer: &mut Writer<'_>,
        watch: &Watch,
    ) -> Result<ReadReport> {
        let mut dropped = 0;
        let mut sink = |batch: Batch| {
            self.check_cancelled()?;
            for batch in index_time::apply(self, batch, &mut dropped)? {
                writer.add(batch)?;
            }
            Ok(())
        };
        let mut tell = |p: read::Progress| watch.tell(&p);
        let report = match shipped::file(&source.path) {
            Some(file) => read::read_bytes(
                &source.path.to_string_lossy(),
                file.bytes(),
                &source.options,
                &mut tell,
                &mut sink,
            ),
            None => read::read_paths(
                std::slice::from_ref(&source.path),
                &source.options,
                &mut tell,
                &mut sink,
            ),
        };
        self.tell_dropped(dropped);
        report
    }

    /// When there is no data at all, the data sets that the detections name as their tests and
    /// that the program ships are replayed, so that a detection can be seen at work at once.
    pub(super) fn replay_tests_into_empty_store(&self, detections: &[Detection]) -> Result<()> {
        let options = &self.options;
        if !options.data.is_empty()
            || !options.models.is_empty()
            || !Store::open(&options.home).is_empty()?
        {
            return Ok(());
        }
        let mut sources: Vec<Source> = Vec::new();
        for test in detections.iter().flat_map(|d| &d.tests) {
            for data in &test.attack_data {
                let Some(path) = dataset::locate(&data.data, Path::new(shipped::PREFIX), &[])
                else {
                    continue;
                };
                if sources.iter().all(|s| s.path != path) {
                    sources.push(Source {
                        path,
                        options: read::Options {
                            sourcetype: data.sourcetype.clone(),
                            source: data.source.clone(),
                            ..self.read_options()
                        },
                    });
                }
            }
        }
        if sources.is_empty() {
            return Err(Error::new(ErrorKind::Data(format!(
                "there is no data to search: the store {} is empty",
                options.home.display()
            )))
            .hint(
                "name files with --data, or replay them into the store: spelunk replay FILE...",
            ));
        }
        let names: Vec<String> = sources
            .iter()
            .map(|s| s.path.display().to_string())
            .collect();
        let summary = self.replay_sources(&sources)?;
        super::lock(&self.data_notices).push(format!(
            "the store {} was empty: replayed {} events of {}",
            options.home.display(),
            summary.events,
            names.join(", ")
        ));
        Ok(())
    }

    /// The events of the store, to be read as they are needed.
    pub(super) fn read_store(&self, data: &mut Data) -> Result<()> {
        let store = Store::open(&self.options.home);
        for source in store.sources()? {
            let lazy = store.scan(&source)?;
            data.events.push(EventPart {
                frame: Frame::lazy(lazy, &source.schema),
                sourcetype: source.sourcetype,
                source: source.source,
                host: String::new(),
                events: source.events,
            });
        }
        Ok(())
    }
}
