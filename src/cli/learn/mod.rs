//! `learn`: SPL lessons in the terminal.

mod explain;
mod progress;

use std::fmt::Write as _;

use crate::cli::args::LearnArgs;
use crate::cli::error::CliError;
use crate::cli::interrupt;
use crate::cli::learn::progress::Progress;
use crate::cli::output::listing::Listing;
use crate::cli::output::sink::send;
use crate::cli::output::{Format, Table, counted, write};
use crate::cli::repl::names::Names;
use crate::cli::repl::state::Flow;
use crate::cli::repl::{PromptLoop, run};
use crate::cli::setup::CliContext;
use crate::error::Error;
use crate::knowledge::lessons::{self, Lesson};
use crate::session::{Session, lessons_home};
use crate::value::{Type, Value};

/// Rows shown of the learner's search.
const SHOWN: usize = 10;

/// Rows with at most this many fields are shown as a table.
const WIDE: usize = 12;

const HELP: &str = "\
a search is an answer; or one of these

  .hint       help with the task, more each time
  .answer     a search that does it
  .task       the lesson once more
  .skip       the next lesson; this one stays to be done
  .list       all lessons
  .steps SPL  the rows after every command of a search
  .quit       leave, as Ctrl-D does; what is done is kept";

/// Lists the lessons, resets the progress, or starts a lesson.
pub fn learn(args: &LearnArgs, setup: &CliContext) -> Result<(), CliError> {
    let lessons = lessons::lessons()?;
    let home = lessons_home(&setup.options.home);
    if args.lesson.as_deref() == Some("reset") {
        progress::reset(&home)?;
        return say("no lesson counts as done any more");
    }
    let progress = Progress::open(&home)?;
    if args.lesson.as_deref() == Some("list") {
        return setup.write_table(&listing(&lessons, &progress));
    }
    if setup.output.is_some() || setup.format.is_some() {
        return Err(Error::usage(
            "lessons are taken in the terminal: --output and --format are for their list",
        )
        .into());
    }
    let first = match args.lesson.as_deref() {
        Some(selector) => lessons::find(&lessons, selector)?.number,
        None => match next(&lessons, &progress, 0) {
            Some(number) => number,
            None => {
                return say(
                    "All lessons are done. `spelunk learn list` shows them, `spelunk learn 1` begins again at one, \
                     `spelunk learn reset` forgets that they are done.",
                );
            }
        },
    };
    let class = Class::open(lessons, progress, first, setup.clone())?;
    say(&class.lesson_text())?;
    run(class)
}

/// The next open lesson after `number`, wrapping around.
fn next(lessons: &[Lesson], progress: &Progress, number: usize) -> Option<usize> {
    let (before, after) = lessons.split_at(number.min(lessons.len()));
    let open = |lesson: &&Lesson| !progress.is_done(&lesson.name);
    after.iter().chain(before).find(open).map(|l| l.number)
}

fn listing(lessons: &[Lesson], progress: &Progress) -> Listing {
    let mut rows = Listing::new(&[
        ("lesson", Type::Number),
        ("name", Type::Text),
        ("title", Type::Text),
        ("done", Type::Text),
    ]);
    for lesson in lessons {
        let done = progress.is_done(&lesson.name);
        rows.push(vec![
            Value::Num(lesson.number as f64),
            Value::text(lesson.name.clone()),
            Value::text(lesson.title.clone()),
            if done {
                Value::text("done")
            } else {
                Value::Null
            },
        ]);
    }
    rows
}

fn say(text: &str) -> Result<(), CliError> {
    send(None, |out| writeln!(out, "{}", text.trim_end()))
}

/// A running course of lessons.
struct Class {
    lessons: Vec<Lesson>,
    progress: Progress,
    /// Index of the lesson in the list.
    at: usize,
    session: Session,
    names: Names,
    setup: CliContext,
    /// Hints given in this lesson.
    hints: usize,
    /// Whether the input is typed, so that it need not be echoed.
    typed: bool,
}

impl Class {
    fn open(
        lessons: Vec<Lesson>,
        progress: Progress,
        number: usize,
        setup: CliContext,
    ) -> Result<Class, CliError> {
        let session = Session::open_lesson(&setup.options, &lessons[number - 1])?;
        interrupt::stops(session.cancel_handle());
        Ok(Class {
            at: number - 1,
            names: Names::of(&session),
            typed: std::io::IsTerminal::is_terminal(&std::io::stdin()),
            lessons,
            progress,
            session,
            setup,
            hints: 0,
        })
    }

    fn lesson(&self) -> &Lesson {
        &self.lessons[self.at]
    }

