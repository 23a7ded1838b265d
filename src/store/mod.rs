//! The Parquet store: layout, batches, scans.
