//! Kinds of error, as data: what went wrong, where, and what to do about it.
//!
//! Nothing here draws; [`crate::report`] does. The doc comment of a kind that a
//! search can raise is the shortest search that raises it.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use crate::source::{SourceMap, Span};

/// Result of everything that can fail on a user's search or data.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One error.
#[derive(Clone, Debug)]
pub struct Error {
    /// What went wrong.
    pub kind: Box<ErrorKind>,
    /// Where in the search, a macro or a configuration text.
    pub span: Option<Span>,
    /// What was expected, what is supported, "did you mean": one line each.
    pub hints: Vec<String>,
    /// Further errors of the same search, found by going on after this one.
    pub others: Vec<Error>,
}

/// An error with the texts it points into.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What went wrong.
    pub error: Error,
    /// The texts of the search.
    pub sources: SourceMap,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure {
            error,
            sources: SourceMap::new(),
        }
    }
}

/// What went wrong. The text is given by `Display`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// `| eval x=(1`
    Syntax(String),
    /// `| frobnicate`
    UnknownCommand(String),
    /// `| rest /services`
    UnsupportedCommand {
        /// The command's name.
        name: String,
        /// Why it can't be had offline, or that it is not there yet.
        why: String,
    },
    /// `| makeresults | eval x=frob(1)`
    UnknownFunction(String),
    /// `| makeresults | eval x=cluster("a")`
    UnsupportedFunction {
        /// The function's name.
        name: String,
        /// Why.
        why: String,
    },
    /// ``| makeresults | `nope` ``
    UnknownMacro(String),
    /// ``| makeresults | `drop_dm_object_name` ``
    MacroArity {
        /// The macro's name.
        name: String,
        /// Arguments given.
        given: usize,
        /// Numbers of arguments there are definitions for.
        known: Vec<usize>,
    },
    /// A macro whose definition calls itself, with the chain of calls.
    MacroLoop(Vec<String>),
    /// A macro whose validation refused the arguments.
    MacroValidation(String),
    /// Expansion or nesting past a limit.
    TooLarge(String),
    /// `| tstats count from datamodel=Nope`
    UnknownModel(String),
    /// `| tstats count from datamodel=Endpoint.Nope`
    UnknownDataset {
        /// The data model.
        model: String,
        /// The data set that it lacks.
        dataset: String,
    },
    /// `| makeresults | lookup nope x`
    UnknownLookup(String),
    /// `| makeresults | apply nope`
    UnknownLearned(String),
    /// `spelunk run nope`
    UnknownDetection(String),
    /// `| makeresults | head limt=3`
    BadOption(String),
    /// `| makeresults count=many`
    BadArgument(String),
    /// `| makeresults | eval x=(1=1)`
    Type(String),
    /// `| makeresults | regex x="("`
    Regex(String),
    /// A file that cannot be read or written.
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A file whose content is wrong at a place.
    Format {
        /// The file.
        path: PathBuf,
        /// Line from 1; 0 when the format has no lines.
        line: usize,
        /// Column from 1; 0 when unknown.
        column: usize,
        /// Why.
        why: String,
    },
    /// The data does not allow what the search asks.
    Data(String),
    /// A bound (rows, time, backtracking) was reached.
    Limit(String),
    /// The user pressed Ctrl-C.
    Interrupted,
    /// The command line itself is wrong (exit code 2).
    Usage(String),
    /// An invariant of the program did not hold; please report it.
    Internal(String),
}

impl Error {
    /// An error of that kind, without a place.
    pub fn new(kind: ErrorKind) -> Error {
        Error {
            kind: Box::new(kind),
            span: None,
            hints: Vec::new(),
            others: Vec::new(),
        }
    }

