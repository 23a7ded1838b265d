//! `fmt`: formats searches.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::cli::args::FmtArgs;
use crate::cli::error::CliError;
use crate::cli::output::sink::Sink;
use crate::cli::setup::{CliContext, note, utf8};
use crate::error::Error;
use crate::session::{Failure, FileKind, LaidOut, Session};
use crate::source::SourceMap;
use crate::store::write_atomic;
use crate::syntax::format::format;

/// The byte order mark; files keep theirs.
const MARK: &str = "\u{feff}";

/// The source of a search.
enum Input {
    /// Typed on the command line.
    Argument(String),
    Standard,
    /// A file without stored content: a shell pipe or a device.
    Pipe(PathBuf),
    File(PathBuf),
    Folder(PathBuf),
}

/// Formats searches to standard output or in place, or only reports the unformatted ones. A faulty file is
/// reported and does not stop the others.
pub fn fmt(args: &FmtArgs, setup: &CliContext) -> Result<(), CliError> {
    let inputs: Vec<Input> = match args.what.as_slice() {
        [] => vec![Input::Standard],
        several => several.iter().map(|what| Input::of(what)).collect(),
    };
    if args.write && !inputs.iter().all(Input::is_on_disk) {
        return Err(Error::usage("-w writes files: name one").into());
    }
    let mut run = Run {
        check: args.check,
        setup,
        // Typed searches need no knowledge.
        session: match inputs.iter().any(Input::is_on_disk) {
            true => Some(Session::open(setup.options.clone())?),
            false => None,
        },
        sink: match args.write {
            true => None,
            false => Some(Sink::open(setup.output.as_deref())?),
        },
        counts: Counts::default(),
    };
    for input in inputs {
        run.take(input)?;
    }
    run.finish()
}

impl Input {
    /// A name of an existing file or folder is that file or folder; anything that looks like a search is one.
    fn of(what: &str) -> Input {
        let path = PathBuf::from(what);
        match what {
            "-" => Input::Standard,
            _ if path.is_dir() => Input::Folder(path),
            _ if path.is_file() => Input::File(path),
            _ if path.exists() => Input::Pipe(path),
            _ if what.contains([' ', '|', '=', '`']) => Input::Argument(what.to_owned()),
            _ => Input::File(path),
        }
    }

    fn is_on_disk(&self) -> bool {
        match self {
            Input::File(_) | Input::Folder(_) => true,
            Input::Argument(_) | Input::Standard | Input::Pipe(_) => false,
        }
    }
}

/// Counts of files by outcome.
#[derive(Default)]
struct Counts {
    /// Written, or to be written.
    changed: u64,
    right: u64,
    without_search: u64,
    faulty: u64,
}

struct Run<'r> {
    check: bool,
    setup: &'r CliContext,
    /// Knows the macros; only needed for files.
    session: Option<Session>,
    /// Receives the text; `None` if files are written in place.
    sink: Option<Sink>,
    counts: Counts,
}

