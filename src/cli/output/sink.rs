//! The destination of output: standard output or a file.

use std::io::{self, BufWriter, IntoInnerError, StdoutLock, Write};
use std::path::{Path, PathBuf};

use crate::cli::error::CliError;
use crate::cli::interrupt;
use crate::error::{Error, ErrorKind};
use crate::store::AtomicFile;

const BUFFER: usize = 1 << 16;

/// A writer that fails once the user presses Ctrl-C: there may be millions of rows.
struct Stoppable<W>(W);

impl<W: Write> Write for Stoppable<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        go_on()?;
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        go_on()?;
        self.0.flush()
    }
}

fn go_on() -> io::Result<()> {
    if interrupt::asked() {
        // Not `ErrorKind::Interrupted`: callers retry that.
        return Err(io::Error::other("interrupted"));
    }
    Ok(())
}

/// Buffered output. A file appears only after [`Sink::finish`], complete: until then, and after an error, its
/// previous contents stay.
pub struct Sink(Out);

enum Out {
    Standard(BufWriter<Stoppable<StdoutLock<'static>>>),
    File {
        out: BufWriter<Stoppable<AtomicFile>>,
        path: PathBuf,
    },
}

impl Sink {
    /// Opens the named file, or standard output.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn open(path: Option<&Path>) -> Result<Sink, CliError> {
        Ok(Sink(match path {
            Some(path) => {
                let file = AtomicFile::create(path)?;
                if let Some(temporary) = file.temporary() {
                    interrupt::removes(temporary);
                }
                Out::File {
                    out: BufWriter::with_capacity(BUFFER, Stoppable(file)),
                    path: path.to_owned(),
                }
            }
            None => {
                let stdout = Stoppable(io::stdout().lock());
                Out::Standard(BufWriter::with_capacity(BUFFER, stdout))
            }
        }))
    }

    /// Passes the output to `write` and flushes it.
    ///
    /// # Errors
    /// If the output can't be written.
    pub fn write(
        &mut self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), CliError> {
        let written = match &mut self.0 {
            Out::Standard(out) => write(out).and_then(|()| out.flush()),
            Out::File { out, .. } => write(out).and_then(|()| out.flush()),
        };
        written.map_err(|why| problem(self.path(), why))
    }

    /// Completes the output: a file is renamed to its final name.
    ///
    /// # Errors
    /// If the output can't be written.
    pub fn finish(self) -> Result<(), CliError> {
        match self.0 {
            Out::Standard(_) => Ok(()),
            Out::File { out, path } => match out.into_inner().map_err(IntoInnerError::into_error) {
                Ok(Stoppable(file)) => Ok(file.keep()?),
                Err(why) => Err(problem(Some(&path), why)),
            },
        }
    }

    fn path(&self) -> Option<&Path> {
        match &self.0 {
            Out::Standard(_) => None,
            Out::File { path, .. } => Some(path),
        }
    }
}

fn problem(path: Option<&Path>, why: io::Error) -> CliError {
    if interrupt::asked() {
        return Error::new(ErrorKind::Interrupted).into();
    }
    match path {
        Some(path) => Error::file(path, why).into(),
        None => CliError::Write(why),
    }
}

/// Writes the whole output to the named file, or to standard output.
///
/// # Errors
/// If the output can't be written.
pub fn send(
    path: Option<&Path>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), CliError> {
    let mut sink = Sink::open(path)?;
    sink.write(write)?;
    sink.finish()
}
