//! `xmlkv`: extracts fields from XML elements.

use crate::error::{Error, Result};
use crate::functions::pattern::too_hard;
use crate::pcre::compile;
use crate::plan::ColumnKernel;
use crate::plan::context::QueryContext;
use crate::plan::extracted::ExtractedColumns;
use crate::plan::schema::Schema;
use crate::plan::table::Table;
use crate::value::Value;

/// An element without child elements.
const ELEMENT: &str = r"<([^\s<>/!?][^\s<>/]*)(?:\s[^<>]*)?>([^<]*)</\1\s*>";

#[derive(Debug)]
pub(crate) struct Elements {
    pub(crate) from: String,
}

impl ColumnKernel for Elements {
    fn describe(&self) -> String {
        format!("xmlkv of {}", self.from)
    }

    fn reads(&self, _: &Schema) -> Vec<String> {
        vec![self.from.clone()]
    }

    fn run(&self, input: Table, context: &QueryContext) -> Result<Table> {
        let element = compile(ELEMENT)?;
        let mut found = ExtractedColumns::default();
        for row in 0..input.height() {
            context.check_cancelled_at(row)?;
            for text in input.value(&self.from, row).into_values() {
                for captures in element.captures_iter(&text) {
                    let captures = captures.map_err(|_| Error::data(too_hard(ELEMENT)))?;
                    if let (Some(name), Some(value)) = (captures.get(1), captures.get(2)) {
                        let value = Value::text(value.as_str().to_owned());
                        found.set(row, name.as_str(), value);
                    }
                }
            }
        }
        Ok(found.into_table(input.height()))
    }
}
