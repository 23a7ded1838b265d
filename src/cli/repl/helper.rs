//! The rustyline helper: completion, colours, hints, and whether the input is complete.

use std::borrow::Cow;

use rustyline::completion::{Completer, FilenameCompleter, Pair};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter, HistoryHinter};
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper};

use crate::cli::repl::complete::offer;
use crate::cli::repl::dot;
use crate::cli::repl::lexer::{Kind, Token, tokens, unfinished};
use crate::cli::repl::names::Names;

const COMMAND: &str = "\u{1b}[1;34m";
const UNKNOWN: &str = "\u{1b}[31m";
const FUNCTION: &str = "\u{1b}[36m";
const TEXT: &str = "\u{1b}[32m";
const MACRO: &str = "\u{1b}[35m";
const FAINT: &str = "\u{1b}[2m";
const END: &str = "\u{1b}[0m";

/// Its names, and whether it may use colours.
pub struct Prompt {
    /// The names to complete and to colour.
    pub names: Names,
    color: bool,
    files: FilenameCompleter,
    history: HistoryHinter,
}

impl Prompt {
    /// A helper for a session with these names.
    pub fn new(names: Names, color: bool) -> Prompt {
        Prompt {
            names,
            color,
            files: FilenameCompleter::new(),
            history: HistoryHinter::new(),
        }
    }
}

impl Helper for Prompt {}

/// Whether the input continues on the next line. An empty line ends it anyway, so that a forgotten quote is
/// not a trap.
pub fn continues(text: &str) -> bool {
    if text.starts_with('.') {
        return dot::continues(text);
    }
    unfinished(text).is_some()
}

impl Validator for Prompt {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let input = context.input();
        let empty_line = input.ends_with('\n');
        Ok(if continues(input) && !empty_line {
            ValidationResult::Incomplete
        } else {
            ValidationResult::Valid(None)
        })
    }
}

impl Completer for Prompt {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        pos: usize,
        _context: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let offer = offer(line, pos, &self.names);
        if offer.files {
            let (start, files) = self.files.complete_path(line, pos)?;
            if start == offer.start || offer.names.is_empty() {
                let mut names = offer.names;
                names.extend(files);
                return Ok((start, names));
            }
        }
        Ok((offer.start, offer.names))
    }
}

/// Grey text after the cursor.
pub struct Grey {
    text: String,
    /// Whether the right arrow accepts it; a synopsis is read-only.
    takes: bool,
}

impl Hint for Grey {
    fn display(&self) -> &str {
        &self.text
    }

    fn completion(&self) -> Option<&str> {
        self.takes.then_some(&self.text)
    }
}

impl Hinter for Prompt {
    type Hint = Grey;

    fn hint(&self, line: &str, pos: usize, context: &Context<'_>) -> Option<Grey> {
        if pos < line.len() {
            return None;
        }
        if let Some(text) = self.history.hint(line, pos, context) {
            // A search of several lines would break up the typed line.
            if !text.contains('\n') {
                return Some(Grey { text, takes: true });
            }
        }
        synopsis(line, &self.names).map(|text| Grey { text, takes: false })
    }
}

/// The arguments of the command just typed.
fn synopsis(line: &str, names: &Names) -> Option<String> {
    let command = line.strip_suffix(' ')?;
    let at = command.rfind(['|', '['])?;
    let command = command[at + 1..].trim();
    let synopsis = &names.commands.get(&command.to_ascii_lowercase())?.synopsis;
    let first = synopsis.lines().next()?;
    let rest = first.strip_prefix(command).unwrap_or(first).trim();
    (!rest.is_empty()).then(|| rest.to_owned())
}

impl Highlighter for Prompt {
    fn highlight<'l>(&self, line: &'l str, _pos: usize) -> Cow<'l, str> {
        if !self.color {
            return Cow::Borrowed(line);
        }
        Cow::Owned(colored(line, &self.names))
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        if self.color {
            Cow::Owned(format!("{FAINT}{hint}{END}"))
        } else {
            Cow::Borrowed(hint)
        }
    }

    fn highlight_char(&self, _line: &str, _pos: usize, kind: CmdKind) -> bool {
        self.color && kind != CmdKind::MoveCursor
    }
}

/// The line with its colours.
fn colored(line: &str, names: &Names) -> String {
    let tokens = tokens(line);
    let mut text = String::with_capacity(line.len() * 2);
    let mut command_next = false;
    for (i, token) in tokens.iter().enumerate() {
        let piece = &line[token.start..token.end];
        let color = match token.kind {
            Kind::Comment => FAINT,
            Kind::Text => TEXT,
            Kind::Macro => MACRO,
            Kind::Word if command_next => {
                if names.commands.contains_key(&piece.to_ascii_lowercase()) {
                    COMMAND
                } else {
                    UNKNOWN
                }
            }
            Kind::Word if i == 0 && dot::COMMANDS.contains(&piece) => COMMAND,
            Kind::Word if is_call(tokens.get(i + 1)) && is_function(piece, names) => FUNCTION,
            Kind::Space
            | Kind::Quoted
            | Kind::Pipe
            | Kind::Open(_)
            | Kind::Close(_)
            | Kind::Comma
            | Kind::Sign
            | Kind::Word => "",
        };
        match token.kind {
            Kind::Pipe => command_next = true,
            Kind::Space | Kind::Comment => {}
            Kind::Text
            | Kind::Quoted
            | Kind::Macro
            | Kind::Open(_)
            | Kind::Close(_)
            | Kind::Comma
            | Kind::Sign
            | Kind::Word => command_next = false,
        }
        text.push_str(color);
        text.push_str(piece);
        if !color.is_empty() {
            text.push_str(END);
        }
    }
    text
}

fn is_call(next: Option<&Token>) -> bool {
    next.is_some_and(|token| token.kind == Kind::Open('('))
}

fn is_function(name: &str, names: &Names) -> bool {
    let known = |list: &[String]| list.iter().any(|f| f.eq_ignore_ascii_case(name));
    known(&names.eval) || known(&names.stats)
}

#[cfg(test)]
mod tests {
    use super::{COMMAND, END, TEXT, UNKNOWN, colored, synopsis};
    use crate::cli::repl::names::{Command, Names};

    fn names() -> Names {
        let head = Command {
            synopsis: "head [<int>] [limit=<int>]".to_owned(),
            options: Vec::new(),
        };
        Names {
            commands: [("head".to_owned(), head)].into(),
            ..Names::default()
        }
    }

    #[test]
    fn colours_change_nothing_but_colour() {
        assert_eq!(
            colored("a=\"x\" | HEAD 5 | haed", &names()),
            format!("a={TEXT}\"x\"{END} | {COMMAND}HEAD{END} 5 | {UNKNOWN}haed{END}")
        );
    }

    #[test]
    fn a_command_shows_its_arguments() {
        assert_eq!(
            synopsis("a | head ", &names()).as_deref(),
            Some("[<int>] [limit=<int>]")
        );
        assert_eq!(synopsis("a | head 5 ", &names()), None);
        assert_eq!(synopsis("head ", &names()), None);
    }
}