    /// [`ErrorKind::Syntax`] at a place.
    pub fn syntax(span: Span, message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Syntax(message.into())).at(span)
    }

    /// [`ErrorKind::BadArgument`] at a place.
    pub fn argument(span: Span, message: impl Into<String>) -> Error {
        Error::new(ErrorKind::BadArgument(message.into())).at(span)
    }

    /// [`ErrorKind::Data`] without a place.
    pub fn data(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Data(message.into()))
    }

    /// [`ErrorKind::Internal`].
    pub fn internal(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Internal(message.into()))
    }

    /// [`ErrorKind::Usage`].
    pub fn usage(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Usage(message.into()))
    }

    /// [`ErrorKind::File`] from what the system said.
    pub fn file(path: &Path, why: impl fmt::Display) -> Error {
        Error::new(ErrorKind::File {
            path: path.to_owned(),
            why: without_number(&why.to_string()).to_owned(),
        })
    }

    /// [`ErrorKind::Format`] at a line and column (both from 1, 0 when unknown).
    pub fn format(path: &Path, line: usize, column: usize, why: impl fmt::Display) -> Error {
        Error::new(ErrorKind::Format {
            path: path.to_owned(),
            line,
            column,
            why: without_number(&why.to_string()).to_owned(),
        })
    }

    /// Sets the place, unless an inner one is known already.
    pub fn at(mut self, span: Span) -> Error {
        self.span.get_or_insert(span);
        self
    }

    /// Adds a hint.
    pub fn hint(mut self, hint: impl Into<String>) -> Error {
        self.hints.push(hint.into());
        self
    }

    /// Adds "did you mean ...?" when one of `known` is close to `name`, else where the names are
    /// that there are.
    pub fn did_you_mean<'a>(self, name: &str, known: impl IntoIterator<Item = &'a str>) -> Error {
        match nearest(name, known) {
            Some(close) => self.hint(format!("did you mean `{close}`?")),
            None => match self.kind.where_to_look() {
                Some(place) => self.hint(place),
                None => self,
            },
        }
    }

    /// Joins several errors into the first of them; `Ok` when there is none.
    pub fn all(errors: Vec<Error>) -> Result<()> {
        let mut errors = errors.into_iter();
        match errors.next() {
            None => Ok(()),
            Some(mut first) => {
                first.others.extend(errors);
                Err(first)
            }
        }
    }

    /// The process's exit code: 2 for wrong usage, else 1.
    pub fn exit_code(&self) -> u8 {
        match *self.kind {
            ErrorKind::Usage(_) => 2,
            _ => 1,
        }
    }
}

/// Runs work that may panic on unforeseen data. That is a bug, in spelunk or in a library, and
/// costs no more than this work.
///
/// # Errors
/// What the panic says.
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| panic_text(&*panic))
}

/// What a panic says.
pub fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("no reason given").to_owned()
}

/// What the system says without its number of the error, which tells a user nothing.
pub fn without_number(why: &str) -> &str {
    match why.rfind(" (os error ") {
        Some(at) if why.ends_with(')') => &why[..at],
        _ => why,
    }
}

