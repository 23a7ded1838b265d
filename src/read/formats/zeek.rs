//! Zeek's tab-separated logs: a header of `#` lines that defines the notation of values, then one record per
//! line.

use std::borrow::Cow;

use chrono_tz::Tz;

use crate::error::Result;
use crate::extract::event::{Event, EventSink, Field};
use crate::read::input::buffer::Input;
use crate::read::input::decode::text_of;
use crate::read::recognise::json;
use crate::time::timestamp;

/// Whether a file with this head is a Zeek log.
pub fn looks_like(head: &str) -> bool {
    head.starts_with("#separator ") || head.starts_with("#fields\t")
}

/// Reads all records. `file` is the file's name, used if `#path` is missing.
///
/// # Errors
/// Returns an error of the input or the sink.
pub fn read(input: &mut Input<'_>, file: &str, sink: &mut dyn EventSink) -> Result<()> {
    let mut header = Header::new(file);
    while let Some(line) = input.line() {
        if line.bytes.is_empty() {
            continue;
        }
        let number = line.number;
        if line.too_long {
            sink.bad(number, "longer than 64 MiB: cut there");
        }
        let text = text_of(line.bytes, number, sink);
        if let Some(directive) = text.strip_prefix('#') {
            header.take(directive);
            continue;
        }
        if header.columns.is_empty() {
            sink.bad(number, "a record before the #fields line");
            continue;
        }
        if text.split(header.separator.as_str()).count() != header.columns.len() {
            sink.bad(number, "not as many values as the #fields line has names");
        }
        sink.event(&header.event(&text))?;
    }
    Ok(())
}

/// The `#` lines; an appended log repeats them.
struct Header {
    separator: String,
    set_separator: String,
    empty: String,
    unset: String,
    sourcetype: String,
    columns: Vec<Column>,
}

struct Column {
    name: String,
    /// A set or a vector, which has several values.
    is_many: bool,
}

impl Header {
    fn new(file: &str) -> Header {
        Header {
            separator: "\t".to_owned(),
            set_separator: ",".to_owned(),
            empty: "(empty)".to_owned(),
            unset: "-".to_owned(),
            sourcetype: sourcetype(json::zeek_log(file)),
            columns: Vec::new(),
        }
    }

    fn take(&mut self, directive: &str) {
        let (name, value) = match directive.strip_prefix("separator ") {
            Some(value) => ("separator", value),
            None => directive
                .split_once(self.separator.as_str())
                .unwrap_or((directive, "")),
        };
        let values = value.split(self.separator.as_str());
        match name {
            "separator" => {
                let separator = unescape(value);
                if !separator.is_empty() {
                    self.separator = separator.into_owned();
                }
            }
            "set_separator" if !value.is_empty() => {
                self.set_separator = unescape(value).into_owned();
            }
            "empty_field" => self.empty = value.to_owned(),
            "unset_field" => self.unset = value.to_owned(),
            "path" => self.sourcetype = sourcetype(value),
            "fields" => {
                self.columns = values
                    .map(|name| Column {
                        name: name.to_owned(),
                        is_many: false,
                    })
                    .collect();
            }
            "types" => {
                for (column, kind) in self.columns.iter_mut().zip(values) {
                    column.is_many = ["set[", "vector[", "table["]
                        .iter()
                        .any(|many| kind.starts_with(many));
                }
            }
            // `#open` and `#close` say when the file was written.
            _ => {}
        }
    }

    fn event<'a>(&'a self, line: &'a str) -> Event<'a> {
        let mut event = Event {
            raw: Cow::Borrowed(line),
            sourcetype: Some(Cow::Borrowed(&self.sourcetype)),
            ..Event::default()
        };
        let values = line.split(self.separator.as_str());
        for (column, value) in self.columns.iter().zip(values) {
            if value.is_empty() || value == self.unset || value == self.empty {
                continue;
            }
            if column.name == "ts" {
                event.time = timestamp::parse(value, Tz::UTC);
            }
            if column.is_many {
                let values = value.split(self.set_separator.as_str());
                let fields = values.map(|v| Field::text(column.name.as_str(), unescape(v)));
                event.fields.extend(fields);
            } else {
                let field = Field::text(column.name.as_str(), unescape(value));
                event.fields.push(field);
            }
        }
        event
    }
}

fn sourcetype(log: &str) -> String {
    format!("zeek:{log}")
}

/// Decodes escapes such as `\x09`.
fn unescape(value: &str) -> Cow<'_, str> {
    if !value.contains("\\x") {
        return Cow::Borrowed(value);
    }
    let bytes = value.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digit = |place: usize| char::from(*bytes.get(at + place)?).to_digit(16);
        let escaped = if bytes[at..].starts_with(b"\\x") {
            digit(2).zip(digit(3)).map(|(high, low)| high * 16 + low)
        } else {
            None
        };
        match escaped.and_then(|byte| u8::try_from(byte).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 4;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{looks_like, read, unescape};
    use crate::read::collect::Collect;
    use crate::read::input::buffer::Input;

    #[test]
    fn the_header_says_how_values_are_written() {
        let text = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns\n\
            #open\t2020-01-01-00-00-00\n#fields\tts\tuid\tid.orig_h\tquery\tanswers\tTTLs\n\
            #types\ttime\tstring\taddr\tstring\tvector[string]\tvector[interval]\n\
            1.500000\tC1\t10.0.0.1\ta\\x09b\tp,q\t(empty)\n2.0\tC2\t-\t\t-\t-\n3.0\tC3\n#close\t2020\n";
        assert!(looks_like(text));
        let mut bytes = text.as_bytes();
        let mut input = Input::new(Path::new("x.log"), &mut bytes);
        let mut seen = Collect::default();
        read(&mut input, "x.log", &mut seen).expect("readable");
        assert_eq!(
            seen.told(),
            [
                "zeek:dns Some(1500000) ts=1.500000|uid=C1|id.orig_h=10.0.0.1|query=a\tb|answers=p|answers=q",
                "zeek:dns Some(2000000) ts=2.0|uid=C2",
                "zeek:dns Some(3000000) ts=3.0|uid=C3",
            ]
        );
        assert_eq!(seen.bad_lines(), [11]);
    }

    #[test]
    fn escapes_that_are_none_stay() {
        assert_eq!(unescape("a\\x4"), "a\\x4");
        assert_eq!(unescape("\\xzz\\x41"), "\\xzzA");
        assert_eq!(unescape("\\xc3\\xa9"), "é");
    }
}
