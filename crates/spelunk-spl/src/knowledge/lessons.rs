//! The lessons of `spelunk learn`, from the repository's `lessons/`: one YAML file each, ordered by the
//! number that begins the file name.

use std::path::PathBuf;

use serde::Deserialize;

use super::shipped;
use super::yaml;
use crate::error::{Error, Result, nearest};

/// A task, the background for it, and how to judge the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lesson {
    /// Its position, from 1.
    pub number: usize,
    /// The file's name without its number: `first-search`.
    pub name: String,
    /// Its heading.
    pub title: String,
    /// The background.
    pub text: String,
    /// The task.
    pub task: String,
    /// The shipped data set it works on: `datasets/...yml`.
    pub dataset: PathBuf,
    /// A search that solves it.
    pub answer: String,
    /// Whether the order of the rows counts.
    pub ordered: bool,
    /// Hints, each more specific than the previous one.
    pub hints: Vec<String>,
}

/// The file of a lesson.
#[derive(Deserialize)]
struct File {
    title: String,
    dataset: PathBuf,
    text: String,
    task: String,
    answer: String,
    #[serde(default)]
    ordered: bool,
    hints: Vec<String>,
}

/// All lessons, in order.
///
/// # Errors
/// If a lesson is broken, which a test rules out.
pub fn lessons() -> Result<Vec<Lesson>> {
    let mut found = Vec::new();
    for (at, file) in shipped::files("lessons").into_iter().enumerate() {
        let path = file.shown();
        let text = yaml::text_of(&path, file.bytes().to_vec())?;
        let parsed: File = yaml::parse(&path, &text)?;
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let name = stem.trim_start_matches(|c: char| c.is_ascii_digit() || c == '-');
        found.push(Lesson {
            number: at + 1,
            name: name.to_owned(),
            title: parsed.title,
            text: parsed.text.trim_end().to_owned(),
            task: parsed.task,
            dataset: parsed.dataset,
            answer: parsed.answer,
            ordered: parsed.ordered,
            hints: parsed.hints,
        });
    }
    Ok(found)
}

/// The lesson with this number or name.
///
/// # Errors
/// [`crate::error::ErrorKind::Usage`] if there is none, with the nearest name.
pub fn find<'a>(lessons: &'a [Lesson], selector: &str) -> Result<&'a Lesson> {
    let found = match selector.parse::<usize>() {
        Ok(number) => lessons.iter().find(|l| l.number == number),
        Err(_) => lessons
            .iter()
            .find(|l| l.name.eq_ignore_ascii_case(selector)),
    };
    found.ok_or_else(|| {
        let error = Error::usage(format!("unknown lesson `{selector}`"));
        match nearest(selector, lessons.iter().map(|l| l.name.as_str())) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint("`spelunk learn list` names those there are"),
        }
    })
}
