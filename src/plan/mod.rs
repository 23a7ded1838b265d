//! Plan nodes, their builder, and how they print.
