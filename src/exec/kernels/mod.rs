//! Pure functions over columns, independent of plans and of the search context.

pub(in crate::exec) mod dictionary;
pub(in crate::exec) mod memo;
pub(in crate::exec) mod multi_substring;
pub(in crate::exec) mod partial_distinct;
pub(in crate::exec) mod sort_encoding;
pub(in crate::exec) mod string_sort;
pub(in crate::exec) mod view_gc;
