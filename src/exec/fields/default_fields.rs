//! Splunk's default fields of an event's time and text: `date_hour` and the like, `linecount`.
//! Computed only for searches that name them.
//! <https://docs.splunk.com/Documentation/Splunk/latest/Knowledge/Usedefaultfields>

use crate::error::Result;
use crate::exec::context::Executor;
use crate::exec::frame::Frame;
use crate::plan::build;

impl Executor<'_> {
    /// Adds the default fields that the search names. A value from the log takes precedence.
    pub(super) fn with_default_fields(&self, frame: Frame) -> Result<Frame> {
        if !frame.has("_raw") || !frame.has("_time") {
            return Ok(frame);
        }
        let mut columns = Vec::new();
        for name in self.referenced_default_fields.borrow().iter() {
            let args = vec![build::field("_time"), build::field("_raw")];
            let made = build::call(&format!("${name}"), args);
            let made = build::call("coalesce", vec![build::field(name), made]);
            let (value, kind) = self.value(&made, &frame)?;
            columns.push(((*name).to_owned(), kind, value));
        }
        Ok(frame.with(columns))
    }
}
