//! `KV_MODE`: automatic field extraction.
//! <https://docs.splunk.com/Documentation/Splunk/latest/Knowledge/Automatickey-valuefieldextractionsatsearch-time>

use crate::error::Result;
use crate::exec::context::Executor;
use crate::exec::frame::Frame;
use crate::exec::frame::reader::ValueReader;
use crate::extract::pairs;
use crate::knowledge::props::KvMode;
use crate::plan::Merge;
use crate::read::{Field, event_fields};

/// Events sampled to tell whether their reader has already extracted the fields.
const SAMPLE: u32 = 16;

impl Executor<'_> {
    /// Applies a stanza's `KV_MODE` to events whose reader has not extracted fields. Existing
    /// values stay: Splunk does this after all extractions.
    pub(super) fn kv_mode(&self, frame: Frame, mode: KvMode) -> Result<Frame> {
        let read: fn(&str) -> Vec<Field<'_>> = match mode {
            KvMode::None => return Ok(frame),
            KvMode::Auto => |text| pairs::automatic(text, false),
            KvMode::AutoEscaped => |text| pairs::automatic(text, true),
            KvMode::Json => pairs::json,
            KvMode::Xml => pairs::xml,
            KvMode::Multi => pairs::table,
        };
        if !frame.has("_raw") || self.has_been_read(&frame, mode)? {
            return Ok(frame);
        }
        let (frame, _) = self.discovered(frame, "_raw", &|_| Merge::Keep, &mut |text, row| {
            row.extend(read(text).into_iter().map(owned));
            Ok(())
        })?;
        Ok(frame)
    }

    /// Whether the first events have the fields that reading their text finds.
    fn has_been_read(&self, frame: &Frame, mode: KvMode) -> Result<bool> {
        let fits: fn(&str) -> bool = match mode {
            KvMode::Auto | KvMode::AutoEscaped => |_| true,
            KvMode::Json => |text| text.starts_with('{'),
            KvMode::Xml => |text| text.starts_with("<Event"),
            // A reader of tables returns a row each; here an event is a whole table.
            KvMode::Multi | KvMode::None => return Ok(false),
        };
        let mut first = frame.clone().select(vec!["_raw".to_owned()]);
        first.lazy = first.lazy.limit(SAMPLE);
        let rows = self.collect(first)?;
        let Some(texts) = rows.frame().columns().first() else {
            return Ok(true);
        };
        let cells = ValueReader::new(texts);
        let mut seen = false;
        for row in 0..rows.len() {
            let value = cells.get(row);
            let Some(text) = value.as_text().filter(|t| fits(t.trim_start())) else {
                continue;
            };
            for field in event_fields(&text) {
                seen = true;
                if !frame.has(&field.name) {
                    return Ok(false);
                }
            }
        }
        Ok(seen)
    }
}

fn owned(field: Field<'_>) -> Field<'static> {
    Field {
        name: field.name.into_owned().into(),
        value: field.value.into_owned().into(),
        number: field.number,
        null: field.null,
    }
}
