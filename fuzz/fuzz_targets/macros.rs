//! Macro calls of any form: expanded within the limits, or refused at a place.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use spelunk_spl::error::Error;
use spelunk_spl::knowledge::expand::{MAX_BYTES, expand};
use spelunk_spl::knowledge::macros::Macro;
use spelunk_spl::knowledge::{Catalog, Origin};
use spelunk_spl::report;
use spelunk_spl::source::SourceMap;

fuzz_target!(|input: (&str, &str, &str)| {
    let (search, first, second) = input;
    let mut catalog = Catalog::default();
    for (name, definition) in [("m", first), ("n", second)] {
        for arguments in [&[][..], &["a"], &["a", "b"]] {
            let path = Path::new("macros.conf").to_owned();
            catalog.macros.insert(Macro {
                name: name.to_owned(),
                arguments: arguments.iter().map(|&text| text.to_owned()).collect(),
                arity: arguments.len(),
                definition: definition.to_owned(),
                description: String::new(),
                iseval: false,
                validation: None,
                errormsg: None,
                origin: Origin { path, line: 1 },
            });
        }
    }
    let mut map = SourceMap::new();
    let typed = map.add("search", search);
    let evaluate = |_: &str| Err(Error::data("not evaluated here"));
    match expand(&mut map, typed, &catalog.macros, &evaluate) {
        Ok(expanded) => assert!(map.get(expanded).text.len() <= MAX_BYTES.max(search.len())),
        Err(error) => drop(report::render(&error, &map, false)),
    }
});
