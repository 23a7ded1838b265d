//! Lessons: the session with a lesson's data, and the check of an answer.

use std::path::{Path, PathBuf};

use crate::detect::difference::{Difference, compare};
use crate::error::Result;
use crate::exec::frame::result::Rows;
use crate::knowledge::lessons::Lesson;
use crate::knowledge::shipped;
use crate::session::{Failure, Options, SearchResult, Session};

/// The value of `now()` in lessons, whose data is from that morning: 2024-03-12 12:00:00 UTC.
const NOW: f64 = 1_710_244_800.0;

/// An answer to a lesson.
#[derive(Debug)]
pub struct Attempt {
    /// The result of the search.
    pub answer: SearchResult,
    /// The expected rows.
    pub wanted: Rows,
    /// How they differ; `None` for a right answer.
    pub difference: Option<Difference>,
}

/// The folder of all files that lessons create, in the home folder.
pub fn lessons_home(home: &Path) -> PathBuf {
    home.join("learn")
}

impl Session {
    /// Opens a session with only the data of a lesson: its store is below the home folder and is filled the
    /// first time. It has only the shipped knowledge, so that a lesson is the same for everyone.
    ///
    /// # Errors
    /// If the folder can't be written.
    pub fn open_lesson(options: &Options, lesson: &Lesson) -> Result<Session> {
        let stem = lesson.dataset.file_stem().unwrap_or_default();
        let session = Session::open(Options {
            now: Some(NOW),
            geoip: options.geoip.clone(),
            verbose: options.verbose,
            tuning: options.tuning.clone(),
            ..Options::new(lessons_home(&options.home).join(stem))
        })?;
        if session.summarised_rows()?.is_empty() {
            session.replay(&[Path::new(shipped::PREFIX).join(&lesson.dataset)])?;
        }
        Ok(session)
    }

    /// Runs a search as the answer to a lesson, and compares its rows with those of the model answer.
    ///
    /// # Errors
    /// If the search is wrong.
    pub fn attempt(&self, lesson: &Lesson, spl: &str) -> Result<Attempt, Failure> {
        let answer = self.search(spl)?;
        let wanted = self.search(&lesson.answer)?.rows;
        let difference = compare(&wanted, &answer.rows, lesson.ordered);
        Ok(Attempt {
            answer,
            wanted,
            difference,
        })
    }
}
