//! Any text is parsed or refused at a place in it, and the printed tree of one that is parsed can be drawn and parsed without a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spelunk_spl::commands::shape_of;
use spelunk_spl::report;
use spelunk_spl::source::{SourceId, SourceMap};
use spelunk_spl::syntax::{command_at, parse, parse_expression, parse_search, print};

fuzz_target!(|text: &str| {
    let _ = parse_expression(SourceId(0), text, 0);
    let _ = parse_search(SourceId(0), text);
    command_at(text, text.len() / 2);
    match parse(SourceId(0), text, &shape_of) {
        Ok(tree) => {
            for layout in [print::Layout::Line, print::Layout::Lines] {
                let _ = parse(SourceId(0), &print::pipeline(&tree, layout), &shape_of);
            }
        }
        Err(error) => {
            let span = error.span.expect("an error has a place");
            assert!(text.get(span.range()).is_some(), "{span:?} is outside");
            let mut map = SourceMap::new();
            map.add("search", text);
            assert!(report::render(&error, &map, false).contains("error: "));
        }
    }
});
