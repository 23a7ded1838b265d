//! The program: passes the command line to the library and returns its exit code.

use std::ffi::c_long;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The number of mimalloc's option `purge_delay`, which the bindings do not name.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;

/// Milliseconds after which freed memory is returned to the system, instead of one second.
///
/// The rows of one search make room for those of the next: returning memory in between and having it cleared
/// again took a tenth of the time of many detections over ten million rows.
const KEPT: c_long = 60_000;

fn main() -> ExitCode {
    // SAFETY: it sets a number that the allocator reads, unless the environment has set it.
    unsafe { libmimalloc_sys::mi_option_set_default(PURGE_DELAY, KEPT) };
    spelunk::cli::main()
}
