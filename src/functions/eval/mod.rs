//! The functions of `eval` and `where`, a file for each heading of the Search Reference.

use crate::functions::EvalFunction;

const TABLES: &[&[EvalFunction]] = &[];

/// All functions.
pub fn all() -> impl Iterator<Item = &'static EvalFunction> {
    TABLES.iter().flat_map(|table| table.iter())
}
