//! `format`: formats the rows as the text of a search expression.

use crate::error::Result;
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::table::Table;
use crate::value::{Type, Value};

/// Formats rows as the text of a search expression.
#[derive(Debug)]
pub(crate) struct Format {
    pub(crate) parts: [String; 6],
    pub(crate) value_separator: String,
    pub(crate) empty: String,
}

impl Format {
    /// As for a subsearch without a `format` of its own.
    pub(crate) fn usual() -> Format {
        Format {
            parts: ["(", "(", "AND", ")", "OR", ")"].map(str::to_owned),
            value_separator: "OR".to_owned(),
            empty: "NOT( )".to_owned(),
        }
    }
}

impl Kernel for Format {
    fn describe(&self) -> String {
        "format".to_owned()
    }

    fn run(&self, input: Table, _: &QueryContext) -> Result<Table> {
        let mut columns: Vec<_> = input
            .columns()
            .iter()
            .filter(|c| !c.name.starts_with('_'))
            .collect();
        columns.sort_by(|a, b| a.name.cmp(&b.name));
        let [row_prefix, column_prefix, and, column_end, or, row_end] = &self.parts;
        let mut rows = Vec::new();
        for row in 0..input.height() {
            let mut terms = Vec::new();
            for column in &columns {
                let values: Vec<String> = column.values[row]
                    .clone()
                    .into_values()
                    .iter()
                    .map(|v| term(&column.name, v))
                    .collect();
                match values.len() {
                    0 => {}
                    1 => terms.extend(values),
                    _ => terms.push(format!(
                        "( {} )",
                        values.join(&format!(" {} ", self.value_separator))
                    )),
                }
            }
            if !terms.is_empty() {
                rows.push(format!(
                    "{column_prefix} {} {column_end}",
                    terms.join(&format!(" {and} "))
                ));
            }
        }
        let text = if rows.is_empty() {
            self.empty.clone()
        } else {
            format!("{row_prefix} {} {row_end}", rows.join(&format!(" {or} ")))
        };
        let mut out = Table::new(1);
        out.set("search", Type::Text, vec![Value::text(text)]);
        Ok(out)
    }
}

/// `field="value"`; values of fields named `search` or `query` are used verbatim.
pub(crate) fn term(name: &str, value: &str) -> String {
    if matches!(name.to_ascii_lowercase().as_str(), "search" | "query") {
        return value.to_owned();
    }
    let name = if name.contains([' ', '"', '=', ',', '(', ')']) {
        format!("\"{name}\"")
    } else {
        name.to_owned()
    };
    format!("{name}={}", quoted(value))
}

/// A quoted value.
pub(crate) fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}
