//! Ctrl-C: the first press stops the search, the second one the program.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::session::CancelHandle;

/// The session whose searches Ctrl-C stops. Static, because signals belong to the process.
static RUNNING: Mutex<Option<CancelHandle>> = Mutex::new(None);
static ASKED: AtomicBool = AtomicBool::new(false);
static HANDLER: OnceLock<bool> = OnceLock::new();
/// Temporary files to remove when Ctrl-C ends the program.
static TEMPORARY: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Makes Ctrl-C stop the searches of this session.
pub fn stops(handle: CancelHandle) {
    *RUNNING.lock().unwrap_or_else(PoisonError::into_inner) = Some(handle);
    // If no handler can be set, Ctrl-C ends the program as usual.
    HANDLER.get_or_init(|| ctrlc::set_handler(pressed).is_ok());
}

/// Registers a temporary file to remove when Ctrl-C ends the program.
pub fn removes(temporary: &Path) {
    let mut files = TEMPORARY.lock().unwrap_or_else(PoisonError::into_inner);
    files.push(temporary.to_owned());
}

/// Forgets that Ctrl-C was pressed, at the start of a search.
pub fn reset() {
    ASKED.store(false, Ordering::SeqCst);
    if let Some(handle) = &*RUNNING.lock().unwrap_or_else(PoisonError::into_inner) {
        handle.reset();
    }
}

/// Whether Ctrl-C was pressed since the last search started.
pub fn asked() -> bool {
    ASKED.load(Ordering::SeqCst)
}

fn pressed() {
    if ASKED.swap(true, Ordering::SeqCst) {
        for file in &*TEMPORARY.lock().unwrap_or_else(PoisonError::into_inner) {
            // Most are gone already: they were renamed to their final names.
            let _ = std::fs::remove_file(file);
        }
        // 128 + SIGINT, as shells report it.
        std::process::exit(130);
    }
    if let Some(handle) = &*RUNNING.lock().unwrap_or_else(PoisonError::into_inner) {
        handle.cancel();
    }
}
