//! Input: discovers files, opens containers, decompresses and decodes bytes.

pub(in crate::read) mod buffer;
pub(in crate::read) mod container;
pub(in crate::read) mod decode;
pub(in crate::read) mod decompression_limit;
pub(in crate::read) mod discover;
