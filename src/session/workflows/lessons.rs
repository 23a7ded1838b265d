//! Lessons: the store they are taken in, and how an answer is judged.

use std::path::{Path, PathBuf};

use crate::detect::difference::{Difference, compare};
use crate::error::Result;
use crate::exec::frame::result::Rows;
use crate::knowledge::lessons::Lesson;
use crate::knowledge::shipped;
use crate::session::{Failure, Options, SearchResult, Session};

/// What `now()` is in lessons, when their data is of the morning: 2024-03-12 12:00:00 UTC.
const NOW: f64 = 1_710_244_800.0;

/// What a search gave as an answer to a lesson.
#[derive(Debug)]
pub struct Attempt {
    /// What the search gave.
    pub answer: SearchResult,
    /// The rows that were wanted.
    pub wanted: Rows,
    /// How they differ; `None` for a right answer.
    pub difference: Option<Difference>,
}

/// The folder of all that lessons leave behind, in the home folder.
pub fn lessons_home(home: &Path) -> PathBuf {
    home.join("learn")
}

impl Session {
    /// A session with the data of a lesson and nothing else: a store of its own, below the home
    /// folder, filled the first time. Only what the program ships is known, so that the lesson
    /// means the same to everybody.
    ///
    /// # Errors
    /// A folder that can't be written.
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

    /// Runs a search as the answer to a lesson, and compares its rows with those of the model
    /// answer.
    ///
    /// # Errors
    /// What is wrong with the search.
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
