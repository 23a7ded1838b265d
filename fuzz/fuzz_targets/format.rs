//! Laying out a text twice is laying it out once, and changes nothing of what is read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spelunk::commands::shape_of;
use spelunk::source::SourceId;
use spelunk::syntax::format::format;
use spelunk::syntax::{parse, print};

fuzz_target!(|text: &str| {
    let Ok(once) = format(SourceId(0), text) else {
        return;
    };
    let twice = format(SourceId(0), &once).expect("what is laid out can be laid out");
    assert_eq!(twice, once);
    let read = |text: &str| parse(SourceId(0), text, &shape_of);
    if let Ok(before) = read(text) {
        let after = read(&once).expect("what is laid out reads");
        let printed = |tree| print::pipeline(tree, print::Layout::Line);
        assert_eq!(printed(&after), printed(&before));
    }
});
