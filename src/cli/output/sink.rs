//! Where output goes: standard output or a file.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::cli::problem::Problem;
use crate::error::Error;

const BUFFER: usize = 1 << 16;

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
                Box::new(BufWriter::with_capacity(BUFFER, file))
            }
            None => Box::new(BufWriter::with_capacity(BUFFER, io::stdout().lock())),
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
                Some(path) => Problem::from(Error::file(path, why)),
                None => Problem::Write(why),
            })
    }
}
