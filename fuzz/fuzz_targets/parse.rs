//! Any text is read or refused, and what is read prints and reads as the same search.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spelunk::commands::shape_of;
use spelunk::source::SourceId;
use spelunk::syntax::{parse, parse_expression, print};

fuzz_target!(|text: &str| {
    let _ = parse_expression(SourceId(0), text, 0);
    let Ok(tree) = parse(SourceId(0), text, &shape_of) else {
        return;
    };
    let once = print::pipeline(&tree, print::Layout::Line);
    let again = parse(SourceId(0), &once, &shape_of).expect("what is printed reads");
    assert_eq!(print::pipeline(&again, print::Layout::Line), once);
});
