//! JSON, XML and paths into them: whatever they hold, nothing panics or takes long.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spelunk_spl::extract::fields::{event_fields, leading_json_fields, xml_fields};
use spelunk_spl::extract::pairs;
use spelunk_spl::functions::xpath::XPath;
use spelunk_spl::functions::{json, xml};

fuzz_target!(|input: (&str, &str)| {
    let (document, path) = input;
    leading_json_fields(document);
    xml_fields(document);
    event_fields(document);
    xml::find(document, path);
    if let (Some(found), Some(steps)) = (json::container(document), json::path(path)) {
        json::find(&found, &steps);
    }
    if let Ok(path) = XPath::new(path) {
        path.find(document);
    }
    pairs::split(document, path);
    pairs::by_delimiters(document, path, "=");
});
