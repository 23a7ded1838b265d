//! Collects lazy frames on worker threads, so that a search can be cancelled at any time and Polars' recursion
//! has enough stack.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use polars::prelude::{DataFrame, IntoLazy as _, LazyFrame, PolarsError, PolarsResult};

use crate::error::{Error, Result, caught};
use crate::exec::context::Executor;
use crate::exec::engine::fences;
use crate::exec::frame::result::Rows;
use crate::exec::frame::{Frame, ROWS, polars_error, without_rows};

/// Bytes of stack for Polars; reserved, not used, until it needs them.
const STACK: usize = 256 << 20;

/// How often it is looked whether the user asked to stop.
const PATIENCE: Duration = Duration::from_millis(50);

/// Steps that Polars is handed at once. What it does with a plan grows faster than the plan, and
/// no search written by hand is as long.
const MAX_PENDING: usize = 200;

impl Executor<'_> {
    /// The rows of a frame.
    ///
    /// # Errors
    /// As for [`Executor::run`].
    pub fn collect(&self, frame: Frame) -> Result<Rows> {
        let types = frame.schema.values().copied().collect();
        if fences::is_statically_empty(&frame.lazy) {
            self.context.check_cancelled()?;
            return Ok(Rows::new(without_rows(&frame.schema), types));
        }
        let mut collected = self.collect_lazy(frame.lazy)?;
        // Rows are read cell by cell: in columns of many chunks each cell would need a search for its chunk.
        collected.rechunk_mut_par();
        if collected.get_column_index(ROWS).is_some() {
            let height = collected.height();
            let mut columns = collected.into_columns();
            columns.retain(|column| column.name() != ROWS);
            collected = DataFrame::new(height, columns).map_err(polars_error)?;
        }
        Ok(Rows::new(collected, types))
    }

    /// The frame as it is, or computed when Polars has been handed many steps by now.
    pub(in crate::exec) fn flush_if_deep(&self, frame: Frame) -> Result<Frame> {
        self.lowered_steps.set(self.lowered_steps.get() + 1);
        if self.lowered_steps.get() < MAX_PENDING {
            return Ok(frame);
        }
        self.lowered_steps.set(0);
        let Frame { lazy, schema } = frame;
        Ok(Frame {
            lazy: self.collect_lazy(lazy)?.lazy(),
            schema,
        })
    }

    pub(in crate::exec) fn collect_lazy(&self, lazy: LazyFrame) -> Result<DataFrame> {
        self.context.check_cancelled()?;
        let (sender, result) = mpsc::channel();
        let job = Box::new(move || {
            // The result of a cancelled search has no receiver.
            let _ = sender.send(guarded(|| fences::collect(lazy)));
        });
        on_thread(job)
            .map_err(|why| Error::data(format!("cannot start a worker thread: {why}")))?;
        loop {
            match result.recv_timeout(PATIENCE) {
                Ok(collected) => {
                    self.context.check_cancelled()?;
                    return match collected {
                        Ok(collected) => collected.map_err(|e| self.failed(e)),
                        Err(why) => {
                            self.context.unreadable.store(true, Ordering::Relaxed);
                            Err(why)
                        }
                    };
                }
                Err(RecvTimeoutError::Timeout) => self.context.check_cancelled()?,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Error::internal("a computation gave no result"));
                }
            }
        }
    }

    /// Our own error when one of our functions raised it, else what Polars says.
    pub(in crate::exec) fn failed(&self, error: PolarsError) -> Error {
        let ours = self.failure.lock().ok().and_then(|mut f| f.take());
        ours.unwrap_or_else(|| {
            self.context.unreadable.store(true, Ordering::Relaxed);
            polars_error(error)
        })
    }
}

type Job = Box<dyn FnOnce() + Send>;

/// Threads that wait for a job. A new one costs its stack, and fresh memory for all that it
/// allocates: much compared with a small plan, and a replay computes thousands of them.
static IDLE: Mutex<Vec<Sender<Job>>> = Mutex::new(Vec::new());

/// Threads that are kept.
const MOST_IDLE: usize = 8;

/// Does a job on a thread with a large stack.
fn on_thread(mut job: Job) -> std::io::Result<()> {
    let idle = || IDLE.lock().unwrap_or_else(PoisonError::into_inner);
    while let Some(thread) = { idle().pop() } {
        match thread.send(job) {
            Ok(()) => return Ok(()),
            // It came to an end meanwhile.
            Err(mpsc::SendError(back)) => job = back,
        }
    }
    let (sender, jobs) = mpsc::channel();
    let work = move || {
        job();
        loop {
            {
                let mut idle = idle();
                if idle.len() >= MOST_IDLE {
                    return;
                }
                idle.push(sender.clone());
            }
            match jobs.recv() {
                Ok(next) => next(),
                Err(mpsc::RecvError) => return,
            }
        }
    };
    let thread = thread::Builder::new().name("polars".to_owned());
    thread.stack_size(STACK).spawn(work).map(drop)
}

/// Polars panics on some damaged Parquet files; that is an error in the data, not ours.
fn guarded(work: impl FnOnce() -> PolarsResult<DataFrame>) -> Result<PolarsResult<DataFrame>> {
    caught(work).map_err(|text| {
        Error::data(format!("the data can't be read: {text}"))
            .hint("a file may be damaged: read it alone with --data to find out which")
    })
}
