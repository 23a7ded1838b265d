//! The dot commands of the prompt, as typed.

use std::path::PathBuf;

use clap::ValueEnum;

use crate::cli::args::StageArg;
use crate::cli::output::Format;
use crate::cli::repl::lexer::unfinished;
use crate::cli::value_parsers::{ModelArg, parse_model};

/// Every dot command.
pub const COMMANDS: &[&str] = &[
    ".help", ".data", ".model", ".fields", ".macros", ".explain", ".steps", ".why", ".plot",
    ".format", ".timing", ".limit", ".save", ".quit",
];

/// The arguments of `.format`.
pub const FORMATS: &[&str] = &[
    "table", "vertical", "json", "ndjson", "csv", "markdown", "auto",
];

/// The stages that `.explain` takes before a search.
pub const STAGES: &[&str] = &["macros", "ast", "plan", "optimized", "polars"];

/// The text of `.help`.
pub const HELP: &str = "\
prompt: a search, or one of these

  .help [NAME]             this page, or a command, function or topic
  .data [PATH]             show what is searched, or search a file or folder, too; .data none forgets them
  .model [M.D=PATH]        show or add the rows of a data set of a data model
  .fields [PATTERN]        the fields of the last rows; before the first search those of the data
  .macros [PATTERN]        the macros
  .explain [STAGE] [SPL]   what becomes of a search (the last one): macros, ast, plan, optimized, polars
  .steps [SPL]             the rows after every command of a search (the last one)
  .why [SPL]               what each condition of a search (the last one) lets pass, and what comes nearest
  .plot [FILE]             draw the last rows, or write the drawing to a file: .svg .png
  .format [FORMAT]         table, vertical, json, ndjson, csv, markdown, auto
  .timing [on|off]         tell how many events were searched in what time
  .limit [N|all]           rows shown
  .save FILE               write the last rows; the name says the format: .csv .json .ndjson .md .parquet
  .quit                    leave, as Ctrl-D does

  An open quote, bracket, parenthesis or backtick, or a trailing pipe, continues on the next line; an empty
  line ends the search all the same. Tab completes. Ctrl-C stops a running search.";

/// A dot command with its argument.
#[derive(Debug, PartialEq)]
pub enum Dot {
    /// `.help [NAME]`
    Help(Option<String>),
    /// `.data`
    ShowData,
    /// `.data none`
    ForgetData,
    /// `.data PATH`
    AddData(PathBuf),
    /// `.model`
    ShowModels,
    /// `.model M.D=PATH`
    AddModel(ModelArg),
    /// `.fields [PATTERN]`
    Fields(String),
    /// `.macros [PATTERN]`
    Macros(String),
    /// `.explain [STAGE] [SPL]`
    Explain(StageArg, Option<String>),
    /// `.steps [SPL]`
    Steps(Option<String>),
    /// `.why [SPL]`
    Why(Option<String>),
    /// `.plot [FILE]`
    Plot(Option<PathBuf>),
    /// `.format`
    ShowFormat,
    /// `.format FORMAT`; `None` for `auto`.
    Format(Option<Format>),
    /// `.timing [on|off]`; `None` toggles.
    Timing(Option<bool>),
    /// `.limit`
    ShowLimit,
    /// `.limit N`; `None` for `all`.
    Limit(Option<usize>),
    /// `.save FILE`
    Save(PathBuf),
    /// `.quit`
    Quit,
}

/// Whether a text that starts with a dot continues on the next line: only a search does.
pub fn continues(text: &str) -> bool {
    match text.split_once(char::is_whitespace) {
        Some((".explain" | ".steps" | ".why", search)) => unfinished(search).is_some(),
        _ => false,
    }
}

