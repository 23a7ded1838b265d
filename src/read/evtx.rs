//! Windows event log files (`.evtx`), chunk by chunk.

use std::sync::Arc;

use evtx::{EvtxChunkData, ParserSettings};

use crate::error::Result;
use crate::read::event::EventSink;
use crate::read::input::Input;
use crate::read::windows_xml;

const HEADER: usize = 4096;
const CHUNK: usize = 65536;

/// Whether a file that starts so is one.
pub fn looks_like(head: &[u8]) -> bool {
    head.starts_with(b"ElfFile\0")
}

/// Reads all events. A chunk or a record that is damaged is counted and passed; places are
/// numbers of records, as the format has no lines.
///
/// # Errors
/// What the input or the sink says.
pub fn read(input: &mut Input<'_>, sink: &mut dyn EventSink) -> Result<()> {
    let settings = Arc::new(ParserSettings::new().indent(false));
    if input.head(HEADER)?.len() < HEADER {
        sink.bad(0, "the file's header is cut off");
        return Ok(());
    }
    input.consume(HEADER);
    let mut number = 0;
    loop {
        let data = input.head(CHUNK)?;
        if data.is_empty() {
            return Ok(());
        }
        let mut data = data[..data.len().min(CHUNK)].to_vec();
        input.consume(data.len());
        // A log is made larger in advance; such chunks hold nothing.
        if data.iter().all(|b| *b == 0) {
            continue;
        }
        if data.len() < CHUNK {
            sink.bad(number + 1, "the last chunk is cut off");
            data.resize(CHUNK, 0);
        }
        chunk(data, &settings, &mut number, sink)?;
    }
}

fn chunk(
    data: Vec<u8>,
    settings: &Arc<ParserSettings>,
    number: &mut u64,
    sink: &mut dyn EventSink,
) -> Result<()> {
    let mut data = match EvtxChunkData::new(data, false) {
        Ok(data) => data,
        Err(why) => {
            sink.bad(*number + 1, &format!("a damaged chunk: {why}"));
            return Ok(());
        }
    };
    let mut chunk = match data.parse(Arc::clone(settings)) {
        Ok(chunk) => chunk,
        Err(why) => {
            sink.bad(*number + 1, &format!("a damaged chunk: {why}"));
            return Ok(());
        }
    };
    for record in chunk.iter() {
        *number += 1;
        let xml = match record.and_then(|r| r.into_xml()) {
            Ok(record) => record.data,
            Err(why) => {
                sink.bad(*number, &format!("a damaged record: {why}"));
                continue;
            }
        };
        let body = xml.find("<Event").map_or(xml.as_str(), |at| &xml[at..]);
        match windows_xml::event(body.trim_end()) {
            Ok(event) => sink.event(&event)?,
            Err(why) => sink.bad(*number, &format!("a damaged record: {why}")),
        }
    }
    Ok(())
}
