//! The interactive prompt, and scripts on standard input.

mod complete;
pub mod dot;
mod helper;
mod lexer;
pub mod names;
pub mod state;

use std::io::{self, BufRead, IsTerminal};
use std::path::Path;

use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{Config, Editor};

use crate::cli::error::CliError;
use crate::cli::repl::helper::{Prompt, continues};
use crate::cli::repl::names::Names;
use crate::cli::repl::state::{Flow, State};
use crate::cli::setup::{CliContext, note};
use crate::error::Error;

const HISTORY: &str = "history";

/// A handler of the prompt's input.
pub trait PromptLoop {
    /// The output options.
    fn setup(&self) -> &CliContext;
    /// The names to complete.
    fn names(&self) -> &Names;
    /// The greeting on a terminal.
    fn greeting(&self) -> Option<&str>;
    /// Answers one input.
    ///
    /// # Errors
    /// If the input is wrong.
    fn answer(&mut self, input: &str) -> Result<Flow, CliError>;
}

/// Answers inputs one after the other until they end.
pub fn repl(setup: CliContext) -> Result<(), CliError> {
    if setup.output.is_some() {
        return Err(
            Error::usage("the prompt writes to standard output; .save FILE writes rows").into(),
        );
    }
    run(State::open(setup)?)
}

/// Reads inputs from the terminal, or else from standard input, and answers them.
///
/// # Errors
/// If input can't be read or output can't be written; for a script, also if an input failed.
pub fn run(state: impl PromptLoop) -> Result<(), CliError> {
    state.setup().warn();
    if io::stdin().is_terminal() {
        interactive(state)
    } else {
        script(state, &mut io::stdin().lock())
    }
}

/// Answers the searches of a script. The first failure does not stop it, but determines the exit code.
fn script(mut state: impl PromptLoop, input: &mut dyn BufRead) -> Result<(), CliError> {
    let mut failed = false;
    let mut number = 0;
    let mut pending = String::new();
    loop {
        let mut line = Vec::new();
        let read = input
            .read_until(b'\n', &mut line)
            .map_err(|why| Error::file(Path::new("standard input"), why))?;
        number += 1;
        let Ok(line) = String::from_utf8(line) else {
            let place = Path::new("standard input");
            let why = Error::format(place, number, 0, "a search must be UTF-8 text");
            state.setup().complain(&why.into());
            failed = true;
            pending.clear();
            continue;
        };
        let is_blank = line.trim().is_empty();
        pending.push_str(&line);
        if read > 0 && !is_blank && continues(pending.trim()) {
            continue;
        }
        match answer(&mut state, pending.trim()) {
            Ok(Flow::Next) => {}
            Ok(Flow::Leave) => break,
            Err(CliError::Reported) => failed = true,
            Err(problem) => return Err(problem),
        }
        pending.clear();
        if read == 0 {
            break;
        }
    }
    if failed {
        Err(CliError::Reported)
    } else {
        Ok(())
    }
}

/// Reads with line editing and history.
fn interactive(mut state: impl PromptLoop) -> Result<(), CliError> {
    let config = Config::builder()
        .max_history_size(10_000)
        .and_then(|config| config.history_ignore_dups(true))
        .map_err(terminal)?
        .history_ignore_space(true)
        .build();
    let mut editor: Editor<Prompt, FileHistory> = Editor::with_config(config).map_err(terminal)?;
    let color = state.setup().color;
    editor.set_helper(Some(Prompt::new(state.names().clone(), color)));
    let home = state.setup().options.home.clone();
    let history = home.join(HISTORY);
    // There is none on the first run.
    let _ = editor.load_history(&history);
    if !state.setup().quiet {
        state.greeting().into_iter().for_each(note);
    }
    loop {
        let line = match editor.readline(&("> ", "\u{1b}[1m> \u{1b}[0m")) {
            Ok(line) => line,
            // Ctrl-C clears the line.
            Err(ReadlineError::Interrupted | ReadlineError::Signal(_)) => continue,
            Err(ReadlineError::Eof) => break,
            Err(why) => return Err(terminal(why)),
        };
        let input = line.trim();
        if input.is_empty() {
            continue;
        }
        // History is optional: an unwritable folder must not prevent searching.
        let _ = editor.add_history_entry(input);
        let _ = std::fs::create_dir_all(&home).map(|()| editor.append_history(&history));
        match answer(&mut state, input) {
            Ok(Flow::Next) | Err(CliError::Reported) => {}
            Ok(Flow::Leave) => break,
            Err(problem) => return Err(problem),
        }
        if let Some(prompt) = editor.helper_mut() {
            prompt.names = state.names().clone();
        }
    }
    Ok(())
}

/// Answers one input and reports its errors. Only failed output ends the prompt.
fn answer(state: &mut impl PromptLoop, input: &str) -> Result<Flow, CliError> {
    if input.is_empty() {
        return Ok(Flow::Next);
    }
    let answered = state.answer(input);
    state.setup().warn();
    match answered {
        Err(problem @ (CliError::Search(_) | CliError::Error(_))) => {
            state.setup().complain(&problem);
            Err(CliError::Reported)
        }
        other => other,
    }
}

fn terminal(why: ReadlineError) -> CliError {
    match why {
        ReadlineError::Io(why) => CliError::Write(why),
        why => Error::internal(format!("the terminal: {why}")).into(),
    }
}
