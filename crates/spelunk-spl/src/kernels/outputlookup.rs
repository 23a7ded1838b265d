//! `outputlookup`: writes the rows to a lookup table.

use std::sync::Arc;

use crate::error::Result;
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::effects::{Effect, TableEffect, TablePlace};
use crate::plan::table::Table;

/// Passes rows through, and queues them to be written.
#[derive(Debug)]
pub(crate) struct Written {
    /// The field whose values become `_key`.
    pub(crate) key_field: Option<String>,
    /// Maximum number of rows to write; 0 for all.
    pub(crate) most: usize,
    /// The destination, without the rows.
    pub(crate) effect: TableEffect,
}

impl Kernel for Written {
    fn describe(&self) -> String {
        let how = if self.effect.append {
            "append"
        } else {
            "write"
        };
        format!("{how} {}", self.effect.name)
    }

    fn run(&self, rows: Table, context: &QueryContext) -> Result<Table> {
        let mut written = rows.clone();
        if self.most > 0 && written.height() > self.most {
            let kept: Vec<usize> = (0..self.most).collect();
            written = written.pick(&kept);
        }
        let mut effect = self.effect.clone();
        if effect.place == TablePlace::Collections {
            keyed(&mut written, self.key_field.as_deref());
            let has_keys = self.key_field.is_some() || rows.column("_key").is_some();
            effect.key = (has_keys && (effect.append || self.key_field.is_some()))
                .then(|| "_key".to_owned());
        }
        effect.rows = Arc::new(written);
        context.effect(Effect::Table(effect));
        Ok(rows)
    }
}

/// Sets the `_key` of each row: a field's value, its existing key, or a hash of its content.
fn keyed(rows: &mut Table, field: Option<&str>) {
    use sha2::Digest as _;
    let keys = (0..rows.height())
        .map(|row| {
            let given = rows.value(field.unwrap_or("_key"), row);
            if let Some(text) = given.into_text() {
                return crate::value::Value::text(text.into_owned());
            }
            let mut hasher = sha2::Sha256::new();
            hasher.update(row.to_le_bytes());
            for column in rows.columns() {
                hasher.update(column.name.as_bytes());
                hasher.update(format!("\0{:?}\0", column.values[row]));
            }
            let digest = hasher.finalize();
            let hex: String = digest[..12].iter().map(|b| format!("{b:02x}")).collect();
            crate::value::Value::text(hex)
        })
        .collect();
    rows.set("_key", crate::value::Type::Text, keys);
}