/// Parses a dot command, or returns an error message.
pub fn parse(text: &str) -> Result<Dot, String> {
    let text = text.trim();
    let (command, rest) = text
        .split_once(char::is_whitespace)
        .map_or((text, ""), |(command, rest)| (command, rest.trim()));
    let given = (!rest.is_empty()).then(|| rest.to_owned());
    let pattern = || given.clone().unwrap_or_else(|| "*".to_owned());
    match command {
        ".help" => Ok(Dot::Help(given)),
        ".data" => Ok(match rest {
            "" => Dot::ShowData,
            "none" => Dot::ForgetData,
            path => Dot::AddData(file(path)),
        }),
        ".model" if rest.is_empty() => Ok(Dot::ShowModels),
        ".model" => parse_model(rest).map(Dot::AddModel),
        ".fields" => Ok(Dot::Fields(pattern())),
        ".macros" => Ok(Dot::Macros(pattern())),
        ".explain" => Ok(explain(rest)),
        ".steps" => Ok(Dot::Steps(given)),
        ".why" => Ok(Dot::Why(given)),
        ".plot" => Ok(Dot::Plot(given.as_deref().map(file))),
        ".format" => match rest {
            "" => Ok(Dot::ShowFormat),
            "auto" => Ok(Dot::Format(None)),
            name => match Format::from_str(name, true) {
                Ok(Format::Parquet) => Err("use .save FILE.parquet".to_owned()),
                Ok(format) => Ok(Dot::Format(Some(format))),
                Err(_) => Err(format!("expected one of {}", FORMATS.join(", "))),
            },
        },
        ".timing" => match rest {
            "" => Ok(Dot::Timing(None)),
            "on" => Ok(Dot::Timing(Some(true))),
            "off" => Ok(Dot::Timing(Some(false))),
            _ => Err("expected on or off".to_owned()),
        },
        ".limit" => match rest {
            "" => Ok(Dot::ShowLimit),
            "all" => Ok(Dot::Limit(None)),
            number => number
                .parse()
                .map(|n| Dot::Limit(Some(n)))
                .map_err(|_| "expected a number of rows, or all".to_owned()),
        },
        ".save" if rest.is_empty() => Err("expected a file, as in .save rows.csv".to_owned()),
        ".save" => Ok(Dot::Save(file(rest))),
        ".quit" | ".exit" => Ok(Dot::Quit),
        unknown => Err(
            match crate::error::nearest(unknown, COMMANDS.iter().copied()) {
                Some(near) => format!("unknown command {unknown}; did you mean {near}?"),
                None => format!("unknown command {unknown}; .help lists them"),
            },
        ),
    }
}

fn explain(rest: &str) -> Dot {
    let (word, search) = rest
        .split_once(char::is_whitespace)
        .map_or((rest, ""), |(word, search)| (word, search.trim()));
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    match StageArg::from_str(word, true) {
        Ok(stage) => Dot::Explain(stage, given(search)),
        Err(_) => Dot::Explain(StageArg::Plan, given(rest)),
    }
}

/// A path, optionally in quotes.
fn file(text: &str) -> PathBuf {
    let quoted = |mark: char| text.strip_prefix(mark)?.strip_suffix(mark);
    PathBuf::from(quoted('"').or_else(|| quoted('\'')).unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::{COMMANDS, Dot, FORMATS, HELP, STAGES, continues, parse};
    use crate::cli::args::StageArg;
    use crate::cli::output::Format;

    #[test]
    fn commands_are_read() {
        assert_eq!(parse(".data 'a b.csv'"), Ok(Dot::AddData("a b.csv".into())));
        assert_eq!(
            parse(".explain polars | makeresults"),
            Ok(Dot::Explain(StageArg::Polars, Some("| makeresults".into())))
        );
        assert_eq!(
            parse(".explain index=main"),
            Ok(Dot::Explain(StageArg::Plan, Some("index=main".into())))
        );
        assert_eq!(parse(".limit all"), Ok(Dot::Limit(None)));
        assert_eq!(parse(".format CSV"), Ok(Dot::Format(Some(Format::Csv))));
        assert!(parse(".fromat csv").is_err_and(|why| why.contains(".format")));
        assert!(parse(".save").is_err());
    }

    #[test]
    fn the_lists_agree() {
        for command in COMMANDS {
            assert!(HELP.contains(command), "{command}");
            assert!(parse(&format!("{command} 1")).is_ok() || parse(command).is_ok());
        }
        for stage in STAGES {
            assert!(StageArg::from_str(stage, false).is_ok());
        }
        for format in FORMATS {
            assert!(parse(&format!(".format {format}")).is_ok());
        }
    }

    #[test]
    fn only_searches_continue() {
        assert!(continues(".steps index=main |"));
        assert!(!continues(".data \"a"));
    }
}
