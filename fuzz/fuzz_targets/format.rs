//! Laying out any text panics nowhere, and a search that is laid out can be laid out again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spelunk_spl::commands::shape_of;
use spelunk_spl::source::SourceId;
use spelunk_spl::syntax::format::format;
use spelunk_spl::syntax::parse;

fuzz_target!(|text: &str| {
    let Ok(once) = format(SourceId(0), text) else {
        return;
    };
    let again = format(SourceId(0), &once);
    if parse(SourceId(0), text, &shape_of).is_ok() {
        again.expect("what is laid out can be laid out");
    }
});
