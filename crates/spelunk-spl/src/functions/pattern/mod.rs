//! Patterns for matching text: regular expressions, `*` wildcards, LIKE, networks.

pub mod cidr;
pub mod like;
pub mod wildcard;

pub use crate::pcre::{fill, is_match, regex, too_hard};
pub use cidr::Network;
pub use like::like;
pub use wildcard::Wildcard;
