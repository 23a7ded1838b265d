//! Operators: each lowers one plan node onto the lazy frame of its input.

pub(in crate::exec) mod aggregate;
pub(in crate::exec) mod bindings;
pub(in crate::exec) mod bucket;
pub(in crate::exec) mod chart;
pub(in crate::exec) mod distinct;
pub(in crate::exec) mod distinct_count;
pub(in crate::exec) mod extend;
pub(in crate::exec) mod filter;
pub(in crate::exec) mod join;
pub(in crate::exec) mod join_fanout;
pub(in crate::exec) mod limit;
pub(in crate::exec) mod lookup;
pub(in crate::exec) mod map_columns;
pub(in crate::exec) mod project;
pub(in crate::exec) mod sort;
pub(in crate::exec) mod streamstats;
pub(in crate::exec) mod subsearch;
pub(in crate::exec) mod take_while;
pub(in crate::exec) mod window;
