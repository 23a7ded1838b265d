//! Ctrl-C: once stops the search, twice the program.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::session::CancelHandle;

/// The session whose searches Ctrl-C stops. Signals belong to the process, so this does too.
static RUNNING: Mutex<Option<CancelHandle>> = Mutex::new(None);
static ASKED: AtomicBool = AtomicBool::new(false);
static HANDLER: OnceLock<bool> = OnceLock::new();
/// Temporary files, which nobody else removes when Ctrl-C ends the program.
static TEMPORARY: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// From here on Ctrl-C stops the searches of that session.
pub fn stops(handle: CancelHandle) {
    *RUNNING.lock().unwrap_or_else(PoisonError::into_inner) = Some(handle);
    // Without a handler Ctrl-C ends the program, which is all it can do then.
    HANDLER.get_or_init(|| ctrlc::set_handler(pressed).is_ok());
}

/// When Ctrl-C ends the program, this temporary file goes with it.
pub fn removes(temporary: &Path) {
    let mut files = TEMPORARY.lock().unwrap_or_else(PoisonError::into_inner);
    files.push(temporary.to_owned());
}

/// Forgets that Ctrl-C was pressed: a new search begins.
pub fn reset() {
    ASKED.store(false, Ordering::SeqCst);
    if let Some(handle) = &*RUNNING.lock().unwrap_or_else(PoisonError::into_inner) {
        handle.reset();
    }
}

/// Whether Ctrl-C was pressed since the last search began.
pub fn asked() -> bool {
    ASKED.load(Ordering::SeqCst)
}

fn pressed() {
    if ASKED.swap(true, Ordering::SeqCst) {
        for file in &*TEMPORARY.lock().unwrap_or_else(PoisonError::into_inner) {
            // Most are gone already: they became what they were made for.
            let _ = std::fs::remove_file(file);
        }
        // 128 + SIGINT, as shells report it.
        std::process::exit(130);
    }
    if let Some(handle) = &*RUNNING.lock().unwrap_or_else(PoisonError::into_inner) {
        handle.cancel();
    }
}
