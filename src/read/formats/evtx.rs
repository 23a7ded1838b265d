//! Windows event log files (`.evtx`), chunk by chunk: threads render chunks as XML, whose fields are then
//! read in file order.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use evtx::{EvtxChunkData, ParserSettings};

use crate::error::{Error, Result, caught};
use crate::extract::event::EventSink;
use crate::extract::windows_xml;
use crate::parallel::cores;
use crate::read::input::buffer::Input;

const HEADER: usize = 4096;
const CHUNK: usize = 65536;
/// Maximum chunks being rendered or waiting to be read.
const AHEAD: usize = 8;

/// Magic bytes of a file.
const FILE_MARK: &[u8] = b"ElfFile\0";
/// Magic bytes of a chunk.
const CHUNK_MARK: &[u8] = b"ElfChnk\0";

/// Whether a file with this head is an event log. Its header may be damaged: the chunks after it hold all
/// data.
pub fn looks_like(head: &[u8]) -> bool {
    head.starts_with(FILE_MARK)
        || head
            .get(HEADER..)
            .is_some_and(|h| h.starts_with(CHUNK_MARK))
}

/// A rendered chunk.
enum Rendered {
    /// Its records as XML, or why a record is damaged.
    Records(Vec<Result<String, String>>),
    /// Why the chunk is damaged.
    Damaged(String),
}

/// A chunk in progress; `None` if it was cut off.
struct Waiting {
    cut_off: bool,
    rendered: Receiver<Rendered>,
}

/// Reads all events. Counts and skips damaged chunks and records; places are record numbers, as the format
/// has no lines.
///
/// # Errors
/// Returns an error of the input or the sink.
pub fn read(input: &mut Input<'_>, sink: &mut dyn EventSink) -> Result<()> {
    let header = input.head(HEADER);
    if header.len() < HEADER {
        sink.bad(0, "the file's header is cut off");
        return Ok(());
    }
    if !header.starts_with(FILE_MARK) {
        sink.bad(0, "the file's header is damaged");
    }
    input.consume(HEADER);
    let threads = cores().min(AHEAD);
    let (work, tasks) = sync_channel::<Task>(AHEAD);
    let tasks = Mutex::new(tasks);
    thread::scope(|scope| {
        let tasks = &tasks;
        for _ in 0..threads {
            scope.spawn(move || {
                let settings = Arc::new(ParserSettings::new().indent(false));
                loop {
                    // One thread waits for the next task while holding the lock; the others wait for the
                    // lock.
                    let task = tasks.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok((data, answer)) = task else { return };
                    // The requester may have given up.
                    let _ = answer.send(render(data, &settings));
                }
            });
        }
        // Moved in, so that the threads end with it.
        let work = work;
        let mut number = 0;
        let mut waiting: VecDeque<Waiting> = VecDeque::new();
        loop {
            let chunk = if waiting.len() < AHEAD {
                next_chunk(input)
            } else {
                None
            };
            if let Some((data, cut_off)) = chunk {
                let (answer, rendered) = sync_channel(1);
                let lost = |_| Error::internal("the threads that render chunks ended");
                work.send((data, answer)).map_err(lost)?;
                waiting.push_back(Waiting { cut_off, rendered });
                continue;
            }
            let Some(first) = waiting.pop_front() else {
                return Ok(());
            };
            if first.cut_off {
                sink.bad(number + 1, "the last chunk is cut off");
            }
            let lost = |_| Error::internal("a thread that rendered a chunk ended early");
            let rendered = first.rendered.recv().map_err(lost)?;
            take(rendered, &mut number, sink)?;
        }
    })
}

/// A chunk, and where to send its contents.
type Task = (Vec<u8>, std::sync::mpsc::SyncSender<Rendered>);

/// The next chunk that is not empty, and whether it is cut off.
fn next_chunk(input: &mut Input<'_>) -> Option<(Vec<u8>, bool)> {
    loop {
        let data = input.head(CHUNK);
        if data.is_empty() {
            return None;
        }
        let data = &data[..data.len().min(CHUNK)];
        // If bytes were lost, a chunk begins earlier than it should.
        let next = match data.starts_with(CHUNK_MARK) {
            true => None,
            false => memchr::memmem::find(data, CHUNK_MARK),
        };
        let mut data = data[..next.unwrap_or(data.len())].to_vec();
        input.consume(data.len());
        // Logs are preallocated; such chunks are empty.
        if data.iter().all(|b| *b == 0) {
            continue;
        }
        let cut_off = data.len() < CHUNK && next.is_none();
        data.resize(CHUNK, 0);
        return Some((data, cut_off));
    }
}