    fn lesson_text(&self) -> String {
        let lesson = self.lesson();
        let of = self.lessons.len();
        let mut text = format!("\nLesson {} of {of}: {}\n\n", lesson.number, lesson.title);
        let _ = write!(text, "{}\n\nTask: {}\n", lesson.text, lesson.task);
        if self.typed {
            text.push_str("\n.hint helps, .help shows what else there is.\n");
        }
        text
    }

    /// Moves to the next open lesson; leaves if there is none.
    fn go_on(&mut self) -> Result<Flow, CliError> {
        let from = self.lesson().number;
        let Some(number) = next(&self.lessons, &self.progress, from) else {
            let done = counted(self.lessons.len() as u64, "lesson");
            say(&format!("\nThat was the last one: {done} done."))?;
            return Ok(Flow::Leave);
        };
        self.hints = 0;
        let same_data = self.lessons[self.at].dataset == self.lessons[number - 1].dataset;
        self.at = number - 1;
        if !same_data {
            self.session = Session::open_lesson(&self.setup.options, self.lesson())?;
            interrupt::stops(self.session.cancel_handle());
        }
        say(&self.lesson_text())?;
        Ok(Flow::Next)
    }

    fn dot(&mut self, input: &str) -> Result<Flow, CliError> {
        let (command, rest) = input
            .split_once(char::is_whitespace)
            .map_or((input, ""), |(command, rest)| (command, rest.trim()));
        match command {
            ".hint" => {
                let hints = &self.lesson().hints;
                match hints.get(self.hints) {
                    Some(hint) => {
                        let text = format!("Hint {} of {}: {hint}", self.hints + 1, hints.len());
                        self.hints += 1;
                        say(&text)?;
                    }
                    None => say("No more hints; .answer shows a solution.")?,
                }
            }
            ".answer" => say(&indented(&self.lesson().answer))?,
            ".task" => say(&self.lesson_text())?,
            ".skip" => {
                // A skipped lesson returns after all others are done.
                return self.go_on();
            }
            ".list" => {
                let rows = listing(&self.lessons, &self.progress);
                self.show(&rows, None)?;
            }
            ".steps" if !rest.is_empty() => {
                crate::cli::search::steps(&self.session, rest, &self.setup, None)?;
            }
            ".help" => say(HELP)?,
            ".quit" | ".exit" => return Ok(Flow::Leave),
            other => {
                return Err(Error::usage(format!("unknown command {other}"))
                    .hint(".help shows those there are")
                    .into());
            }
        }
        Ok(Flow::Next)
    }

    fn attempt(&mut self, spl: &str) -> Result<Flow, CliError> {
        let attempt = match self.session.attempt(self.lesson(), spl) {
            Ok(attempt) => attempt,
            // Part of the lesson, so it goes to where the rows would be.
            Err(failure) => {
                let problem = CliError::from(failure);
                say(&problem.text(self.setup.color).unwrap_or_default())?;
                return Ok(Flow::Next);
            }
        };
        let rows = &attempt.answer.rows;
        self.names.see_fields(rows.names());
        if rows.names().len() <= WIDE {
            self.show(rows, Some(SHOWN))?;
        } else {
            say(&format!(
                "{} with {}",
                counted(rows.len() as u64, "row"),
                counted(rows.names().len() as u64, "field")
            ))?;
        }
        self.setup.notices(&attempt.answer.warnings);
        if attempt.difference.is_some() {
            say(&explain::explain(&attempt))?;
            return Ok(Flow::Next);
        }
        let lesson = self.lesson();
        let mut text = "\nRight.".to_owned();
        if squeezed(spl) != squeezed(&lesson.answer) {
            let _ = write!(text, " Another way:\n\n{}", indented(&lesson.answer));
        }
        say(&text)?;
        let name = lesson.name.clone();
        self.progress.done(&name)?;
        self.go_on()
    }

    fn show(&self, rows: &dyn Table, limit: Option<usize>) -> Result<(), CliError> {
        let mut style = self.setup.style(Format::Table);
        style.limit = limit.or(style.limit);
        send(None, |out| write(rows, Format::Table, &style, out))
    }
}

/// Indents lines by four characters.
fn indented(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| format!("    {line}")).collect();
    lines.join("\n")
}

/// A search with its whitespace normalized.
fn squeezed(spl: &str) -> String {
    spl.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl PromptLoop for Class {
    fn setup(&self) -> &CliContext {
        &self.setup
    }

    fn names(&self) -> &Names {
        &self.names
    }

    fn greeting(&self) -> Option<&str> {
        None
    }

    fn answer(&mut self, input: &str) -> Result<Flow, CliError> {
        interrupt::reset();
        if !self.typed {
            say(&format!("\n> {input}"))?;
        }
        if input.starts_with('.') {
            return self.dot(input);
        }
        self.attempt(input)
    }
}
