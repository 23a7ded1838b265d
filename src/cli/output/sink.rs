//! Where output goes: standard output or a file.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::cli::interrupt;
use crate::cli::problem::Problem;
use crate::error::{Error, ErrorKind};

const BUFFER: usize = 1 << 16;

/// Output that ends when the user presses Ctrl-C: there may be millions of rows.
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
        // Not `ErrorKind::Interrupted`: that is tried again.
        return Err(io::Error::other("interrupted"));
    }
    Ok(())
}

/// Buffered output that knows which file it is.
pub struct Sink {
    out: Box<dyn Write>,
    path: Option<PathBuf>,
}

impl Sink {
    /// A file where one is named, else standard output.
    pub fn open(path: Option<&Path>) -> Result<Sink, Problem> {
        let out: Box<dyn Write> = match path {
            Some(path) => {
                let file = File::create(path).map_err(|why| Error::file(path, why))?;
                Box::new(BufWriter::with_capacity(BUFFER, Stoppable(file)))
            }
            None => {
                let stdout = Stoppable(io::stdout().lock());
                Box::new(BufWriter::with_capacity(BUFFER, stdout))
            }
        };
        Ok(Sink {
            out,
            path: path.map(Path::to_path_buf),
        })
    }

    /// Hands the output to `write`, and sends on what was written.
    pub fn write(
        &mut self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Problem> {
        write(&mut self.out)
            .and_then(|()| self.out.flush())
            .map_err(|why| match &self.path {
                _ if interrupt::asked() => Problem::from(Error::new(ErrorKind::Interrupted)),
                Some(path) => Problem::from(Error::file(path, why)),
                None => Problem::Write(why),
            })
    }
}