impl ErrorKind {
    /// Where the names are that could have stood in place of the unknown one.
    fn where_to_look(&self) -> Option<&'static str> {
        match self {
            ErrorKind::UnknownCommand(_) => Some("`spelunk list commands` names those there are"),
            ErrorKind::UnknownFunction(_) => Some("`spelunk list functions` names those there are"),
            ErrorKind::UnknownMacro(_) => Some(
                "`spelunk list macros` names those there are; --macros, --app and --content add more",
            ),
            ErrorKind::UnknownModel(_) => {
                Some("`spelunk list models` names those there are; --app adds more")
            }
            ErrorKind::UnknownDataset { .. } => {
                Some("`spelunk list datasets` names those there are; --app adds more")
            }
            ErrorKind::UnknownLookup(_) => {
                Some("`spelunk list lookups` names those there are; --app and --content add more")
            }
            ErrorKind::UnknownLearned(_) => Some("`| listmodels` names those there are"),
            ErrorKind::UnknownDetection(_) => Some(
                "`spelunk list detections` names those there are; --content adds more, and the path \
                 of a YAML file does as well",
            ),
            ErrorKind::Syntax(_)
            | ErrorKind::UnsupportedCommand { .. }
            | ErrorKind::UnsupportedFunction { .. }
            | ErrorKind::MacroArity { .. }
            | ErrorKind::MacroLoop(_)
            | ErrorKind::MacroValidation(_)
            | ErrorKind::TooLarge(_)
            | ErrorKind::BadOption(_)
            | ErrorKind::BadArgument(_)
            | ErrorKind::Type(_)
            | ErrorKind::Regex(_)
            | ErrorKind::File { .. }
            | ErrorKind::Format { .. }
            | ErrorKind::Data(_)
            | ErrorKind::Limit(_)
            | ErrorKind::Interrupted
            | ErrorKind::Usage(_)
            | ErrorKind::Internal(_) => None,
        }
    }
}

/// The entry of `known` that `name` is most likely a misspelling of.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    known
        .into_iter()
        .map(|k| (strsim::damerau_levenshtein(&lower, &k.to_lowercase()), k))
        .filter(|(distance, k)| *distance <= 1 + k.chars().count().min(lower.chars().count()) / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, k)| k)
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl std::error::Error for Error {}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ErrorKind::Syntax(m)
            | ErrorKind::MacroValidation(m)
            | ErrorKind::TooLarge(m)
            | ErrorKind::BadOption(m)
            | ErrorKind::BadArgument(m)
            | ErrorKind::Type(m)
            | ErrorKind::Regex(m)
            | ErrorKind::Data(m)
            | ErrorKind::Limit(m)
            | ErrorKind::Usage(m) => f.write_str(m),
            ErrorKind::UnknownCommand(name) => write!(f, "unknown command `{name}`"),
            ErrorKind::UnsupportedCommand { name, why } => {
                write!(f, "the command `{name}` is not supported: {why}")
            }
            ErrorKind::UnknownFunction(name) => write!(f, "unknown function `{name}`"),
            ErrorKind::UnsupportedFunction { name, why } => {
                write!(f, "the function `{name}` is not supported: {why}")
            }
            ErrorKind::UnknownMacro(name) => write!(f, "unknown macro `{name}`"),
            ErrorKind::MacroArity { name, given, known } => {
                let words = match known.as_slice() {
                    [1] => "argument",
                    _ => "arguments",
                };
                let known: Vec<String> = known.iter().map(usize::to_string).collect();
                let known = known.join(" or ");
                write!(f, "the macro `{name}` takes {known} {words}, {given} given")
            }
            ErrorKind::MacroLoop(chain) => {
                write!(f, "a macro calls itself: {}", chain.join(" -> "))
            }
            ErrorKind::UnknownModel(name) => write!(f, "unknown data model `{name}`"),
            ErrorKind::UnknownDataset { model, dataset } => {
                write!(f, "the data model `{model}` has no data set `{dataset}`")
            }
            ErrorKind::UnknownLookup(name) => write!(f, "unknown lookup `{name}`"),
            ErrorKind::UnknownLearned(name) => write!(f, "unknown model `{name}`"),
            ErrorKind::UnknownDetection(name) => write!(f, "unknown detection `{name}`"),
            ErrorKind::File { path, why } => write!(f, "{}: {why}", path.display()),
            ErrorKind::Format {
                path,
                line,
                column,
                why,
            } => {
                write!(f, "{}", path.display())?;
                if *line > 0 {
                    write!(f, ":{line}")?;
                }
                if *column > 0 {
                    write!(f, ":{column}")?;
                }
                write!(f, ": {why}")
            }
            ErrorKind::Interrupted => f.write_str("interrupted"),
            ErrorKind::Internal(m) => write!(f, "internal error: {m}; please report this"),
        }
    }
}
