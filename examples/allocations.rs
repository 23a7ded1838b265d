//! Counts what reading and replaying logs allocate, by event and by field.
//!
//! ```text
//! cargo run --release --example allocations -- FILE...
//! ```
//!
//! Every file is read into columns only, then replayed into a store that is thrown away: read, fields
//! found, summaries made and Parquet written. An allocation that grows counts as one more, with the
//! bytes by which it grew. Fields are the values that stand in the columns.

use std::alloc::{GlobalAlloc, Layout};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use mimalloc::MiMalloc;
use polars::prelude::{Column, DataType};
use spelunk::internal::{BASE, Batch, ReadOptions, read_paths};
use spelunk::session::{Options, Session};

static COUNT: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);

/// The program's own allocator, counted.
struct Counting;

fn count(bytes: usize) {
    COUNT.fetch_add(1, Ordering::Relaxed);
    BYTES.fetch_add(bytes as u64, Ordering::Relaxed);
}

// SAFETY: everything is handed on as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        unsafe { MiMalloc.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        unsafe { MiMalloc.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size.saturating_sub(layout.size()));
        unsafe { MiMalloc.realloc(at, layout, size) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        unsafe { MiMalloc.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What something took.
struct Taken {
    allocations: u64,
    bytes: u64,
    seconds: f64,
}

fn taken<T>(work: impl FnOnce() -> T) -> (T, Taken) {
    let now = || (COUNT.load(Ordering::Relaxed), BYTES.load(Ordering::Relaxed));
    let (before, started) = (now(), Instant::now());
    let done = work();
    let after = now();
    let taken = Taken {
        allocations: after.0 - before.0,
        bytes: after.1 - before.1,
        seconds: started.elapsed().as_secs_f64(),
    };
    (done, taken)
}

fn main() -> Result<(), Box<dyn Error>> {
    let paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if paths.is_empty() {
        return Err("name the files to read and replay".into());
    }
    println!(
        "| input | what | events | fields | allocations an event | a field | bytes an event | a field | s |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for path in &paths {
        measure(path)?;
    }
    Ok(())
}

fn measure(path: &Path) -> Result<(), Box<dyn Error>> {
    let (mut events, mut fields) = (0, 0);
    let options = ReadOptions::default();
    let mut sink = |batch: Batch| {
        events += batch.frame.height() as u64;
        let extracted = batch.frame.columns().iter().skip(BASE.len());
        fields += extracted.map(values).sum::<u64>();
        Ok(())
    };
    let (read, reading) =
        taken(|| read_paths(&[path.to_owned()], &options, &mut |_| {}, &mut sink));
    read?;
    let home = tempfile::tempdir()?;
    let session = Session::open(Options::new(home.path().to_owned()))?;
    let (replayed, replaying) = taken(|| session.replay(&[path.to_owned()]));
    replayed?;
    for (what, taken) in [("read", reading), ("replay", replaying)] {
        let per = |count: u64, of: u64| count as f64 / of.max(1) as f64;
        println!(
            "| {} | {what} | {events} | {fields} | {:.1} | {:.2} | {:.0} | {:.0} | {:.2} |",
            path.file_name().unwrap_or_default().to_string_lossy(),
            per(taken.allocations, events),
            per(taken.allocations, fields),
            per(taken.bytes, events),
            per(taken.bytes, fields),
            taken.seconds,
        );
    }
    Ok(())
}

/// How many values stand in a column.
fn values(column: &Column) -> u64 {
    let count = match column.dtype() {
        DataType::List(_) => column.list().map_or(0, |l| l.get_inner().len()),
        _ => column.len() - column.null_count(),
    };
    count as u64
}