impl Run<'_> {
    /// Processes one input and reports its errors.
    ///
    /// # Errors
    /// If the output can't be written; the remaining inputs would fail as well.
    fn take(&mut self, input: Input) -> Result<(), CliError> {
        match input {
            Input::Argument(text) => self.typed("search", &text),
            Input::Standard => {
                let mut bytes = Vec::new();
                let name = Path::new("standard input");
                io::stdin()
                    .read_to_end(&mut bytes)
                    .map_err(|why| Error::file(name, why))?;
                self.typed("standard input", &utf8(name, bytes)?)
            }
            Input::Pipe(path) => {
                let bytes = std::fs::read(&path).map_err(|why| Error::file(&path, why))?;
                self.typed(&path.display().to_string(), &utf8(&path, bytes)?)
            }
            Input::File(path) => self.file(&path, true),
            Input::Folder(path) => {
                let (mut files, mut errors) = (Vec::new(), Vec::new());
                files_below(&path, &mut files, &mut errors);
                if files.is_empty() && errors.is_empty() {
                    let why = "this folder contains no .spl, .yml, .yaml or .conf file";
                    errors.push(Error::file(&path, why));
                }
                for error in errors {
                    self.counts.faulty += 1;
                    self.setup.complain(&error.into());
                }
                files.iter().try_for_each(|path| self.file(path, false))
            }
        }
    }

    /// Formats a search that is not in a file.
    fn typed(&mut self, name: &str, text: &str) -> Result<(), CliError> {
        let mut sources = SourceMap::new();
        let source = sources.add(name, text);
        match format(source, text) {
            Ok(laid_out) => {
                let is_right = laid_out == text || laid_out.trim_end() == text;
                self.output(name, &laid_out, is_right)
            }
            Err(error) => {
                self.counts.faulty += 1;
                self.setup.complain(&Failure { error, sources }.into());
                Ok(())
            }
        }
    }

    /// Formats a file, named or found in a folder.
    fn file(&mut self, path: &Path, named: bool) -> Result<(), CliError> {
        let (before, laid_out) = match self.lay_out(path, named) {
            Ok(found) => found,
            Err(problem) => {
                self.counts.faulty += 1;
                self.setup.complain(&problem);
                return Ok(());
            }
        };
        let is_faulty = !laid_out.failures.is_empty();
        self.counts.faulty += u64::from(is_faulty);
        for failure in laid_out.failures {
            self.setup.complain(&failure.into());
        }
        let is_right = before == laid_out.text;
        if is_right && is_faulty {
            return Ok(());
        }
        if self.sink.is_none()
            && !is_right
            && let Err(error) = replace(path, &before, &laid_out.text)
        {
            self.counts.faulty += u64::from(!is_faulty);
            self.setup.complain(&error.into());
            return Ok(());
        }
        if laid_out.searches == 0 {
            self.counts.without_search += 1;
            return self.print(&laid_out.text);
        }
        self.output(&path.display().to_string(), &laid_out.text, is_right)
    }

    /// The text of a file, and its formatted form.
    fn lay_out(&self, path: &Path, named: bool) -> Result<(String, LaidOut), CliError> {
        let bytes = std::fs::read(path).map_err(|why| Error::file(path, why))?;
        let Some(kind) = FileKind::of(path) else {
            let why = "only .spl, .yml, .yaml and .conf files can be formatted: this file is left unchanged";
            return Err(Error::file(path, why)
                .hint("a search is read from standard input, too: `spelunk fmt < FILE`")
                .into());
        };
        let mark = match bytes.starts_with(MARK.as_bytes()) {
            true => MARK,
            false => "",
        };
        let text = utf8(path, bytes)?;
        let session = self.session.as_ref();
        let session = session.expect("a session exists if a file is given");
        let mut laid_out = session.lay_out(path, kind, &text, named)?;
        laid_out.text.insert_str(0, mark);
        Ok((format!("{mark}{text}"), laid_out))
    }

    /// Prints a formatted text, or only its name with `--check`.
    fn output(&mut self, name: &str, text: &str, is_right: bool) -> Result<(), CliError> {
        match is_right {
            true => self.counts.right += 1,
            false => self.counts.changed += 1,
        }
        match (&mut self.sink, is_right) {
            (Some(sink), false) if self.check => sink.write(|out| writeln!(out, "{name}")),
            _ => self.print(text),
        }
    }

    /// Prints a text, unless files are written or only checked.
    fn print(&mut self, text: &str) -> Result<(), CliError> {
        match &mut self.sink {
            Some(sink) if !self.check => sink.write(|out| out.write_all(text.as_bytes())),
            _ => Ok(()),
        }
    }

    /// Reports the counts. Returns an error if a file is faulty, or unformatted under `--check`.
    fn finish(self) -> Result<(), CliError> {
        let Counts {
            changed,
            right,
            without_search,
            faulty,
        } = self.counts;
        let writes = self.sink.is_none();
        // An output file with only some of the searches would be incomplete, so it is not written.
        if let Some(sink) = self.sink
            && (self.check || faulty == 0)
        {
            sink.finish()?;
        }
        if (writes || self.check) && !self.setup.quiet {
            let done = if writes {
                "formatted"
            } else {
                "to be formatted"
            };
            let mut text = format!("{changed} {done}, {right} right already");
            if without_search > 0 {
                text.push_str(&format!(", {without_search} without a search"));
            }
            if faulty > 0 {
                text.push_str(&format!(", {faulty} with errors"));
            }
            note(&text);
        }
        if faulty > 0 || self.check && changed > 0 {
            return Err(CliError::Reported);
        }
        Ok(())
    }
}

/// The files below a folder that may hold searches, sorted. Skips hidden files and linked folders.
fn files_below(folder: &Path, files: &mut Vec<PathBuf>, errors: &mut Vec<Error>) {
    let entries = std::fs::read_dir(folder)
        .and_then(|entries| entries.collect::<io::Result<Vec<_>>>())
        .map_err(|why| errors.push(Error::file(folder, why)));
    let mut paths: Vec<PathBuf> = entries.into_iter().flatten().map(|e| e.path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default();
        if name.to_string_lossy().starts_with('.') {
            continue;
        }
        if path.is_dir() {
            if !path.is_symlink() {
                files_below(&path, files, errors);
            }
        } else if FileKind::of(&path).is_some() && path.is_file() {
            files.push(path);
        }
    }
}

/// Writes a file, unless it has changed since it was read.
fn replace(path: &Path, before: &str, after: &str) -> Result<(), Error> {
    let now = std::fs::read(path).map_err(|why| Error::file(path, why))?;
    if now != before.as_bytes() {
        return Err(Error::file(
            path,
            "the file changed while it was being formatted: left unchanged",
        ));
    }
    write_atomic(path, after.as_bytes())
}
