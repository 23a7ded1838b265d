//! One event on its way from a file to a column, and who takes it. No Polars here.

use std::borrow::Cow;

use crate::error::Result;

/// One field of an event. A name that comes again adds a value: that is a multivalue field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// The name as searches use it: `a.b`, `a{}`.
    pub name: Cow<'a, str>,
    /// The value's text.
    pub value: Cow<'a, str>,
    /// Whether the text stood as a number in JSON (not as a text that reads as one).
    pub number: bool,
    /// Whether it stood as JSON's `null`; the value's text is `null` then.
    pub null: bool,
}

impl<'a> Field<'a> {
    /// A text field.
    pub fn text(name: impl Into<Cow<'a, str>>, value: impl Into<Cow<'a, str>>) -> Field<'a> {
        Field {
            name: name.into(),
            value: value.into(),
            number: false,
            null: false,
        }
    }
}

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event<'a> {
    /// Microseconds since 1970 in UTC, where the event tells its time.
    pub time: Option<i64>,
    /// The event's text as it was.
    pub raw: Cow<'a, str>,
    /// The host the event tells of.
    pub host: Option<Cow<'a, str>>,
    /// The source the event itself names; else it is the file.
    pub source: Option<Cow<'a, str>>,
    /// The sourcetype the event itself names; else it is the format's.
    pub sourcetype: Option<Cow<'a, str>>,
    /// The index the event itself names.
    pub index: Option<Cow<'a, str>>,
    /// The extracted fields, in the order in which they stood.
    pub fields: Vec<Field<'a>>,
}

impl Event<'_> {
    /// The event with texts of its own.
    pub fn into_owned(self) -> Event<'static> {
        let own = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        let fields = self.fields.into_iter().map(|field| Field {
            name: own(field.name),
            value: own(field.value),
            number: field.number,
            null: field.null,
        });
        Event {
            time: self.time,
            raw: own(self.raw),
            host: self.host.map(own),
            source: self.source.map(own),
            sourcetype: self.sourcetype.map(own),
            index: self.index.map(own),
            fields: fields.collect(),
        }
    }

    /// The first value of a field.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|f| f.name == name)
            .map(|f| f.value.as_ref())
    }
}

/// Takes the events of one file.
pub trait EventSink {
    /// Takes an event.
    ///
    /// # Errors
    /// What the receiver of the batches said; reading stops there.
    fn event(&mut self, event: &Event<'_>) -> Result<()>;

    /// Notes a place in the data that could not be read (`line` from 1; 0 when unknown). Reading goes on after it.
    fn bad(&mut self, line: u64, why: &str);
}
