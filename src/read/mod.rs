//! Readers: bytes to events, one file for each format.