/// Renders the records of a chunk. A panic of the parser costs the chunk, not the file.
fn render(data: Vec<u8>, settings: &Arc<ParserSettings>) -> Rendered {
    caught(|| parse(data, settings)).unwrap_or_else(Rendered::Damaged)
}

fn parse(data: Vec<u8>, settings: &Arc<ParserSettings>) -> Rendered {
    let mut data = match EvtxChunkData::new(data, false) {
        Ok(data) => data,
        Err(why) => return Rendered::Damaged(why.to_string()),
    };
    let mut chunk = match data.parse(Arc::clone(settings)) {
        Ok(chunk) => chunk,
        Err(why) => return Rendered::Damaged(why.to_string()),
    };
    let records = chunk.iter().map(|record| {
        let xml = record.and_then(|r| r.into_xml());
        xml.map(|record| as_windows_writes(&record.data))
            .map_err(|e| e.to_string())
    });
    Rendered::Records(records.collect())
}

/// The XML of an event as Windows renders it, and so as Splunk's input writes it: values of attributes in single quotes,
/// and quotes in texts as they are.
/// <https://docs.splunk.com/Documentation/Splunk/latest/Data/MonitorWindowseventlogdata>
fn as_windows_writes(xml: &str) -> String {
    let xml = xml.find("<Event").map_or(xml, |at| &xml[at..]).trim_end();
    let mut out = String::with_capacity(xml.len());
    let mut rest = xml;
    while let Some(open) = rest.find('<') {
        push_text(&rest[..open], &mut out);
        rest = &rest[open..];
        let end = rest.find('>').map_or(rest.len(), |at| at + 1);
        let mut in_value = false;
        for part in rest[..end].split_inclusive('"') {
            let (own, quote) = match part.strip_suffix('"') {
                Some(own) => (own, true),
                None => (part, false),
            };
            match in_value && own.contains('\'') {
                true => out.push_str(&own.replace('\'', "&apos;")),
                false => out.push_str(own),
            }
            if quote {
                out.push('\'');
                in_value = !in_value;
            }
        }
        rest = &rest[end..];
    }
    push_text(rest, &mut out);
    out
}

/// A text between tags, in which only `&`, `<` and `>` are escaped.
fn push_text(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (length, plain) = if rest.starts_with("&quot;") {
            ("&quot;".len(), '"')
        } else if rest.starts_with("&apos;") {
            ("&apos;".len(), '\'')
        } else {
            (1, '&')
        };
        out.push(plain);
        rest = &rest[length..];
    }
    out.push_str(rest);
}

fn take(rendered: Rendered, number: &mut u64, sink: &mut dyn EventSink) -> Result<()> {
    let records = match rendered {
        Rendered::Records(records) => records,
        Rendered::Damaged(why) => {
            sink.bad(
                *number + 1,
                &format!("a damaged chunk, its events are missing: {why}"),
            );
            return Ok(());
        }
    };
    for record in records {
        *number += 1;
        let xml = match record {
            Ok(xml) => xml,
            Err(why) => {
                sink.bad(*number, &format!("a damaged record: {why}"));
                continue;
            }
        };
        match windows_xml::event(&xml) {
            Ok(event) => sink.event(&event)?,
            Err(why) => sink.bad(*number, &format!("a damaged record: {why}")),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::as_windows_writes;

    #[test]
    fn events_are_written_as_windows_does() {
        for (xml, written) in [
            (
                "<?xml version=\"1.0\"?>\n<Event xmlns=\"x\"><Data Name=\"a\">b</Data></Event>\n",
                "<Event xmlns='x'><Data Name='a'>b</Data></Event>",
            ),
            (
                "<Event><D N=\"it's\">&quot;C:\\a&quot; &amp;quot; &lt; it&apos;s</D><E/></Event>",
                "<Event><D N='it&apos;s'>\"C:\\a\" &amp;quot; &lt; it's</D><E/></Event>",
            ),
            ("<Event", "<Event"),
            ("", ""),
        ] {
            assert_eq!(as_windows_writes(xml), written);
        }
    }
}
