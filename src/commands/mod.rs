//! The commands, one file each: a row, its arguments, its plan.
