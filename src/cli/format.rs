//! `fmt`: searches laid out.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::cli::args::FmtArgs;
use crate::cli::output::sink::Sink;
use crate::cli::problem::Problem;
use crate::cli::setup::{Setup, note, utf8};
use crate::error::Error;
use crate::report;
use crate::source::SourceMap;
use crate::store::write_whole;
use crate::syntax::format::format;

/// Where a search comes from.
enum From {
    Argument(String),
    Input,
    File(PathBuf),
}

/// Lays searches out: to standard output, into their files, or only tells which are not.
pub fn fmt(args: &FmtArgs, setup: &Setup) -> Result<(), Problem> {
    let mut sink = Sink::open(setup.output.as_deref())?;
    let mut is_wrong = false;
    let inputs = match args.what.as_slice() {
        [] => vec![From::Input],
        several => several.iter().map(|what| from(what)).collect(),
    };
    for input in inputs {
        let (name, text) = input.read()?;
        let mut sources = SourceMap::new();
        let source = sources.add(name.as_str(), text.as_str());
        let laid_out = match format(source, &text) {
            Ok(laid_out) => laid_out,
            Err(error) => {
                note(report::render(&error, &sources, setup.error_color).trim_end());
                is_wrong = true;
                continue;
            }
        };
        if args.check {
            if laid_out != text && laid_out.trim_end() != text {
                is_wrong = true;
                sink.write(|out| writeln!(out, "{name}"))?;
            }
            continue;
        }
        match (&input, args.write) {
            (From::File(path), true) => {
                if laid_out != text {
                    write_whole(path, laid_out.as_bytes())?;
                }
            }
            (From::Argument(_) | From::Input, true) => {
                return Err(Error::usage("-w writes files: name one").into());
            }
            (_, false) => sink.write(|out| out.write_all(laid_out.as_bytes()))?,
        }
    }
    // A file of output with a part of the searches would be none.
    if !is_wrong || args.check {
        sink.finish()?;
    }
    if is_wrong {
        return Err(Problem::Reported);
    }
    Ok(())
}

/// A name of a file that is there means the file; anything that looks like a search is one.
fn from(what: &str) -> From {
    let path = Path::new(what);
    match what {
        "-" => From::Input,
        _ if path.is_file() || !what.contains([' ', '|', '=', '`']) => From::File(path.to_owned()),
        _ => From::Argument(what.to_owned()),
    }
}

impl From {
    /// Its name and its text.
    fn read(&self) -> Result<(String, String), Problem> {
        let (path, bytes) = match self {
            From::Argument(text) => return Ok(("search".to_owned(), text.clone())),
            From::Input => {
                let mut bytes = Vec::new();
                let name = Path::new("standard input");
                io::stdin()
                    .read_to_end(&mut bytes)
                    .map_err(|why| Error::file(name, why))?;
                (name, bytes)
            }
            From::File(path) => {
                let bytes = std::fs::read(path).map_err(|why| Error::file(path, why))?;
                (path.as_path(), bytes)
            }
        };
        Ok((path.display().to_string(), utf8(path, bytes)?))
    }
}
