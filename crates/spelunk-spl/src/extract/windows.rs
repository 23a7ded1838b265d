//! Common processing of Windows events from all containers once their fields are known.
//!
//! The names are those of Splunk's Windows XML input: the `System` element's children and attributes by name,
//! and each `<Data Name='X'>` as `X`.

use std::borrow::Cow;

use crate::extract::event::{Event, Field};

/// The sourcetype of every Windows event.
pub const SOURCETYPE: &str = "XmlWinEventLog";

/// The channel prefix of Sysmon for Linux, which writes the same XML.
const LINUX: &str = "Linux-Sysmon/";

/// Collects the fields of one Windows event.
#[derive(Debug, Default)]
pub struct WindowsFields<'a> {
    fields: Vec<Field<'a>>,
    event_id: Option<Cow<'a, str>>,
    channel: Option<Cow<'a, str>>,
    computer: Option<Cow<'a, str>>,
}

impl<'a> WindowsFields<'a> {
    /// Creates an empty collection with room for a typical event.
    pub fn new() -> WindowsFields<'a> {
        WindowsFields {
            fields: Vec::with_capacity(48),
            ..WindowsFields::default()
        }
    }

    /// Adds a field. An empty value is a missing one, as Splunk keeps none at search time.
    pub fn add(&mut self, name: impl Into<Cow<'a, str>>, value: impl Into<Cow<'a, str>>) {
        let (name, value) = (name.into(), value.into());
        if value.is_empty() {
            return;
        }
        let name = clean(name);
        match name.as_ref() {
            "EventID" if self.event_id.is_none() => {
                self.fields.push(Field::text("EventCode", value.clone()));
                self.event_id = Some(value.clone());
            }
            "Channel" if self.channel.is_none() => self.channel = Some(value.clone()),
            "Computer" if self.computer.is_none() => self.computer = Some(value.clone()),
            // Data that repeats the system part adds nothing.
            "Channel" if self.channel.as_ref() == Some(&value) => return,
            "Computer" if self.computer.as_ref() == Some(&value) => return,
            _ => {}
        }
        self.fields.push(Field {
            name,
            value,
            number: false,
            null: false,
        });
    }

    /// Adds a field unless one of that name exists.
    pub fn add_if_missing(&mut self, name: &'static str, value: impl Into<Cow<'a, str>>) {
        if !self.has(name) {
            self.add(name, value);
        }
    }

    /// Whether a field of that name exists.
    pub fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|f| f.name == name)
    }

    /// The event's number, if known.
    pub fn event_id(&self) -> Option<&str> {
        self.event_id.as_deref()
    }

    /// Whether the event's number is known, without which nothing is a Windows event.
    pub fn has_event_id(&self) -> bool {
        self.event_id.is_some()
    }

    /// Builds the event.
    pub fn into_event(self, time: Option<i64>, raw: Cow<'a, str>) -> Event<'a> {
        let (mut start, mut sourcetype) = (SOURCETYPE, SOURCETYPE);
        if self.channel.as_ref().is_some_and(|c| c.starts_with(LINUX)) {
            (start, sourcetype) = ("Syslog", "sysmon:linux");
        }
        let source = match &self.channel {
            Some(channel) => Cow::Owned(format!("{start}:{channel}")),
            None => Cow::Borrowed(start),
        };
        Event {
            time,
            raw,
            host: self.computer,
            source: Some(source),
            sourcetype: Some(Cow::Borrowed(sourcetype)),
            index: None,
            fields: self.fields,
        }
    }
}

/// Cleans a name as `CLEAN_KEYS` of Splunk's transforms.conf does, with which its add-on extracts the names
/// of `<Data>`: `Product Name` becomes `Product_Name`. Separators of nested names stay.
fn clean(name: Cow<'_, str>) -> Cow<'_, str> {
    let odd = |c: char| {
        !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '{' | '}' | '@' | ':' | '#'))
    };
    if name.contains(odd) {
        Cow::Owned(name.replace(odd, "_"))
    } else {
        name
    }
}

/// Returns `Level` as a number from its English name, as renderers and shippers write it.
pub fn level_number(name: &str) -> Option<&'static str> {
    let numbers = [
        ("critical", "1"),
        ("error", "2"),
        ("warning", "3"),
        ("warn", "3"),
        ("information", "4"),
        ("info", "4"),
        ("verbose", "5"),
        ("debug", "5"),
        ("audit_success", "0"),
        ("audit_failure", "0"),
    ];
    lookup(&numbers, name)
}

/// Returns `Opcode` as a number from its English name, for those defined by Windows itself.
pub fn opcode_number(name: &str) -> Option<&'static str> {
    let numbers = [
        ("info", "0"),
        ("start", "1"),
        ("stop", "2"),
        ("dcstart", "3"),
        ("dcstop", "4"),
        ("extension", "5"),
        ("reply", "6"),
        ("resume", "7"),
        ("suspend", "8"),
        ("send", "9"),
        ("receive", "240"),
    ];
    lookup(&numbers, name)
}

/// Returns `Keywords` as in XML from the English names of those defined by Windows itself.
pub fn keyword_mask(name: &str) -> Option<&'static str> {
    let masks = [
        ("audit success", "0x8020000000000000"),
        ("audit failure", "0x8010000000000000"),
        ("classic", "0x80000000000000"),
    ];
    lookup(&masks, name)
}

fn lookup(pairs: &[(&str, &'static str)], name: &str) -> Option<&'static str> {
    pairs
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, number)| *number)
}
