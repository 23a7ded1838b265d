//! The functions of `eval` and `where`, one file for each heading of the Search Reference. A row names the
//! function; its body follows in the same file.

mod args;
mod bitwise;
mod comparison;
mod conversion;
mod cryptographic;
mod date;
mod duration;
mod informational;
mod json;
mod json_change;
mod mathematical;
mod multivalue;
mod printf;
mod statistical;
mod text;
mod trigonometry;

use crate::functions::EvalFunction;

const TABLES: &[&[EvalFunction]] = &[
    bitwise::TABLE,
    comparison::TABLE,
    conversion::TABLE,
    cryptographic::TABLE,
    date::TABLE,
    informational::TABLE,
    json::TABLE,
    json_change::TABLE,
    mathematical::TABLE,
    multivalue::TABLE,
    statistical::TABLE,
    text::TABLE,
    trigonometry::TABLE,
];

/// All functions, by heading.
pub fn all() -> impl Iterator<Item = &'static EvalFunction> {
    TABLES.iter().flat_map(|table| table.iter())
}
