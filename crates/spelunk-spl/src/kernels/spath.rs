//! `spath`: extracts fields from JSON and XML.

use crate::error::Result;
use crate::extract::fields::{leading_json_fields, xml_fields};
use crate::plan::ColumnKernel;
use crate::plan::context::QueryContext;
use crate::plan::extracted::ExtractedColumns;
use crate::plan::schema::Schema;
use crate::plan::table::Table;

/// How much of a document Splunk reads to find its fields (`extraction_cutoff` of `limits.conf`).
const CUTOFF: usize = 5_000;

/// Extracts a field for each value in a document.
#[derive(Debug)]
pub(crate) struct Flatten {
    pub(crate) from: String,
}

impl ColumnKernel for Flatten {
    fn describe(&self) -> String {
        format!("spath of {}", self.from)
    }

    fn reads(&self, _: &Schema) -> Vec<String> {
        vec![self.from.clone()]
    }

    fn run(&self, input: Table, context: &QueryContext) -> Result<Table> {
        let mut found = ExtractedColumns::default();
        for row in 0..input.height() {
            context.check_cancelled_at(row)?;
            let document = input.value(&self.from, row);
            let Some(document) = document.as_text() else {
                continue;
            };
            let (document, is_cut) = beginning(&document);
            if is_cut {
                context.notice(format!(
                    "spath without a path reads the first {CUTOFF} characters of `{}`, some values are longer; \
                     with path=... it reads all",
                    self.from
                ));
            }
            if document.trim_start().starts_with(['{', '[']) {
                found.add_fields(row, leading_json_fields(document));
            } else {
                found.add_fields(row, xml_fields(document));
            }
        }
        Ok(found.into_table(input.height()))
    }
}

/// The part of a document to read, and whether it is truncated.
fn beginning(document: &str) -> (&str, bool) {
    match document.char_indices().nth(CUTOFF) {
        // A truncated number would be a different number.
        Some((end, _)) => {
            let head = document[..end]
                .trim_end_matches(|c: char| c.is_ascii_digit() || "+-.eE".contains(c));
            (head, true)
        }
        None => (document, false),
    }
}
