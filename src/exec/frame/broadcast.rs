//! Constants next to columns: a single row is broadcast to the length of the others.

use polars::prelude::Column;

/// The common length of columns. A single row next to longer or empty columns is a constant and is
/// broadcast to their length.
pub(in crate::exec) fn broadcast_len(columns: &[Column]) -> usize {
    let mut heights = columns.iter().map(Column::len);
    let several = heights.clone().find(|&height| height != 1);
    several.or(heights.next()).unwrap_or(0)
}

/// Broadcasts columns to a common length and rechunks them; a constant may have a single row.
pub(in crate::exec) fn broadcast(columns: &[Column]) -> Vec<Column> {
    let height = broadcast_len(columns);
    let leveled = columns.iter().map(|column| match column.len() {
        1 => column.new_from_index(0, height).rechunk(),
        _ => column.rechunk(),
    });
    leveled.collect()
}
