//! `inputcsv`: the rows of a CSV file in the home folder.

use std::path::PathBuf;

use crate::error::Result;
use crate::knowledge::lookups::LookupDefinition;
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::table::Table;
use crate::value::{Type, Value};

/// The rows of a file, read when the search runs.
#[derive(Debug)]
pub(crate) struct ReadCsv {
    pub(crate) path: PathBuf,
    pub(crate) strict: bool,
}

impl Kernel for ReadCsv {
    fn describe(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        format!("read {}", name.to_string_lossy())
    }

    fn run(&self, _: Table, context: &QueryContext) -> Result<Table> {
        if !self.path.is_file() && !self.strict {
            let name = self.path.file_name().unwrap_or_default().to_string_lossy();
            context.notice(format!("inputcsv: no file csv/{name} in the home folder"));
            return Ok(Table::default());
        }
        let read = LookupDefinition::file("", &self.path).load()?;
        let mut rows = Table::new(read.rows.len());
        for (at, column) in read.columns.into_iter().enumerate() {
            let cells = read.rows.iter().map(|row| row.get(at).cloned().flatten());
            let values: Vec<Value<'static>> = cells
                .map(|cell| match cell {
                    Some(text) if text.contains('\n') && column != "_raw" => {
                        Value::multi(text.split('\n').map(|t| t.to_owned().into()).collect())
                    }
                    Some(text) => Value::text(text),
                    None => Value::Null,
                })
                .collect();
            let kind = match column.as_str() {
                "_time" => Type::Time,
                _ if values.iter().any(|v| matches!(v, Value::Multi(_))) => Type::Multi,
                _ => Type::Text,
            };
            rows.set(column, kind, values);
        }
        Ok(rows)
    }
}

/// The file name, with its extension added.
pub(crate) fn file(name: &str) -> String {
    if name.to_ascii_lowercase().ends_with(".csv") {
        name.to_owned()
    } else {
        format!("{name}.csv")
    }
}
