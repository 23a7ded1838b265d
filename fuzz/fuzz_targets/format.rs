//! Laying out any text panics nowhere, and what is laid out can be laid out again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spelunk_spl::source::SourceId;
use spelunk_spl::syntax::format::format;

fuzz_target!(|text: &str| {
    if let Ok(once) = format(SourceId(0), text) {
        format(SourceId(0), &once).expect("what is laid out can be laid out");
    }
});
