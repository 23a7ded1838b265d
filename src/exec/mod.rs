//! Plans to Polars: lowering, search-time fields, and the rows that come out.

pub mod rows;
