//! Configuration files, detections, data set descriptions: read, with faults that say where they are.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use spelunk_spl::knowledge::conf::Layers;
use spelunk_spl::knowledge::dataset::DataSets;
use spelunk_spl::knowledge::detection::Detection;
use spelunk_spl::knowledge::fault::Faults;

fuzz_target!(|text: &str| {
    let (mut layers, faults) = (Layers::default(), Faults::default());
    layers.add(Path::new("props.conf"), text, &faults);
    for fault in faults.all() {
        assert!(fault.origin.line > 0 && !fault.why.is_empty(), "{fault}");
    }
    let _ = Detection::parse(Path::new("x.yml"), text);
    let _ = DataSets::parse(Path::new("x.yml"), text);
});
