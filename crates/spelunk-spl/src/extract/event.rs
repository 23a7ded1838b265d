//! An event on its way from a file to columns, and the sink that receives it. Does not depend on Polars.

use std::borrow::Cow;

use crate::error::Result;

/// One field of an event. A repeated name adds a value: that makes a multivalue field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// The name as used in searches: `a.b`, `a{}`.
    pub name: Cow<'a, str>,
    /// The value's text.
    pub value: Cow<'a, str>,
    /// Whether the value was a number in JSON (not a string that looks like one).
    pub number: bool,
    /// Whether it was JSON's `null`; the value's text is `null` then.
    pub null: bool,
}

impl<'a> Field<'a> {
    /// Creates a text field.
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
    /// Microseconds since 1970 in UTC, if the event has a time.
    pub time: Option<i64>,
    /// The event's original text.
    pub raw: Cow<'a, str>,
    /// The host named by the event.
    pub host: Option<Cow<'a, str>>,
    /// The source named by the event; by default the file.
    pub source: Option<Cow<'a, str>>,
    /// The sourcetype named by the event; by default that of the format.
    pub sourcetype: Option<Cow<'a, str>>,
    /// The index named by the event.
    pub index: Option<Cow<'a, str>>,
    /// The extracted fields, in their original order.
    pub fields: Vec<Field<'a>>,
}

impl Event<'_> {
    /// Converts to an event that owns its text.
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

/// Receives the events of one file.
pub trait EventSink {
    /// Receives an event.
    ///
    /// # Errors
    /// Returns the error of the receiver of the batches; reading stops there.
    fn event(&mut self, event: &Event<'_>) -> Result<()>;

    /// Records a place in the data that could not be read (`line` from 1; 0 if unknown). Reading continues
    /// after it.
    fn bad(&mut self, line: u64, why: &str);
}
